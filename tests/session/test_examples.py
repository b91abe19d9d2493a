"""Examples of what can be typed name what the model has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lstm_tui.asking.reading import read
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.cells import GRU, LSTM, SIMPLE_RNN
from lstm_tui.session.edits import Material
from lstm_tui.session.examples import conditions, expressions, resets, trials
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session
from tests.session.hand_made import gold, layer


def session_with(*layers: LayerFacts) -> Session:
    return open_session(replace(gold(), layers=layers), Material())[0]


@pytest.mark.parametrize(
    ("made", "condition", "expression", "trial"),
    [
        (layer("encoder/rnn", LSTM, 32), "abs(c) > 5 in encoder/rnn", "mean(f) · c[17]", "gate: f"),
        (layer("gru", GRU, 3), "abs(h) > 5 in gru", "mean(z) · h[2]", "gate: z"),
        (layer("simple", SIMPLE_RNN, 1), "abs(h) > 5 in simple", "mean(h) · h[0]", "poke to: 0.5 · nudge"),
    ],
)
def test_layer_state_gate_and_unit_are_those_of_the_model(
    made: LayerFacts, condition: str, expression: str, trial: str
) -> None:
    session = session_with(made)
    assert conditions(session).startswith(condition)
    assert expressions(session).startswith(expression)
    assert trial in trials(session)
    for text in (*conditions(session).split(" · "), *expressions(session).split(" · ")):
        assert read(text).text == text  # each can be typed as it stands


def test_a_layer_that_keeps_its_state_is_reset_first() -> None:
    session = session_with(layer("one", GRU, 3), layer("two", LSTM, 4, stateful=True))
    assert resets(session).startswith("layers: [two], to:")


def test_a_model_without_such_layers_has_examples_too() -> None:
    session = session_with()
    assert conditions(session).startswith("abs(h) > 5 ·")
    assert "norm(h) ·" in expressions(session)
    assert resets(session).startswith("to:")
