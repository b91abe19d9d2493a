"""The time ruler: one line under a page that says which steps stand above and where the cursor is.

It is the only line of a heat map that a step redraws, so it is made of digits and spaces rather than of
box-drawing characters, which take three bytes each.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.time_axis import TimeAxis
from lstm_tui.recurrent.recording import Array

#: Columns between two ticks, at least: a number, its tick and some air.
TICK_ROOM = 8


def ruler(axis: TimeAxis, cursor: int, *, width: int, palette: Palette, mask: Array | None = None) -> Line:
    """`╵0        ▲ 17     ╵20       59╵`, under the columns of `axis`; dots where `mask` leaves steps out.

    The cursor's label comes first, then the ends of the page, then the ticks that still have room.
    """
    canvas = _Canvas(width)
    if axis.steps:
        if axis.shows(cursor):
            _put_cursor(canvas, axis.column(cursor), cursor, palette)
        _put_ends(canvas, axis, palette)
        _put_ticks(canvas, axis, palette)
        if mask is not None:
            _put_mask(canvas, axis, mask, palette)
    return canvas.line(palette)


class _Canvas:
    """A line filled in by priority: what stands is not written over, and labels keep a space apart."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.characters = [" "] * width
        self.styles: list[Style | None] = [None] * width

    def put(self, column: int, text: str, style: Style) -> bool:
        """Write `text` if it fits and touches nothing."""
        end = column + len(text)
        if column < 0 or end > self.width or any(self.styles[max(column - 1, 0) : end + 1]):
            return False
        self.characters[column:end] = text
        self.styles[column:end] = [style] * len(text)
        return True

    def fill(self, column: int, character: str, style: Style) -> None:
        """Write one character where nothing stands."""
        if 0 <= column < self.width and self.styles[column] is None:
            self.characters[column] = character
            self.styles[column] = style

    def line(self, palette: Palette) -> Line:
        """What was written. Spaces look like what stands before them: fewer changes of style, fewer bytes."""
        segments: list[Segment] = []
        style: Style = palette.faint
        for character, own in zip(self.characters, self.styles, strict=True):
            style = own or (palette.faint if style is palette.cursor else style)
            segments.append(styled(character, style))
        return fitted(segments, self.width, palette.text)


def _put_cursor(canvas: _Canvas, column: int, step: int, palette: Palette) -> None:
    mark = palette.glyphs.cursor
    after, before = f"{mark} {step}", f"{step} {mark}"
    if not canvas.put(column, after, palette.cursor) and not canvas.put(
        column - len(before) + 1, before, palette.cursor
    ):
        canvas.put(column, mark, palette.cursor)


def _put_ends(canvas: _Canvas, axis: TimeAxis, palette: Palette) -> None:
    tick = palette.glyphs.tick
    last = f"{axis.last_step}{tick}"
    if axis.steps > 1:
        canvas.put(axis.column(axis.last_step) - len(last) + 1, last, palette.faint)
    canvas.put(axis.column(axis.first_step), f"{tick}{axis.first_step}", palette.faint)


def _put_ticks(canvas: _Canvas, axis: TimeAxis, palette: Palette) -> None:
    distance = _tick_distance(axis)
    first = -(-axis.first_step // distance) * distance
    for step in range(first, axis.last_step, distance):
        canvas.put(axis.column(step), f"{palette.glyphs.tick}{step}", palette.faint)


def _tick_distance(axis: TimeAxis) -> int:
    """The smallest of 1, 2, 5, 10, 20, … whose ticks leave room for their numbers."""
    room = max(TICK_ROOM, len(str(axis.last_step)) + 4)
    needed = room * axis.steps / max(axis.columns, 1)
    magnitude = 1
    while True:
        for factor in (1, 2, 5):
            if factor * magnitude >= needed:
                return factor * magnitude
        magnitude *= 10


def _put_mask(canvas: _Canvas, axis: TimeAxis, mask: Array, palette: Palette) -> None:
    for column in range(axis.left, axis.end):
        step = axis.step_at(column)
        if step is not None and step < len(mask) and not mask[step]:
            canvas.fill(column, palette.glyphs.masked, palette.faint)
