"""Why a value is what it is: a row a cause, the largest share first, with a bar left or right of zero.

Rows that can be followed bear the number of the key that follows them. Below stand the sum of all other
shares and what else is to be known, each in a line of its own and only where there is something to say.
"""

from __future__ import annotations

import math

from lstm_tui.charts.contribution_table import (
    KEY_WIDTH,
    KEYS,
    NARROW_SHARE_WIDTH,
    SHARE_WIDTH,
    WIDE_FROM,
    bar_width,
    signed_bar,
)
from lstm_tui.charts.lines import Line, fitted, stacked, styled
from lstm_tui.charts.numbers import number
from lstm_tui.charts.palette import Palette
from lstm_tui.plain_text import ending, one_line
from lstm_tui.recurrent.why import Share, Why
from lstm_tui.recurrent.why_words import note_words, percent_words, share_words

_PERCENT, _WIDEST_LABEL = 6, 34
#: A longer list is read by nobody, and every row of it is bytes at every step.
_MOST_ROWS = 12
#: Cells that a bar keeps where names are long, and those of a layer's name that it leaves them.
_BAR_KEPT, _LAYER_KEPT = 9, 8


def share_table(answer: Why, *, width: int, height: int, palette: Palette) -> list[Line]:
    """Exactly `height` lines of `width` cells: as many causes as there is room for."""
    notes = [(one_line(text, width), wrong) for text, wrong in note_words(answer)][: max(height - 2, 0)]
    room = min(max(height - len(notes), 1), _MOST_ROWS)
    left_over = len(answer.shares) > room or answer.others
    shown = answer.shares[: room - 1 if left_over else room]
    rows = _Rows(answer, shown, width, palette).lines()
    hidden = answer.shares[len(shown) :]
    many = answer.others + len(hidden)
    if many:
        total = answer.rest + sum(each.share for each in hidden)
        rows.append(
            [
                styled(
                    f"{'':{KEY_WIDTH}}and {many:,} more: {number(total, 8, signed=True).strip()}",
                    palette.faint,
                )
            ]
        )
    rows += [[styled(text, palette.warning if wrong else palette.faint)] for text, wrong in notes]
    return stacked((fitted(row, width, palette.text) for row in rows), width, height, palette.text)


class _Rows:
    """The rows of one table: all have the same columns and scale."""

    def __init__(self, answer: Why, shown: tuple[Share, ...], width: int, palette: Palette) -> None:
        self._answer, self._shown, self._palette = answer, shown, palette
        self._names = [share_words(each, answer.question) for each in shown]
        self._share = SHARE_WIDTH if width >= WIDE_FROM else NARROW_SHARE_WIDTH
        least = KEY_WIDTH + self._share + _PERCENT + 2
        longest = max((len(name) for name in self._names), default=0)
        places = max((_place(name) for name in self._names), default=0)
        room = max(width - least - 1 - _BAR_KEPT, min(places + _LAYER_KEPT, width - least))
        self._label = max(min(longest, _WIDEST_LABEL, room), 4)
        self._bar = bar_width(width - least - self._label - 1)
        self._scale = max((abs(each.share) for each in shown if math.isfinite(each.share)), default=0.0)

    def lines(self) -> list[Line]:
        """One for each share; those with a cause are numbered."""
        rows, key = [], 0
        for name, each in zip(self._names, self._shown, strict=True):
            key += each.of is not None
            rows.append(self._row(str(key) if each.of is not None and key <= KEYS else "", name, each.share))
        return rows

    def _row(self, key: str, name: str, share: float) -> Line:
        palette = self._palette
        figures = number(share, self._share, signed=True)
        part = percent_words(share, self._answer.total).rjust(_PERCENT)
        bar = signed_bar(share, self._scale, self._bar, palette)
        style = palette.text if math.isfinite(share) else palette.warning
        label = _shortened(name, self._label)
        text = f"{label:<{self._label}} {figures}{part} {bar}".rstrip()
        return [
            styled(f"{key:>{KEY_WIDTH - 1}} ", palette.cursor if key else palette.text),
            styled(text, style),
        ]


def _place(name: str) -> int:
    """Cells of `h[10] t 0` at the end of a name; 0 of one that is no place."""
    return len(name) - name.rfind("[") + 1 if "[" in name else 0


def _shortened(name: str, width: int) -> str:
    """A layer's long name gives way from its left, so that its series, unit and step stay."""
    if len(name) <= width:
        return name
    return ending(name, width) if "[" in name else f"{name[: width - 1]}…"
