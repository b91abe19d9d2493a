"""Question 2 as well, proved in plain Keras: padding, masks, exchanged inputs and scaled outputs."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytestmark = pytest.mark.keras

LENGTHS = (60, 41, 35, 52, 28, 44)
FAILING = [1, 3, 5]


def each_alone(scenario, runs, *, in_front=False):
    """What the model says of every run by itself, without its padding, `(runs,)`."""
    model = scenario.model()
    places = [slice(-length, None) if in_front else slice(0, length) for length in LENGTHS]
    alone = [row[None, place] for row, place in zip(runs, places, strict=True)]
    return np.array([scenario.predict(model, run) for run in alone]).ravel()


def stored(scenario):
    predictions = scenario.predict(scenario.model(), scenario.input)
    np.testing.assert_allclose(predictions, scenario.expected, rtol=1e-5, atol=1e-5)
    return predictions.ravel()


def test_zeros_behind_a_run_take_its_prediction_down_and_a_mask_keeps_it(case):
    scenario = case("padding-read")
    runs = scenario.input
    np.testing.assert_allclose(stored(scenario)[FAILING], [0.03, 0.43, 0.05], atol=0.005)

    masked = scenario.predict(scenario.model("masked"), runs).ravel()

    assert masked[FAILING].min() > 0.98
    np.testing.assert_allclose(masked, each_alone(scenario, runs), atol=1e-5)


def test_padding_in_front_under_a_mask_changes_nothing(case):
    scenario = case("padded-ahead")
    assert stored(scenario)[FAILING].min() > 0.96
    np.testing.assert_allclose(
        stored(scenario), each_alone(scenario, scenario.input, in_front=True), atol=1e-6
    )


def test_arithmetic_drops_the_mask_and_a_rescaling_layer_does_not(case):
    scenario = case("mask-dropped")
    assert stored(scenario).max() < 0.01

    kept = scenario.predict(scenario.model("rescaling"), scenario.input).ravel()

    assert kept[FAILING].min() > 0.95
    np.testing.assert_allclose(kept, each_alone(scenario, scenario.input), atol=1e-5)


def test_a_slice_reads_the_zeros_of_masked_steps(case):
    scenario = case("tail-read")
    bias = scenario.model().layers[-1].get_weights()[1].item()
    np.testing.assert_allclose(stored(scenario)[1:], 1 / (1 + np.exp(-bias)), atol=1e-6)
    assert stored(scenario)[1] == pytest.approx(0.395, abs=0.001)

    in_front = scenario.predict(scenario.model(), scenario.beside("in-front.npy")).ravel()

    assert in_front[FAILING].min() > 0.95
    np.testing.assert_allclose(in_front, each_alone(scenario, scenario.input), atol=1e-5)


def test_rows_without_a_step_get_the_bias(case):
    scenario = case("empty-row")
    assert not scenario.input[[1, 4]].any()
    bias = scenario.model().layers[-1].get_weights()[1].item()
    np.testing.assert_allclose(stored(scenario)[[1, 4]], 1 / (1 + np.exp(-bias)), atol=1e-6)
    assert stored(scenario)[1] == pytest.approx(0.450, abs=0.001)


def test_masked_dry_days_are_missed_and_a_free_value_sees_them(case):
    scenario = case("dry-days-masked")
    rain, level = scenario.input, scenario.target.ravel()
    assert (rain == 0).mean() == pytest.approx(0.47, abs=0.005)
    assert _rms(stored(scenario) - level) == pytest.approx(0.89, abs=0.01)
    assert _rms(stored(scenario) - level) > level.std()

    seen = scenario.predict(scenario.model("free-value"), rain).ravel()

    assert _rms(seen - level) == pytest.approx(0.07, abs=0.01)


def test_exchanged_inputs_predict_worse_than_the_hour_before(case):
    scenario = case("inputs-exchanged")
    given, target = scenario.beside_archive(), scenario.target
    wrong = scenario.predict(scenario.model(), given)
    np.testing.assert_allclose(wrong, scenario.expected, rtol=1e-5, atol=1e-5)
    right_way = scenario.beside_archive("in-order")
    np.testing.assert_array_equal(given["load"], right_way["warmth"])

    right = scenario.predict(scenario.model(), right_way)

    errors = [_rms(each - target) for each in (wrong, right_way["load"][:, -1], right)]
    assert errors == pytest.approx([0.63, 0.32, 0.13], abs=0.01)


def test_the_scaler_of_the_labels_turns_predictions_back(case):
    scenario = case("still-scaled")
    load, scaled = scenario.target.ravel(), stored(scenario)
    path = scenario.path.parent / "inputs" / "still-scaled-scaler.json"
    scaler = json.loads(path.read_text(encoding="utf-8"))
    back = scaled * scaler["scale"] + scaler["mean"]
    assert _rms(scaled - load) == pytest.approx(503, abs=1)
    assert _rms(back - load) == pytest.approx(13, abs=0.5)


def _rms(error):
    return float(np.sqrt(np.mean(np.square(error))))
