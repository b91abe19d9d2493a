"""The model run anew on the first steps of a sequence: what prefix predictions are held against.

One compiled function takes any number of steps; a model that needs to know it (an unrolled layer) gets one
for each length. Models built for one length are run on shorter ones too: the recurrence does not care, only
the check on the input's shape does, and that is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lstm_tui.keras_adapter.feeding import as_array, sequence_length
from lstm_tui.keras_adapter.keeping import left_as_found
from lstm_tui.keras_adapter.recorder.intervening import Intervening
from lstm_tui.keras_adapter.recorder.patches import taking_any_length
from lstm_tui.keras_adapter.recorder.tracing import Wrapping, tape_of
from lstm_tui.recurrent.interventions import Intervention
from lstm_tui.recurrent.recording import Array


class Replay:
    """Runs `call` on shortened inputs; made for inputs of one signature with `timesteps` steps.

    interventions: what is tried inside its loops, as far as their steps are reached.
    """

    def __init__(
        self,
        model: Any,
        call: Callable[[Any], Any],
        inputs: Any,
        timesteps: int,
        interventions: tuple[Intervention, ...] = (),
    ) -> None:
        self._model, self._call, self._struct = model, call, inputs
        self._interventions = interventions
        self._timesteps = timesteps
        self._function: Callable[..., Any] | None = None
        self._takes_any_length = True
        #: The model's outputs, as it structures them; known after the first run.
        self.struct: Any = None
        self.runs = 0

    def outputs(self, inputs: Any, length: int) -> list[Array]:
        """Flattened outputs for the first `length` steps. Moves states and seeds."""
        flat = [self._shortened(one, length) for one in keras.tree.flatten(inputs)]
        self.runs += 1
        if self._takes_any_length:
            try:
                return self._run_open(flat)
            except Exception:  # noqa: BLE001 - layers that need the length say so in their own ways
                self._takes_any_length = False
        return _arrays(self._traced([tf.TensorSpec(one.shape, one.dtype) for one in flat])(*flat))

    def _shortened(self, values: Any, length: int) -> Any:
        return values[:, :length] if sequence_length(values) == self._timesteps else values

    def _run_open(self, flat: list[Any]) -> list[Array]:
        if self._function is None:
            self._function = self._traced([self._open_spec(one) for one in flat])
        return _arrays(self._function(*flat))

    def _open_spec(self, values: Any) -> tf.TensorSpec:
        """With the number of steps left open."""
        shape = list(values.shape)
        if sequence_length(values) is not None:
            shape[1] = None
        return tf.TensorSpec(shape, values.dtype)

    def _traced(self, specs: list[tf.TensorSpec]) -> Callable[..., Any]:
        def body(*flat: Any) -> list[Any]:
            with taking_any_length(self._model), self._tried():
                outputs = self._call(keras.tree.pack_sequence_as(self._struct, list(flat)))
            self.struct = keras.tree.map_structure(lambda _: None, outputs)
            return keras.tree.flatten(outputs)

        with left_as_found(self._model):
            return tf.function(body, autograph=False).get_concrete_function(*specs)

    def _tried(self) -> AbstractContextManager[Any]:
        """Nothing where nothing is tried: then Keras' own loops run."""
        if not self._interventions:
            return nullcontext()
        tape = tape_of(self._model)
        tape.intervening = Intervening(self._interventions, any_length=True)
        return Wrapping(self._model, tape)


def _arrays(outputs: list[Any]) -> list[Array]:
    return [as_array(output) for output in outputs]


def differs(prefix: Array, replayed: Array) -> bool:
    """Whether they differ by more than rounding: folded layers multiply other shapes than a replay."""
    if prefix.shape != replayed.shape:
        return True
    if prefix.dtype.kind != "f":
        return not np.array_equal(prefix, replayed)
    scale = 1.0 + float(np.max(np.abs(replayed), initial=0.0, where=np.isfinite(replayed)))
    tolerance = max(1e-5, 8 * float(np.finfo(prefix.dtype).eps)) * scale
    return not np.allclose(prefix, replayed, rtol=0.0, atol=tolerance, equal_nan=True)
