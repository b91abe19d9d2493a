"""What is noted of a `fit`: the order of the rows, states at the ends of epochs, weights as they moved."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.keras_adapter import load_model  # noqa: E402
from lstm_tui.recurrent.calls import CallModel, Fit, Predict, RunPlan  # noqa: E402

X = np.random.default_rng(3).normal(size=(6, 5, 2)).astype(np.float32)
Y = X[:, -1, :1]


@pytest.fixture(scope="module")
def stateful(tmp_path_factory):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(2, 5, 2), name="x"),
            layers.GRU(3, stateful=True, name="gru"),
            layers.Dense(1),
        ]
    )
    path = tmp_path_factory.mktemp("epochs") / "model.keras"
    model.save(path)
    return load_model(path)


def fitted(loaded, call, inputs=X):
    (outcome,) = loaded.run(RunPlan({"x": inputs}, calls=(call,), record=1), lambda *_: None).outcomes
    assert outcome.failure is None, outcome.failure
    assert outcome.training is not None
    return outcome.training


def test_rows_are_noted_in_the_order_in_which_they_were_taken(stateful):
    training = fitted(stateful, Fit(Y, epochs=2, batch_size=2, shuffle=False))
    assert training.batches == (((0, 1), (2, 3), (4, 5)),) * 2


def test_a_shuffle_shows(stateful):
    training = fitted(stateful, Fit(Y, epochs=3, batch_size=2, shuffle=True))
    taken = [[row for batch in epoch for row in batch] for epoch in training.batches]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4, 5] for epoch in taken)
    assert any(epoch != [0, 1, 2, 3, 4, 5] for epoch in taken)


def test_validation_moves_the_state_that_the_next_epoch_begins_with(stateful):
    training = fitted(stateful, Fit(Y, epochs=2, batch_size=2, validation=({"x": X[:2]}, Y[:2])))
    first, second = training.states
    assert not np.array_equal(first.trained["gru/h"], first.end["gru/h"])
    assert np.array_equal(first.end["gru/h"], second.begin["gru/h"])


def test_without_validation_an_epoch_ends_where_its_last_batch_did(stateful):
    training = fitted(stateful, Fit(Y, epochs=2, batch_size=2))
    first, second = training.states
    assert np.array_equal(first.trained["gru/h"], first.end["gru/h"])
    assert np.array_equal(first.end["gru/h"], second.begin["gru/h"])


def test_one_sample_at_a_time_is_an_epoch_each(tmp_path):
    model = keras.Sequential([keras.Input((5, 2), name="x"), layers.LSTM(3), layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    training = fitted(load_model(tmp_path / "model.keras"), Fit(Y, each_sample=True))
    assert training.batches[:3] == (((0,),), ((1,),), ((2,),))
    assert not training.states
    assert training.weight_change > 0


def test_rows_of_doubles_are_recognised(stateful):
    training = fitted(stateful, Fit(Y, batch_size=2, shuffle=False), X.astype(np.float64))
    assert training.batches == (((0, 1), (2, 3), (4, 5)),)


def test_a_call_without_a_word_on_training_keeps_what_the_graph_says(tmp_path):
    x = keras.Input((5, 2), name="x")
    dropped = layers.Dropout(0.5)(layers.LSTM(8)(x), training=True)
    keras.Model(x, layers.Dense(1)(dropped)).save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")

    def differ(call):
        made = loaded.run(RunPlan({"x": X}, calls=(call, call), record=2), lambda *_: None).outcomes
        one, other = (next(iter(outcome.outputs.values())) for outcome in made)
        return not np.array_equal(one, other)

    assert differ(CallModel())
    assert differ(CallModel(training=True))
    assert not differ(CallModel(training=False))
    assert not differ(Predict())
