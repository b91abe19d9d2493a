"""The gradient's norm at each step on a log scale, and below it how many steps back still matter.

`profile_plot` draws the lines and a rule where the horizon begins, `horizon_span` goes below it in its
columns and says which steps matter, which underflowed and which are truly zero, `horizon_words` says it in
words. None of them depends on the cursor: `ruler(plot.axis, step)` goes on a line of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import IntEnum
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment

from lstm_tui.charts.line_plot import LinePlot, Series, line_plot
from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.numbers import short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.time_axis import TimeAxis
from lstm_tui.recurrent.horizon import FACTOR_UNIT, MATTERS, Horizon
from lstm_tui.recurrent.window import Window


class _Step(IntEnum):
    """What a step is to the output. Where several share a column, the highest is shown."""

    FADED = 0
    ZERO = 1
    UNDERFLOW = 2
    MATTERS = 3
    BROKEN = 4


def profile_plot(
    horizons: Mapping[str, Horizon],
    *,
    width: int,
    height: int,
    palette: Palette,
    window: Window | None = None,
    blocks: bool = False,
) -> LinePlot:
    """One line for each profile by name; the rule is the first one's horizon.

    An underflow is marked at the lower edge, as what is too small for the axis. A true zero has no logarithm:
    the line stops, and `horizon_span` says why. `legend(profile_series(...))` goes above several profiles.
    """
    plot = line_plot(
        profile_series(horizons),
        width=width,
        height=height,
        palette=palette,
        window=window,
        log=True,
        blocks=blocks,
    )
    first = next(iter(horizons.values()), None)
    column = None if first is None else _border(first, plot.axis)
    if column is None:
        return plot
    return LinePlot([_ruled(line, column, palette) for line in plot.lines], plot.axis)


def profile_series(horizons: Mapping[str, Horizon]) -> list[Series]:
    """The profiles as lines of a plot, for its `legend` too."""
    return [Series(name, np.where(of.zero, np.nan, of.norms), gaps=True) for name, of in horizons.items()]


def horizon_span(horizon: Horizon, axis: TimeAxis, *, width: int, palette: Palette) -> Line:
    """`  underflow   ├──── 22 steps ────┤`, under the columns of `axis`."""
    segments = [styled(" " * axis.left, palette.faint)]
    for kind, run in groupby(_in_columns(_kinds(horizon), axis).tolist()):
        columns = len(list(run))
        style = palette.warning if kind == _Step.BROKEN else palette.faint
        text = (
            _span(horizon, columns, palette) if kind == _Step.MATTERS else _run(_Step(kind), columns, palette)
        )
        segments.append(styled(text, palette.cursor if kind == _Step.MATTERS else style))
    return fitted(segments, width, palette.text)


def horizon_words(name: str, horizon: Horizon, *, width: int, palette: Palette) -> Line:
    """`dL/dh  22 of 60 steps hold 99 %, ×0.9 per step back, 12 underflow, 3 exactly 0`."""
    parts = [_held(horizon)]
    if math.isfinite(horizon.factor):
        times = "×" if palette.capabilities.unicode else "x"
        parts.append(f"{times}{short_number(horizon.factor)} {FACTOR_UNIT}")
    for count, what in ((horizon.underflow.sum(), "underflow"), (horizon.zero.sum(), "exactly 0")):
        if count:
            parts.append(f"{count} {what}")
    style = palette.warning if horizon.broken_at is not None else palette.text
    words = [styled(f"{palette.word(name)}  ", palette.strong), styled(", ".join(parts), style)]
    return fitted(words, width, palette.text)


def _held(horizon: Horizon) -> str:
    if horizon.steps is None:
        return f"not a number from step {horizon.broken_at} back"
    if not horizon.counted:
        return "no step counts"
    if not horizon.steps:
        return "no gradient at any step"
    least = "at least " if horizon.is_lower_bound else ""
    words = "step holds" if horizon.counted == 1 else "steps hold"
    return f"{least}{horizon.steps} of {horizon.counted} {words} {MATTERS:.0%}"


def _border(horizon: Horizon, axis: TimeAxis) -> int | None:
    """The column where the horizon begins; None where it is not on this page or nothing lies behind it."""
    forward = horizon.first is None or horizon.first <= horizon.end
    far_end = 0 if forward else len(horizon.norms) - 1
    if horizon.first is None or horizon.first == far_end or not axis.shows(horizon.first):
        return None
    within = np.flatnonzero(_in_columns(_kinds(horizon), axis) == _Step.MATTERS)
    return axis.left + int(within[0 if forward else -1]) if len(within) else None


def _ruled(line: Line, column: int, palette: Palette) -> Line:
    """The line with a rule in a column where nothing is drawn."""
    width = sum(segment.cell_length for segment in line)
    before, there, after = Segment.divide(line, [column, column + 1, width])
    if "".join(segment.text for segment in there) != " ":
        return line
    mark = "┊" if palette.capabilities.unicode else ":"
    return fitted([*before, styled(mark, palette.cursor), *after], width, palette.text)


def _kinds(horizon: Horizon) -> NDArray[np.int8]:
    """A `_Step` for each timestep."""
    kinds = np.full(len(horizon.norms), _Step.FADED, np.int8)
    kinds[horizon.zero] = _Step.ZERO
    kinds[horizon.underflow] = _Step.UNDERFLOW
    if horizon.first is not None:
        kinds[min(horizon.first, horizon.end) : max(horizon.first, horizon.end) + 1] = _Step.MATTERS
    kinds[~np.isfinite(horizon.norms)] = _Step.BROKEN
    return kinds


def _in_columns(kinds: NDArray[np.int8], axis: TimeAxis) -> NDArray[np.int8]:
    page = kinds[axis.first_step : axis.first_step + axis.steps]
    if not len(page) or not axis.columns:
        return np.zeros(axis.columns, np.int8)
    column, columns = np.arange(axis.columns), axis.columns
    if columns >= axis.steps:
        # the step in the middle of the column, as `TimeAxis.step_at` says
        return page[np.minimum((2 * column + 1) * axis.steps // (2 * columns), len(page) - 1)]
    # the first step that `TimeAxis.column` puts there
    first = -((columns - 2 * column * axis.steps) // (2 * columns))
    return np.maximum.reduceat(page, np.minimum(first, len(page) - 1))


def _span(horizon: Horizon, columns: int, palette: Palette) -> str:
    """`├── 22 steps ──┤`, as much of it as there is room for."""
    left, fill, right = "├─┤" if palette.capabilities.unicode else "|-|"
    if columns < 2:
        return right * columns
    room = columns - 2
    label = next((label for label in _labels(horizon) if len(label) <= room), "")
    return left + label.center(room, fill) + right


def _labels(horizon: Horizon) -> tuple[str, ...]:
    """How many steps, the longest form first."""
    steps = "1 step" if horizon.steps == 1 else f"{horizon.steps} steps"
    if horizon.is_lower_bound:
        return f" at least {steps} ", f" {horizon.steps}+ "
    return f" {steps} ", f" {horizon.steps} "


def _run(kind: _Step, columns: int, palette: Palette) -> str:
    """`underflow` in the middle of its columns, or a mark in each where there is no room for the word."""
    glyphs = palette.glyphs
    mark, word = {
        _Step.FADED: (" ", ""),
        _Step.ZERO: ("0", " zero "),
        _Step.UNDERFLOW: (glyphs.below, " underflow "),
        _Step.BROKEN: (glyphs.nan, " not a number "),
    }[kind]
    return word.center(columns, mark) if len(word) <= columns else mark * columns
