"""What a layer reads at a step, found backwards through the graph: inputs, recurrent layers, Dense layers.

Recorded values are taken as they are; what a Dense or Embedding layer gives is computed from its weights, in
float64. A layer that only hands on what it gets is looked through. What stands between and is not understood
(attention, normalisation, arithmetic, a layer called twice) is named, in one sentence, in place of an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.activations import activation_of
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.why import Causes, Floats, Made, Question

#: Layers that change nothing when a model predicts.
HANDED_ON = frozenset({
    "Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "Masking",
    "ActivityRegularization", "Identity",
})  # fmt: skip
#: Models and wrappers: what they give is what the last layer inside gives.
HOLDERS = frozenset({"Functional", "Sequential", "Model", "TimeDistributed"})
#: Deeper than any graph that is drawn by hand.
_MOST_LAYERS = 200


def settings_of(made: Made, path: str) -> Mapping[str, Any]:
    """How the layer at this path is set; empty where that is not known."""
    return made.insides.settings.get(path, {})


def class_of(made: Made, path: str) -> str:
    """The layer's class; empty for arithmetic, which is no layer."""
    return str(settings_of(made, path).get("class_name", ""))


def trace_of(made: Made, path: str) -> LayerTrace | None:
    """The recorded layer at `path`; of a stack its last cell."""
    found = made.recording.layer(path)
    if found is not None:
        return found
    cells = [trace for trace in made.recording.layers if trace.path.startswith(f"{path}/cell_")]
    return cells[-1] if cells else None


def entering(made: Made, path: str, step: int) -> Causes | str:
    """What the layer at `path` reads at this step, or why that is not known."""
    stack, _, cell = path.rpartition("/cell_")
    if stack and cell.isdigit():
        if int(cell):
            below = made.recording.layer(f"{stack}/cell_{int(cell) - 1}")
            return _state(made, below, step) if below is not None else f"{path} has no recording below it"
        path = stack
    twice = "#" in path or any(trace.path.startswith(f"{path}#") for trace in made.recording.layers)
    if twice:
        return f"{_name(path)} is called more than once: which call is fed by what is not known"
    feeders = made.insides.wiring.get(path, ())
    if not feeders:
        return f"how {_name(path)} is fed is not known: the model is no graph of layers"
    return given(made, feeders[0], step)


def given(made: Made, path: str, step: int, depth: int = 0) -> Causes | str:
    """What the layer at `path` gives at a step, or had the sequence ended there; or why that is not known."""
    if depth > _MOST_LAYERS:
        return "the graph goes in a circle"
    kind, feeders = class_of(made, path), made.insides.wiring.get(path, ())
    trace = trace_of(made, path)
    if trace is not None:
        return _of_loop(made, path, trace, step)
    if kind == "InputLayer" and not feeders:
        return _input(made, path, step)
    if kind in HANDED_ON | {"InputLayer"} and feeders:
        return given(made, feeders[0], step, depth + 1)
    if kind in HOLDERS and feeders:
        return given(made, feeders[-1], step, depth + 1)
    if kind == "RepeatVector" and feeders:
        return given(made, feeders[0], _last(made), depth + 1)
    if kind == "Bidirectional":
        return _both_ways(made, path, feeders, step)
    values = layer_values(made, path, step)
    if isinstance(values, str):
        recorded = _recorded(made, path, step)
        values = values if recorded is None else recorded
    if isinstance(values, str):
        return values
    return Causes(values, lambda unit: Question("layer", path, step, unit))


def _recorded(made: Made, path: str, step: int) -> Floats | None:
    """`(units,)` of what a layer gave, where the recording has kept it: of one that is not understood."""
    calls = [each for each in made.recording.layer_outputs if each.path.partition("#")[0] == path]
    if len(calls) != 1 or calls[0].values is None or len(calls[0].values) != 1:
        return None
    values, steps = calls[0].values[0], _last(made) + 1
    row = made.sample - (made.recording.sample or 0)
    if values.ndim < 2 or not 0 <= row < len(values):
        return None
    own = values[row]
    if own.ndim > 1 and len(own) == steps:
        return np.asarray(own[step]).reshape(-1).astype(np.float64) if 0 <= step < steps else None
    return np.asarray(own).reshape(-1).astype(np.float64) if step == steps - 1 else None


def layer_values(made: Made, path: str, step: int) -> Floats | str:
    """`(units,)` of a layer without a loop, computed from its weights; or why it cannot be."""
    kind = class_of(made, path)
    if kind not in {"Dense", "Activation", "Embedding"}:
        what = f"{_name(path)} ({kind})" if kind else _name(path)
        return f"{what} is not taken apart exactly"
    read = entering(made, path, step)
    if isinstance(read, str):
        return read
    if kind == "Embedding":
        return _row(made, path, read)
    activation = activation_of(settings_of(made, path).get("activation"))
    if activation is None:
        return f"the activation of {_name(path)} is not known"
    total: Floats | str = preactivation(made, path, read) if kind == "Dense" else read.values
    if isinstance(total, str):
        return total
    with np.errstate(all="ignore"):
        return activation(total)


def preactivation(made: Made, path: str, read: Causes) -> Floats | str:
    """`(units,)` of a Dense layer before its activation; or why its weights do not fit."""
    kernel = weight(made, path, "kernel")
    if kernel is None or kernel.ndim != 2 or len(kernel) != len(read.values):
        return f"the weights of {_name(path)} do not fit what it reads"
    bias = weight(made, path, "bias")
    with np.errstate(all="ignore"):
        total: Floats = read.values @ kernel
    return total if bias is None else total + bias


def weight(made: Made, path: str, name: str) -> Floats | None:
    """A weight in float64, or None."""
    found = made.insides.weights.get(f"{path}/{name}")
    return None if found is None else np.asarray(found, np.float64)


def _row(made: Made, path: str, read: Causes) -> Floats | str:
    table = _table(made, path)
    token = int(read.values[0]) if len(read.values) == 1 and np.isfinite(read.values[0]) else -1
    if table is None or not 0 <= token < len(table):
        return f"{_name(path)} has no row for what it reads"
    return np.asarray(table[token], np.float64)


def _table(made: Made, path: str) -> Any:
    """The table of an Embedding as it is, without a copy; None where it is not known."""
    return made.insides.weights.get(f"{path}/embeddings")


def _last(made: Made) -> int:
    return max((trace.timesteps for trace in made.recording.layers), default=1) - 1


def _of_loop(made: Made, path: str, trace: LayerTrace, step: int) -> Causes | str:
    """Of a recurrent layer: its state at the step it is read at; its last one where it gives no sequence."""
    whole = bool(settings_of(made, path).get("return_sequences", True))
    if trace.go_backwards:
        step = trace.timesteps - 1 - step if whole else 0
    return _state(made, trace, min(step, trace.timesteps - 1))


def _state(made: Made, trace: LayerTrace, step: int) -> Causes | str:
    if not trace.has(made.sample, step):
        return f"step {step} of {_name(trace.path)} is not held"
    state = trace.cell.states[0]
    values = trace.at(state, made.sample, step).astype(np.float64)
    return Causes(values, lambda unit: Question("state", trace.path, step, unit, state))


def _input(made: Made, path: str, step: int) -> Causes | str:
    array = made.recording.inputs.get(path)
    if array is None or not 0 <= made.sample < len(array):
        return f"the input {_name(path)} is not among those recorded"
    row = array[made.sample]
    is_sequence = array.ndim > 2 or (array.ndim == 2 and array.dtype.kind in "iu")
    if is_sequence and not 0 <= step < len(row):
        return f"the input {_name(path)} has no step {step}"
    values = np.atleast_1d(row[step] if is_sequence else row).reshape(-1).astype(np.float64)
    return Causes(values, lambda unit: Question("input", path, step, unit))


def _both_ways(made: Made, path: str, feeders: tuple[str, ...], step: int) -> Causes | str:
    """Both directions side by side, as `merge_mode: concat` has them."""
    ways = [
        trace for each in feeders if (trace := made.recording.layer(each)) and each.startswith(f"{path}/")
    ]
    mode = settings_of(made, path).get("merge_mode", "concat")
    if len(ways) != 2 or mode != "concat":
        return f"{_name(path)} merges its two directions by {mode}: not taken apart exactly"
    whole = bool(settings_of(made, ways[0].path).get("return_sequences", True))
    places = [step if whole else (0 if way.go_backwards else way.timesteps - 1) for way in ways]
    found = [_state(made, way, place) for way, place in zip(ways, places, strict=True)]
    problem = next((each for each in found if isinstance(each, str)), None)
    if problem is not None:
        return problem
    first, second = (each for each in found if isinstance(each, Causes))
    width = len(first.values)
    return Causes(
        np.concatenate([first.values, second.values]),
        lambda unit: first.of(unit) if unit < width else second.of(unit - width),
    )


def _name(path: str) -> str:
    return one_line(path, 60)
