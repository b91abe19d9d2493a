"""`lstm-tui diff` of two trace files: no model is run, and no TensorFlow started."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import UsageError
from lstm_tui.recurrent.cells import GRU, SIMPLE_RNN, CellKind
from lstm_tui.recurrent.recording import LayerTrace, Recording
from lstm_tui.report.diffing import diff_and_print, named_sides
from lstm_tui.report.trace import write_trace
from lstm_tui.report.trace_reading import read_trace


def gru(path: str, *, backwards: bool = False, more: float = 0.0) -> LayerTrace:
    """A GRU by its own arithmetic, `(1, 6, 2)`; from the fourth step on the candidate is `more`."""
    numbers = np.random.default_rng(0)
    made = {name: numbers.uniform(0.2, 0.8, (1, 6, 2)) for name in "zrg"}
    made["g"][:, 3:] += more
    state, states = np.zeros((1, 2)), {}
    for step in reversed(range(6)) if backwards else range(6):
        state = made["z"][:, step] * state + (1 - made["z"][:, step]) * made["g"][:, step]
        states[step] = state
    made["h"] = np.stack([states[step] for step in range(6)], axis=1)
    return LayerTrace(path, GRU, made, {"h": np.zeros((1, 2))}, go_backwards=backwards)


def written(path: Path, *layers: LayerTrace, output: float = 1.0) -> Path:
    write_trace(Recording({}, {"head": np.full((1, 1), output)}, layers), path)
    return path


def diff(capsys: pytest.CaptureFixture[str], *paths: Path, as_json: bool = False) -> tuple[int, str]:
    status = diff_and_print((paths[0], paths[1]), (), (), EngineOptions(), lambda *_: None, as_json=as_json)
    return status, capsys.readouterr().out


def test_equal_traces_end_with_0_and_others_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path / "a.npz", gru("gru"))
    other = written(tmp_path / "b.npz", gru("gru", more=0.1), output=2.0)
    status, told = diff(capsys, one, one)
    assert status == 0
    assert "equal within float noise" in told
    status, told = diff(capsys, one, other)
    assert status == 1
    assert "first divergence: gru, timestep 3, candidate g, unit 0: " in told
    assert "cause: input" in told
    assert "head (1, 1): up to 1 apart" in told


def test_json_names_layer_timestep_gate_unit_and_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path / "a.npz", gru("gru"))
    other = written(tmp_path / "b.npz", gru("gru", more=np.nan))
    status, text = diff(capsys, one, other, as_json=True)
    told = json.loads(text)
    assert status == 1
    assert told["version"] == 1
    assert not told["equal"]
    assert told["cause"] == "input"
    assert told["divergence"]["b"] == "nan"
    where = {key: told["divergence"][key] for key in ("layer", "timestep", "gate", "unit", "sample")}
    assert where == {"layer": "gru", "timestep": 3, "gate": "g", "unit": 0, "sample": 0}
    assert json.loads(diff(capsys, one, one, as_json=True)[1])["divergence"] is None


def test_a_trace_tells_in_which_direction_a_layer_reads(tmp_path: Path) -> None:
    cell: CellKind = SIMPLE_RNN
    plain = LayerTrace("both/backward_rnn", cell, {"h": np.ones((1, 6, 2))}, {})
    course = read_trace(written(tmp_path / "a.npz", gru("a"), gru("b", backwards=True), plain))
    assert [(each.path, each.go_backwards) for each in course.stations] == [
        ("a", False),
        ("b", True),
        ("both/backward_rnn", True),
    ]
    assert list(course.outputs) == ["head"]


def test_an_input_is_no_trace(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.ones((1, 6, 3)))
    with pytest.raises(UsageError, match="is no trace"):
        read_trace(tmp_path / "x.npz")


def test_what_cannot_be_asked_is_refused() -> None:
    a, b, scenario, x = Path("a.keras"), Path("b.keras"), Path("s.yaml"), Path("x.npy")
    with pytest.raises(UsageError, match="there is no input"):
        named_sides((a, b), (), ())
    with pytest.raises(UsageError, match="neither side is one"):
        named_sides((scenario, scenario), (x,), ())
    with pytest.raises(UsageError, match="given 3 times"):
        named_sides((a, b), (x, x, x), ())
    with pytest.raises(UsageError, match="finished traces"):
        named_sides((Path("a.npz"), Path("b.npz")), (), (1,))


def test_one_input_is_for_both_and_a_model_beside_a_scenario_runs_that() -> None:
    a, b, scenario, x, y = Path("a.keras"), Path("b.keras"), Path("s.yaml"), Path("x.npy"), Path("y.npy")
    assert [side.input for side in named_sides((a, b), (x,), ())] == [x, x]
    assert [side.input for side in named_sides((a, a), (x, y), ())] == [x, y]
    assert named_sides((scenario, b), (), (2,))[1].scenario == scenario
    assert [side.call for side in named_sides((scenario, scenario), (), (1, 2))] == [1, 2]
