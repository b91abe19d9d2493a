"""How open the gates are and how many are stuck, at this step and over the sequence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from lstm_tui.charts.bars import gate_table
from lstm_tui.charts.line_plot import LinePlot, Series, legend, line_plot
from lstm_tui.charts.lines import Line
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.ruler import ruler
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.saturation import Saturation, gate_saturations
from lstm_tui.session.state import Session
from lstm_tui.session.view import is_there, shown_trace
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, wrapped

#: The means over time stand below where there is room for a picture.
_PLOT_FROM = 8


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
    table = gate_table(
        trace,
        _saturations(trace, session.cursor.sample),
        sample=session.cursor.sample,
        step=session.cursor.step,
        width=canvas.width,
        palette=canvas.palette,
    )
    room = canvas.height - len(table)
    if room < _PLOT_FROM:
        return table
    plot = _means(trace, session.cursor.sample, canvas.width, room - 3, canvas.palette)
    below = ruler(plot.axis, session.cursor.step, width=canvas.width, palette=canvas.palette)
    title = heading("Means over all units, step by step", "", canvas.width, canvas.ink.title, canvas.ink.dim)
    series = _mean_series(trace, session.cursor.sample)
    return [*table, title, legend(series, canvas.width, canvas.palette), *plot.lines, below]


def _mean_series(trace: LayerTrace, sample: int) -> list[Series]:
    steps = np.arange(trace.kept.start, trace.kept.stop)
    return [
        Series(name, each.mean, steps=steps, timesteps=trace.timesteps)
        for name, each in _saturations(trace, sample).items()
    ]


@lru_cache(maxsize=4)
def _means(trace: LayerTrace, sample: int, width: int, height: int, palette: Palette) -> LinePlot:
    return line_plot(_mean_series(trace, sample), width=width, height=height, palette=palette)


@lru_cache(maxsize=8)
def _saturations(trace: LayerTrace, sample: int) -> Mapping[str, Saturation]:
    return gate_saturations(trace, sample)
