"""What `fit` does to rows and states while it runs: the order in which rows are taken, states at the ends of
each epoch. Notes alone: nothing is changed.

Keras tells no callback which rows a batch has, so the train step tells: its first input is compared, row by
row, with the rows that went in. Only the first epochs are noted; the later ones do the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.keras_adapter.states import read_states
from lstm_tui.recurrent.calls import EpochStates, Training
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array, States

#: Epochs that are noted.
MOST_EPOCHS = 4


class EpochNotes(keras.callbacks.Callback):
    """Give it to `fit` as a callback, inside `taken_rows`; then `training` says what was done.

    rows: `(rows, ...)`, the first input as it goes into `fit`.
    """

    def __init__(self, loaded: LoadedModel, rows: Any) -> None:
        super().__init__()
        self._states_of = state_variables(loaded.placed)
        self._row_of: dict[bytes, int] = {}
        for index, row in enumerate(_plain(rows)):
            self._row_of.setdefault(row.tobytes(), index)
        self._batches: list[list[tuple[int, ...]]] = []
        self._states: list[EpochStates] = []
        self._begin: States = {}
        self._trained: States | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Keras' own hook."""
        self._batches.append([])
        self._begin, self._trained = self._read(), None

    def on_test_begin(self, logs: Any = None) -> None:
        """Keras' own hook: validation begins where the last batch of training ended."""
        self._trained = self._read()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keras' own hook."""
        end = self._read()
        if end and len(self._states) < MOST_EPOCHS:
            self._states.append(EpochStates(self._begin, self._trained or end, end))

    def _read(self) -> States:
        return read_states(self._states_of) if len(self._states) < MOST_EPOCHS else {}

    def taken(self, rows: Array) -> None:
        """A batch `(rows, ...)` goes into the train step now."""
        if self._batches and len(self._batches) <= MOST_EPOCHS:
            self._batches[-1].append(tuple(self._row_of.get(row.tobytes(), -1) for row in _plain(rows)))

    def training(self, weight_change: float) -> Training:
        """What was done so far."""
        batches = tuple(tuple(epoch) for epoch in self._batches[:MOST_EPOCHS])
        return Training(batches, tuple(self._states), weight_change)


@contextmanager
def taken_rows(model: Any, notes: EpochNotes) -> Iterator[None]:
    """Tell `notes` of the rows of every batch that the model is trained on. The model must not be compiled by
    XLA, which nothing can look into."""
    if model.jit_compile:
        yield
        return
    original = model.train_step

    def train_step(data: Any) -> Any:
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        tf.numpy_function(notes.taken, [keras.tree.flatten(x)[0]], [])
        return original(data)

    model.train_step = train_step
    try:
        yield
    finally:
        del model.train_step
        model.train_function = None


def _plain(rows: Any) -> Array:
    """Rows of numbers in one type: `fit` casts what it is given."""
    return np.ascontiguousarray(rows, dtype=np.float32)
