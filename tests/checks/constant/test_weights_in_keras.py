"""Weights that are broken, untouched or far too large, and statistics that never arrived, in Keras models:
each is found first, with its proof, and not in its twin."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.constant import (  # noqa: E402
    batchnorm_statistics,
    gates_saturated,
    weights_nan,
    weights_untrained,
)
from tests.checks.constant.lived_in import first, lived_in, silent, trained, waves  # noqa: E402

X = waves(24, 12)


def forecaster():
    return lived_in(layers.LSTM(6, name="lstm"), layers.Dense(1, name="head"))


def shut(layer, by: float) -> None:
    """Input gates shut, forget gates open."""
    kernel, recurrent, bias = layer.get_weights()
    units = layer.units
    bias[:units] -= by
    bias[units : 2 * units] += by
    layer.set_weights([kernel, recurrent, bias])


def test_a_weight_that_is_no_number_is_named():
    model = forecaster()
    kernel, bias = model.get_layer("head").get_weights()
    bias[0] = np.nan
    model.get_layer("head").set_weights([kernel, bias])
    found = first(model, X)
    assert (found.code, found.layer, found.direct) == ("weights-nan", "head", True)
    assert silent(weights_nan.CHECK, forecaster(), X)


def test_a_model_built_anew_is_told_from_one_that_was_used():
    keras.utils.set_random_seed(3)
    new = keras.Sequential([keras.Input((None, 1), name="x"), layers.GRU(6), layers.Dense(1)])
    assert first(new, X).code == "weights-untrained"
    assert silent(weights_untrained.CHECK, forecaster(), X)


def test_gates_held_shut_by_their_biases_let_go_with_usual_ones():
    model = forecaster()
    shut(model.get_layer("lstm"), 11)
    found = first(model, X)
    assert (found.code, found.layer) == ("gates-saturated", "lstm")
    assert found.evidence["they_never_move"]
    assert found.proof.after > 5 * found.proof.before


def test_weights_on_a_wrong_scale_make_gates_jump():
    model = lived_in(layers.LSTM(12, name="lstm"), layers.Dense(1))
    layer = model.get_layer("lstm")
    layer.set_weights([60 * weight for weight in layer.get_weights()])
    found = first(model, np.random.default_rng(4).normal(size=(24, 30, 1)).astype(np.float32))
    assert found.code == "gates-saturated"
    assert not found.evidence["they_never_move"]
    assert found.proof.after < found.proof.before / 30


def test_a_memory_kept_on_purpose_is_no_fault():
    model = forecaster()
    shut(model.get_layer("lstm"), 3)
    assert silent(gates_saturated.CHECK, model, X)


def normed(momentum: float, epochs: int):
    model = lived_in(
        layers.BatchNormalization(momentum=momentum, name="norm"), layers.LSTM(6), layers.Dense(1)
    )
    raw = 3 * X + 6
    return trained(model, raw, X[:, -1], epochs=epochs), raw


def test_statistics_that_did_not_arrive_are_told_with_those_of_the_data():
    model, raw = normed(0.99, 4)
    found = first(model, raw, target=X[:, -1])
    assert (found.code, found.layer) == ("batchnorm-statistics", "norm")
    assert found.proof.after > found.proof.before
    assert found.evidence["norm"]["data_mean"][0] == pytest.approx(raw.mean(), rel=0.01)
    assert found.evidence["norm"]["progress"] < 0.3


def test_statistics_that_arrived_are_silent_for_an_odd_row_too():
    model, raw = normed(0.5, 30)
    assert silent(batchnorm_statistics.CHECK, model, raw)
    assert silent(batchnorm_statistics.CHECK, model, raw[:1], reference={"x": raw})
