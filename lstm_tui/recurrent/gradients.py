"""How much each step matters to the output: gradients with respect to inputs and states, and their horizon.

A gradient that is exactly 0 can mean two things. Where the norms fall towards the smallest number that the
arithmetic has, and are 0 from there on, they went below it: that is underflow, not absence of influence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lstm_tui.recurrent.recording import Array

#: Below this norm the next step may be lost: float32 ends at 1e-45, and a step seldom takes a factor of 1e9.
_NEAR_THE_END = 1e-36


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of one number a sample.

    of: which number, in words (`sum of output dense`, `squared error of output dense`). value: that number,
    `(batch,)`. inputs: by input name, in the shape of the input. states: by `path/state`, `(batch, timesteps,
    units)`: with respect to the state after step t, on all its ways. missing: by path, why a recurrent layer
    has no gradients.
    """

    of: str
    value: Array
    inputs: Mapping[str, Array]
    states: Mapping[str, Array]
    missing: Mapping[str, str]


def profile(gradient: Array) -> Array:
    """Norm of the gradient at each step, `(batch, timesteps)`, in float64 so that no square is lost."""
    flat = gradient.reshape(*gradient.shape[:2], -1).astype(np.float64)
    largest = np.max(np.abs(flat), axis=-1, initial=0.0)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    relative: Array = np.sqrt(np.sum((flat / scale[..., None]) ** 2, axis=-1))
    return relative * scale


def underflow(norms: Array) -> Array:
    """Where a 0 is lost smallness rather than no influence, `(batch, timesteps)`.

    Gradients run backwards in time: a step is lost if it is 0 and the next step that is not is near the end
    of what the arithmetic can hold.
    """
    lost = np.zeros(norms.shape, bool)
    fading = np.zeros(norms.shape[0], bool)
    for time in range(norms.shape[1] - 1, -1, -1):
        zero = norms[:, time] == 0
        lost[:, time] = zero & fading
        fading = np.where(zero, fading, norms[:, time] < _NEAR_THE_END)
    return lost


def horizon(norms: Array, share: float = 0.01) -> Array:
    """How many of the last steps matter, `(batch,)`: from the first with `share` of the largest norm."""
    largest = norms.max(axis=1, initial=0.0)
    matters = (norms >= share * largest[:, None]) & (norms > 0)
    first = np.where(matters.any(axis=1), matters.argmax(axis=1), norms.shape[1])
    steps: Array = norms.shape[1] - first
    return steps
