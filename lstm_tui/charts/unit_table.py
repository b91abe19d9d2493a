"""Chosen units at one step: value, change since the step before, and what the gates did.

Columns have widths that depend on the cell and the room alone: a step changes digits, never places.
A row is one segment of text unless something is wrong in it: styles would cost more bytes than the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from rich.segment import Segment

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.meters import lying_bar, standing_bar
from lstm_tui.charts.numbers import number
from lstm_tui.charts.palette import Palette
from lstm_tui.recurrent.cells import CellKind
from lstm_tui.recurrent.recording import Array, LayerTrace

#: Cells of a number in [0, 1] or [-1, 1] with two decimals.
GATE_WIDTH = 5
#: Columns from which gates have long bars. A cell of bar is three bytes, in every row, at every step.
LONG_BARS_FROM = 100


@dataclass(frozen=True)
class _Column:
    """One column: `series` and what of it, a number of `width` cells behind a bar of `bar`, a gap before."""

    series: str
    shows: Literal["value", "change", "gate"]
    width: int
    bar: int = 0

    @property
    def cells(self) -> int:
        return 1 + self.bar + self.width


def unit_table(
    trace: LayerTrace,
    *,
    sample: int,
    step: int,
    units: Sequence[int],
    width: int,
    palette: Palette,
    selected: int | None = None,
) -> list[Line]:
    """A head and a row for each of `units`, in their order.

    The change is from the step that was computed before: the next where the layer runs backwards, the initial
    state where it is the first.
    """
    columns = _columns(trace.cell, _label_width(trace), width)
    numbers = {column: _numbers(trace, column, sample, step) for column in columns}
    lines = [fitted(_head(columns, trace, palette), width, palette.text)]
    for unit in units:
        segments = [_label(unit, trace, unit == selected, palette)]
        segments += [_cell(column, numbers[column], unit, palette) for column in columns]
        lines.append(fitted(segments, width, palette.text))
    return lines


def changes(trace: LayerTrace, series: str, sample: int, step: int) -> Array | None:
    """How far each unit moved at `step`, `(units,)`; None where the state before the first is unknown."""
    before = step + 1 if trace.go_backwards else step - 1
    if trace.has(sample, before):
        previous = trace.at(series, sample, before)
    else:
        initial = trace.before_first(series, sample)
        if initial is None:
            return None
        previous = initial
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(trace.at(series, sample, step).astype(np.float64) - previous)


def _label_width(trace: LayerTrace) -> int:
    return max(len(str(max(trace.units - 1, 0))), 3) + 1


@lru_cache(maxsize=128)
def _columns(cell: CellKind, label: int, width: int) -> tuple[_Column, ...]:
    """The richest table that fits: first the bars go, then digits, then changes but of the first state."""
    room = width - label
    few = cell.states[:1]
    for digits, bar, changing in (
        (10, 7, cell.states),
        (9, 4, cell.states),
        (8, 1, cell.states),
        (7, 1, cell.states),
        (7, 0, cell.states),
        (7, 1, few),
        (7, 0, few),
        (6, 0, few),
        (6, 0, ()),
    ):
        columns = _arranged(cell, digits, bar, changing)
        if bar > 1 and width < LONG_BARS_FROM:
            continue
        if sum(column.cells for column in columns) <= room:
            return columns
    return _leading(columns, room)


def _arranged(cell: CellKind, digits: int, bar: int, changing: Sequence[str]) -> tuple[_Column, ...]:
    columns = []
    for state in cell.states:
        columns.append(_Column(state, "value", digits))
        if state in changing:
            columns.append(_Column(state, "change", digits))
    gates = (*cell.gates, *((cell.candidate,) if cell.candidate else ()))
    return (*columns, *(_Column(gate, "gate", GATE_WIDTH, bar) for gate in gates))


def _leading(columns: tuple[_Column, ...], room: int) -> tuple[_Column, ...]:
    """As many whole columns from the left as fit."""
    kept: list[_Column] = []
    for column in columns:
        if sum(other.cells for other in kept) + column.cells > room:
            break
        kept.append(column)
    return tuple(kept)


def _numbers(trace: LayerTrace, column: _Column, sample: int, step: int) -> Array | None:
    if column.shows == "change":
        return changes(trace, column.series, sample, step)
    return trace.at(column.series, sample, step)


def _head(columns: tuple[_Column, ...], trace: LayerTrace, palette: Palette) -> list[Segment]:
    titles = ["unit".rjust(_label_width(trace))]
    for column in columns:
        titles.append(_title(column, palette).rjust(column.cells))
    return [styled("".join(titles), palette.faint)]


def _title(column: _Column, palette: Palette) -> str:
    """The series, cut at the left where it is long: `state_10` and `state_11` differ at the right."""
    delta, ellipsis = palette.glyphs.delta, palette.glyphs.ellipsis
    title = f"{delta}{column.series}" if column.shows == "change" else column.series
    if len(title) < column.cells:
        return title
    return delta if column.shows == "change" else ellipsis + title[2 - column.cells :]


def _label(unit: int, trace: LayerTrace, selected: bool, palette: Palette) -> Segment:
    digits = _label_width(trace) - 1
    if selected:
        return styled(f"{palette.glyphs.selected}{unit:>{digits}}", palette.cursor)
    return styled(f" {unit:>{digits}}", palette.text)


def _cell(column: _Column, numbers: Array | None, unit: int, palette: Palette) -> Segment:
    if numbers is None or not 0 <= unit < len(numbers):
        return styled(palette.glyphs.dot.rjust(column.cells), palette.text)
    value = float(numbers[unit])
    text = number(value, column.width, signed=column.shows == "change")
    style = palette.text if math.isfinite(value) else palette.warning
    return styled(f" {_bar(value, column.bar, palette)}{text}", style)


def _bar(value: float, width: int, palette: Palette) -> str:
    """How far a gate is open; of a candidate, how large it is."""
    if width < 2:
        return standing_bar(abs(value), palette) if width else ""
    return lying_bar(abs(value), width, palette)
