"""Heads that cannot say what is wanted: a ReLU that died, an activation that cannot reach the targets."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.constant import output_dead, output_squashed  # noqa: E402
from lstm_tui.recurrent.calls import Alteration  # noqa: E402
from tests.checks.constant.lived_in import first, lived_in, silent, waves  # noqa: E402

X = waves(24, 12)


def headed(activation: str, bias: float = 0.0, weight: float = 1.0):
    keras.utils.set_random_seed(3)
    model = lived_in(layers.LSTM(6, name="lstm"), layers.Dense(1, activation=activation, name="head"))
    kernel, _ = model.get_layer("head").get_weights()
    model.get_layer("head").set_weights([weight * kernel, np.full(1, bias, np.float32)])
    return model


def test_a_relu_below_zero_for_any_input_is_dead():
    found = first(headed("relu", -20), X)
    assert (found.code, found.layer) == ("output-dead", "head")
    assert found.evidence["certain"]
    assert found.evidence["pre_activation_max"] < -10
    assert found.fix.alterations == (Alteration("head", (("activation", "linear"),)),)
    assert found.proof.before == 0 < found.proof.after


def test_a_dead_layer_inside_is_named_and_not_the_head():
    hidden = layers.Dense(4, activation="relu", name="hidden")
    model = lived_in(layers.GRU(6), hidden, layers.Dense(1, name="head"))
    kernel, bias = hidden.get_weights()
    hidden.set_weights([kernel, bias - 20])
    assert first(model, X).layer == "hidden"


def test_a_quiet_stretch_may_be_all_zeros():
    quiet = headed("relu", -0.05)
    still = np.zeros((4, 12, 1), np.float32)
    assert not quiet.predict(still, verbose=0).any()
    assert silent(output_dead.CHECK, quiet, still)


def test_targets_beyond_tanh_are_told_with_both_ranges():
    before = headed("linear", weight=60).predict(X, verbose=0)
    model = headed("tanh", weight=60, bias=-float(np.median(before)))
    target = 2.5 * np.sign(model.predict(X, verbose=0))
    found = first(model, X, target=target)
    assert (found.code, found.layer) == ("output-squashed", "head")
    assert found.evidence["reach"] == (-1, 1)
    assert found.evidence["target_range"] == (-2.5, 2.5)
    assert (found.proof.before, found.proof.after) == (1, 0)


def test_a_sigmoid_on_a_tanh_reaches_a_quarter_to_three_quarters():
    model = lived_in(layers.LSTM(1, name="last"), layers.Activation("sigmoid", name="probability"))
    labels = (X[:, -1] > 0).astype(np.float32)
    found = first(model, X, target=labels)
    assert (found.code, found.layer) == ("output-squashed", "probability")
    assert found.evidence["bounded_by"] == "last"
    assert found.evidence["reach"] == pytest.approx((0.269, 0.731), abs=1e-3)


def test_targets_within_reach_or_in_other_units_are_no_fault_of_the_activation():
    model = headed("tanh")
    assert silent(output_squashed.CHECK, model, X, target=0.9 * X[:, -1] / np.abs(X).max())
    assert silent(output_squashed.CHECK, model, X, target=1800 + 100 * model.predict(X, verbose=0))
