"""How far back the output reaches: the gradient's norm at each step, and the memory horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from lstm_tui.charts.lines import Line
from lstm_tui.charts.profile import horizon_span, horizon_words, profile_plot
from lstm_tui.charts.ruler import ruler
from lstm_tui.charts.time_axis import TimeAxis
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.gradients import Gradients, profile
from lstm_tui.recurrent.horizon import Horizon, memory_horizon
from lstm_tui.recurrent.recording import Array, LayerTrace
from lstm_tui.session.reach import can_be_computed, shown_gradients
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_trace
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, wrapped


def reach_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The profile of the layer's states, with the horizon in words; what is awaited or missing otherwise."""
    trace = shown_trace(session)
    if trace is None:
        return []
    found = shown_gradients(session)
    horizons = dict(_horizons(found, trace, session.cursor.sample)) if isinstance(found, Gradients) else {}
    if isinstance(found, Gradients) and horizons:
        return _profile(found, horizons, session.cursor.step, canvas)
    ink, width = canvas.ink, canvas.width
    what = "error" if session.cursor.reach.of == "error" else "output"
    title = heading(f"How far back the {what} reaches", "h closes", width, ink.title, ink.dim)
    return [title, *wrapped(_why_not(found, trace, session), ink.dim, width, 4)]


def _why_not(found: Gradients | str | None, trace: LayerTrace, session: Session) -> str:
    if isinstance(found, Gradients):
        why = found.missing.get(trace.path, "this layer has no gradients in this call")
        return f"{one_line(trace.path)}: {why}"
    if found is None and not can_be_computed(session):
        return "Computed once the recording has ended: x stops it here."
    return found or f"Computing gradients{' in float64' if session.cursor.reach.float64 else ''} …"


def _profile(found: Gradients, horizons: Mapping[str, Horizon], step: int, canvas: Canvas) -> list[Line]:
    ink, width, palette = canvas.ink, canvas.width, canvas.palette
    name, first = next(iter(horizons.items()))
    precision = ", float64" if found.exact is not None else ""
    span = f"norm of the last {len(first.norms):,} steps" if found.start else "norm per step"
    title = heading(f"Gradient of the {found.of}{precision}", (span, ""), width, ink.title, ink.dim)
    note = wrapped(found.exact_note, ink.dim, width, 1 if found.exact is not None else 2)
    plot = profile_plot(horizons, width=width, height=max(canvas.height - 4 - len(note), 3), palette=palette)
    return [
        title,
        horizon_words(name, first, width=width, palette=palette),
        *note,
        *plot.lines,
        horizon_span(first, plot.axis, width=width, palette=palette),
        ruler(_of_whole(plot.axis, found.start), step, width=width, palette=palette),
    ]


def _of_whole(axis: TimeAxis, start: int) -> TimeAxis:
    """The axis of the last steps as a page of the whole sequence."""
    return replace(axis, first_step=axis.first_step + start, timesteps=axis.timesteps + start)


@lru_cache(maxsize=4)
def _horizons(found: Gradients, trace: LayerTrace, sample: int) -> tuple[tuple[str, Horizon], ...]:
    """The horizon of each state of the layer: dL/dh, and dL/dc where there is one; of float64 if known."""
    paths = {name: f"{trace.path}/{name}" for name in trace.cell.states}
    row = sample - found.first_sample
    return tuple(
        (
            f"dL/d{name}",
            memory_horizon(
                profile(found.states[path])[row],
                computed_in=found.states[path].dtype,
                exact=None if found.exact is None else profile(found.exact.states[path])[row],
                mask=_mask(found, trace, sample),
                go_backwards=trace.go_backwards,
            ),
        )
        for name, path in paths.items()
        if path in found.states
    )


def _mask(found: Gradients, trace: LayerTrace, sample: int) -> Array | None:
    """Of the steps that the gradients are of, where they are kept."""
    steps = next(iter(found.states.values())).shape[1] if found.states else 0
    mask = trace.mask_over_time(sample) if trace.has(sample) else None
    if mask is None or trace.start > found.start or trace.kept.stop < found.start + steps:
        return None
    return mask[found.start - trace.start : found.start - trace.start + steps]
