"""Prediction and target over time, drawn by plotext to lines of segments.

The cursor is not in the plot: `ruler(plot.axis, step)` puts it on a line of its own below, so that a step
leaves the plot as it is. Values that are not finite become marks at the edge; plotext would raise on them.

plotext keeps one figure for the whole process. Here it is held under a lock from clearing to clearing, and is
told everything: places in pixels, range, ticks. Its import takes 50 ms that the first frame does not need.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from lstm_tui.charts.lines import Line, fitted, stacked, styled
from lstm_tui.charts.palette import Glyphs, Palette
from lstm_tui.charts.ticks import Ticks, linear_ticks, log_ticks
from lstm_tui.charts.time_axis import TimeAxis
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.window import Window

#: Fewer columns than this give no picture of a sequence; the labels go first.
MIN_COLUMNS = 8
#: More lines than this cannot be told apart; `legend` says how many are left out.
MOST_LINES = 5
#: What is larger counts as infinite: the width of the range has to be a number too.
LARGEST = 1e300
#: Pixels of a dash, and of the gap after it.
DASH = 3
#: What the lines after the first are drawn with where no colour tells them apart.
COLOURLESS = "xo+#"

_LOCK = threading.Lock()
#: plotext's colour numbers stand for styles of the palette, found again in the text that it builds.
_AXIS_COLOR, _BROKEN_COLOR, _FIRST_COLOR = 255, 254, 16
_ASCII: dict[int, str] = str.maketrans({"│": "|", "┤": "+"})


@dataclass(frozen=True, eq=False)
class Series:
    """One line: `values` `(timesteps,)`. A target is dashed and lies under the prediction.

    gaps: NaN means that there is no value (a target known at some steps only), not that it went wrong.
    steps: the step of each value, in order, where not each of `timesteps` has one.
    """

    name: str
    values: Array
    role: Literal["prediction", "target"] = "prediction"
    gaps: bool = False
    steps: Array | None = None
    timesteps: int = 0

    @property
    def length(self) -> int:
        """Timesteps of the sequence that it runs along."""
        return len(self.values) if self.steps is None else self.timesteps


@dataclass(frozen=True, eq=False)
class LinePlot:
    """The lines, and which column each timestep is in."""

    lines: list[Line]
    axis: TimeAxis


def line_plot(
    series: Sequence[Series],
    *,
    width: int,
    height: int,
    palette: Palette,
    window: Window | None = None,
    log: bool = False,
    blocks: bool = False,
) -> LinePlot:
    """All `series` over `window` (default: everything) in `height` lines of `width` cells.

    The range is that of the whole series, so that pages compare. log: base 10; a zero is marked as too small.
    blocks: quarters of a cell where a font has no braille. A terminal without Unicode gets `*` and `.`.
    """
    shown = _drawn_first_target([_Curve(one, *style) for one, style in _styles(series, palette)])
    if log:
        shown = [curve.in_log10() for curve in shown]
    timesteps = max((curve.series.length for curve in shown), default=0)
    window = _within(window, timesteps)
    ticks = (log_ticks if log else linear_ticks)([curve.values for curve in shown], height)
    left = ticks.width if width >= ticks.width + MIN_COLUMNS else 0
    axis = TimeAxis(left, max(width - left, 0), window.start, len(window), timesteps)
    if not axis.columns or height < 1 or not axis.steps:
        return LinePlot(_nothing(width, height, palette), axis)
    text = _built(shown, axis, ticks, height, _markers(palette, blocks))
    lines = [_line(text_line, shown, width, palette) for text_line in text.split("\n")]
    return LinePlot(stacked(lines, width, height, palette.text), axis)


def legend(series: Sequence[Series], width: int, palette: Palette) -> Line:
    """`── prediction  ┄┄ target`: which line is which, and how many are not drawn."""
    segments: list[Segment] = []
    styles = _styles(series, palette)
    colours = palette.capabilities.colors != "none"
    for one, (style, color) in styles:
        mark = palette.glyphs.dash if one.role == "target" else palette.glyphs.line
        place = (color - _FIRST_COLOR) % MOST_LINES
        mark = mark if colours or not place else f" {COLOURLESS[place - 1]}"
        segments += [styled(f"{mark} ", style), styled(f"{palette.word(one.name)}  ", palette.faint)]
    if len(styles) < len(series):
        segments.append(styled(f"and {len(series) - len(styles)} more", palette.faint))
    return fitted(segments, width, palette.text)


@dataclass(frozen=True, eq=False)
class _Curve:
    """A series as it will be drawn; `color` is the number by which plotext carries its style through."""

    series: Series
    style: Style
    color: int

    @property
    def values(self) -> NDArray[np.float64]:
        values = np.asarray(self.series.values, np.float64).reshape(-1)
        return np.where(np.abs(values) > LARGEST, np.copysign(np.inf, values), values)

    def in_log10(self) -> _Curve:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log10(self.values)
        return _Curve(replace(self.series, values=values), self.style, self.color)

    def on(self, axis: TimeAxis, pixels: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The values on the page, each with its pixel: the middle of its step's share of them."""
        values, steps = self.values, self.series.steps
        if steps is None:
            values = values[axis.first_step : axis.first_step + axis.steps]
            offset = np.arange(len(values), dtype=np.int64)
        else:
            inside = (steps >= axis.first_step) & (steps < axis.first_step + axis.steps)
            values, offset = values[inside], steps[inside].astype(np.int64) - axis.first_step
        return (2 * offset + 1) * pixels // (2 * axis.steps), values


@dataclass(frozen=True)
class _Markers:
    """What plotext draws with: `across` pixels in a cell, and how the axis is translated."""

    prediction: str
    target: str
    across: int
    glyphs: Glyphs
    frame: Mapping[int, str]
    colours: bool

    def of(self, curve: _Curve) -> str:
        """Without colours a letter of its own for each line after the first."""
        place = (curve.color - _FIRST_COLOR) % MOST_LINES
        if place and not self.colours:
            return COLOURLESS[place - 1]
        return self.target if curve.series.role == "target" else self.prediction


def _markers(palette: Palette, blocks: bool) -> _Markers:
    colours = palette.capabilities.colors != "none"
    if not palette.capabilities.unicode:
        return _Markers("*", ".", 1, palette.glyphs, _ASCII, colours)
    fine = "hd" if blocks else "braille"
    return _Markers(fine, fine, 2, palette.glyphs, {}, colours)


def _styles(series: Sequence[Series], palette: Palette) -> list[tuple[Series, tuple[Style, int]]]:
    """The lines that are drawn, each with its style. Of several outputs a target is like its prediction."""
    predictions = [one for one in series if one.role == "prediction"]
    targets = [one for one in series if one.role == "target"]
    styled_series = []
    for place, one in enumerate(predictions[:MOST_LINES]):
        style = palette.series[place % len(palette.series)]
        styled_series.append((one, (style, _FIRST_COLOR + place)))
    for place, one in enumerate(targets[:MOST_LINES]):
        alone = len(predictions) <= 1
        style = palette.target if alone else palette.series[place % len(palette.series)]
        styled_series.append((one, (style, _FIRST_COLOR + MOST_LINES + place)))
    return styled_series


def _drawn_first_target(curves: list[_Curve]) -> list[_Curve]:
    """Targets first: what is drawn later lies above, and the prediction is what one looks at."""
    return sorted(curves, key=lambda curve: curve.series.role != "target")


def _within(window: Window | None, timesteps: int) -> Window:
    if window is None:
        return Window(0, timesteps)
    start = min(max(window.start, 0), timesteps)
    return Window(start, min(max(window.stop, start), timesteps))


def _nothing(width: int, height: int, palette: Palette) -> list[Line]:
    note = fitted([styled("nothing to plot", palette.faint)], width, palette.text)
    return stacked([note], width, height, palette.text)


def _built(curves: Sequence[_Curve], axis: TimeAxis, ticks: Ticks, height: int, markers: _Markers) -> str:
    """What plotext makes of it: text with colour codes, `height` lines."""
    pixels = axis.columns * markers.across
    with _figure(axis.end, height) as plotext:
        plotext.xlim(0, max(pixels - 1, 1))
        plotext.ylim(ticks.low, ticks.high)
        if axis.left:
            plotext.yticks(ticks.places, [label.rjust(ticks.width - 1) for label in ticks.labels])
        else:
            plotext.yaxes(False, False)
            plotext.yticks([], [])
        for curve in curves:
            marker = markers.of(curve)
            across, up = _points(curve, axis, pixels)
            if len(across):
                plotext.plot(across.tolist(), up.tolist(), marker=marker, color=curve.color)
        for mark, places, edge in _edge_marks(curves, axis, pixels, ticks, markers.glyphs):
            plotext.scatter(places.tolist(), [edge] * len(places), marker=mark, color=_BROKEN_COLOR)
        return str(plotext.build()).translate(markers.frame)


@contextmanager
def _figure(width: int, height: int) -> Iterator[ModuleType]:
    """plotext's only figure, ours until the block ends."""
    import plotext

    with _LOCK:
        plotext.clear_figure()
        try:
            plotext.limit_size(False, False)
            plotext.plot_size(width, height)
            plotext.theme("clear")
            plotext.ticks_color(_AXIS_COLOR)
            plotext.xaxes(False, False)
            plotext.yaxes(True, False)
            plotext.xticks([], [])
            yield plotext
        finally:
            plotext.clear_figure()


def _points(curve: _Curve, axis: TimeAxis, pixels: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where the line goes, across in pixels; NaN lifts the pen."""
    place, values = curve.on(axis, pixels)
    finite = np.where(np.isfinite(values), values, np.nan)
    if curve.series.role == "target":
        return _dashed(place, finite, pixels)
    if len(finite) <= pixels:
        return place, finite
    return _envelope(place, finite)


def _envelope(
    place: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Lowest and highest value of each pixel: a spike of one step stays visible among a million."""
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    low = np.fmin.reduceat(values, starts)
    high = np.fmax.reduceat(values, starts)
    return np.repeat(place[starts], 2), np.stack([low, high], axis=1).ravel()


def _dashed(
    place: NDArray[np.int64], values: NDArray[np.float64], pixels: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The line at every pixel, with gaps between dashes. A step between two NaN is still a dot."""
    across = np.arange(pixels, dtype=np.int64)
    up = (
        np.interp(across, place, values, left=np.nan, right=np.nan)
        if len(values)
        else np.full(pixels, np.nan)
    )
    up[across // DASH % 2 == 1] = np.nan
    lonely = np.isfinite(values) & ~_beside_finite(values)
    up[place[lonely]] = values[lonely]
    drawn = np.isfinite(up)
    return (across, up) if drawn.any() else (across[:0], up[:0])


def _beside_finite(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    finite = np.concatenate([[False], np.isfinite(values), [False]])
    return np.asarray(finite[:-2] | finite[2:])


def _edge_marks(
    curves: Sequence[_Curve], axis: TimeAxis, pixels: int, ticks: Ticks, glyphs: Glyphs
) -> Iterator[tuple[str, NDArray[np.int64], float]]:
    """NaN and -inf along the lower edge, +inf along the upper: the mark, its pixels, its height."""
    for curve in curves:
        place, values = curve.on(axis, pixels)
        wrong = np.zeros(len(values), bool) if curve.series.gaps else np.isnan(values)
        for mark, where, edge in (
            (glyphs.below, values == -np.inf, ticks.low),
            (glyphs.above, values == np.inf, ticks.high),
            (glyphs.nan, wrong, ticks.low),
        ):
            if where.any():
                yield mark, np.unique(place[where]), edge


def _line(text: str, curves: Sequence[_Curve], width: int, palette: Palette) -> Line:
    """One line of plotext's text, its colour numbers exchanged for styles."""
    styles = {curve.color: curve.style for curve in curves}
    styles |= {_AXIS_COLOR: palette.faint, _BROKEN_COLOR: palette.warning}
    decoded = Text.from_ansi(text)
    segments: list[Segment] = []
    end = 0
    for span in decoded.spans:
        style = span.style
        number = style.color.number if isinstance(style, Style) and style.color else None
        segments.append(styled(decoded.plain[end : span.start], palette.text))
        segments.append(styled(decoded.plain[span.start : span.end], styles.get(number or -1, palette.text)))
        end = span.end
    segments.append(styled(decoded.plain[end:], palette.text))
    return fitted(segments, width, palette.text)
