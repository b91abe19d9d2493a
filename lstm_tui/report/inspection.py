"""`lstm-tui inspect`: what a model file says, as text that reads well at 80 columns and as JSON.

Both are made from the same finished values, `ModelFacts` and `WeightStats`. Nothing is read here, and nothing
of TensorFlow is needed. JSON has no NaN and no infinity: they are written as the strings `"nan"`, `"inf"` and
`"-inf"`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO
from typing import TYPE_CHECKING, Any

from lstm_tui.model_file import LayerFacts, ModelFacts, TensorFacts, WeightStats
from lstm_tui.recurrent.recording import Shape

if TYPE_CHECKING:
    from rich.table import Table

#: What `inspect --json` promises; it changes when a key is renamed or dropped.
VERSION = 1


def shape_text(shape: Shape) -> str:
    """`(None, 60, 5)` as `(·, 60, 5)`: a free dimension is a dot."""
    sizes = ["·" if size is None else str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def inspection_text(facts: ModelFacts, stats: Sequence[WeightStats], width: int = 80) -> str:
    """The model as plain text: what it is, its layers, its weights, and what keeps it from loading."""
    parts = [_headline(facts), _render(_layer_table(facts), width)]
    if stats:
        parts.append(_render(_weight_table(stats), width))
    parts += [_obstacles(facts)] if facts.obstacles else []
    parts += ["\n".join(f"warning: {warning}" for warning in facts.warnings)] if facts.warnings else []
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _headline(facts: ModelFacts) -> str:
    version = f", Keras {facts.keras_version}" if facts.keras_version else ""
    lines = [f"{facts.path.name} · {facts.name} · {facts.format} file{version}"]
    lines += [_tensors("input", facts.inputs), _tensors("output", facts.outputs)]
    bound = f", bound to batch size {facts.stateful_batch}" if facts.stateful_batch else ""
    stateful = f" · stateful{bound}" if facts.stateful else ""
    lines.append(f"{facts.parameters:,} parameters · {len(facts.recurrent_layers)} recurrent{stateful}")
    return "\n".join(line for line in lines if line)


def _tensors(kind: str, tensors: Sequence[TensorFacts]) -> str:
    shown = [f"{tensor.name} {_shape_or_unknown(tensor.shape)} {tensor.dtype}" for tensor in tensors]
    return "\n".join(f"{kind:<7}{text}" for text in shown)


def _shape_or_unknown(shape: Shape) -> str:
    return shape_text(shape) if shape else "?"


def _layer_table(facts: ModelFacts) -> Table:
    table = _table()
    table.add_column("layer", overflow="fold")
    table.add_column("class", overflow="fold")
    table.add_column("output", overflow="fold")
    table.add_column("parameters", justify="right", no_wrap=True)
    for layer in facts.layers:
        shapes = "\n".join(shape_text(shape) for shape in layer.output_shapes) or "?"
        name = "  " * layer.depth + layer.name
        table.add_row(_text(name), _text(_class_text(layer)), _text(shapes), f"{layer.parameters:,}")
    return table


def _class_text(layer: LayerFacts) -> str:
    flags = []
    if layer.recurrent is not None:
        names = ("stateful", "return_state", "go_backwards")
        flags = [name for name in names if getattr(layer.recurrent, name)]
    if not layer.trainable:
        flags.append("frozen")
    return "\n".join(part for part in (" ".join([layer.class_name, *flags]), layer.note) if part)


def _weight_table(stats: Sequence[WeightStats]) -> Table:
    table = _table()
    table.add_column("weight", overflow="fold")
    table.add_column("shape", overflow="fold")
    for name in ("min", "max", "mean", "std", "zeros"):
        table.add_column(name, justify="right", no_wrap=True)
    shown: set[str] = set()
    for item in stats:
        for path in _headings(item.layer):
            if path not in shown:
                table.add_row(_text("  " * path.count("/") + path.rpartition("/")[2]))
                shown.add(path)
        table.add_row(*_weight_row(item))
    return table


def _headings(layer: str) -> list[str]:
    """`a/b` gives `a` and `a/b`: every layer above a weight stands once above it."""
    parts = layer.split("/") if layer else []
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]


def _weight_row(item: WeightStats) -> list[Any]:
    lost = [f"{item.nans:,} NaN"] if item.nans else []
    lost += [f"{item.infs:,} inf"] if item.infs else []
    indent = "  " * len(_headings(item.layer))
    shape = str(item.shape) if item.dtype == "float32" else f"{item.shape} {item.dtype}"
    values = [_number(value) for value in (item.minimum, item.maximum, item.mean, item.std)]
    return [_text(" · ".join([indent + item.name, *lost])), _text(shape), *values, f"{item.zeros:.0%}"]


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}"


def _obstacles(facts: ModelFacts) -> str:
    blocking = [item for item in facts.obstacles if item.blocking]
    title = "It loads; what to know:"
    if blocking or facts.changes:
        title = "It does not load as it is:" if blocking else "It is opened as a copy; what was changed:"
    lines = [title]
    for item in facts.obstacles:
        kind = "" if item.blocking or not blocking else " (does not keep it from loading)"
        lines += [f"  {item.code}{kind} · {item.where}", f"    {item.what}"]
        lines += [f"    changed: {item.change}"] if item.change else []
        lines += [f"    to do: {item.todo}"]
    return "\n".join(lines)


def _table() -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")


def _text(plain: str) -> Any:
    """Names come from files: as `Text`, nothing in them is taken for markup."""
    from rich.text import Text

    return Text(plain)


def _render(table: Table, width: int) -> str:
    from rich.console import Console

    out = StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def inspection_json(facts: ModelFacts, stats: Sequence[WeightStats]) -> dict[str, Any]:
    """The same as a value that `json.dumps(..., allow_nan=False)` takes; free dimensions are null."""
    return {
        "version": VERSION,
        "model": str(facts.path),
        "name": facts.name,
        "format": facts.format,
        "keras_version": facts.keras_version,
        "inputs": [_tensor(tensor) for tensor in facts.inputs],
        "outputs": [_tensor(tensor) for tensor in facts.outputs],
        "parameters": facts.parameters,
        "stateful": facts.stateful,
        "stateful_batch": facts.stateful_batch,
        "layers": [_layer(layer) for layer in facts.layers],
        "weights": [_weight(item) for item in stats],
        "obstacles": [asdict(obstacle) for obstacle in facts.obstacles],
        "warnings": list(facts.warnings),
    }


def _tensor(tensor: TensorFacts) -> dict[str, Any]:
    return {"name": tensor.name, "shape": list(tensor.shape), "dtype": tensor.dtype}


def _layer(layer: LayerFacts) -> dict[str, Any]:
    return {
        "path": layer.path,
        "name": layer.name,
        "class": layer.class_name,
        "depth": layer.depth,
        "output_shapes": [list(shape) for shape in layer.output_shapes],
        "parameters": layer.parameters,
        "own_parameters": layer.own_parameters,
        "trainable": layer.trainable,
        "recurrent": asdict(layer.recurrent) if layer.recurrent else None,
        "note": layer.note,
    }


def _weight(item: WeightStats) -> dict[str, Any]:
    return {
        "layer": item.layer,
        "name": item.name,
        "shape": list(item.shape),
        "dtype": item.dtype,
        "min": _json_number(item.minimum),
        "max": _json_number(item.maximum),
        "mean": _json_number(item.mean),
        "std": _json_number(item.std),
        "nans": item.nans,
        "infs": item.infs,
        "zeros": _json_number(item.zeros),
    }


def _json_number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
