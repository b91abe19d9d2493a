"""Where something happens to one unit, gate or output: peaks, saturates, dies, changes sign, was last moved.

Each is a function of values over time, `(steps,)`, that gives a step as an index of them, or None where it
never happens. What is NaN is passed over.
"""

from __future__ import annotations

import numpy as np

from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.saturation import OPEN_ABOVE, SHUT_BELOW


def highest(values: Array) -> int | None:
    """Where it is largest, the first time."""
    return int(np.nanargmax(values)) if _any_number(values) else None


def lowest(values: Array) -> int | None:
    """Where it is smallest, the first time."""
    return int(np.nanargmin(values)) if _any_number(values) else None


def furthest_from_zero(values: Array) -> int | None:
    """Where its absolute value is largest, the first time."""
    return highest(np.abs(np.asarray(values, np.float64)))


def saturates(gate: Array) -> int | None:
    """The first step at which a gate is shut or open (below 0.05, above 0.95)."""
    with np.errstate(invalid="ignore"):
        return _first((gate < SHUT_BELOW) | (gate > OPEN_ABOVE))


def stays(values: Array, within: float) -> int | None:
    """From which step on it stays within `within` of one value to the end: it has died there.

    None where that is only the last step.
    """
    values = np.asarray(values, np.float64)
    if len(values) < 2 or np.isnan(values[-1]):
        return None
    backwards = values[::-1]
    spread = np.maximum.accumulate(backwards) - np.minimum.accumulate(backwards)
    # NaN spreads: what lies before one counts as moving.
    moving = np.flatnonzero(~(spread <= 2 * within))
    first = len(values) - int(moving[0]) if len(moving) else 0
    return first if first < len(values) - 1 else None


def changes_sign(values: Array) -> Array:
    """Every step at which it went through 0 or reached it, `(changes,)`."""
    values = np.asarray(values, np.float64)
    before, now = values[:-1], values[1:]
    with np.errstate(invalid="ignore"):
        return 1 + np.flatnonzero(((before < 0) & (now >= 0)) | ((before > 0) & (now <= 0)))


def last_moved(values: Array, by: float, at: int) -> int | None:
    """The last step up to `at` that changed it by more than `by` against the step before."""
    part = np.asarray(values, np.float64)[: at + 1]
    with np.errstate(invalid="ignore"):
        moved = np.flatnonzero(np.abs(np.diff(part)) > by)
    return 1 + int(moved[-1]) if len(moved) else None


def _any_number(values: Array) -> bool:
    return bool((~np.isnan(np.asarray(values, np.float64))).any())


def _first(where: Array) -> int | None:
    found = np.flatnonzero(where)
    return int(found[0]) if len(found) else None
