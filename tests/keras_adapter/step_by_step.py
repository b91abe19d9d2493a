"""What a recording is held against: the model run eagerly, its cells called one step at a time from Python.

Nothing of the recorder is used here, only Keras and, for the gates, the formulas of the cells in NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops


@dataclass(frozen=True, eq=False)
class SteppedLoop:
    """A recurrent layer's loop, one array `(batch, timesteps, ...)` a state, index t the input's timestep."""

    layer: Any
    inputs: np.ndarray
    initial: list[np.ndarray]
    states: list[np.ndarray]


def stepped_loops(
    model: keras.Model, fed: Any, monkeypatch: pytest.MonkeyPatch, *, training: bool = False
) -> list[SteppedLoop]:
    """Every loop that runs in `model(fed, training=training)`, in order."""
    found: list[SteppedLoop] = []
    original = keras.layers.RNN.inner_loop

    def spy(layer, sequences, initial_state, mask=None, training=False):
        initial = initial_state if keras.tree.is_nested(initial_state) else [initial_state]
        found.append(_stepped(layer, sequences, initial, keras.tree.flatten(mask)[0], training))
        return original(layer, sequences, initial_state, mask=mask, training=training)

    with monkeypatch.context() as patch:
        patch.setattr(keras.layers.RNN, "inner_loop", spy)
        model(fed, training=training)
    return found


def _stepped(layer: Any, sequences: Any, initial: Any, mask: Any, training: bool) -> SteppedLoop:
    arguments = {"training": True} if training else {}
    order = range(sequences.shape[1])
    states, kept = initial, []
    for time in reversed(order) if layer.go_backwards else order:
        _, new = layer.cell(sequences[:, time], states, **arguments)
        flat = keras.tree.flatten(new)
        if mask is not None:
            flat = [
                _where(mask[:, time], one, old)
                for one, old in zip(flat, keras.tree.flatten(states), strict=True)
            ]
        states = keras.tree.pack_sequence_as(initial, flat)
        kept.append([_array(value) for value in flat])
    if layer.go_backwards:
        kept.reverse()
    return SteppedLoop(
        layer,
        _array(sequences),
        [_array(value) for value in keras.tree.flatten(initial)],
        [np.stack(series, axis=1) for series in zip(*kept, strict=True)],
    )


def _where(mask: Any, new: Any, old: Any) -> Any:
    return ops.where(ops.reshape(mask, (-1, *[1] * (len(new.shape) - 1))), new, old)


def _array(value: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(value)).astype(np.float64)


def gates(cell: Any, x: np.ndarray, h_prev: np.ndarray) -> dict[str, np.ndarray]:
    """Gates and candidate of an LSTM or GRU cell for inputs and previous states `(batch, timesteps, ...)`."""
    kernel, recurrent = _array(cell.kernel), _array(cell.recurrent_kernel)
    bias = _array(cell.bias) if cell.use_bias else np.zeros(kernel.shape[1])
    if isinstance(cell, keras.layers.LSTMCell):
        i, f, g, o = np.split(x @ kernel + h_prev @ recurrent + bias, 4, axis=-1)
        opened = {"i": i, "f": f, "o": o}
        return {name: _activate(cell.recurrent_activation, z) for name, z in opened.items()} | {
            "g": _activate(cell.activation, g)
        }
    return _gru_gates(cell, x, h_prev, (kernel, recurrent, bias))


def _gru_gates(cell: Any, x: np.ndarray, h_prev: np.ndarray, weights: tuple) -> dict[str, np.ndarray]:
    kernel, recurrent, bias = weights
    into, around = (bias[0], bias[1]) if bias.ndim == 2 else (bias, np.zeros_like(bias))
    xz, xr, xg = np.split(x @ kernel + into, 3, axis=-1)
    kz, kr, kg = np.split(recurrent, 3, axis=-1)
    bz, br, bg = np.split(around, 3)
    z = _activate(cell.recurrent_activation, xz + h_prev @ kz + bz)
    r = _activate(cell.recurrent_activation, xr + h_prev @ kr + br)
    past = r * (h_prev @ kg + bg) if cell.reset_after else (r * h_prev) @ kg
    return {"z": z, "r": r, "g": _activate(cell.activation, xg + past)}


def _activate(activation: Any, values: np.ndarray) -> np.ndarray:
    return _array(activation(ops.convert_to_tensor(values.astype("float32"))))
