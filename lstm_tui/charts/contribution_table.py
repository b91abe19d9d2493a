"""Where a state's value comes from: the steps that put in most, one a row, with a bar left or right of zero.

A row is a share, what part of the value that is, and its bar; below them what is left of the initial state,
and all other steps as one sum. What the shares leave open, where a gate erased the past, what underflowed and
where something was not a number is said in a line of its own, and only where it is so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from rich.segment import Segment

from lstm_tui.charts.lines import Line, fitted, stacked, styled
from lstm_tui.charts.numbers import number, percent, short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.recurrent.contributions import Contributions, ranked

#: Cells of a share, with and without much room.
SHARE_WIDTH, NARROW_SHARE_WIDTH, WIDE_FROM = 10, 8, 40
#: Cells of a share in percent. Shares that cancel out are many times their sum; from here on that is enough.
PERCENT_WIDTH, MOST_PERCENT = 5, 9.995
#: A longer bar says no more, and every cell of it is three bytes; a shorter one says nothing.
WIDEST_BAR, NARROWEST_BAR = 41, 5
INITIAL, BEFORE = "initial", "before"
#: So many steps bear the number of the key that follows them, in so many cells.
KEYS, KEY_WIDTH = 9, 3


@dataclass(frozen=True, eq=False)
class ContributionTable:
    """The lines, and for each the step it is about: None for the head, the initial state, the rest."""

    lines: list[Line]
    steps: tuple[int | None, ...]


def contribution_table(
    parts: Contributions,
    *,
    width: int,
    height: int,
    palette: Palette,
    selected: int | None = None,
    numbered: bool = False,
) -> ContributionTable:
    """Exactly `height` lines of `width` cells: as many steps as there is room for, the largest share first.

    selected: a step whose row is marked, if it has one. numbered: the first rows bear the key that follows
    their step.
    """
    notes = _notes(parts)
    shown = _shown(parts, max(height - 2 - len(notes), 1))
    table = _Table(parts, width, palette, [share for _, share in shown], numbered=numbered)
    rows = [table.head()]
    rows += [
        table.row(step, share, marked=step == selected, key=key) for key, (step, share) in enumerate(shown, 1)
    ]
    rows.append(table.row(BEFORE if parts.start else INITIAL, parts.from_initial))
    rows += [[styled(text, palette.faint)] for text in _rest(parts, [step for step, _ in shown])]
    rows += [[styled(text, palette.warning if wrong else palette.faint)] for text, wrong in notes]
    lines = stacked((fitted(row, width, palette.text) for row in rows), width, height, palette.text)
    steps = (None, *(step for step, _ in shown), *[None] * len(lines))
    return ContributionTable(lines, steps[: len(lines)])


def _shown(parts: Contributions, room: int) -> tuple[tuple[int, float], ...]:
    """The steps that have a row; where some have none, a row is left for their sum."""
    everything = np.count_nonzero(parts.shares) <= room
    return ranked(parts, room if everything else room - 1)


def _rest(parts: Contributions, shown: list[int]) -> Iterable[str]:
    others = parts.shares.copy()
    others[[step - parts.start for step in shown]] = 0
    count = np.count_nonzero(others)
    if count:
        steps = "step" if count == 1 else "steps"
        with np.errstate(invalid="ignore"):
            total = float(others.sum())
        yield f"and {count} more {steps}: {short_number(total, 4, signed=True)}{_of_total(total, parts)}"


def _notes(parts: Contributions) -> list[tuple[str, bool]]:
    """What else there is to say, and whether something is wrong."""
    notes = []
    if parts.broken_at is not None:
        notes.append((f"not a number from step {parts.broken_at} on", True))
    elif math.isnan(parts.residual):
        notes.append(("the initial state is not known", True))
    elif not parts.adds_up:
        allowed = short_number(parts.tolerance, 2)
        unexplained = short_number(parts.residual, 4, signed=True)
        notes.append((f"{unexplained} unexplained; rounding explains {allowed}", True))
    if parts.start:
        notes.append((f"before: what the state was when step {parts.start} began", False))
    if parts.erased_at is not None:
        gate = "f" if parts.series == "c" else "z"
        notes.append((f"{gate} was exactly 0 at step {parts.erased_at}: nothing older is left", False))
    if parts.underflowed:
        notes.append((f"{parts.underflowed} shares are too small for a float64", False))
    return notes


class _Table:
    """The rows of one table: all have the same columns and scale."""

    def __init__(
        self, parts: Contributions, width: int, palette: Palette, shown: list[float], *, numbered: bool
    ) -> None:
        self._parts, self._palette, self._keys = parts, palette, KEY_WIDTH if numbered else 0
        self._label = max(len(str(parts.start + len(parts.shares) - 1)) + 1, len(INITIAL))
        self._share = SHARE_WIDTH if width >= WIDE_FROM else NARROW_SHARE_WIDTH
        self._bar = bar_width(width - self._keys - self._label - self._share - PERCENT_WIDTH - 4)
        sizes = [abs(share) for share in (*shown, parts.from_initial) if math.isfinite(share)]
        self._scale = max(sizes, default=0.0)

    def head(self) -> list[Segment]:
        """What the columns are, and the value that is taken apart."""
        parts = self._parts
        part = f"of {parts.series}"
        value = f"{parts.series} at {parts.step} = {short_number(parts.total, 4)}"
        text = (
            f"{'step':>{self._keys + self._label}} {'share':>{self._share}} {part:>{PERCENT_WIDTH}}  {value}"
        )
        return [styled(text, self._palette.faint)]

    def row(
        self, label: int | str, share: float, *, marked: bool = False, key: int = KEYS + 1
    ) -> list[Segment]:
        """`    17    +0.4312   52%          │━━━━━    `, with the key before it where rows are numbered."""
        palette = self._palette
        name = f"{label:>{self._label}}"
        if marked:
            name = palette.glyphs.selected + name[1:]
        if self._keys:
            name = f"{key if key <= KEYS else '':>{self._keys - 1}} {name}"
        figures = f" {number(share, self._share, signed=True)} {_percent(share, self._parts)}"
        text = f"{figures}  {signed_bar(share, self._scale, self._bar, palette)}".rstrip()
        style = palette.text if math.isfinite(share) else palette.warning
        return [styled(name, palette.cursor if marked else palette.text), styled(text, style)]


def signed_bar(share: float, scale: float, width: int, palette: Palette) -> str:
    """`   ╺━━│    ` or `      │━━━╸`: half a cell exact; a share as large as `scale` fills its side."""
    if not width:
        return ""
    side = width // 2
    if not math.isfinite(share):
        return palette.glyphs.nan.center(width)
    halves = round(abs(share) / scale * 2 * side) if scale else 0
    full, half = divmod(halves, 2)
    if not palette.capabilities.unicode:
        bar, half_bar, zero = "=", "=", "|"
    else:
        bar, half_bar, zero = "━", "╸" if share > 0 else "╺", "│"
    if share < 0:
        return (half_bar * half + bar * full).rjust(side) + zero
    return " " * side + zero + bar * full + half_bar * half


def bar_width(room: int) -> int:
    """Of a bar with a zero in its middle; 0 where the room is too small to say anything."""
    room = min(room, WIDEST_BAR)
    return 0 if room < NARROWEST_BAR else (room - 1) // 2 * 2 + 1


def _of_total(share: float, parts: Contributions) -> str:
    text = _percent(share, parts).strip()
    return "" if text == "--" else f" ({text} of {parts.series})"


def _percent(share: float, parts: Contributions) -> str:
    """The size of a share as a part of |total|, in `PERCENT_WIDTH` cells."""
    whole = abs(parts.total)
    if not (math.isfinite(share) and math.isfinite(whole) and whole):
        return "--".rjust(PERCENT_WIDTH)
    part = abs(share) / whole
    text = ">999%" if part >= MOST_PERCENT else percent(part)
    return text.rjust(PERCENT_WIDTH)
