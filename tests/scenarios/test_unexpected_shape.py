"""Question 3, proved in plain Keras: the shape that comes out, and the same weights in the form meant."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def test_days_are_taken_for_sequences_until_they_get_a_batch_axis(case):
    scenario = case("steps-as-rows")
    column = scenario.input
    assert column.shape == (84, 1)
    rows = scenario.predict(scenario.model(), column)
    assert rows.shape == (84, 1)
    np.testing.assert_allclose(rows, scenario.expected, rtol=1e-5)
    np.testing.assert_allclose(rows, 43, atol=1)
    one_day_each = scenario.predict(scenario.model(), column[:, None])
    np.testing.assert_allclose(rows, one_day_each, rtol=1e-6)

    once = scenario.predict(scenario.model(), column[None])

    assert once.shape == (1, 1)
    assert once.item() == pytest.approx(60, abs=0.5)
    assert scenario.target.item() > column.mean() + 10


def test_the_last_of_48_predictions_is_the_one_that_was_meant(case):
    scenario = case("sequence-returned")
    every_step = scenario.predict(scenario.model(), scenario.input)
    assert every_step.shape == (1, 48, 1)
    np.testing.assert_allclose(every_step, scenario.expected, rtol=1e-5, atol=1e-5)

    once = scenario.predict(scenario.model("last-step"), scenario.input)

    assert once.shape == (1, 1)
    np.testing.assert_allclose(once, every_step[:, -1], rtol=1e-6)


def test_each_word_gets_its_tag_from_the_same_weights(case):
    scenario = case("last-only")
    words, tags = scenario.input, scenario.beside("tags.npy")
    last = scenario.predict(scenario.model(), words)
    assert last.shape == (1, 5)
    np.testing.assert_allclose(last, scenario.expected, rtol=1e-5, atol=1e-5)

    every_word = scenario.predict(scenario.model("every-word"), words)

    assert every_word.shape == (1, 24, 5)
    np.testing.assert_array_equal(every_word.argmax(axis=-1), tags)
    np.testing.assert_allclose(every_word[:, -1], last, rtol=1e-5, atol=1e-5)
    prefix = scenario.predict(scenario.model(), words[:, :10])
    np.testing.assert_allclose(every_word[:, 9], prefix, rtol=1e-5, atol=1e-5)


def test_states_come_out_beside_the_prediction(case):
    scenario = case("states-returned")
    prediction, hidden, cell = scenario.predict(scenario.model(), scenario.input)
    assert [prediction.shape, hidden.shape, cell.shape] == [(1, 1), (1, 10), (1, 10)]
    np.testing.assert_allclose(prediction, scenario.expected, rtol=1e-5)
    with pytest.raises(TypeError):
        float(scenario.predict(scenario.model(), scenario.input))

    alone = scenario.predict(scenario.model("prediction-alone"), scenario.input)

    np.testing.assert_allclose(alone, prediction, rtol=1e-6)


def test_two_halves_of_eight_units_are_sixteen_features(case):
    scenario = case("halves-joined")
    joined = scenario.predict(scenario.model(), scenario.input)
    assert joined.shape == (1, 16)
    np.testing.assert_allclose(joined, scenario.expected, rtol=1e-5, atol=1e-5)

    averaged = scenario.predict(scenario.model("averaged"), scenario.input)

    assert averaged.shape == (1, 8)
    np.testing.assert_allclose(averaged, (joined[:, :8] + joined[:, 8:]) / 2, rtol=1e-5, atol=1e-5)


def test_sixteen_states_become_one_price_with_the_head_back(case):
    scenario = case("head-missing")
    states = scenario.predict(scenario.model(), scenario.input)
    assert states.shape == (1, 16)
    np.testing.assert_allclose(states, scenario.expected, rtol=1e-5, atol=1e-5)
    assert np.abs(states).max() < 1

    whole = scenario.model("with-head")
    price = scenario.predict(whole, scenario.input)

    assert price.shape == (1, 1)
    assert price.item() == pytest.approx(0.07, abs=0.005)
    assert scenario.target.item() == pytest.approx(0.13, abs=0.005)
    kernel, bias = whole.layers[-1].get_weights()
    np.testing.assert_allclose(states @ kernel + bias, price, rtol=1e-4, atol=1e-5)


def test_a_fifth_row_is_broadcast_against_four_states(case):
    scenario = case("surplus-rows")
    stations = scenario.input
    assert stations.shape == (5, 30, 1)

    rows = scenario.predict(scenario.model(), stations, batch_size=4)
    filled = np.concatenate([stations, np.repeat(stations[-1:], 3, axis=0)])
    everyone = scenario.predict(scenario.model(), filled, batch_size=4)

    assert rows.shape == (8, 1)
    np.testing.assert_array_equal(rows, everyone)
    assert np.ptp(rows[4:]) > 1e-4, "the same station behind the past of each of the four"
