"""Question 5, proved in plain Keras: what was wrong was the state or the form, and no training was needed."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def test_points_streamed_with_their_state_equal_the_whole_window(case):
    scenario = case("reset-each-point")
    model, hours = scenario.model(), scenario.input
    lstm = model.get_layer("lstm")
    whole = model.predict_on_batch(hours)

    forgetful = []
    for hour in np.split(hours, 72, axis=1):
        lstm.reset_state()
        forgetful.append(model.predict_on_batch(hour))
    lstm.reset_state()
    kept = [model.predict_on_batch(hour) for hour in np.split(hours, 72, axis=1)]

    np.testing.assert_allclose(np.stack(kept, axis=1), scenario.expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(kept[-1], whole, atol=1e-5)
    target = scenario.target
    assert _rms(np.stack(kept, axis=1) - target) == pytest.approx(0.19, abs=0.005)
    assert _rms(np.stack(forgetful, axis=1) - target) == pytest.approx(0.28, abs=0.005)
    assert _rms(hours - target) == pytest.approx(0.29, abs=0.005)


def test_the_second_patient_inherits_the_first_ones_balance(case):
    scenario = case("patients-mixed")
    model, fluids, target = scenario.model(), scenario.input, scenario.target
    before = scenario.predict(model, scenario.beside("patient-before.npy"))
    inherited = scenario.predict(model, fluids)
    np.testing.assert_allclose(inherited, scenario.expected, rtol=1e-5, atol=1e-5)
    assert before[0, -1].item() == pytest.approx(2.1, abs=0.05)
    assert inherited[0, -1].item() == pytest.approx(1.6, abs=0.05)
    assert _rms(inherited - target) == pytest.approx(1.8, abs=0.05)

    model.get_layer("gru").reset_state()
    assert _rms(scenario.predict(model, fluids) - target) == pytest.approx(0.13, abs=0.01)


def test_weights_trained_on_32_rows_serve_one(case):
    scenario = case("trained-on-32")
    bound, station = scenario.model(), scenario.input
    assert "Expected batch size: 32" in scenario.refusal(scenario.model(), station)

    repeated = scenario.predict(bound, np.repeat(station, 32, axis=0))
    free = scenario.model("batch-of-one")
    once = scenario.predict(free, station)

    assert once.item() == pytest.approx(-0.148, abs=0.001)
    np.testing.assert_allclose(repeated, np.broadcast_to(once, (32, 1)), atol=1e-5)
    for ours, theirs in zip(free.get_weights(), bound.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_fit_for_each_window_moves_the_weights_and_gains_nothing(case):
    scenario = case("fit-each-time")
    model, windows, target = scenario.model(compile=True), scenario.input, scenario.target
    weights = model.get_weights()
    before = scenario.predict(model, windows)
    for row in range(len(windows)):
        model.fit(windows[row : row + 1], target[row : row + 1], shuffle=False, verbose=0)
    after = scenario.predict(model, windows)

    moved = max(np.abs(new - old).max() for new, old in zip(model.get_weights(), weights, strict=True))
    assert moved > 0.01
    assert np.abs(after - before).max() == pytest.approx(0.08, abs=0.01)
    assert _rms(before - target) == pytest.approx(0.149, abs=0.001)
    assert _rms(after - target) == pytest.approx(0.147, abs=0.002)
    np.testing.assert_array_equal(scenario.predict(model, windows), after)


def test_own_predictions_reach_a_day_ahead(case):
    scenario = case("own-predictions")
    window, target, model = scenario.input, scenario.target, scenario.model()
    last_hour = window[:, -1:]
    hours = []
    for _ in range(24):
        hours.append(scenario.predict(model, window))
        window = np.concatenate([window[:, 1:], hours[-1][:, None]], axis=1)
    day = np.stack(hours, axis=1)

    np.testing.assert_allclose(day, scenario.expected, rtol=1e-4, atol=1e-5)
    assert _rms(day - target) == pytest.approx(0.30, abs=0.01)
    assert _rms(last_hour - target) == pytest.approx(1.60, abs=0.01)


def test_a_shuffled_fit_teaches_the_model_to_forget(case):
    import keras

    scenario = case("shuffled-fit")
    days, labels = scenario.input, scenario.beside("labels.npy")
    next_days, target = scenario.beside("next-100-days.npy"), scenario.target

    def error(**fit):
        model = scenario.model(compile=True)
        keras.utils.set_random_seed(1)
        if fit:
            model.fit(days, labels, batch_size=1, epochs=3, verbose=0, **fit)
        model.get_layer("gru").reset_state()
        return _rms(scenario.predict(model, next_days) - target)

    assert error() == pytest.approx(0.18, abs=0.005)
    assert error(shuffle=False) == pytest.approx(0.12, abs=0.01)
    assert error(shuffle=True) > 0.2


def _rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(error))))
