"""The numbers at the step under the cursor: the input, and for some units value, change and gates."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lstm_tui.charts.lines import Line
from lstm_tui.charts.numbers import short_number
from lstm_tui.charts.unit_table import unit_table
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.activity import most_active
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.window import Window, page_of
from lstm_tui.session.state import Session
from lstm_tui.session.view import is_masked, is_there, shown_recording, shown_trace, why_not_there
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.states import scale_shown
from lstm_tui.tui.panes.tall_units import AROUND, TALL_FROM, tall_units
from lstm_tui.tui.panes.writing import Piece, line, wrapped

#: The line of the step and its input, and the table's head.
_ABOVE = 2
_MOST_FEATURES = 24


def units_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The step with its input, and a row for the chosen unit or the most active ones."""
    trace = shown_trace(session)
    if trace is None or trace.timesteps == 0 or trace.batch == 0:
        return []
    cursor = session.cursor
    if not is_there(session):
        waiting = wrapped(why_not_there(session), canvas.ink.warn, canvas.width, canvas.height - 1)
        return [_step_line(session, trace, canvas), *waiting]
    if canvas.height >= TALL_FROM:
        return [_step_line(session, trace, canvas), *_tall(session, trace, canvas)]
    page = page_of(cursor.step, canvas.width, trace.timesteps)
    table = unit_table(
        trace,
        sample=cursor.sample,
        step=cursor.step,
        units=_units(session, trace, canvas.height - _ABOVE, page),
        width=canvas.width,
        palette=canvas.palette,
        selected=cursor.unit,
    )
    return [_step_line(session, trace, canvas), *table]


def _tall(session: Session, trace: LayerTrace, canvas: Canvas) -> list[Line]:
    """All units in their order where all fit; else the most active of the whole sequence: they stay there."""
    rows, everything = canvas.height - AROUND, Window(0, trace.timesteps)
    all_fit = trace.units <= rows
    units = list(range(trace.units)) if all_fit else _units(session, trace, rows, everything)
    return tall_units(session, trace, units, scale_shown(session, trace, session.cursor.series), canvas)


def _units(session: Session, trace: LayerTrace, rows: int, page: Window) -> list[int]:
    """The chosen unit and those after it, or the most active ones on a page of steps."""
    rows = max(rows, 1)
    if session.cursor.unit is not None:
        first = min(session.cursor.unit, max(trace.units - rows, 0))
        return list(range(first, min(first + rows, trace.units)))
    kept = trace.kept
    there = Window(max(page.start, kept.start) - kept.start, min(page.stop, kept.stop) - kept.start)
    return list(_most_active(trace, trace.cell.states[-1], session.cursor.sample, there, rows))


@lru_cache(maxsize=8)
def _most_active(trace: LayerTrace, series: str, sample: int, page: Window, rows: int) -> tuple[int, ...]:
    return most_active(trace.over_time(series, sample), page, rows)


def _step_line(session: Session, trace: LayerTrace, canvas: Canvas) -> Line:
    """`── t 17 of 60  x 0.23 -1.20 0.51`, for each input that has a value at this step."""
    ink, cursor = canvas.ink, session.cursor
    recording = shown_recording(session)
    pieces: list[Piece] = [
        ("── ", ink.dim),
        (f"t {cursor.step}", ink.here),
        (f" of {trace.timesteps}", ink.dim),
    ]
    if is_masked(session):
        pieces.append(("  masked: the state is kept", ink.warn))
    for name, array in recording.inputs.items() if recording is not None else ():
        if array.ndim < 2 or cursor.sample >= len(array) or cursor.step >= array.shape[1]:
            continue
        numbers = np.atleast_1d(array[cursor.sample, cursor.step]).reshape(-1)[:_MOST_FEATURES]
        pieces.append((f"  input {one_line(name, 20)} ", ink.dim))
        pieces.append((" ".join(short_number(float(value)) for value in numbers), ink.plain))
    return line([*pieces, (" ", ink.plain)], canvas.width)
