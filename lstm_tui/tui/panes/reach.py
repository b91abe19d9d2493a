"""How far back the output reaches: the gradient's norm at each step, and the memory horizon."""

from __future__ import annotations

from functools import lru_cache

from lstm_tui.charts.lines import Line
from lstm_tui.charts.profile import horizon_span, horizon_words, profile_plot
from lstm_tui.charts.ruler import ruler
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.gradients import Gradients, profile
from lstm_tui.recurrent.horizon import Horizon, memory_horizon
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_trace
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, wrapped


def reach_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The profile of the layer's states, with the horizon in words; what is awaited or missing otherwise."""
    trace = shown_trace(session)
    if trace is None:
        return []
    ink, width = canvas.ink, canvas.width
    found = session.gradients.get(session.key)
    title = heading("How far back the output reaches", "h closes", width, ink.title, ink.dim)
    if not isinstance(found, Gradients):
        return [title, *wrapped(found or "Computing gradients …", ink.dim, width, 4)]
    horizons = dict(_horizons(found, trace, session.cursor.sample))
    if not horizons:
        why = found.missing.get(trace.path, "this layer has no gradients in this call")
        return [title, *wrapped(f"{one_line(trace.path)}: {why}", ink.dim, width, 4)]
    name, first = next(iter(horizons.items()))
    plot = profile_plot(horizons, width=width, height=max(canvas.height - 4, 3), palette=canvas.palette)
    title = heading(f"Gradient of the {found.of}", "norm per step · h closes", width, ink.title, ink.dim)
    return [
        title,
        horizon_words(name, first, width=width, palette=canvas.palette),
        *plot.lines,
        horizon_span(first, plot.axis, width=width, palette=canvas.palette),
        ruler(plot.axis, session.cursor.step, width=width, palette=canvas.palette),
    ]


@lru_cache(maxsize=4)
def _horizons(found: Gradients, trace: LayerTrace, sample: int) -> tuple[tuple[str, Horizon], ...]:
    """The horizon of each state of the layer: dL/dh, and dL/dc where there is one."""
    mask = None if trace.mask is None else trace.mask[sample]
    return tuple(
        (
            f"dL/d{name}",
            memory_horizon(
                profile(found.states[f"{trace.path}/{name}"])[sample],
                computed_in=found.states[f"{trace.path}/{name}"].dtype,
                mask=mask,
                go_backwards=trace.go_backwards,
            ),
        )
        for name in trace.cell.states
        if f"{trace.path}/{name}" in found.states
    )
