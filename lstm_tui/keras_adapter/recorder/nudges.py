"""Zeros added to every state after each step: gradients with respect to them are those of the states.

While a loop is nudged its weights are constants: no gradient is wanted of them, and computing it would cost
as much as all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from lstm_tui.keras_adapter.recorder.packing import Packing
from lstm_tui.keras_adapter.recorder.patches import Patches


class Nudges:
    """The zeros of all loops in one traced call; `watch` makes a tape follow them."""

    def __init__(self, watch: Callable[[Any], None]) -> None:
        self._watch = watch
        self.loops: list[NudgedLoop] = []

    def of(self, path: str, states: Mapping[str, Any], timesteps: Any, *, go_backwards: bool) -> NudgedLoop:
        """Zeros for a loop whose states after one step are these."""
        floating = {name: state for name, state in states.items() if state.dtype.is_floating}
        loop = NudgedLoop(path, Packing(floating), floating, timesteps, go_backwards)
        for row in loop.rows:
            self._watch(row)
        self.loops.append(loop)
        return loop


class NudgedLoop:
    """The zeros of one loop, `(timesteps, batch, width)` for each dtype, in its own order of steps."""

    def __init__(
        self, path: str, packing: Packing, states: Mapping[str, Any], timesteps: Any, go_backwards: bool
    ) -> None:
        self.path, self.packing, self.go_backwards = path, packing, go_backwards
        self.rows = [
            tf.zeros((timesteps, *tf.unstack(tf.shape(row))), row.dtype) for row in packing.pack(states)
        ]
        self._timesteps = timesteps
        self._arrays: list[Any] = []

    def start(self) -> None:
        """Make ready to be read step by step; after the rows are watched."""
        self._arrays = [tf.TensorArray(row.dtype, self._timesteps).unstack(row) for row in self.rows]

    def add(self, time: Any, states: Mapping[str, Any]) -> dict[str, Any]:
        """The states with this step's zeros added."""
        zeros = self.packing.parts([array.read(time) for array in self._arrays])
        return {name: state + zeros[name] if name in zeros else state for name, state in states.items()}


@contextmanager
def constant_weights(cell: Any) -> Iterator[None]:
    """Every weight of the cell and of layers inside it as a constant; entered where the cell is called."""
    with Patches() as patches:
        layers = cell._flatten_layers() if isinstance(cell, keras.layers.Layer) else []
        for layer in layers:
            for name, value in list(vars(layer).items()):
                if isinstance(value, keras.Variable) and value.trainable:
                    patches.set(layer, name, tf.stop_gradient(tf.convert_to_tensor(value)))
        yield
