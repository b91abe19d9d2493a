"""A share of 1 in a few cells: a lying bar, a standing bar, a histogram. Text only; the caller styles it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstm_tui.charts.palette import Palette

#: Eight eighths of a share that rounding left a little above are not nine.
ROUNDING = 1e-9


def lying_bar(share: float, width: int, palette: Palette) -> str:
    """`━━━━╸───`: the share of `width` cells, half a cell exact; `×` where it is not a number."""
    if math.isnan(share):
        return palette.glyphs.nan * min(width, 1) + " " * (width - 1)
    halves = round(min(max(share, 0.0), 1.0) * 2 * width)
    full, half = divmod(halves, 2)
    if not palette.capabilities.unicode:
        return "=" * (full + half) + "-" * (width - full - half)
    return "━" * full + "╸" * half + "─" * (width - full - half)


def standing_bar(share: float, palette: Palette) -> str:
    """`▅`: the share as the height of one cell. Something stays visible unless the share is nothing."""
    if math.isnan(share):
        return palette.glyphs.nan
    steps = palette.glyphs.eighths
    return steps[math.ceil(min(max(share, 0.0), 1.0) * (len(steps) - 1) - ROUNDING)]


def standing_bars(shares: Sequence[float] | NDArray[np.floating], palette: Palette) -> str:
    """`▁▂▅█`: one cell a share."""
    return "".join(standing_bar(share, palette) for share in np.asarray(shares, np.float64).tolist())
