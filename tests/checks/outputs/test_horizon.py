"""Horizons: a loop that is missing, a loop that contracts, and loops that are right to settle."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.outputs.series_memory import amplitude_kept

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.outputs import fixed_point, generation_needed, last_step_only  # noqa: E402
from lstm_tui.recurrent.calls import Generate, Predict  # noqa: E402
from tests.checks.outputs.asking import X, asked, stack  # noqa: E402

TIME = np.arange(200)
WAVE = np.sin(2 * np.pi * TIME / 9).astype(np.float32)
WINDOW = WAVE[None, :24, None]


def one_step(features=1):
    return stack(layers.LSTM(6, name="lstm"), layers.Dense(features, name="head"), inputs=(None, features))


@pytest.mark.parametrize("shape", [(1, 12, 1), (1, 12)])
def test_a_horizon_is_wanted_of_a_one_step_model(shape):
    (found,) = asked(generation_needed.CHECK, one_step(), WINDOW, shape=shape)
    assert found.code == "needs-generation"
    assert found.evidence["horizon"] == 12
    assert found.proof.after == 0.0
    predict, generate = found.fix.calls
    assert isinstance(predict, Predict)
    assert (generate.steps, generate.feature) == (12, 0)


def test_a_prediction_as_wide_as_a_step_takes_its_whole_place():
    (found,) = asked(generation_needed.CHECK, one_step(3), X, shape=(2, 5, 3))
    assert "step[:, 0] = y" in found.fix.code


def test_who_feeds_back_already_is_told_nothing():
    calls = (Predict(), Generate(12))
    assert not asked(generation_needed.CHECK, one_step(), WINDOW, shape=(1, 12, 1), calls=calls)


def test_of_several_features_none_of_which_is_predicted_there_is_no_loop():
    model = stack(layers.LSTM(6), layers.Dense(1))
    assert not asked(generation_needed.CHECK, model, X, shape=(2, 5, 1))


def test_the_target_decides_between_each_step_and_a_horizon_of_that_length():
    model = one_step()
    every_step = keras.Sequential([model.layers[0].__class__.from_config(
        model.layers[0].get_config() | {"return_sequences": True}), layers.Dense(1)])  # fmt: skip
    every_step.build((None, None, 1))
    every_step.set_weights(model.get_weights())
    target = every_step.predict(WINDOW, verbose=0)
    (found,) = asked(last_step_only.CHECK, model, WINDOW, shape=(1, 24, 1), target=target)
    assert found.code == "output-last-only"
    loop, window = [], WINDOW
    for _ in range(24):
        loop.append(model.predict(window, verbose=0))
        window = np.concatenate([window[:, 1:], loop[-1][:, None]], axis=1)
    target = np.stack(loop, axis=1)
    assert not asked(last_step_only.CHECK, model, WINDOW, shape=(1, 24, 1), target=target)
    (found,) = asked(generation_needed.CHECK, model, WINDOW, shape=(1, 24, 1), target=target)
    assert found.code == "needs-generation"


def damping():
    """A model that halves what it saw last: every loop ends at 0."""
    model = stack(layers.SimpleRNN(1, activation="linear"), inputs=(None, 1))
    model.set_weights([np.array([[0.8]]), np.array([[0.0]]), np.array([0.0])])
    return model


LOOP = (Predict(), Generate(30))


def test_a_loop_that_contracts_is_found_with_its_value_and_its_rate():
    (found,) = asked(fixed_point.CHECK, damping(), WINDOW, calls=LOOP)
    assert (found.code, found.severity) == ("generation-fixed-point", "warning")
    assert found.evidence["value"] == pytest.approx(0.0, abs=1e-4)
    assert found.evidence["rate_of_contraction"] == pytest.approx(0.8, abs=0.02)
    assert found.place.call == 1


def test_with_a_target_that_swings_on_it_is_an_error():
    target = WAVE[None, 24:54, None]
    (found,) = asked(fixed_point.CHECK, damping(), WINDOW, calls=LOOP, target=target)
    assert found.severity == "error"


def test_a_target_that_settles_too_makes_the_loop_right():
    target = np.zeros((1, 30, 1), np.float32)
    assert not asked(fixed_point.CHECK, damping(), WINDOW, calls=LOOP, target=target)


@pytest.mark.parametrize(
    "window",
    [
        WAVE[None, :24, None] * np.exp(-TIME[:24] / 6)[None, :, None],
        np.full((1, 24, 1), 0.7),
        np.random.default_rng(3).normal(size=(1, 40, 1)),
    ],
    ids=["dies away", "flat", "noise"],
)
def test_a_series_that_settles_by_itself_makes_the_loop_right(window):
    assert not asked(fixed_point.CHECK, damping(), window.astype(np.float32), calls=LOOP)


def test_a_short_loop_says_nothing():
    assert not asked(fixed_point.CHECK, damping(), WINDOW, calls=(Predict(), Generate(5)))


def test_how_much_of_its_swing_a_series_keeps():
    windows = np.lib.stride_tricks.sliding_window_view(WAVE, 24)
    assert amplitude_kept(windows[:1], 30) == pytest.approx(1.0, abs=0.2)
    assert amplitude_kept(windows * np.exp(-np.arange(24) / 5), 30) < 0.1
    noise = np.random.default_rng(0).normal(size=(20, 24))
    assert amplitude_kept(noise, 30) < 0.1
    walk = np.cumsum(np.random.default_rng(0).normal(size=(20, 24)), axis=1)
    assert amplitude_kept(walk, 10) > 0.3
    assert amplitude_kept(np.ones((1, 24)), 30) is None
    assert amplitude_kept(windows[:1, :5], 30) is None
