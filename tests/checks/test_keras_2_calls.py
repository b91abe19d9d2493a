"""Calls that Keras 3 no longer has are explained by what is there instead."""

from __future__ import annotations

from pathlib import Path

from lstm_tui.checks.call_failure import explain
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import CallFailure


def test_the_keras_2_reset_is_explained_as_gone() -> None:
    facts = ModelFacts(Path("m.keras"), "m", "keras", "3.15", (), (), (), 0)
    failure = CallFailure("", "AttributeError", "'Sequential' object has no attribute 'reset_states'")
    found = explain(failure, facts, {})
    assert found.code == "reset-unavailable"
    assert "reset_state()" in found.sentence
