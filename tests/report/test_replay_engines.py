"""Engines at work on many scenarios, with a stand-in for Keras that echoes, or does as its file is called."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from lstm_tui.engine.options import EngineOptions
from lstm_tui.report import replay_engines
from lstm_tui.report.replay import Replays
from lstm_tui.report.replay_engines import replay_in_engines
from lstm_tui.report.replay_files import Work

ENGINE_TESTS = Path(__file__).parents[1] / "engine"


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ENGINE_TESTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


def scenario(folder: Path, name: str, model: str, expect: str = "{shape: [1, 2, 1]}") -> Path:
    (folder / model).touch()
    path = folder / name
    path.write_text(f"version: 1\nmodel: {model}\ninput: {{values: [[[1], [2]]]}}\nexpect: {expect}\n")
    return path


def replayed(folder: Path, jobs: int = 1, **more: object) -> Replays:
    return replay_in_engines([folder], EngineOptions(), jobs=jobs, adapter="stand_in", **more)


def test_a_worker_that_dies_costs_its_scenario_and_is_replaced(tmp_path: Path):
    for number in range(8):
        scenario(tmp_path, f"{number}.yaml", "run-abort.keras" if number in (1, 5) else "echo.keras")
    results = replayed(tmp_path, jobs=2).results
    assert [each.path.name for each in results] == [f"{number}.yaml" for number in range(8)]
    assert [each.status for each in results] == [
        "not checked" if number in (1, 5) else "passed" for number in range(8)
    ]
    assert "SIGABRT" in results[1].reasons[0]


def test_a_worker_killed_from_outside_is_reported_for_its_scenario_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    scenario(tmp_path, "a.yaml", "echo.keras")
    scenario(tmp_path, "b.yaml", "run-sleep.keras")
    scenario(tmp_path, "c.yaml", "echo.keras", "{shape: [9]}")
    started = []
    start = replay_engines.EngineProcess.start
    monkeypatch.setattr(
        replay_engines.EngineProcess, "start", lambda self: (started.append(self), start(self))[1]
    )

    def kill_the_sleeper(stage: str, _fraction: float | None) -> None:
        if "b.yaml: echoing" in stage:
            os.kill(started[-1].pid, signal.SIGKILL)

    results = replayed(tmp_path, on_progress=kill_the_sleeper).results
    assert [each.status for each in results] == ["passed", "not checked", "failed"]
    assert "SIGKILL" in results[1].reasons[0]


def test_ctrl_c_gives_what_there_is_by_then(tmp_path: Path):
    for number in range(4):
        scenario(tmp_path, f"{number}.yaml", "run-sleep.keras" if number == 2 else f"echo-{number}.keras")

    def stop_at_the_sleeper(stage: str, _fraction: float | None) -> None:
        if "2.yaml: echoing" in stage:
            os.kill(os.getpid(), signal.SIGINT)

    replays = replayed(tmp_path, on_progress=stop_at_the_sleeper)
    assert [each.path.name for each in replays.results] == ["0.yaml", "1.yaml"]
    assert [path.name for path in replays.left] == ["2.yaml", "3.yaml"]
    assert replays.exit_status == 130


def test_an_engine_makes_room_for_a_new_one_after_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(replay_engines, "_MOST_IN_ONE_LIFE", 2)
    for number in range(5):
        scenario(tmp_path, f"{number}.yaml", "echo.keras")
    assert [each.status for each in replayed(tmp_path).results] == ["passed"] * 5


def test_progress_counts_all_engines_together(tmp_path: Path):
    for number in range(3):
        scenario(tmp_path, f"{number}.yaml", "echo.keras", "{shape: [7]}" if number == 0 else "{}")
    told: list[tuple[str, float | None]] = []
    replayed(tmp_path, jobs=2, on_progress=lambda *said: told.append(said))
    assert told[-1] == ("3 of 3 replayed, 1 not as expected", 1.0)
    assert any(", 1.yaml: loading echo.keras" in stage or ", 1.yaml: echoing" in stage for stage, _ in told)


def test_scenarios_of_one_model_come_together_in_pieces(tmp_path: Path):
    files = [scenario(tmp_path, f"{n}.yaml", f"{'ab'[n % 2]}.keras") for n in range(12)]
    work = Work([*files, tmp_path / "missing.yaml"], jobs=1)
    pieces = []
    while piece := work.take():
        pieces.append([number for number, _ in piece])
    assert pieces == [[0, 2, 4, 6], [8, 10], [1, 3, 5, 7], [9, 11], [12]]


def test_nothing_is_given_out_after_a_stop(tmp_path: Path):
    work = Work([tmp_path / "a.yaml"], jobs=1)
    work.stop()
    assert work.take() == []


def test_what_a_crash_or_a_stranger_left_is_told_and_keeps_nothing_else_from_it(tmp_path: Path):
    import numpy as np

    folder = tmp_path / "captured"
    folder.mkdir()
    scenario(folder, "whole.yaml", "echo.keras")
    np.savez(folder / "x.npz", x=np.ones((1, 2, 1), np.float32))
    (folder / "cut.npz").write_bytes((folder / "x.npz").read_bytes()[:150])
    head = "version: 1\nmodel: echo.keras\n"
    texts = {
        "newer": "version: 2\nmodel: echo.keras\n",
        "no-model": "version: 1\nmodel: gone.keras\n",
        "no-array": f"{head}input: gone.npz\n",
        "cut-array": f"{head}input: cut.npz\n",
        "cut-text": f"{head}input: {{file: x.np",
        "empty": "",
        "outside": f"{head}input: ../x.npz\n",
        "model-outside": "version: 1\nmodel: ../gold.keras\n",
        "misfit": f"{head}input: x.npz\nexpect: {{output: {{values: [[1]]}}}}\n",
    }
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    told = {each.path.stem: (each.status, " ".join(each.reasons)) for each in replayed(folder).results}
    assert told.pop("whole") == ("passed", "")
    assert told.pop("misfit") == ("failed", "expected an output of shape (1, 1), got (1, 2, 1)")
    assert {status for status, _ in told.values()} == {"not checked"}
    for name, words in {
        "newer": "newer than what this lstm-tui reads",
        "no-model": "no such file: gone.keras",
        "no-array": "no such file: gone.npz",
        "cut-array": "input",
        "outside": "leaves the scenario's folder",
        "model-outside": "replay --model FILE",
    }.items():
        assert words in told[name][1]


def test_what_does_not_fit_another_model_is_a_result(tmp_path: Path):
    path = scenario(tmp_path, "a.yaml", "gone.keras")
    (tmp_path / "gone.keras").unlink()
    path.write_text(
        path.read_text().replace("expect:", "actions: [{alter: {layer: lstm_1, stateful: false}}]\nexpect:")
    )
    other = tmp_path / "echo.keras"
    other.touch()
    (found,) = replayed(tmp_path, model=other).results
    assert found.status == "failed"
    assert "does not fit echo.keras" in found.reasons[0] and "lstm_1" in found.reasons[0]
