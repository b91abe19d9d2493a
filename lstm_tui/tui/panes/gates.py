"""How open the gates are and how many are stuck, at this step and over the sequence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lstm_tui.charts.bars import gate_table
from lstm_tui.charts.lines import Line
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.saturation import Saturation, gate_saturations
from lstm_tui.session.state import Session
from lstm_tui.session.view import is_there, shown_trace
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, wrapped


def gates_pane(session: Session, canvas: Canvas) -> list[Line]:
    """One line a gate: how many units have which value, their mean, shares shut and open."""
    trace = shown_trace(session)
    if trace is None or trace.timesteps == 0 or trace.batch == 0:
        return []
    if not trace.cell.gates:
        ink, width = canvas.ink, canvas.width
        title = heading("Gates", "", width, ink.title, ink.dim)
        what = f"This cell ({trace.cell.name.replace('_', ' ')}) has no gates."
        return [title, *wrapped(what, ink.dim, width, 2)]
    if not is_there(session):
        return []
    return gate_table(
        trace,
        _saturations(trace, session.cursor.sample),
        sample=session.cursor.sample,
        step=session.cursor.step,
        width=canvas.width,
        palette=canvas.palette,
    )


@lru_cache(maxsize=8)
def _saturations(trace: LayerTrace, sample: int) -> Mapping[str, Saturation]:
    return gate_saturations(trace, sample)
