"""Gates at a glance, and one unit over time: few lines, fixed places, so that a step changes little.

`gate_table` says for every gate how its values are spread over the units at this step and how many are stuck,
at this step and in the whole sequence. `sparkline` runs below a heat map, in its columns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.meters import standing_bars
from lstm_tui.charts.numbers import number, percent
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.scale import Scale
from lstm_tui.charts.time_axis import TimeAxis
from lstm_tui.recurrent.recording import Array, LayerTrace
from lstm_tui.recurrent.saturation import Saturation

#: Bins of a gate's values from 0 to 1, with and without much room.
BINS = 20
FEW_BINS = 10


def gate_table(
    trace: LayerTrace,
    saturations: Mapping[str, Saturation],
    *,
    sample: int,
    step: int,
    width: int,
    palette: Palette,
) -> list[Line]:
    """A head and a line for each gate; nothing for a cell without gates.

    `f ▁▁▁▂▁▃▂▅▇█ 0.93   0%  41%  0.91   1%  38%`: how many units have which value between 0 and 1, their
    mean, the share shut and open at this step, then the same of all steps that are kept where there is room.
    saturations: as `gate_saturations` gives them, computed once for a recording and not at each step.
    """
    if not trace.cell.gates:
        return []
    bins, overall = _room(width)
    of_all = "all" if len(trace.kept) == trace.timesteps else "window"
    lines = [fitted([styled(_head(bins, of_all if overall else ""), palette.faint)], width, palette.text)]
    for name in trace.cell.gates:
        values = trace.at(name, sample, step)
        figures = _figures(saturations[name], step - trace.start, overall)
        text = f"{name:>2} {_histogram(values, bins, palette)} {figures}"
        style = palette.text if np.isfinite(values).all() else palette.warning
        lines.append(fitted([styled(text, style)], width, palette.text))
    return lines


def sparkline(
    values: Array, axis: TimeAxis, *, scale: Scale, width: int, palette: Palette, label: str = ""
) -> Line:
    """One series `(timesteps,)` below a heat map, in its columns and on its scale; `label` left of it.

    NaN and infinities are marked. Where a column holds several steps, it shows the one furthest from zero.
    """
    shown = _in_columns(np.asarray(values, np.float64), axis)
    finite = np.isfinite(shown)
    span = scale.high / 2 - scale.low / 2
    with np.errstate(all="ignore"):
        heights = np.where(finite, (shown / 2 - scale.low / 2) / span, 0.0)
    bars = standing_bars(heights, palette)
    label = label[: max(axis.left - 1, 0)]
    segments = [styled(f"{label:>{max(axis.left - 1, 0)}} "[: axis.left], palette.faint)]
    marked = zip(finite.tolist(), bars, shown.tolist(), strict=True)
    for drawn, run in groupby(marked, key=lambda column: column[0]):
        text = "".join(bar if drawn else _mark(value, palette) for _, bar, value in run)
        segments.append(styled(text, palette.series[0] if drawn else palette.warning))
    return fitted(segments, width, palette.text)


def _room(width: int) -> tuple[int, bool]:
    """How many bins, and whether the whole sequence has room beside the step."""
    if width >= 3 + BINS + 2 * 17:
        return BINS, True
    return FEW_BINS, width >= 3 + FEW_BINS + 2 * 17


def _head(bins: int, overall: str) -> str:
    scale = f"0{'1':>{bins - 1}}"
    return f"   {scale}   mean shut open" + (f" {overall:>6} shut open" if overall else "")


def _figures(of: Saturation, step: int, overall: bool) -> str:
    here = f"{number(of.mean[step], 6)} {percent(of.shut[step])} {percent(of.open[step])}"
    if not overall:
        return here
    return f"{here} {number(of.total_mean, 6)} {percent(of.total_shut)} {percent(of.total_open)}"


def _histogram(values: Array, bins: int, palette: Palette) -> str:
    """How many units in each bin, as heights; the fullest bin fills its cell."""
    with np.errstate(invalid="ignore"):
        within = values[(values >= 0) & (values <= 1)].astype(np.float64)
    counts = np.bincount(np.minimum(within * bins, bins - 1).astype(int), minlength=bins)
    return standing_bars(counts / max(counts.max(), 1), palette)


def _in_columns(values: NDArray[np.float64], axis: TimeAxis) -> NDArray[np.float64]:
    """The value for each column of the axis."""
    page = values[axis.first_step : axis.first_step + axis.steps]
    if not len(page) or not axis.columns:
        return np.full(axis.columns, np.nan)
    column = np.arange(axis.columns)
    first = np.minimum(column * axis.steps // axis.columns, len(page) - 1)
    if axis.columns >= axis.steps:
        return page[first]
    with np.errstate(invalid="ignore"):
        highest = np.maximum.reduceat(page, first)
        lowest = np.minimum.reduceat(page, first)
        return np.where(-lowest > highest, lowest, highest)


def _mark(value: float, palette: Palette) -> str:
    glyphs = palette.glyphs
    return glyphs.nan if math.isnan(value) else glyphs.above if value > 0 else glyphs.below
