"""Which value gets which level of a heat map: gates over [0, 1], states symmetric about zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_tui.charts.ramps import Kind
from lstm_tui.recurrent.cells import is_gate
from lstm_tui.recurrent.recording import Array


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` go over the levels of the ramp; beyond them lies the outermost level."""

    kind: Kind
    low: float
    high: float

    def levels(self, values: Array, count: int) -> NDArray[np.int16]:
        """The level in `0 … count - 1` of every value; what is not finite gets some level or other."""
        # Halves, so that a range as wide as the number type does not overflow.
        span = self.high / 2 - self.low / 2
        with np.errstate(all="ignore"):
            share = (np.asarray(values, np.float64) / 2 - self.low / 2) / span
            share = np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0)
        return np.minimum(np.clip(share, 0.0, 1.0) * count, count - 1).astype(np.int16)


def scale_for(series: str, values: Array) -> Scale:
    """The scale of a recorded series by its name: `f` is a gate over [0, 1], `h` a state about zero.

    Taken over the whole sequence, so that colours do not change from page to page. A gate whose activation
    was replaced may leave [0, 1]; its scale then follows it.
    """
    return scale_over(series, *finite_range(values))


def scale_over(series: str, low: float, high: float) -> Scale:
    """The same where the smallest and the largest value are known."""
    if is_gate(series):
        return Scale("sequential", min(low, 0.0), max(high, 1.0))
    reach = max(-low, high) or 1.0
    return Scale("diverging", -reach, reach)


def sequential_scale(values: Array) -> Scale:
    """From the smallest to the largest value."""
    low, high = finite_range(values)
    return Scale("sequential", low, high if high > low else low + (abs(low) or 1.0))


def finite_range(values: Array) -> tuple[float, float]:
    """The smallest and largest finite value; (0, 0) where there is none."""
    if not np.size(values):
        return 0.0, 0.0
    with np.errstate(invalid="ignore"):
        low, high = float(np.min(values)), float(np.max(values))
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = np.asarray(values)[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
