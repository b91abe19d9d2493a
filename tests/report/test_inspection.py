"""`inspect`: text that reads well at 80 columns, JSON that any reader takes."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.model_file import (
    LayerFacts,
    ModelFacts,
    Obstacle,
    RecurrentFacts,
    TensorFacts,
    WeightStats,
)
from lstm_tui.report.inspection import inspection_json, inspection_text, shape_text


def layer(path: str, class_name: str, *, depth: int = 0, parameters: int = 0, **more: object) -> LayerFacts:
    name = path.rpartition("/")[2]
    shapes = more.pop("output_shapes", ((None, 60, 16),))
    return LayerFacts(path, name, class_name, depth, shapes, parameters, parameters, **more)  # type: ignore[arg-type]


def weight(path: str, name: str, **changes: object) -> WeightStats:
    values: dict[str, object] = {
        "shape": (5, 64), "dtype": "float32", "minimum": -0.5, "maximum": 0.5, "mean": 0.01, "std": 0.2,
        "nans": 0, "infs": 0, "zeros": 0.25, **changes,
    }  # fmt: skip
    return WeightStats(layer=path, name=name, **values)  # type: ignore[arg-type]


def model(**changes: object) -> ModelFacts:
    values: dict[str, object] = {
        "path": Path("models/gold.keras"),
        "name": "gold",
        "format": "keras",
        "keras_version": "3.15.1",
        "inputs": (TensorFacts("prices", (4, None, 5)),),
        "outputs": (TensorFacts("head", (4, 1)),),
        "layers": (
            layer("prices", "InputLayer", output_shapes=((4, None, 5),)),
            layer("both", "Bidirectional", parameters=2816, output_shapes=((4, 32), (4, 32))),
            layer(
                "both/forward_lstm",
                "LSTM",
                depth=1,
                parameters=1408,
                recurrent=RecurrentFacts("lstm", 16, False, True, True),
                trainable=False,
            ),
            layer(
                "odd", "Attend", output_shapes=(), note="Attend is not part of Keras: needs --custom-objects"
            ),
        ),
        "parameters": 2816,
        "stateful_batch": 4,
        **changes,
    }
    return ModelFacts(**values)  # type: ignore[arg-type]


STATS = (
    weight("both/forward_lstm", "kernel"),
    weight("both/forward_lstm", "bias", shape=(64,), nans=3, infs=1, minimum=math.nan, maximum=math.nan),
    weight("", "scale", shape=(), dtype="bfloat16", maximum=math.inf),
)


def test_the_text_says_what_the_model_is() -> None:
    text = inspection_text(model(), STATS)
    assert "gold.keras · gold · keras file, Keras 3.15.1" in text
    assert "input  prices (4, ·, 5) float32" in text
    assert "2,816 parameters · 1 recurrent · stateful, bound to batch size 4" in text
    row = next(line for line in text.splitlines() if line.startswith("  forward_lstm"))
    assert "LSTM stateful return_state frozen" in row
    assert row.endswith("1,408")
    odd = text[text.index("\nodd ") :]
    assert "?" in odd.splitlines()[1]
    assert "needs" in odd


def test_a_layer_with_several_outputs_shows_each() -> None:
    text = inspection_text(model(), ())
    assert text.count("(4, 32)") == 2


def test_weights_stand_below_their_layers() -> None:
    lines = inspection_text(model(), STATS).splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("weight"))
    shown = [line.split("  (")[0].rstrip() for line in lines[start + 1 :] if line.strip()]
    assert shown[:4] == ["both", "  forward_lstm", "    kernel", "    bias · 3 NaN · 1 inf"]
    assert lines[start + 4].split()[-5:-3] == ["–", "–"]
    assert any(line.startswith("scale") and "bfloat16" in line for line in lines)


def test_obstacles_stand_below_with_what_to_do() -> None:
    blocking = Obstacle("load-unsafe", "double", "Lambda: it runs Python code.", "--trust")
    harmless = Obstacle("load-compile", "the model", "The loss is unknown.", "None.", blocking=False)
    text = inspection_text(model(obstacles=(blocking, harmless)), ())
    assert "It does not load as it is:\n  load-unsafe · double\n    Lambda: it runs Python code." in text
    assert "load-compile (does not keep it from loading) · the model" in text
    assert "It loads; what to know:\n  load-compile · the model" in inspection_text(
        model(obstacles=(harmless,)), ()
    )
    assert "load" not in inspection_text(model(), ())


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    path = "/".join(f"a_rather_long_layer_name_{index}" for index in range(3))
    facts = model(layers=(layer(path, "BatchNormalization", depth=2),), inputs=(), outputs=())
    table = inspection_text(facts, [weight(path, "recurrent_kernel")], width=width).splitlines()[2:]
    assert max(map(len, table)) <= width


def test_the_text_is_plain() -> None:
    """Brackets in a name are no markup, and no colour codes come out."""
    text = inspection_text(model(layers=(layer("[red]lstm", "[bold]LSTM"),)), ())
    assert "[red]lstm" in text
    assert "[bold]LSTM" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("shape", "text"), [((None, 60, 5), "(·, 60, 5)"), ((None,), "(·,)"), ((), "()"), ((1, 2), "(1, 2)")]
)
def test_shapes_are_written_as_in_python(shape: tuple[int | None, ...], text: str) -> None:
    assert shape_text(shape) == text


def test_json_holds_everything_and_no_nan() -> None:
    obstacle = Obstacle("load-custom", "odd", "Attend is not part of Keras.", "--custom-objects mine")
    value = inspection_json(model(obstacles=(obstacle,)), STATS)
    read = json.loads(json.dumps(value, allow_nan=False))
    assert read == value
    assert read["inputs"] == [{"name": "prices", "shape": [4, None, 5], "dtype": "float32"}]
    assert read["layers"][2]["recurrent"] == {
        "cell": "lstm", "units": 16, "return_sequences": False, "return_state": True, "stateful": True,
        "go_backwards": False,
    }  # fmt: skip
    assert [item["max"] for item in read["weights"]] == [0.5, "nan", "inf"]
    assert read["obstacles"][0]["blocking"] is True
    assert (read["version"], read["parameters"], read["stateful_batch"]) == (1, 2816, 4)


@given(st.lists(st.floats(), min_size=4, max_size=4))
def test_any_statistics_can_be_written(values: list[float]) -> None:
    minimum, maximum, mean, std = values
    item = weight("lstm", "kernel", minimum=minimum, maximum=maximum, mean=mean, std=std)
    json.dumps(inspection_json(model(), [item]), allow_nan=False)
    assert "kernel" in inspection_text(model(), [item])


def test_json_needs_neither_rich_nor_tensorflow() -> None:
    program = (
        "import sys; from lstm_tui.report.inspection import inspection_json;"
        "print([name for name in ('rich', 'textual', 'tensorflow', 'keras', 'h5py') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
