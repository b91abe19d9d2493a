"""A vertical axis on a grid of lines: labels are round numbers, equally wide, equally many lines apart.

The range is stretched a little so that one line is a whole fraction of the distance between labels; otherwise
rounding to lines would put equal distances two lines apart here and three there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstm_tui.charts.numbers import DIGITS, short_number
from lstm_tui.charts.scale import finite_range
from lstm_tui.recurrent.recording import Array

#: Cells of a label and the axis after it. Constant in ordinary cases, so that plots line up.
LABEL_WIDTH = 7
#: Lines from one label to the next.
SPACINGS = (2, 3, 4)
#: Differences smaller than this share of the values are below what labels can say.
RESOLUTION = 1e-9


@dataclass(frozen=True)
class Ticks:
    """An axis from `low` to `high`, `labels` at `places`; label and axis take `width` cells."""

    low: float
    high: float
    places: tuple[float, ...]
    labels: tuple[str, ...]
    width: int


def linear_ticks(series: Sequence[Array], height: int) -> Ticks:
    """Of all finite values: labels at multiples of 1, 2, 2.5, 4 or 5 times a power of ten."""
    low, high = _range(series)
    lines = max(height - 1, 1)
    grid = _finest_grid(low, high, lines, _round_steps((high - low) / lines))
    if grid is None:
        return _ticks(low, high, (low, high), (short_number(low), short_number(high)))
    return _ticks(grid.low, grid.high, grid.places, _labels(grid.places, grid.step))


def log_ticks(series: Sequence[Array], height: int) -> Ticks:
    """Of values that are logarithms to base 10 already: labels at whole powers of ten."""
    low, high = _range(series)
    decades = [factor * 10.0**power for power in range(4) for factor in (1, 2, 3, 5)]
    grid = _finest_grid(low, high, max(height - 1, 1), decades)
    if grid is None:
        return _ticks(low, high, (low, high), (f"1e{low:.0f}", f"1e{high:.0f}"))
    return _ticks(grid.low, grid.high, grid.places, tuple(f"1e{round(place)}" for place in grid.places))


def _range(series: Sequence[Array]) -> tuple[float, float]:
    """Of all finite values; with some air where they are as good as equal."""
    ranges = [finite_range(values) for values in series if np.isfinite(values).any()]
    low, high = (min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else (0.0, 1.0)
    size = max(abs(low), abs(high))
    if high - low > max(size * RESOLUTION, 1e-300):
        return low, high
    air = size * 0.1 if size > 1e-290 else 1.0
    return low - air, high + air


def _round_steps(line: float) -> list[float]:
    """Candidates for the distance between labels where a line is about `line`."""
    power = math.floor(math.log10(line))
    return [factor * 10.0**exponent for exponent in range(power, power + 3) for factor in (1, 2, 2.5, 4, 5)]


@dataclass(frozen=True)
class _Grid:
    """Lines from `low` to `high`, each `step / spacing` apart; labels at the multiples of `step`."""

    low: float
    high: float
    step: float
    line: float
    places: tuple[float, ...]


def _finest_grid(low: float, high: float, lines: int, steps: Sequence[float]) -> _Grid | None:
    """The grid that stretches the range least; None where too few lines leave no choice."""
    grids = [_grid(low, lines, step, spacing) for step in steps for spacing in SPACINGS]
    fitting = [grid for grid in grids if grid.high >= high - grid.line * 1e-6 and len(grid.places) > 1]
    return min(fitting, key=lambda grid: grid.line, default=None)


def _grid(low: float, lines: int, step: float, spacing: int) -> _Grid:
    first = math.floor(low / step * spacing + RESOLUTION)
    labelled = range(-(-first // spacing), (first + lines) // spacing + 1)
    places = tuple(index * step for index in labelled)
    return _Grid(first * step / spacing, (first + lines) * step / spacing, step, step / spacing, places)


def _labels(places: Sequence[float], step: float) -> tuple[str, ...]:
    largest = max((abs(place) for place in places), default=0.0)
    if step >= 1e-4 and largest < 1e6:
        decimals = next((count for count in range(6) if math.isclose(step, round(step, count))), 6)
        return tuple(f"{place:.{decimals}f}" for place in places)
    digits = math.ceil(math.log10(max(largest / step, 1.0))) + 2
    return tuple(short_number(place, min(digits, DIGITS)) for place in places)


def _ticks(low: float, high: float, places: tuple[float, ...], labels: tuple[str, ...]) -> Ticks:
    width = max(LABEL_WIDTH, *(len(label) + 1 for label in labels)) if labels else LABEL_WIDTH
    return Ticks(low, high, places, labels, width)
