"""What a model was trained on, and against what: raw numbers, and labels of another shape."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.constant import target_broadcast, training_unscaled  # noqa: E402
from lstm_tui.recurrent.calls import Fit, Predict  # noqa: E402
from tests.checks.constant.lived_in import first, lived_in, silent, trained, waves  # noqa: E402

X = waves(60, 12)
RAW = 300 + 40 * X


def test_raw_prices_hold_every_gate_until_they_are_standardised():
    model = lived_in(layers.LSTM(6, name="lstm"), layers.Dense(1))
    trained(model, RAW, RAW[:, -1], rate=1.0, epochs=10)
    found = first(model, RAW, reference={"x": RAW})
    assert (found.code, found.layer) == ("training-unscaled", "lstm")
    assert found.proof.before > 0.75
    assert found.proof.after < 0.5
    assert found.fix.actions[0].center == pytest.approx(RAW.mean(axis=(0, 1)), rel=1e-3)


def test_a_target_far_beyond_the_head_is_told_with_its_reach():
    model = lived_in(layers.LSTM(6, name="lstm"), layers.Dense(1, name="head"))
    noise = np.random.default_rng(1).normal(size=(60, 1))
    found = first(model, X, target=5000 + 400 * noise, reference_target=5000 + 400 * noise)
    assert (found.code, found.layer, found.direct) == ("training-unscaled", "head", True)
    assert found.evidence["weights_needed_times"] > 100


def test_raw_numbers_that_the_model_normalises_are_no_fault():
    norm = layers.Normalization(name="norm")
    norm.adapt(RAW)
    model = lived_in(norm, layers.LSTM(6), layers.Dense(1))
    assert silent(training_unscaled.CHECK, model, RAW, reference={"x": RAW})


def test_labels_that_fit_broadcasts_are_told_and_those_it_squeezes_are_not():
    model = lived_in(layers.LSTM(6, return_sequences=True), layers.Dense(1))
    wrong, right = (Fit(X[:, -1], batch_size=16), Predict()), (Fit(X[..., 0], batch_size=16), Predict())
    found = first(model, X, calls=wrong)
    assert (found.code, found.direct) == ("target-broadcast", True)
    assert found.evidence["compared_as"] == (60, 12)
    assert silent(target_broadcast.CHECK, model, X, calls=right)
