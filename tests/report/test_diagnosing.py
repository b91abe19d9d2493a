"""`lstm-tui diagnose` on real models: what is printed, and the exit status."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.engine.options import EngineOptions
from lstm_tui.report.diagnosing import Question, diagnose_and_print
from tests.asked_here import asked_here

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[2]
CARRY_OVER = ROOT / "scenarios/4-same-input-but-another-prediction/1-carry-over.yaml"


def diagnose(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return asked_here("diagnose", *arguments)


def test_a_finding_stands_in_the_json_with_its_remedy_and_its_proof() -> None:
    done = diagnose(CARRY_OVER, "--json")
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert said["version"] == 1
    assert [call["call"] for call in said["calls"]] == ["predict"] * 3
    finding = said["findings"][0]
    assert (finding["code"], finding["severity"], finding["layer"]) == ("state-carryover", "error", "lstm_1")
    assert finding["fix"]["actions"] == [{"reset": {}}]
    assert finding["proof"]["before"] > 0.1
    assert finding["proof"]["after"] == 0.0


def test_what_is_missing_is_said_and_not_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    question = Question(CARRY_OVER)
    assert diagnose_and_print(question, EngineOptions(), lambda stage, fraction: None, as_json=False) == 1
    said = capsys.readouterr().out
    assert "✗ state-carryover" in said
    assert "not checked without shape" in said


def test_a_file_that_does_not_load_is_a_finding_with_status_2(tmp_path: Path) -> None:
    (tmp_path / "cut.keras").write_bytes(b"PK\x03\x04 cut off")
    done = diagnose(tmp_path / "cut.keras", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["findings"][0]["code"].startswith("load-")


def test_a_file_that_is_not_there_is_an_error() -> None:
    done = diagnose("nowhere.keras", "--json")
    assert done.returncode == 2
    assert not done.stdout
    assert "no file nowhere.keras" in done.stderr


def test_a_shape_that_is_none_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 3, 1)))
    done = diagnose("m.keras", "--input", tmp_path / "x.npy", "--expect-shape", "one")
    assert done.returncode == 2
    assert "is no shape" in done.stderr
