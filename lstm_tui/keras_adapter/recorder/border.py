"""The states at a border between two stretches of a sequence: what a compiled call starts from and leaves.

They are variables, so that one function serves the first stretch and all others: before the first it starts
from the layers' own initial states, later from what is here, and it leaves here what the next one starts
from. A loop over another number of steps than the stretch has starts from its own initial states each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from lstm_tui.keras_adapter.feeding import as_array
from lstm_tui.recurrent.recording import Array, read_only

#: What a masked step at the border repeats: the output of the step before.
LAST_OUTPUT = "/output"


class Border:
    """Of one traced call over `timesteps` steps. sample: which row is kept; None where all are."""

    def __init__(self, timesteps: int, *, one_sample: bool = False) -> None:
        self.timesteps = timesteps
        self._is_first = tf.Variable(True, trainable=False)
        self.sample: Any = tf.Variable(0, trainable=False) if one_sample else None
        self._states: dict[str, Any] = {}

    @classmethod
    def of_none(cls, *, one_sample: bool) -> Border:
        """Of a call that is made whole: no loop starts from here."""
        return cls(0, one_sample=one_sample)

    def states(self, path: str, own: Mapping[str, Any]) -> dict[str, Any]:
        """What the loop at `path` starts from, by name; `own` is what the layer would start from."""
        return {
            name: tf.where(self._is_first, state, self._variable(path + name, state))
            for name, state in own.items()
        }

    def leave(self, path: str, states: Mapping[str, Any]) -> None:
        """The states after the last step."""
        for name, state in states.items():
            self._variable(path + name, state).assign(state)

    def set(self, values: Mapping[str, Array] | None, sample: int = 0) -> None:
        """Start from these states; from the layers' own where there are none."""
        self._is_first.assign(values is None)
        if self.sample is not None:
            self.sample.assign(sample)
        for name, value in (values or {}).items():
            if name in self._states:
                self._states[name].assign(tf.cast(np.asarray(value), self._states[name].dtype))

    def go_on(self) -> None:
        """Start from where the last stretch ended."""
        self._is_first.assign(False)

    def values(self) -> dict[str, Array]:
        """The states as the last call left them."""
        return {name: read_only(as_array(variable).copy()) for name, variable in self._states.items()}

    def take_over(self, other: Border) -> None:
        """Start from where a stretch of another length ended."""
        self.set(other.values())

    def kept(self, values: Any, axis: int = 0) -> Any:
        """The sample that is kept of a tensor with all samples along `axis`."""
        if self.sample is None or values.shape[axis] == 1:
            return values
        return tf.gather(values, self.sample[None], axis=axis)

    def _variable(self, name: str, like: Any) -> Any:
        if name not in self._states:
            # by its own class: `tf.Variable` would have the function being traced take it for one of its own,
            # to be initialised in a second trace
            kind = type(self._is_first)
            with tf.init_scope():
                self._states[name] = kind(tf.zeros(like.shape, like.dtype), trainable=False)
        return self._states[name]
