"""The heat map of one series of one layer, a page that stays, and the ruler that moves below it."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from lstm_tui.charts.heat_map import (
    PageLayout,
    columns_of,
    heat_map_bins,
    heat_map_page,
    page_layout,
    scale_legend,
)
from lstm_tui.charts.lines import Line
from lstm_tui.charts.numbers import short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.ruler import ruler
from lstm_tui.charts.scale import Scale, scale_for, scale_over
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.cells import series_title
from lstm_tui.recurrent.pyramid import Overview, Pyramid
from lstm_tui.recurrent.recording import Array, LayerTrace
from lstm_tui.recurrent.window import Window
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_trace, timeline, timesteps
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
    lines.append(
        ruler(
            layout.axis,
            session.cursor.step,
            width=canvas.width,
            palette=canvas.palette,
            mask=_mask(session, trace),
        )
    )
    if with_legend:
        scale = scale_shown(session, trace, session.cursor.series)
        lines.append(scale_legend(scale, canvas.palette, canvas.width, layout.title(scale.kind)))
    return lines


def _mask(session: Session, trace: LayerTrace) -> Array | None:
    """Over the whole sequence; of a long one, or of one seen from afar, the page itself shows it."""
    if session.long is not None or session.cursor.zoom > 1 or not trace.has(session.cursor.sample):
        return None
    return trace.mask_over_time(session.cursor.sample)


def _layout(session: Session, trace: LayerTrace, canvas: Canvas, room: int) -> PageLayout:
    """Where units and steps stand on a page."""
    can = canvas.palette.capabilities
    # A row a unit where they fit, half a row where that helps; a page of half rows is twice as many bytes.
    halves = room < trace.units <= 2 * room and can.unicode and can.blends
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
        zoom=session.cursor.zoom,
    )


def _series_that_fit(trace: LayerTrace, first: str, count: int) -> list[str]:
    """The series under the cursor and the `count - 1` that follow it in the cell's order."""
    names = trace.cell.series
    start = names.index(first) if first in names else 0
    return [names[(start + offset) % len(names)] for offset in range(min(max(count, 1), len(names)))]


def _page(session: Session, trace: LayerTrace, series: str, layout: PageLayout, canvas: Canvas) -> list[Line]:
    """Title and map of one series; drawn once for as long as the page stays."""
    scale, unit = scale_shown(session, trace, series), session.cursor.unit
    if layout.axis.steps <= layout.axis.columns:
        page = _steps(trace, series, session.cursor.sample, layout, canvas.palette, scale, unit)
    else:
        window = Window(layout.axis.first_step, layout.axis.last_step + 1)
        far, mask = (timeline(session, trace, name, window) for name in (series, "mask"))
        page = _from_afar(far, mask, layout, canvas.palette, scale, unit)
    return [_title(session, trace, series, canvas), *page]


@lru_cache(maxsize=12)
def _steps(
    trace: LayerTrace,
    series: str,
    sample: int,
    layout: PageLayout,
    palette: Palette,
    scale: Scale,
    unit: int | None,
) -> list[Line]:
    """A step a column, or more columns a step."""
    there = trace.has(sample)
    values = trace.over_time(series, sample) if there else np.zeros((0, trace.units))
    mask = trace.mask_over_time(sample) if there else None
    return heat_map_page(
        values, layout, scale=scale, palette=palette, mask=mask, selected=unit, start=trace.start
    )


@lru_cache(maxsize=12)
def _from_afar(
    far: tuple[int, Pyramid] | None,
    mask: tuple[int, Pyramid] | None,
    layout: PageLayout,
    palette: Palette,
    scale: Scale,
    unit: int | None,
) -> list[Line]:
    """Several steps a column, from the bins."""
    overview = _columns(far, layout)
    counted = _columns(mask, layout)
    masked = None if counted is None or overview is None else ~(counted.maximum > 0).reshape(-1)
    return heat_map_bins(overview, layout, scale=scale, palette=palette, masked=masked, selected=unit)


def _columns(far: tuple[int, Pyramid] | None, layout: PageLayout) -> Overview | None:
    if far is None:
        return None
    start, pyramid = far
    return columns_of(pyramid, replace(layout.axis, first_step=layout.axis.first_step - start))


def _first_unit(unit: int | None, units: int, rows: int) -> int:
    """The page of units that holds the chosen one; pages do not scroll, so that a step moves nothing."""
    return 0 if unit is None or units <= 2 * rows else unit // rows * rows


def scale_shown(session: Session, trace: LayerTrace, series: str) -> Scale:
    """Over the whole sequence, so that colours do not change from page to page."""
    if session.long is None:
        return _scale_of(trace, series, session.cursor.sample)
    far = session.long.pyramid(f"{trace.path}/{series}")
    low, high = far.extremes if far is not None else (0.0, 0.0)
    if not session.long.is_whole:
        # rounded up while it grows: each new extreme would have the whole page sent again
        low, high = _rounded_up(low), _rounded_up(high)
    return scale_over(series, low, high)


def _rounded_up(value: float) -> float:
    """Away from zero to a power of 1.1."""
    if not value:
        return 0.0
    return math.copysign(1.1 ** math.ceil(math.log(abs(value), 1.1)), value)


@lru_cache(maxsize=12)
def _scale_of(trace: LayerTrace, series: str, sample: int) -> Scale:
    """Looked at once for a recording, not at every step."""
    return scale_for(series, trace.over_time(series, sample) if trace.has(sample) else np.zeros(0))


def _title(session: Session, trace: LayerTrace, series: str, canvas: Canvas) -> Line:
    """`lstm_1 cell state c  (1, 60, 128)  -0.5…0.5`, the axes named where there is room."""
    ink = canvas.ink
    scale = scale_shown(session, trace, series)
    name = f"{one_line(trace.path)}  {series_title(series)}"
    ends = f"{short_number(scale.low)}…{short_number(scale.high)}"
    where = f"sample {session.cursor.sample}  " if trace.batch > 1 else ""
    zoom = session.cursor.zoom
    where += f"{zoom} steps a column  " if zoom > 1 else ""
    shapes = (
        f"(batch {trace.batch}, timesteps {trace.timesteps}, units {trace.units})",
        f"({trace.batch}, {trace.timesteps}, {trace.units})",
    )
    asides = [*(f"{where}{shape}  {ends}" for shape in shapes), f"{where}{shapes[1]}"]
    asides += [where.rstrip(), ends] if where else [ends]
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
