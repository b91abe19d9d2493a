"""The heat map of one series of one layer, a page that stays, and the ruler that moves below it."""

from __future__ import annotations

from functools import lru_cache

from lstm_tui.charts.heat_map import PageLayout, heat_map_page, page_layout, scale_legend
from lstm_tui.charts.lines import Line
from lstm_tui.charts.numbers import short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.ruler import ruler
from lstm_tui.charts.scale import Scale, scale_for
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.cells import series_title
from lstm_tui.recurrent.recording import Array, LayerTrace
from lstm_tui.session.state import Session
from lstm_tui.session.view import per_step, shown_trace, timesteps
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.failure import failure_pane
from lstm_tui.tui.panes.loading import loading_pane
from lstm_tui.tui.panes.writing import heading, line, wrapped

#: The legend of colours stands below where there is room for it.
_LEGEND_FROM = 12


def states_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The series under the cursor and, where there is room, those after it; one ruler for all; the legend."""
    trace = shown_trace(session)
    if trace is None or timesteps(session) == 0 or trace.batch == 0:
        return loading_pane(session, canvas) or failure_pane(session, canvas) or _nothing_yet(session, canvas)
    with_legend = canvas.height >= _LEGEND_FROM
    room = canvas.height - 1 - with_legend
    layout = _layout(session, trace, canvas, room - 1)
    shown = _series_that_fit(trace, session.cursor.series, room // (layout.height + 1))
    lines = [each for series in shown for each in _page(session, trace, series, layout, canvas)]
    mask = None if trace.mask is None else trace.mask[session.cursor.sample]
    lines.append(
        ruler(layout.axis, session.cursor.step, width=canvas.width, palette=canvas.palette, mask=mask)
    )
    if with_legend:
        scale = _series(trace, session.cursor.series, session.cursor.sample)[1]
        lines.append(scale_legend(scale, canvas.palette, canvas.width, layout.title(scale.kind)))
    return lines


def _layout(session: Session, trace: LayerTrace, canvas: Canvas, room: int) -> PageLayout:
    """Where units and steps stand on a page."""
    # A row a unit where they fit, half a row where that helps; a page of half rows is twice as many bytes.
    halves = room < trace.units <= 2 * room and canvas.palette.capabilities.unicode
    rows = max(min(room, -(-trace.units // (2 if halves else 1))), 1)
    return page_layout(
        trace.timesteps,
        trace.units,
        width=canvas.width,
        height=rows,
        step=session.cursor.step,
        palette=canvas.palette,
        first_unit=_first_unit(session.cursor.unit, trace.units, rows),
        grouped=session.cursor.unit is None,
        halves=halves,
    )


def _series_that_fit(trace: LayerTrace, first: str, count: int) -> list[str]:
    """The series under the cursor and the `count - 1` that follow it in the cell's order."""
    names = trace.cell.series
    start = names.index(first) if first in names else 0
    return [names[(start + offset) % len(names)] for offset in range(min(max(count, 1), len(names)))]


def _page(session: Session, trace: LayerTrace, series: str, layout: PageLayout, canvas: Canvas) -> list[Line]:
    """Title and map of one series; drawn once for as long as the page stays."""
    page = _drawn(trace, series, session.cursor.sample, layout, canvas.palette, session.cursor.unit)
    return [_title(session, trace, series, canvas), *page]


@lru_cache(maxsize=12)
def _drawn(
    trace: LayerTrace, series: str, sample: int, layout: PageLayout, palette: Palette, unit: int | None
) -> list[Line]:
    values, scale = _series(trace, series, sample)
    mask = None if trace.mask is None else trace.mask[sample]
    return heat_map_page(values, layout, scale=scale, palette=palette, mask=mask, selected=unit)


def _first_unit(unit: int | None, units: int, rows: int) -> int:
    """The page of units that holds the chosen one; pages do not scroll, so that a step moves nothing."""
    return 0 if unit is None or units <= 2 * rows else unit // rows * rows


@lru_cache(maxsize=12)
def _series(trace: LayerTrace, series: str, sample: int) -> tuple[Array, Scale]:
    """Values and scale of a series: looked at once for the whole sequence, not at every step."""
    values = per_step(trace, series, sample)
    return values, scale_for(series, values)


def _title(session: Session, trace: LayerTrace, series: str, canvas: Canvas) -> Line:
    """`lstm_1 cell state c  (1, 60, 128)  -0.5…0.5`, the axes named where there is room."""
    ink = canvas.ink
    scale = _series(trace, series, session.cursor.sample)[1]
    name = f"{one_line(trace.path)}  {series_title(series)}"
    ends = f"{short_number(scale.low)}…{short_number(scale.high)}"
    where = f"sample {session.cursor.sample}  " if trace.batch > 1 else ""
    shapes = (
        f"(batch {trace.batch}, timesteps {trace.timesteps}, units {trace.units})",
        f"({trace.batch}, {trace.timesteps}, {trace.units})",
    )
    asides = [*(f"{where}{shape}  {ends}" for shape in shapes), f"{where}{shapes[1]}", ends]
    return heading(name, asides, canvas.width, ink.title, ink.dim)


def _nothing_yet(session: Session, canvas: Canvas) -> list[Line]:
    """Why there is no heat map: one sentence."""
    ink, width = canvas.ink, canvas.width
    title = heading("States", "", width, ink.title, ink.dim)
    return [
        title,
        line([("", ink.plain)], width),
        *wrapped(_reason(session), ink.dim, width, canvas.height - 2),
    ]


def _reason(session: Session) -> str:
    if session.refusal is not None:
        return session.refusal.reason + (" i shows the traceback." if session.refusal.details else "")
    if not session.model.recurrent_layers and session.model.from_keras:
        return "This model has no recurrent layer: no states, no gates. Its output and shapes are shown."
    if not session.material.inputs:
        return "No input is open yet: o picks a file, or takes a random sequence of the right shape."
    if session.run is None:
        return (
            "Recording every timestep …"
            if session.model.from_keras
            else "Layers and shapes come from the file; the states follow once TensorFlow has started."
        )
    if session.run.recording is None:
        return session.run.recording_note or "This call gives nothing that can be recorded."
    reasons = [f"{one_line(path)}: {why}" for path, why in session.run.recording.unrecorded.items()]
    return "; ".join(reasons) or "No recurrent layer ran in this call."
