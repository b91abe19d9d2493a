"""The flight recorder in real trainings: batch, states and weights that it saves are the right ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")
import tensorflow as tf  # noqa: E402

from lstm_tui.flight_recorder import TrainingRecorder, watch_training  # noqa: E402
from lstm_tui.scenario.loading import LoadedScenario, load_scenario  # noqa: E402
from lstm_tui.scenario.reading import read_scenario  # noqa: E402

SAMPLES, BATCH = 40, 2


def model_of(*, learning_rate: float = 0.01) -> Any:
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(BATCH, 3, 2)),
            keras.layers.SimpleRNN(2, stateful=True, name="rnn"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.SGD(learning_rate), "mse", jit_compile=False)
    return model


def data() -> tuple[np.ndarray, np.ndarray]:
    numbers = np.random.default_rng(2)
    return numbers.normal(size=(SAMPLES, 3, 2)).astype("f4"), numbers.normal(size=(SAMPLES, 1)).astype("f4")


class Beginnings(keras.callbacks.Callback):
    """States and weights before each step."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[list[np.ndarray]] = []
        self.states: list[np.ndarray] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.weights.append([weight.numpy().copy() for weight in self.model.weights])
        self.states.append(self.model.layers[0].states[0].numpy().copy())

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None: ...


def fit(model: Any, flight: TrainingRecorder, *given: Any, **options: Any) -> Beginnings:
    beginnings = Beginnings()
    dataset = flight.data(*given, batch_size=BATCH, seed=1)
    model.fit(dataset, callbacks=[flight.callback(), beginnings], verbose=0, shuffle=False, **options)
    assert "failed" not in flight.counts, flight.counts
    return beginnings


def captures(folder: Path) -> dict[str, LoadedScenario]:
    """By the code of the first reason."""
    found = [load_scenario(read_scenario(path)) for path in folder.glob("*.yaml")]
    return {loaded.scenario.name.partition(":")[0]: loaded for loaded in found}


def test_the_batch_that_gives_nan_is_saved_with_what_it_started_from(tmp_path):
    """And the training is what it would have been."""
    x, y = data()
    x[23, 1, 0] = np.nan
    model, flight = model_of(), watch_training(folder=tmp_path)
    beginnings = fit(model, flight, x, y)
    loaded = captures(tmp_path)["nan"]
    step = next(index for index, states in enumerate(beginnings.states) if np.isnan(states).any()) - 1
    assert f"step {step + 1}: batch {step + 1} that was pulled, rows" in loaded.scenario.description
    assert 23 in _rows(loaded)
    assert np.array_equal(loaded.inputs[""], x[_rows(loaded)], equal_nan=True)
    assert np.array_equal(loaded.target, y[_rows(loaded)])
    assert np.array_equal(loaded.actions[0].saved["rnn/h"], beginnings.states[step])
    saved = keras.saving.load_model(loaded.scenario.model_path, compile=False)
    for value, then in zip(saved.weights, beginnings.weights[step], strict=True):
        assert np.array_equal(value.numpy(), then)
    assert flight.counts == {"steps": 20, "captured": 1, "rotated": 0}

    alone = model_of()
    order = watch_training(folder=tmp_path / "other").data(x, y, batch_size=BATCH, seed=1)
    alone.fit(order, verbose=0, shuffle=False)
    for watched, unwatched in zip(model.weights, alone.weights, strict=True):
        assert np.array_equal(watched.numpy(), unwatched.numpy(), equal_nan=True)


def _rows(loaded: LoadedScenario) -> list[int]:
    listed = loaded.scenario.description.partition("rows ")[2].partition(" of the data")[0]
    return [int(row) for row in listed.split(",")]


def test_a_gradient_that_explodes_is_seen_behind_a_shuffled_dataset(tmp_path):
    """Gradients are those before clipping, and the dataset prefetches as it likes."""
    x, y = data()
    y[31] = 1000.0
    model, flight = model_of(), watch_training(folder=tmp_path, gradient_factor=30, on_constant=False)
    model.compile(keras.optimizers.SGD(0.001, clipnorm=1.0), "mse", jit_compile=False)
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(SAMPLES, seed=4).batch(BATCH).prefetch(4)
    fit(model, flight, dataset, epochs=2)
    loaded = captures(tmp_path)["gradient"]
    assert any(np.array_equal(x[31], got) for got in loaded.inputs[""])
    assert 1000.0 in loaded.target
    assert "times the median" in loaded.scenario.description
    assert "pulls batches ahead" not in loaded.scenario.description

    x[20] = np.nan
    watched = flight.data(x, y, batch_size=BATCH, shuffle=False).prefetch(8)  # pulled before it is needed
    model.fit(watched, callbacks=[flight.callback()], verbose=0, shuffle=False)
    loaded = captures(tmp_path)["nan"]
    assert "pulls batches ahead" in loaded.scenario.description
    assert np.array_equal(loaded.inputs[""], x[20:22], equal_nan=True)


def test_constant_predictions_and_a_loss_that_stands_still_are_saved(tmp_path):
    x, y = data()
    model, flight = model_of(learning_rate=0.0), watch_training(folder=tmp_path, stalled_after=2)
    model.layers[-1].kernel.assign(np.zeros((2, 1)))

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return SAMPLES // BATCH

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            return x[index * BATCH :][:BATCH], y[index * BATCH :][:BATCH]

    beginnings = fit(model, flight, Batches(), epochs=4)
    found = captures(tmp_path)
    assert set(found) == {"constant", "stalled"}
    assert "with different labels get one prediction" in found["constant"].scenario.description
    states = found["stalled"].actions[0].saved["rnn/h"]
    assert any(np.array_equal(states, before) for before in beginnings.states)
    assert flight.counts["steps"] == 80
