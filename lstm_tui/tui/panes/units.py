"""The numbers at the step under the cursor: the input, and for some units the value, its change and the gates."""

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
from lstm_tui.session.view import per_step, shown_recording, shown_trace
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import Piece, heading, line

#: Title and the line of the input stand above the table, the table's head on top of its rows.
_ABOVE = 3


def units_pane(session: Session, canvas: Canvas) -> list[Line]:
    """Title, the input at this step, and a row for the chosen unit or the most active ones."""
    trace = shown_trace(session)
    if trace is None or trace.timesteps == 0 or trace.batch == 0:
        return []
    ink, width, cursor = canvas.ink, canvas.width, session.cursor
    chosen = "most active units" if cursor.unit is None else f"from unit {cursor.unit}"
    table = unit_table(
        trace,
        sample=cursor.sample,
        step=cursor.step,
        units=_units(session, trace, canvas),
        width=width,
        palette=canvas.palette,
        selected=cursor.unit,
    )
    masked = trace.mask is not None and not trace.mask[cursor.sample, cursor.step]
    aside = f"{chosen}{'  masked: state kept' if masked else ''}"
    # The step stands in the input's line: a title that changes at every step would be sent at every step.
    return [heading("Units", aside, width, ink.title, ink.dim), _input_line(session, canvas), *table]


def _units(session: Session, trace: LayerTrace, canvas: Canvas) -> list[int]:
    """The chosen unit and those after it, or the most active ones on the page of steps in view."""
    rows = max(canvas.height - _ABOVE, 1)
    if session.cursor.unit is not None:
        first = min(session.cursor.unit, max(trace.units - rows, 0))
        return list(range(first, min(first + rows, trace.units)))
    page = page_of(session.cursor.step, canvas.width, trace.timesteps)
    return list(_most_active(trace, trace.cell.states[-1], session.cursor.sample, page, rows))


@lru_cache(maxsize=8)
def _most_active(trace: LayerTrace, series: str, sample: int, page: Window, rows: int) -> tuple[int, ...]:
    return most_active(per_step(trace, series, sample), page, rows)


def _input_line(session: Session, canvas: Canvas) -> Line:
    """`t 17 of 60  input 0.23 -1.20 0.51` for each input that has a value at this step."""
    ink, cursor = canvas.ink, session.cursor
    recording = shown_recording(session)
    trace = shown_trace(session)
    assert recording is not None and trace is not None
    pieces: list[Piece] = [(f" t={cursor.step}", ink.here), (f" of {trace.timesteps}", ink.dim)]
    for name, array in recording.inputs.items():
        if array.ndim < 2 or cursor.sample >= len(array) or cursor.step >= array.shape[1]:
            continue
        numbers = np.atleast_1d(array[cursor.sample, cursor.step]).reshape(-1)
        pieces.append((f"  {one_line(name, 20)} ", ink.dim))
        pieces.append((" ".join(short_number(float(value)) for value in numbers[:24]), ink.plain))
    return line(pieces, canvas.width)
