"""What moved over a history of calls, as a table: weights and states down, calls across, their sum first.

Layers in which nothing moved are one line at the end. The chosen row in the chosen call is spelled out below,
with its share of the size. A page of calls stays while the cursor goes through it: a step changes the heads
of the columns and the last lines, nothing else.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.segment import Segment
from rich.style import Style

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.numbers import number, percent, short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.shape_text import short_shape
from lstm_tui.plain_text import in_ascii, one_line
from lstm_tui.recurrent.movements import Followed, Kind, Movements

_CELL = 8
#: The columns for all calls: how far at most, in how many.
_SUMS = 2 * _CELL + 1
#: Cells of a row's name, from which width of the window on.
_LABELS = ((120, 42), (60, 23), (0, 14))
_KINDS: dict[Kind, str] = {"weight": "", "fixed": "*", "state": "state", "seed": "random"}
_SPELLED: dict[Kind, str] = {
    "weight": "{}", "fixed": "{}, not trained,", "state": "the state {}", "seed": "the seed {}"
}  # fmt: skip
_NAMED = 6


def calls_in_view(movements: Movements, call: int, width: int) -> range:
    """The calls of the page on which this one is."""
    page = max((width - _label(width) - _SUMS) // _CELL, 1)
    first = call // page * page
    return range(first, min(first + page, len(movements.calls)))


def movement_table(
    movements: Movements, row: int, call: int, *, width: int, height: int, palette: Palette
) -> list[Line]:
    """At most `height` lines. row: the place among `movements.shown`. call: the chosen one."""
    if not movements.calls:
        return []
    table = _Table(movements, row, call, width, palette)
    told = [table.blank(), *table.spelled()]
    below = table.below()
    room = max(height - 2 - len(told) - len(below), 1)
    return [*table.head(), *table.rows(room), *below, *told][:height]


def _label(width: int) -> int:
    return next(cells for least, cells in _LABELS if width >= least)


class _Table:
    """One drawing of it."""

    def __init__(self, movements: Movements, row: int, call: int, width: int, palette: Palette) -> None:
        self._movements, self._call = movements, call
        self._chosen = movements.shown[row] if movements.shown else None
        self._width, self._palette = width, palette
        self._calls = calls_in_view(movements, call, width)

    def blank(self) -> Line:
        return self._line([])

    def head(self) -> list[Line]:
        """Numbers and names of the calls; those of the chosen one are marked."""
        names = [self._movements.calls[call].name for call in self._calls]
        sums = f"{'at most':>{_CELL}}{'in calls':>{_CELL + 1}}"
        return [self._across("", [str(call + 1) for call in self._calls]), self._across(sums, names)]

    def _across(self, sums: str, words: list[str]) -> Line:
        palette = self._palette
        pieces = [styled(" " * _label(self._width) + f"{sums:<{_SUMS}}", palette.faint)]
        for call, word in zip(self._calls, words, strict=True):
            failed = self._movements.calls[call].failed
            style = palette.cursor if call == self._call else palette.warning if failed else palette.faint
            pieces += [styled(" ", palette.faint), styled(f"{one_line(word, 7):>7}", style)]
        return self._line(pieces)

    def rows(self, room: int) -> list[Line]:
        """The page of rows on which the chosen one is, each layer under its path."""
        lines, here = [], 0
        for layer, members in self._movements.layers:
            name = styled(one_line(layer) or "Keras itself", self._palette.strong)
            lines.append(self._line([name]))
            for member in members:
                here = len(lines) if member == self._chosen else here
                lines.append(self._row(member))
        start = here // room * room
        return lines[start : start + room]

    def _row(self, index: int) -> Line:
        palette, row = self._palette, self._movements.rows[index]
        chosen = index == self._chosen
        mark = palette.glyphs.selected if chosen else " "
        room = _label(self._width) - 2
        times = self._movements.times(index)
        in_calls = f"{times}/{len(self._movements.calls)}" if times else palette.glyphs.dot
        most = self._words(row, self._movements.most(index))
        pieces = [styled(f"{mark} {_named(row, room):<{room}}", palette.cursor if chosen else palette.text)]
        pieces.append(styled(f"{most:>{_CELL}}{in_calls:>{_CELL + 1}}", self._style(row, times > 0)))
        for call in self._calls:
            moved = float(self._movements.moved[index, call])
            pieces.append(styled(f"{self._words(row, moved):>{_CELL}}", self._style(row, moved > 0)))
        return self._line(pieces)

    def _words(self, row: Followed, moved: float) -> str:
        """`0.0213`, a dot where it did not move."""
        if not moved:
            return self._palette.glyphs.dot
        if row.kind == "seed":
            return "drawn"
        return _in_cell(moved)

    def _style(self, row: Followed, moved: bool) -> Style:
        """Weights that move stand out: that is what is looked for."""
        if not moved:
            return self._palette.faint
        return self._palette.cursor if row.kind in {"weight", "fixed"} else self._palette.text

    def below(self) -> list[Line]:
        """The layers in which nothing moved, and what the star says."""
        rows = (self._movements.rows[index] for index in self._movements.shown)
        starred = any(row.kind == "fixed" for row in rows)
        star = "* no gradient moves it: an average that is kept, or frozen" if starred else ""
        return [*self._still(), *self._wrapped(star, 1)]

    def _still(self) -> list[Line]:
        still = [(layer, rows) for layer, rows in self._movements.still if layer]
        if not still:
            return []
        kinds = [self._movements.rows[index].kind for _, rows in still for index in rows]
        weights = sum(kind in {"weight", "fixed"} for kind in kinds)
        named = [one_line(layer, 30) for layer, _ in still]
        some = ", ".join(named[:_NAMED])
        more = f", and {len(named) - _NAMED} more layers" if len(named) > _NAMED else ""
        count = f" ({weights:,} weight{'s' * (weights > 1)})" if weights else ""
        return list(self._wrapped(f"nothing moved in {some}{more}{count}", 2))

    def spelled(self) -> list[Line]:
        """The chosen row in the chosen call, and what to know of the call."""
        call = self._movements.calls[self._call]
        where = f"call {self._call + 1}, {one_line(call.name)}"
        lines: list[Line] = []
        if self._chosen is not None:
            lines += self._wrapped(f"{where}: {self._told(self._chosen)}", 2, strong=True)
        if call.note:
            note = f"{'fails: ' if call.failed else ''}{call.note}"
            lines += self._wrapped(note if lines else f"{where}: {note}", 2)
        return lines

    def _told(self, index: int) -> str:
        row = self._movements.rows[index]
        path = f"{one_line(row.layer)}/{one_line(row.name)}".lstrip("/")
        what = _SPELLED[row.kind].replace("{}", f"{path} {short_shape(row.shape)}")
        moved = float(self._movements.moved[index, self._call])
        if not moved:
            return f"{what} did not move, to the bit"
        if row.kind == "seed":
            return f"{what} moved on: random numbers were drawn, or it is a new one"
        size = short_number(float(self._movements.sizes[index, self._call]), 4)
        share = percent(self._movements.share(index, self._call)).strip()
        return f"{what} moved by up to {short_number(moved, 4)}, {share} of its largest value {size}"

    def _wrapped(self, text: str, most: int, *, strong: bool = False) -> Iterator[Line]:
        style = self._palette.text if strong else self._palette.faint
        rest = f" {self._palette.glyphs.ellipsis}"
        for part in textwrap.wrap(text, max(self._width, 8), max_lines=most, placeholder=rest):
            yield self._line([Segment(part, style)])

    def _line(self, pieces: list[Segment]) -> Line:
        if not self._palette.capabilities.unicode:
            pieces = [Segment(in_ascii(text), style) for text, style, _ in pieces]
        return fitted(pieces, self._width, self._palette.text)


def _named(row: Followed, room: int) -> str:
    """`h state (1, 14)`, `moving_mean * (8,)`: what does not fit is left out, the name is cut."""
    name = one_line(row.name, room)
    for more in (_KINDS[row.kind], short_shape(row.shape)):
        longer = f"{name} {more}" if more else name
        if len(longer) <= room:
            name = longer
    return name


def _in_cell(value: float) -> str:
    short = short_number(value, 3)
    return short if len(short) < _CELL else number(value, _CELL - 1)
