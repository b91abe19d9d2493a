"""A trace that is written stretch by stretch has what a whole one has, and is whole or not there."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.protocol import Answer, LoadModel, RecordStretch, Request, RunCalls
from lstm_tui.errors import EngineError, UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Predict, Run, RunPlan
from lstm_tui.recurrent.stretches import LongCall
from lstm_tui.report import long_trace
from lstm_tui.report.long_trace import NotCut, trace_in_stretches
from lstm_tui.report.trace import trace_arrays
from lstm_tui.session.keeping import Keeping, keeping

pytestmark = pytest.mark.keras

STEPS = 1300
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def kept(engine: EngineProcess, tiny_models: Path) -> Callable[..., Keeping]:
    """What to keep of a call of a tiny model, so that it is recorded in stretches."""

    def keep(model: str, rows: int = 1, call: Predict | None = None) -> Keeping:
        facts = engine.ask(LoadModel(tiny_models / f"{model}.keras"))
        assert isinstance(facts, ModelFacts)
        x = np.random.default_rng(1).normal(size=(rows, STEPS, 3)).astype(np.float32)
        plan = RunPlan({facts.inputs[0].name: x}, calls=(call or Predict(),))
        found = keeping(plan, facts, 1000, 0, every_sample=True)
        assert found.what == "stretches"
        return found

    return keep


def nothing(_stage: str, _fraction: float | None) -> None:
    """Progress that nobody watches."""


@pytest.mark.parametrize(("model", "rows"), [("lstm", 1), ("lstm", 5), ("gru", 3), ("stateful", 1)])
def test_it_has_what_a_whole_recording_has(
    engine: EngineProcess, kept: Callable[..., Keeping], tmp_path: Path, model: str, rows: int
) -> None:
    found = kept(model, rows, Predict(batch_size=2))
    path = tmp_path / "out.npz"
    assert isinstance(trace_in_stretches(found, path, engine.ask, nothing), LongCall)
    run = engine.ask(RunCalls(RunPlan(found.inputs, calls=(Predict(batch_size=2),))))
    assert isinstance(run, Run) and run.recording is not None
    whole = trace_arrays(run.recording)
    with np.load(path, allow_pickle=False) as written:
        assert set(written.files) == set(whole)
        for name, values in whole.items():
            assert written[name].dtype == values.dtype
            if name.startswith("prefix/"):
                np.testing.assert_allclose(written[name], values, rtol=0, atol=1e-5)
            else:
                np.testing.assert_array_equal(written[name], values, err_msg=name)
    assert [each.name for each in tmp_path.iterdir()] == ["out.npz"]


def test_what_cannot_be_cut_is_left_to_a_whole_run(
    engine: EngineProcess, kept: Callable[..., Keeping], tmp_path: Path
) -> None:
    found = trace_in_stretches(kept("bidirectional"), tmp_path / "out.npz", engine.ask, nothing)
    assert isinstance(found, NotCut)
    assert "backwards" in found.reason
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_too_small_is_told_before_anything_is_written(
    engine: EngineProcess, kept: Callable[..., Keeping], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.npz"
    path.write_bytes(b"the trace of yesterday")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - 5000, 5000))
    with pytest.raises(UsageError, match="free"):
        trace_in_stretches(kept("lstm"), path, engine.ask, nothing)
    assert path.read_bytes() == b"the trace of yesterday"
    assert [each.name for each in tmp_path.iterdir()] == ["out.npz"]


def test_an_engine_that_fails_in_the_middle_leaves_nothing(
    engine: EngineProcess, kept: Callable[..., Keeping], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_trace, "_CHUNKS", 1)
    asked = 0

    def ask(request: Request, on_progress: object = None) -> Answer:
        nonlocal asked
        asked += isinstance(request, RecordStretch)
        if asked == 2:
            raise EngineError("it broke")
        return engine.ask(request)

    with pytest.raises(EngineError):
        trace_in_stretches(kept("lstm"), tmp_path / "out.npz", ask, nothing)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said_in_words(
    engine: EngineProcess, kept: Callable[..., Keeping], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        trace_in_stretches(kept("lstm"), tmp_path / "missing" / "out.npz", engine.ask, nothing)
