"""Which units to show when not all fit: the most active ones.

They are ranked over the page in view, not at the step under the cursor: ranked by step, rows would change
places at every step, nothing could be followed with the eye, and every line would have to be sent again.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.window import Window

By = Literal["value", "change"]


def most_active(values: Array, window: Window, count: int, by: By = "value") -> tuple[int, ...]:
    """The `count` most active units of `(timesteps, units)` within `window`, the most active first.

    by: `value` ranks by mean |value|, `change` by mean |value - the one a step before|. A unit with NaN or
    infinity comes before all others; equal ones stand in the order of their numbers.
    """
    steps = np.asarray(values)
    start = max(window.start - 1, 0) if by == "change" else window.start
    page = steps[start : window.stop].astype(np.float64)
    page = page.reshape(len(page), math.prod(steps.shape[1:]))
    with np.errstate(all="ignore"):
        moved = np.abs(np.diff(page, axis=0) if by == "change" else page)
        activity = moved.mean(axis=0) if len(moved) else np.zeros(page.shape[1])
    broken = ~np.isfinite(page).all(axis=0)
    activity[broken] = np.inf
    order = np.argsort(-activity, kind="stable")
    return tuple(order[: max(count, 0)].tolist())
