"""Breakpoints and watches below the layers: where one holds now, what each expression is, how it moved.

What does not change with a step stands in lines of its own, so that a step sends the numbers alone.
"""

from __future__ import annotations

import math

import numpy as np
from rich.cells import cell_len, set_cell_size

from lstm_tui.charts.meters import standing_bars
from lstm_tui.charts.numbers import short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array
from lstm_tui.session.asked_rows import Standing, Watched, standings, watched
from lstm_tui.session.state import Session
from lstm_tui.tui.panes import Canvas, Line
from lstm_tui.tui.panes.writing import Piece, heading, line, two_ends

#: From this width on a watch takes one line; below, its numbers stand under it where there is room.
_ONE_LINE_FROM = 44
_NUMBER, _CHANGE, _COURSE = 9, 9, 8


def asked_pane(session: Session, canvas: Canvas) -> list[Line]:
    """A line for each breakpoint, one or two for each watch."""
    ink, width = canvas.ink, canvas.width
    points, expressions = standings(session), watched(session)
    lines = []
    if points:
        lines += [heading("Breakpoints", "c C", width, ink.title, ink.dim)]
        lines += [_breakpoint(each, canvas) for each in points]
    if expressions:
        lines += [heading("Watches", "now, change", width, ink.title, ink.dim)]
        lines += [row for each in expressions for row in _watch(each, canvas)]
    return lines


def _breakpoint(of: Standing, canvas: Canvas) -> Line:
    """`● abs(c) > 5 in lstm_1    12`; where it holds, the unit."""
    ink = canvas.ink
    mark = ("● " if of.breakpoint.enabled else "○ ", ink.dim if of.here is None else ink.here)
    text = (one_line(of.breakpoint.text), ink.plain if of.here is None else ink.here)
    if of.wrong:
        return two_ends([mark, text], [("not here", ink.warn)], canvas.width, ink.plain)
    if of.here is not None:
        right: Piece = (f"here{f' [{of.here}]' if of.here >= 0 else ''}", ink.here)
    else:
        right = ("" if of.may is not None or of.samples[1] == 0 else f"{of.hits:,}", ink.dim)
    return two_ends([mark, text], [right], canvas.width, ink.plain)


def _watch(of: Watched, canvas: Canvas) -> list[Line]:
    """`mean(f)  0.93  +0.01 ▁▂▃`, in two lines where it is narrow."""
    ink, width = canvas.ink, canvas.width
    if of.wrong:
        return [two_ends([(one_line(of.text), ink.plain)], [("not here", ink.warn)], width, ink.plain)]
    if width >= _ONE_LINE_FROM:
        numbers: list[Piece] = [
            (f"{_value(of):>{_NUMBER}}", ink.strong),
            (f"{_change(of):>{_CHANGE}}", ink.dim),
        ]
        room = width - _NUMBER - _CHANGE - 1
        columns = min(max(room // 3, 8), 24)
        name = _sized(one_line(of.text), room - columns - 1)
        return [line([(name, ink.plain), *numbers, (" ", ink.plain), _history(of, columns, canvas)], width)]
    # the course stands with the name: a step sends a line of numbers in one style, nothing else
    name = _sized(one_line(of.text), width - _COURSE - 1)
    head = line([(name, ink.plain), (" ", ink.plain), _history(of, _COURSE, canvas)], width)
    return [
        head,
        line([(f"{_value(of):>{width - _CHANGE - 2}}  {_change(of):<{_CHANGE}}", ink.strong)], width),
    ]


def _sized(text: str, width: int) -> str:
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _value(of: Watched) -> str:
    """One number, or from the smallest to the largest."""
    if of.history is None:
        return "…"
    if of.low == of.high or (math.isnan(of.low) and math.isnan(of.high)):
        return short_number(of.low)
    return f"{short_number(of.low, 2)}…{short_number(of.high, 2)}"


def _change(of: Watched) -> str:
    if math.isnan(of.change):
        return ""
    return f"{'+' if of.change > 0 else ''}{short_number(of.change)}" if of.change else "="


def _history(of: Watched, columns: int, canvas: Canvas) -> Piece:
    """Over all steps that are kept: the number furthest from zero in each column."""
    if of.history is None or columns < 1:
        return "", canvas.ink.dim
    return sparkline_text(of.history, columns, canvas.palette), canvas.palette.series[0]


def sparkline_text(values: Array, columns: int, palette: Palette) -> str:
    """`▁▂▅█`: between the smallest and the largest finite value."""
    values = np.asarray(values, np.float64)
    if not len(values):
        return ""
    first = np.linspace(0, len(values), min(columns, len(values)), endpoint=False).astype(int)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    span = high - low or 1.0
    with np.errstate(invalid="ignore"):
        highest, lowest = np.fmax.reduceat(values, first), np.fmin.reduceat(values, first)
        shares = (np.where(-lowest > highest, lowest, highest) - low) / span
    return standing_bars(0.12 + 0.88 * np.where(np.isfinite(shares), shares, np.nan), palette)
