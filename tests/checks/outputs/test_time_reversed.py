"""A layer that reads backwards gives its steps in that order."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.outputs import time_reversed  # noqa: E402
from tests.checks.outputs.asking import X, asked, graph  # noqa: E402


def backwards(flip=False):
    def build(x):
        steps = layers.GRU(4, go_backwards=True, return_sequences=True, name="back")(x)
        return layers.Dense(1)(keras.ops.flip(steps, axis=1) if flip else steps)

    return graph(build)


def target(model):
    noise = 0.02 * np.random.default_rng(0).normal(size=(2, 6, 1))
    return (model.predict(X, verbose=0)[:, ::-1] + noise).astype(np.float32)


def test_the_error_is_small_once_the_output_is_turned_round():
    model = backwards()
    (found,) = asked(time_reversed.CHECK, model, target=target(model))
    assert (found.code, found.layer) == ("time-reversed", "back")
    assert found.proof.after < 0.03 < found.proof.before


def test_a_layer_that_is_turned_round_in_the_model_is_right():
    model = backwards(flip=True)
    right = np.ascontiguousarray(target(model)[:, ::-1])
    assert not asked(time_reversed.CHECK, model, target=right)


def test_a_bidirectional_turns_its_half_round_by_itself():
    model = graph(lambda x: layers.Dense(1)(layers.Bidirectional(layers.GRU(4, return_sequences=True))(x)))
    assert not asked(time_reversed.CHECK, model, target=target(model))


def test_without_a_better_order_there_is_nothing_to_say():
    model = backwards()
    noise = np.random.default_rng(1).normal(size=(2, 6, 1)).astype(np.float32)
    assert not asked(time_reversed.CHECK, model, target=noise)
