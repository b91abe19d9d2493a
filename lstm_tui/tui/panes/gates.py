"""How open the gates are and how many are stuck, at this step and over the sequence."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lstm_tui.charts.lines import Line
from lstm_tui.charts.meters import lying_bar
from lstm_tui.charts.numbers import number, percent
from lstm_tui.recurrent.cells import series_title
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.saturation import Saturation, gate_saturations
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_trace
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, line, wrapped


def gates_pane(session: Session, canvas: Canvas) -> list[Line]:
    """One line a gate: bar and mean at this step, shares shut and open now, saturation over all steps."""
    trace = shown_trace(session)
    if trace is None or trace.timesteps == 0 or trace.batch == 0:
        return []
    ink, width = canvas.ink, canvas.width
    if not trace.cell.gates:
        title = heading("Gates", "", width, ink.title, ink.dim)
        return [
            title,
            *wrapped(f"This cell ({trace.cell.name.replace('_', ' ')}) has no gates.", ink.dim, width, 2),
        ]
    title = heading("Gates", "shut <0.05  open >0.95  stuck: over all steps", width, ink.title, ink.dim)
    found = _saturations(trace, session.cursor.sample)
    return [title, *(_gate_line(name, found[name], session.cursor.step, canvas) for name in trace.cell.gates)]


@lru_cache(maxsize=8)
def _saturations(trace: LayerTrace, sample: int) -> dict[str, Saturation]:
    return dict(gate_saturations(trace, sample))


def _gate_line(name: str, gate: Saturation, step: int, canvas: Canvas) -> Line:
    ink = canvas.ink
    wide = canvas.width >= 90
    title = f" {series_title(name):<14}" if wide else f" {name} "
    mean = float(gate.mean[step])
    stuck = gate.total_shut + gate.total_open
    now = (
        f" {number(mean, 5)}  shut {percent(float(gate.shut[step]))}  open {percent(float(gate.open[step]))}"
    )
    always = f"  stuck {percent(stuck)}"
    room = canvas.width - len(title) - len(now) - len(always) - 1
    bar = lying_bar(mean, max(min(room, 40), 3), canvas.palette)
    warn = ink.warn if np.isfinite(stuck) and stuck > 0.5 else ink.dim
    return line([(title, ink.strong), (bar + now, ink.plain), (always, warn)], canvas.width)
