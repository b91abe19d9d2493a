"""Memories that are too short, too small or out of control, in Keras models, each beside one that is not."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.constant import (  # noqa: E402
    capacity_low,
    gradient_exploding,
    gradient_vanishing,
    state_exploding,
)
from tests.checks.constant.lived_in import first, lived_in, silent, trained, waves  # noqa: E402

RNG = np.random.default_rng(6)


def cued(rows: int = 40, steps: int = 60):
    """Rows that a cue in the first steps tells apart, and what it says."""
    labels = np.where(np.arange(rows) % 2, 1, -1).astype(np.float32)
    x = np.zeros((rows, steps, 2), np.float32)
    x[..., 0] = 0.1 * RNG.normal(size=(rows, steps))
    x[:, :3, 1] = labels[:, None]
    return x, labels[:, None]


def forgetful():
    cell = layers.SimpleRNN(8, recurrent_initializer="random_normal", name="rnn")
    return lived_in(cell, layers.Dense(1), features=2)


def test_an_early_cue_that_fades_is_told_with_the_gradient_by_step():
    x, labels = cued()
    found = first(forgetful(), x, target=labels)
    assert (found.code, found.severity) == ("gradient-vanishing", "error")
    assert found.evidence["horizon"] < 30
    assert found.evidence["gradient_norm"][0] < 1e-3 * found.evidence["gradient_norm"][-1]
    assert found.proof.before < 0.02 * found.proof.after


def test_a_late_cue_or_none_at_all_needs_no_long_memory():
    x, labels = cued()
    late = np.ascontiguousarray(x[:, ::-1])
    assert silent(gradient_vanishing.CHECK, forgetful(), late, target=labels)
    assert silent(gradient_vanishing.CHECK, forgetful(), RNG.normal(size=(12, 60, 2)).astype(np.float32))


def lively(gain: float):
    cell = layers.SimpleRNN(16, name="rnn")
    model = lived_in(cell, layers.Dense(1))
    kernel, recurrent, bias = cell.get_weights()
    cell.set_weights([kernel, gain * recurrent, bias])
    return model


def test_a_nudge_at_the_first_step_that_throws_the_output_is_told_with_its_growth():
    found = first(lively(2.5), waves(20, 60))
    assert (found.code, found.layer) == ("gradient-exploding", "rnn")
    assert found.evidence["factor_a_step_back"] > 1.03
    assert found.proof.after < found.proof.before / 30
    assert silent(gradient_exploding.CHECK, lively(1.05), waves(20, 60))


def unbounded(gain: float, activation: str = "relu"):
    cell = layers.LSTM(6, activation=activation, name="lstm")
    model = lived_in(cell, layers.Dense(1))
    kernel, recurrent, bias = cell.get_weights()
    cell.set_weights([kernel, gain * recurrent, bias + 1])
    return model


def test_a_state_without_bound_is_told_with_the_step_where_it_leaves():
    x = 1 + waves(1, 300)
    found = first(unbounded(4), x)
    assert (found.code, found.layer) == ("state-exploding", "lstm")
    assert found.evidence["activation"] == "relu"
    assert 0 < found.evidence["first_step_over_limit"] < 300
    assert found.proof.after < 1e3 < found.proof.before
    assert silent(state_exploding.CHECK, unbounded(4, "tanh"), x)
    assert silent(state_exploding.CHECK, unbounded(0.05), x)


def delayed(units: int, epochs: int):
    """A model asked for what came in six steps ago."""
    x = RNG.normal(size=(120, 30, 1)).astype(np.float32)
    y = np.concatenate([np.zeros((120, 6, 1), np.float32), x[:, :-6]], axis=1)
    model = lived_in(layers.GRU(units, return_sequences=True, name="gru"), layers.Dense(1))
    return trained(model, x, y, epochs=epochs), {"x": x[:40], "target": y[:40]}


def test_one_unit_for_six_numbers_is_told_with_how_many_are_needed():
    model, asked = delayed(1, 4)
    found = first(model, **asked)
    assert (found.code, found.layer) == ("capacity-low", "gru")
    assert found.evidence["numbers_held"] == 1
    assert 5 <= found.evidence["numbers_needed"] <= 8
    assert found.proof.after > 2 * found.proof.before


def test_enough_units_that_learned_nothing_are_another_fault():
    model, asked = delayed(24, 1)
    assert silent(capacity_low.CHECK, model, **asked)
