"""`lstm-tui interleave`: the table, the JSON, the exit status, and what is no question."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import UsageError
from lstm_tui.recurrent.interleaving_words import session_name
from lstm_tui.recurrent.interleavings import UNTOLD, Guarded, Interleaved, LedgerLine
from lstm_tui.report import interleaving
from lstm_tui.report.interleaving import InterleaveQuestion, interleave_and_print
from lstm_tui.report.interleaving_report import interleaving_json, interleaving_text

FOLDER = Path(__file__).parents[2] / "scenarios" / "4-same-input-but-another-prediction"


def answer() -> Interleaved:
    out = {"y": np.array([[2.0]], np.float32)}
    lines = (
        LedgerLine(0, 0, "reset", written=("lstm",)),
        LedgerLine(1, 1, "predict", 1, 2, {"lstm": (0, 0)}, ("lstm",), {"y": np.array([[np.nan]])}, np.inf),
    )
    guards = (
        Guarded("none", 1000, UNTOLD, 7, (3, 4), np.inf),
        Guarded("call", 6, 6, 4, (2, 2), 0.5),
        Guarded("session", 2, 2, 0, (0, 0)),
        Guarded("state", 6, 6, 0, (0, 0)),
        Guarded("stateless", note="not tried: it cannot be built"),
    )
    return Interleaved(2, ("reset", "predict"), ({}, out), ("lstm",), guards, lines, lines, 9, ("a note",))


def test_the_table_fits_and_tells_whose_result_changes_and_what_helps() -> None:
    text = interleaving_text(answer(), "s.yaml", "m.keras")
    assert max(map(len, text.splitlines())) <= 80
    assert "1,000 of 10¹⁵+" in text
    assert "A in 3, B in 4" in text
    assert "reads lstm left by A reset" in text
    assert "What helps in every order: a state for each session." in text
    healthy = replace(answer(), guards=(Guarded("none", 6, 6),), shortest=(), torn=())
    assert "No interleaving that was tried changes a result." in interleaving_text(healthy, "s", "m")


def test_the_json_has_names_for_sessions_and_no_nan() -> None:
    told = json.loads(json.dumps(interleaving_json(answer(), "s.yaml", "m.keras"), allow_nan=False))
    assert told["guards"][0]["possible"] is None
    assert told["guards"][0]["whose"] == {"A": 3, "B": 4}
    assert told["shortest"][1]["read"] == {"lstm": {"session": "A", "call": 0}}
    assert told["shortest"][1]["change"] == "inf"
    assert [session_name(each) for each in (0, 25, 26)] == ["A", "Z", "A1"]


def test_a_scenario_without_sessions_is_no_question(tmp_path: Path) -> None:
    for source in (FOLDER / "1-carry-over.yaml", tmp_path / "model.keras"):
        with pytest.raises(UsageError):
            interleave_and_print(InterleaveQuestion(source), EngineOptions(), lambda *_: None, as_json=False)


@pytest.mark.keras
def test_the_bundled_scenario_changes_results_and_says_so(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(interleaving, "LocalEngine", lambda options: engine)
    question = InterleaveQuestion(FOLDER / "8-shared-by-threads.yaml")
    assert interleave_and_print(question, EngineOptions(), lambda *_: None, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(each["guard"], each["changed"]) for each in told["guards"]] == [
        ("none", 6),
        ("call", 4),
        ("session", 0),
        ("state", 0),
        ("stateless", 0),
    ]
    assert told["shortest"][-1]["read"]["gru"]["session"] != told["shortest"][-1]["session"]
