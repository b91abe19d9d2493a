"""How much each step matters to the output: gradients with respect to inputs and states, and their norms.

How many steps back matter, and which zeros are underflow, is for `horizon` to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lstm_tui.recurrent.calls import Alteration, Inputs
from lstm_tui.recurrent.interventions import Intervention
from lstm_tui.recurrent.recording import Array, States
from lstm_tui.recurrent.stretches import Border


@dataclass(frozen=True, eq=False)
class GradientPlan:
    """What gradients are asked for: those of one call of the model.

    states: what stateful layers start from, by `path/state`.
    target: what the output should have been, in the model's own units; then they are those of the squared
        error, else those of the output.
    float64: computed a second time in float64, where float32 loses what is small.
    alterations: on a copy of the model with these other settings.
    interventions: what is tried inside the loops, of the rows that are run.
    border: the states before the first step of `inputs`, where these are the end of a longer sequence.
    start, first_sample: which step and which sample of the call the first of `inputs` is.
    """

    inputs: Inputs
    states: States = field(default_factory=dict)
    target: Array | None = None
    float64: bool = False
    alterations: tuple[Alteration, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    border: Border | None = None
    start: int = 0
    first_sample: int = 0


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of one number a sample.

    of: which number, in words (`sum of output dense`, `squared error of output dense`). value: that number,
    `(batch,)`. inputs: by input name, in the shape of the input. states: by `path/state`, `(batch, timesteps,
    units)`: with respect to the state after step t, on all its ways. missing: by path, why a recurrent layer
    has no gradients.
    exact: the same of a copy of the model that computes in float64, where that was asked for and can be.
    exact_note: what is to be known of it, or why there is none; empty where it was not asked for.
    start, first_sample: which step and sample of the call the first is that they are of.
    """

    of: str
    value: Array
    inputs: Mapping[str, Array]
    states: Mapping[str, Array]
    missing: Mapping[str, str]
    exact: Gradients | None = None
    exact_note: str = ""
    start: int = 0
    first_sample: int = 0


def profile(gradient: Array) -> Array:
    """Norm of the gradient at each step, `(batch, timesteps)`, in float64 so that no square is lost."""
    flat = gradient.reshape(*gradient.shape[:2], -1).astype(np.float64)
    largest = np.max(np.abs(flat), axis=-1, initial=0.0)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    relative: Array = np.sqrt(np.sum((flat / scale[..., None]) ** 2, axis=-1))
    return relative * scale
