"""A tall pane of units: the table of numbers, and beside each unit its series over the whole sequence.

What stands beside the table is of the whole sequence, and stays still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from rich.segment import Segment

from lstm_tui.charts.heat_map import PageLayout, columns_of, heat_map_bins
from lstm_tui.charts.lines import Line, fitted, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.ruler import ruler
from lstm_tui.charts.scale import Scale
from lstm_tui.charts.time_axis import TimeAxis, zoomed_axis
from lstm_tui.charts.unit_table import unit_table
from lstm_tui.recurrent.cells import series_title
from lstm_tui.recurrent.pyramid import Pyramid
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.window import Window
from lstm_tui.session.state import Session
from lstm_tui.session.view import timeline
from lstm_tui.tui.panes import Canvas

#: A pane of so many lines is tall.
TALL_FROM = 14
#: Lines beside the rows: the step, the head, the ruler, and a blank one that costs nothing.
AROUND = 4


def tall_units(
    session: Session, trace: LayerTrace, units: Sequence[int], scale: Scale, canvas: Canvas
) -> list[Line]:
    """Head, a row for each of `units`, ruler. scale: of the series under the cursor."""
    palette, width = canvas.palette, canvas.width
    cursor = session.cursor
    table = unit_table(
        trace,
        sample=cursor.sample,
        step=cursor.step,
        units=units,
        width=width * 7 // 10,
        palette=palette,
        selected=cursor.unit,
    )
    left = len(plain_text(table[0]).rstrip())  # the last column's title ends where its numbers do
    room = width - left - 1
    zoom = max(-(-trace.timesteps // max(room, 1)), 2)
    axis = zoomed_axis(trace.timesteps, step=cursor.step, zoom=zoom, left=0, right=room)
    far = timeline(session, trace, cursor.series, Window(0, trace.timesteps))
    beside = _over_time(far, axis, trace.units, tuple(units), palette, scale)
    head = Segment(f" {series_title(cursor.series)}, all {trace.timesteps} steps", palette.faint)
    gap = Segment(" ", palette.faint)  # not one piece with the numbers: it stays
    numbers = (fitted(row, left, palette.text) for row in table[1:])
    rows = [
        fitted([*row, gap, *still], width, palette.text) for row, still in zip(numbers, beside, strict=True)
    ]
    below = ruler(replace(axis, left=left + 1), cursor.step, width=width, palette=palette)
    return [fitted([*fitted(table[0], left), head], width, palette.text), *rows, below]


@lru_cache(maxsize=4)
def _over_time(
    far: tuple[int, Pyramid] | None,
    axis: TimeAxis,
    units: int,
    shown: tuple[int, ...],
    palette: Palette,
    scale: Scale,
) -> list[Line]:
    """A line of the heat map for each unit that is shown; blank where nothing is recorded yet."""
    start, pyramid = far if far is not None else (0, None)
    overview = columns_of(pyramid, replace(axis, first_step=axis.first_step - start))
    lines = []
    for unit in shown:
        layout = PageLayout(axis.columns, 1, axis, units, unit, 1, halves=False)
        lines += heat_map_bins(overview, layout, scale=scale, palette=palette)
    return lines
