"""States handed to a layer that they do not fit: by number, by units, and where nothing fails at all."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.recurrent.handed_states import GivenState, HandedStates

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.outputs import states_mismatch  # noqa: E402
from tests.checks.outputs.asking import X, asked  # noqa: E402

INPUTS = {"source": X, "start": np.ascontiguousarray(X[:, :4])}


def handing(encoder, decoder, pick=lambda states: states):
    keras.utils.set_random_seed(2)
    source, start = keras.Input((None, 3), name="source"), keras.Input((None, 3), name="start")
    _, *states = encoder(source)
    decoded = decoder(start, initial_state=pick(states))
    return keras.Model([source, start], layers.Dense(1)(decoded))


def found(*parts):
    return asked(states_mismatch.CHECK, handing(*parts), INPUTS)


def test_other_units():
    (finding,) = found(layers.LSTM(8, return_state=True, name="encoder"), layers.LSTM(5, name="decoder"))
    assert (finding.code, finding.severity, finding.layer) == ("states-mismatch", "error", "decoder")
    assert finding.evidence["wanted"] == ((None, 5), (None, 5))
    assert finding.evidence["given"] == ((None, 8), (None, 8))
    assert finding.evidence["from"] == ("encoder", "encoder")
    assert "the call fails" in finding.summary


def test_too_few_states():
    (finding,) = found(layers.GRU(8, return_state=True), layers.LSTM(8, name="decoder"))
    assert "1 state of (batch, 8)" in finding.summary
    assert finding.severity == "error"


def test_both_halves_are_too_many():
    encoder = layers.Bidirectional(layers.LSTM(8, return_state=True))
    (finding,) = found(encoder, layers.LSTM(8, name="decoder"))
    assert "Concatenate" in finding.fix.code
    assert finding.severity == "error"


def test_a_state_that_is_ignored_without_a_word_is_a_warning():
    (finding,) = found(layers.LSTM(8, return_state=True), layers.GRU(8, name="decoder"))
    assert finding.severity == "warning"
    assert "ignored without a word" in finding.summary


@pytest.mark.parametrize(
    "parts",
    [
        (layers.LSTM(8, return_state=True), layers.LSTM(8)),
        (layers.LSTM(8, return_state=True), layers.GRU(8), lambda states: states[0]),
        (layers.Bidirectional(layers.GRU(4, return_state=True)), layers.Bidirectional(layers.GRU(4))),
        (
            layers.Bidirectional(layers.GRU(4, return_state=True)),
            layers.GRU(8),
            layers.Concatenate(),
        ),
    ],
    ids=["lstm", "h alone", "both halves", "joined"],
)
def test_states_that_fit_are_no_finding(parts):
    assert not found(*parts)


def test_an_axis_that_is_free_fits_any():
    given = (GivenState("x", (None, None)), GivenState("x", (2, 7)))
    handed = HandedStates("lstm", given, ((None, 8), (None, 8)))
    assert handed.misfits == (1,)
    assert handed.fits_in_number
