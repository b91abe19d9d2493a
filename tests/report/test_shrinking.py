"""`lstm-tui shrink` on a real model: what it writes shows the finding, and a healthy scenario is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import pytest

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import Diagnose
from lstm_tui.errors import UsageError
from lstm_tui.report import shrinking
from lstm_tui.report.diagnosing import codes_found
from lstm_tui.report.replay import Replayer
from lstm_tui.report.shrinking import ShrinkQuestion, shrink_and_print
from lstm_tui.scenario.loading import load_scenario
from lstm_tui.scenario.reading import read_scenario

pytestmark = pytest.mark.keras
FOLDER = Path(__file__).parents[2] / "scenarios" / "4-same-input-but-another-prediction"
Shrink = Callable[..., int]


class Lent:
    """The engine of all tests, which stays open."""

    def __init__(self, engine: EngineProcess) -> None:
        self._engine = engine

    def __enter__(self) -> EngineProcess:
        return self._engine

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is closed."""


@pytest.fixture
def shrink(engine: EngineProcess, monkeypatch: pytest.MonkeyPatch) -> Shrink:
    monkeypatch.setattr(shrinking, "EngineProcess", lambda options: Lent(engine))
    return lambda *words: shrink_and_print(
        ShrinkQuestion(*words), EngineOptions(), lambda stage, fraction: None
    )


def test_a_bundled_scenario_shrinks_to_one_that_replays(
    shrink: Shrink, engine: EngineProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "small.yaml"
    assert shrink(FOLDER / "1-carry-over.yaml", out) == 0
    said = capsys.readouterr().out
    assert "still shows: state-carryover in lstm_1" in said
    assert "timesteps 60 → 1, calls 3 → 2" in said
    small = load_scenario(read_scenario(out))
    assert [array.shape for array in small.inputs.values()] == [(1, 1, 1)]
    replayed = Replayer(engine.ask, diagnose=codes_found(engine.ask)).result(out)
    assert (replayed.status, replayed.checked) == ("passed", ("findings: state-carryover",))


def test_ctrl_c_writes_the_best_so_far(
    shrink: Shrink, engine: EngineProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ask, diagnoses = engine.ask, []

    def interrupted(request: object, *more: object) -> object:
        diagnoses.append(isinstance(request, Diagnose))
        if sum(diagnoses) > 2:
            raise KeyboardInterrupt
        return ask(request, *more)

    monkeypatch.setattr(engine, "ask", interrupted)
    assert shrink(FOLDER / "1-carry-over.yaml", tmp_path / "small.yaml") == 130
    small = load_scenario(read_scenario(tmp_path / "small.yaml"))
    assert small.inputs[""].shape == (1, 1, 1)
    assert len(small.calls) == 3
    assert small.scenario.expect is None


def test_a_healthy_scenario_is_refused(shrink: Shrink, tmp_path: Path):
    shutil.copy(FOLDER / "models" / "carry-over.keras", tmp_path)
    case = tmp_path / "healthy.yaml"
    case.write_text(
        "version: 1\nmodel: carry-over.keras\ninput: {random: {shape: [1, 8, 1]}}\n"
        "calls: [{predict: {}}, {reset: {}}, {predict: {}}]\n"
    )
    with pytest.raises(UsageError, match="is healthy"):
        shrink(case, tmp_path / "small.yaml")
    with pytest.raises(UsageError, match="does not show input-scale"):
        shrink(case, tmp_path / "small.yaml", "input-scale")
    assert not (tmp_path / "small.yaml").exists()
