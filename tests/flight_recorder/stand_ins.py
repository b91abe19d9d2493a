"""Models that look like Keras' own to whoever does not import Keras: layers, cells, states by their names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def _of_keras(name: str, *bases: type, **attributes: Any) -> type:
    return type(name, bases, {"__module__": "keras.stand_in", **attributes})


Layer = _of_keras("Layer", object)
Model = _of_keras("Model", Layer)
Sequential = _of_keras("Sequential", Model)
RNN = _of_keras("RNN", Layer)
LSTMCell = _of_keras("LSTMCell", Layer, call=lambda self: None, state_size=[2, 2])


class Variable:
    """A state as Keras keeps it."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values, np.float32)
        self.shape = self.values.shape

    def numpy(self) -> np.ndarray:
        return self.values

    def assign(self, values: Any) -> None:
        self.values = np.asarray(values, np.float32)


def lstm(name: str = "lstm") -> Any:
    layer = RNN()
    layer.name, layer.cell, layer.stateful = name, LSTMCell(), True
    layer.states = [Variable(np.zeros((1, 2))), Variable(np.zeros((1, 2)))]
    return layer


class Stateful:
    """What `stateful_model` predicts with: the input's sum and the state, which grows by one a call."""

    def __init__(self, model: Any) -> None:
        self.model = model
        #: Run inside every call.
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, x: Any, batch_size: int | None = None) -> np.ndarray:
        h = self.model._layers[0].states[0]
        output = np.asarray(x).sum(axis=(1, 2))[:, None] + h.values[:, :1]
        self.meanwhile()
        h.assign(h.values + 1)
        return output


def stateful_model() -> Any:
    """A model with one stateful layer; `model.predict` is its `Stateful`."""
    model = Sequential()
    model.name, model.built = "gold", True
    model._layers = [lstm()]
    model.predict = Stateful(model)
    model.save = lambda path: Path(path).write_bytes(b"a model")
    return model
