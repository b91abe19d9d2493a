"""Weights that are no numbers, and weights that no training has touched."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.constant import weights_nan, weights_untrained
from tests.checks.constant.hand_made import HandMade, case, dense_facts, lstm_facts

X = np.random.default_rng(0).normal(size=(3, 5, 1)).astype(np.float32)
LAYERS = (lstm_facts(), dense_facts())


def initial(units: int = 4) -> dict[str, np.ndarray]:
    """As Keras initialises an LSTM of `units` on one feature with a Dense head."""
    rng = np.random.default_rng(1)
    orthogonal = np.linalg.qr(rng.normal(size=(4 * units, units)))[0].T
    bias = np.zeros(4 * units)
    bias[units : 2 * units] = 1
    return {
        "lstm/kernel": rng.uniform(-0.5, 0.5, (1, 4 * units)),
        "lstm/recurrent_kernel": orthogonal,
        "lstm/bias": bias,
        "head/kernel": rng.uniform(-0.9, 0.9, (units, 1)),
        "head/bias": np.zeros(1),
    }


def found(check, weights, layers=LAYERS):
    lab = HandMade(lambda inputs: np.zeros((len(X), 1)), layers=layers, weights=weights)
    return list(check.CHECK.find(case(lab, X)))


def test_a_nan_is_counted_and_placed() -> None:
    weights = initial()
    weights["lstm/bias"][3] = np.nan
    weights["head/kernel"][2:, 0] = np.inf
    (finding,) = found(weights_nan, weights)
    assert finding.severity == "error"
    assert finding.direct
    assert finding.layer == "lstm"
    assert finding.evidence["first"] == "lstm/bias"
    assert finding.evidence["index"] == (3,)
    assert finding.evidence["counts"] == {"lstm/bias": 1, "head/kernel": 2}
    assert "3 weights of 20" in finding.summary


def test_finite_weights_are_no_finding() -> None:
    assert not found(weights_nan, initial())


def test_infinity_in_a_frozen_constant_may_be_meant() -> None:
    mask = {"mask/table": np.array([0.0, -np.inf])}
    assert not found(weights_nan, mask, (dense_facts("mask", trainable=False),))
    assert found(weights_nan, mask, (dense_facts("mask"),))
    assert found(weights_nan, {"mask/table": np.array([np.nan])}, (dense_facts("mask", trainable=False),))


def test_initial_weights_are_untrained() -> None:
    (finding,) = found(weights_untrained, initial())
    assert finding.direct
    assert set(finding.evidence["distance_from_initial"]) == {"lstm", "head"}
    assert max(finding.evidence["distance_from_initial"].values()) < 1e-6


@pytest.mark.parametrize("name", ["lstm/bias", "head/bias", "lstm/recurrent_kernel"])
def test_one_step_of_training_is_enough(name: str) -> None:
    weights = initial()
    weights[name] = weights[name] + 0.001
    assert not found(weights_untrained, weights)


def test_a_head_beyond_the_initialisers_limit_was_solved_for() -> None:
    weights = initial()
    weights["head/kernel"] = weights["head/kernel"] * 5
    assert not found(weights_untrained, weights)


def test_a_frozen_reservoir_is_random_on_purpose() -> None:
    layers = (lstm_facts(trainable=False), dense_facts())
    assert not found(weights_untrained, initial(), layers)


def test_weights_that_are_no_numbers_are_not_untrained() -> None:
    weights = initial()
    weights["lstm/bias"][:] = np.nan
    assert not found(weights_untrained, weights)
