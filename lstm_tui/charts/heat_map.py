"""One page of a heat map: units down, timesteps across, untouched while the cursor moves on it.

A page starts at a multiple of its width in steps and never scrolls: over SSH a step then costs the one line
of the ruler below (`ruler.py`). Where there are more units than rows, the caller chooses which by
`first_unit`, or has neighbours grouped into one. Two units can share a row as half blocks, but only if asked
for: twice the units are nearly thrice the bytes (195 KB against 71 KB for a page of 200×50), and thin rows
are harder to tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style

from lstm_tui.charts.lines import Line, fitted, merged, stacked, styled
from lstm_tui.charts.numbers import short_number
from lstm_tui.charts.palette import Ink, Palette
from lstm_tui.charts.ramps import Kind
from lstm_tui.charts.scale import Scale
from lstm_tui.charts.time_axis import TimeAxis, zoomed_axis
from lstm_tui.recurrent.pyramid import Overview, Pyramid
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.window import Window

#: Below this many columns the unit numbers give way to the map.
MIN_COLUMNS = 8


@dataclass(frozen=True)
class PageLayout:
    """Where everything stands on a page, shared by the map, its ruler and the sparklines below.

    units: of the layer. first_unit: at the top. group: units drawn as one. halves: two groups a row.
    """

    width: int
    height: int
    axis: TimeAxis
    units: int
    first_unit: int
    group: int
    halves: bool

    @property
    def units_per_row(self) -> int:
        """Units in one row of the page."""
        return self.group * (2 if self.halves else 1)

    @property
    def last_unit(self) -> int:
        """The last unit on the page."""
        return max(min(self.first_unit + self.height * self.units_per_row, self.units) - 1, self.first_unit)

    def row_of(self, unit: int) -> int | None:
        """The row a unit is drawn in, None where it is not on the page."""
        if not self.first_unit <= unit <= self.last_unit:
            return None
        return (unit - self.first_unit) // self.units_per_row

    def title(self, kind: Kind) -> str:
        """`units 0-127 of 128, mean of 4 units`: what a row is; a grouped map without it would mislead."""
        shown = f"units {self.first_unit}-{self.last_unit} of {self.units}"
        if self.group == 1:
            return shown
        how = "mean" if kind == "sequential" else "largest |value|"
        return f"{shown}, {how} of {self.group} units"


def page_layout(
    timesteps: int,
    units: int,
    *,
    width: int,
    height: int,
    step: int,
    palette: Palette,
    first_unit: int = 0,
    grouped: bool = False,
    halves: bool = False,
    zoom: int = 1,
) -> PageLayout:
    """The page that holds `step`, its map `width` by `height` cells.

    zoom: steps a column; with more than one the page is drawn by `heat_map_bins`.
    grouped: all units on the page, neighbours as one where they do not fit; else those from `first_unit`.
    halves: two units a row as half blocks where they do not fit otherwise, if the terminal can show them.
    """
    halves = halves and units > height and palette.capabilities.blends and palette.capabilities.unicode
    first_unit = 0 if grouped else min(max(first_unit, 0), max(units - 1, 0))
    rows = max(height, 1) * (2 if halves else 1)
    group = max(-(-units // rows), 1) if grouped else 1
    left = width - map_columns(units, width)
    axis = zoomed_axis(timesteps, step=step, zoom=zoom, left=left, right=width)
    return PageLayout(width, height, axis, units, first_unit, group, halves)


def map_columns(units: int, width: int) -> int:
    """Columns of the map in `width` cells: the numbers of the units stand left of it where there is room."""
    gutter = len(str(max(units - 1, 0))) + 2
    return width - gutter if width >= gutter + MIN_COLUMNS else width


def heat_map_page(
    values: Array,
    layout: PageLayout,
    *,
    scale: Scale,
    palette: Palette,
    mask: Array | None = None,
    selected: int | None = None,
    start: int = 0,
) -> list[Line]:
    """The page as `layout.height` lines of `layout.width` cells.

    values: `(steps, units)`, the series from step `start` on; steps of the page that are not among them are
        drawn as missing. mask: `(steps,)`, False where the step does not count.
    selected: the unit with a mark beside its number.
    """
    axis = layout.axis
    steps = np.arange(axis.first_step, axis.first_step + axis.steps) - start
    there = (steps >= 0) & (steps < len(values))
    masked = None if mask is None else ~np.asarray(mask, bool)[steps[there]]
    return _drawn(_Page(np.asarray(values)[steps[there]], there, masked), layout, scale, palette, selected)


def heat_map_bins(
    overview: Overview | None,
    layout: PageLayout,
    *,
    scale: Scale,
    palette: Palette,
    masked: Array | None = None,
    selected: int | None = None,
) -> list[Line]:
    """The page with several steps a column: of a state the value furthest from zero, of a gate the mean.

    overview: a bin for each column that has been recorded, the first ones of the page; None for none.
    masked: `(bins,)`, True where no step counts.

    A column with NaN or infinity in it is marked: one looks for that.
    """
    bins = 0 if overview is None else len(overview.starts)
    values = np.zeros((0, 1)) if overview is None else _shown_of(overview, scale.kind).reshape(bins, -1)
    there = np.arange(layout.axis.columns) < bins
    return _drawn(_Page(values, there, masked), layout, scale, palette, selected)


def _shown_of(overview: Overview, kind: Kind) -> Array:
    if kind == "sequential":
        values = overview.mean
    else:
        with np.errstate(invalid="ignore"):
            values = np.where(-overview.minimum > overview.maximum, overview.minimum, overview.maximum)
    return np.where(overview.broken, np.nan, values) if overview.level.count is not None else values


def columns_of(far: Pyramid | None, axis: TimeAxis) -> Overview | None:
    """A bin for each column of the axis that lies wholly within what there is of the pyramid."""
    if far is None:
        return None
    columns = np.arange(axis.columns + 1, dtype=np.int64)
    starts = axis.first_step + columns * axis.steps // max(axis.columns, 1)
    there = int(np.searchsorted(starts[1:], far.timesteps, side="right"))
    return far.overview(Window(axis.first_step, int(starts[there])), there) if there else None


@dataclass(frozen=True, eq=False)
class _Page:
    """What is known of a page: `values` `(columns, units)` of those that are there, and which are masked."""

    values: Array
    there: NDArray[np.bool_]
    masked: Array | None


def _drawn(
    page: _Page, layout: PageLayout, scale: Scale, palette: Palette, selected: int | None
) -> list[Line]:
    units = slice(layout.first_unit, layout.last_unit + 1)
    grouped = _grouped(page.values[:, units].T.astype(np.float64), layout.group, scale.kind)
    strokes = _strokes(palette, scale.kind, layout.halves)
    codes = _codes(grouped, page, layout, scale, palette)
    cells = max(layout.axis.columns // max(len(page.there), 1), 1)
    margin = styled(" " * (layout.width - layout.axis.end), palette.text)
    distinct = strokes.distinct and bool(np.isfinite(grouped).all())
    lines = []
    for row, body in enumerate(_rows_of_segments(codes, cells, strokes)):
        line = [*_gutter(layout, row, selected, palette), *body, margin]
        lines.append([part for part in line if part.text] if distinct else merged(line))
    return stacked(lines, layout.width, layout.height, palette.text)


def scale_legend(scale: Scale, palette: Palette, width: int, note: str = "") -> Line:
    """`-0.83 ░▒▓█ 0.83  note`: which colour is which value."""
    inks = palette.ramp(scale.kind).inks
    ends = short_number(scale.low), short_number(scale.high)
    bar = [styled(ink.character, ink.style) for ink in inks]
    room = width - len(inks) - sum(map(len, ends)) - 2
    if room < 0:
        return fitted([styled(f"{ends[0]}..{ends[1]}", palette.faint)], width, palette.text)
    tail = f"  {note}" if note and room >= len(note) + 2 else ""
    words = [styled(f"{ends[0]} ", palette.faint), *bar, styled(f" {ends[1]}{tail}", palette.faint)]
    return fitted(words, width, palette.text)


# Codes: 0 … n-1 are the levels, then come these. Masked steps have the same codes again, behind all of them.
_NAN, _ABOVE, _BELOW, _EMPTY, _MISSING = range(5)
_SPECIAL = 5
#: A run of equal cells is looked up by `code * _LONGEST + length`.
_LONGEST = 1 << 12


def _grouped(page: NDArray[np.float64], group: int, kind: Kind) -> NDArray[np.float64]:
    """Every `group` rows as one. A mean of states would cancel what it should show: those keep the largest.

    NaN and infinities win: they are what one looks for.
    """
    if group == 1 or not len(page):
        return page
    starts = np.arange(0, len(page), group)
    with np.errstate(all="ignore"):
        if kind == "sequential":
            sizes = np.diff([*starts, len(page)])
            means: NDArray[np.float64] = np.add.reduceat(page, starts, axis=0) / sizes[:, None]
            return means
        highest = np.maximum.reduceat(page, starts, axis=0)
        lowest = np.minimum.reduceat(page, starts, axis=0)
        return np.where(-lowest > highest, lowest, highest)


def _codes(
    grouped: NDArray[np.float64], page: _Page, layout: PageLayout, scale: Scale, palette: Palette
) -> NDArray[np.int32]:
    """What to draw in each place, `(rows, columns)`; where halved a code is `upper * len(inks) + lower`."""
    inks = _inks(palette, scale.kind)
    count = len(inks) // 2 - _SPECIAL
    known = scale.levels(grouped, count).astype(np.int32)
    known[np.isnan(grouped)] = count + _NAN
    known[grouped == np.inf] = count + _ABOVE
    known[grouped == -np.inf] = count + _BELOW
    if page.masked is not None:
        known[:, page.masked] += count + _SPECIAL
    codes = np.full((len(known), len(page.there)), count + _MISSING, np.int32)
    codes[:, page.there] = known
    if not layout.halves:
        return codes
    if len(codes) % 2:
        filler = np.where(page.there, count + _EMPTY, count + _MISSING).astype(np.int32)
        codes = np.vstack([codes, filler])
    return codes[0::2] * len(inks) + codes[1::2]


@lru_cache(maxsize=64)
def _inks(palette: Palette, kind: Kind) -> tuple[Ink, ...]:
    """What each code looks like."""
    ramp, glyphs = palette.ramp(kind), palette.glyphs
    marks = (glyphs.nan, glyphs.above, glyphs.below)
    empty, missing = Ink(" ", palette.text), Ink(glyphs.dot, palette.faint)
    special = (*(Ink(mark, palette.broken) for mark in marks), empty, missing)
    return (*ramp.inks, *special, *ramp.masked, *special)


class _Strokes(dict[int, Segment]):
    """Segments by `code * _LONGEST + length`, made when first needed: a page has thousands, most alike.

    distinct: no two levels share a style, so that neighbouring segments need no merging.
    """

    def __init__(self, palette: Palette, kind: Kind, halves: bool) -> None:
        super().__init__()
        self.distinct = palette.ramp(kind).by_background
        self._inks = _inks(palette, kind)
        self._broken = palette.broken
        self._halves = halves

    def __missing__(self, key: int) -> Segment:
        code, length = divmod(key, _LONGEST)
        ink = self._half_block(*divmod(code, len(self._inks))) if self._halves else self._inks[code]
        self[key] = segment = styled(ink.character * length, ink.style)
        return segment

    def _half_block(self, upper: int, lower: int) -> Ink:
        """Two places in one cell: the upper as text colour, the lower as background."""
        above, below = self._inks[upper], self._inks[lower]
        if upper == lower:
            return above
        for broken, other in ((above, below), (below, above)):
            if broken.style is self._broken:
                return Ink(broken.character, broken.style + Style(bgcolor=other.style.bgcolor))
        return Ink("▀", Style(color=above.style.bgcolor, bgcolor=below.style.bgcolor))


@lru_cache(maxsize=16)
def _strokes(palette: Palette, kind: Kind, halves: bool) -> _Strokes:
    return _Strokes(palette, kind, halves)


def _rows_of_segments(codes: NDArray[np.int32], cells: int, strokes: _Strokes) -> list[list[Segment]]:
    """Equal neighbours of a row as one segment: one pass of NumPy over the page, then one look-up a run."""
    rows, steps = codes.shape
    if not codes.size:
        return [[] for _ in range(rows)]
    flat = codes.ravel()
    is_start = np.empty(flat.size, bool)
    is_start[1:] = flat[1:] != flat[:-1]
    is_start[::steps] = True
    starts = np.flatnonzero(is_start)
    lengths = np.diff(starts, append=flat.size) * cells
    keys = (flat[starts].astype(np.int64) * _LONGEST + lengths).tolist()
    ends = np.searchsorted(starts, np.arange(steps, flat.size + steps, steps)).tolist()
    return [[strokes[key] for key in keys[begin:end]] for begin, end in zip([0, *ends], ends, strict=False)]


def _gutter(layout: PageLayout, row: int, selected: int | None, palette: Palette) -> list[Segment]:
    if not layout.axis.left:
        return []
    digits = layout.axis.left - 2
    if selected is not None and layout.row_of(selected) == row:
        return [styled(f"{palette.glyphs.selected}{selected:>{digits}} ", palette.cursor)]
    return [styled(f" {layout.first_unit + row * layout.units_per_row:>{digits}} ", palette.faint)]
