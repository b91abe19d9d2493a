"""The engine in the program's own process: same answers, nothing on its output but what the program says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import LoadModel, RunCalls
from lstm_tui.recurrent.calls import RunPlan

engine = LocalEngine(EngineOptions(log_path=Path(sys.argv[1]) if sys.argv[1] else None), adapter="stand_in")
def say(stage, fraction):
    print(stage, file=sys.stderr)
for name in sys.argv[2:]:
    facts = None
    try:
        facts = engine.ask(LoadModel(Path(name)), say)
        run = engine.ask(RunCalls(RunPlan({"x": np.arange(3.0)})))
        print("result", facts.name, run.outcomes[0].outputs["x"].sum())
    except Exception as error:
        print(type(error).__name__, str(error).splitlines()[0], type(error.__cause__).__name__)
"""


def output_of(*names: str, log: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(log or ""), *names],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], *filter(None, sys.path)]),
        },
    )


def test_output_carries_what_the_program_says_and_nothing_else(stand_in_path: None, tmp_path: Path) -> None:
    done = output_of("noise.keras", "plain.keras", log=tmp_path / "log")
    assert done.stdout.splitlines() == ["result noise 3.0", "result plain 3.0"]
    assert done.stderr.splitlines() == ["loading noise.keras", "loading plain.keras"]
    assert (tmp_path / "log").read_text(encoding="utf-8").count("NOISE") == 5


def test_without_a_log_noise_is_dropped(stand_in_path: None) -> None:
    done = output_of("noise.keras")
    assert (done.stdout, done.stderr) == ("result noise 3.0\n", "loading noise.keras\n")


def test_errors_keep_their_kind_and_bugs_their_cause(stand_in_path: None) -> None:
    done = output_of("refuse.keras", "stumble.keras", "exit.keras", "plain.keras")
    assert done.stdout.splitlines() == [
        "ModelFileError The file is cut short. NoneType",
        "EngineError The engine met a bug: ZeroDivisionError: nobody thought of this ZeroDivisionError",
        "EngineError The engine met a bug: SystemExit: 3 SystemExit",
        "result plain 3.0",
    ]


def test_a_crash_in_native_code_is_not_silent(stand_in_path: None) -> None:
    done = output_of("abort.keras")
    assert done.returncode < 0
    assert "Fatal Python error: Aborted" in done.stderr


def test_a_missing_adapter_is_unavailable(
    stand_in_path: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stand_in.py").write_text("raise ModuleNotFoundError(name='keras')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = output_of("plain.keras")
    assert "EngineUnavailable Keras is not installed" in done.stdout
