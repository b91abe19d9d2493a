"""How far the output moves when one step of the input is nudged: measured, not derived."""

from __future__ import annotations

import numpy as np

from lstm_tui.checks.case import Case, Laboratory
from lstm_tui.checks.constant.predictions import variation
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array

#: The nudge, in deviations of each feature.
NUDGE = 1e-3
#: An output is erratic where the first step's nudge moves it by so many times what the last one's does,
FURTHER = 30.0
#: and by so much of its own spread: ten times what a nudge of this size should.
MOVED = 0.01


def moved_by(case: Case, name: str, x: Array, step: int, lab: Laboratory | None = None) -> float:
    """Root mean square change of the outputs, of a sequence the last step's, when step `step` of the input
    `(batch, timesteps, features)` is nudged; NaN where nothing comes out."""
    nudged = x.copy()
    size = NUDGE * np.maximum(x.std(axis=(0, 1)), 1e-6)
    signs = np.sign(np.random.default_rng(1).normal(size=x[:, step].shape))
    nudged[:, step] += (size * signs).astype(x.dtype)
    as_is = case.outputs if lab is None else case.predict(lab=lab)
    other = case.predict({name: nudged}, lab)
    squares = [np.mean(np.square(_last(as_is[key]) - _last(other[key]))) for key in as_is if key in other]
    return float(np.sqrt(np.mean(squares))) if squares else float("nan")


def last_spread(case: Case) -> float:
    """How much the outputs vary over rows; their size where there are too few."""
    outputs: Inputs = {key: _last(values) for key, values in case.outputs.items()}
    if any(len(values) > 2 for values in outputs.values()):
        return variation(outputs)
    return max((float(np.abs(values).max(initial=0.0)) for values in outputs.values()), default=0.0)


def _last(values: Array) -> Array:
    return (values[:, -1] if values.ndim > 2 else values).astype(np.float64)
