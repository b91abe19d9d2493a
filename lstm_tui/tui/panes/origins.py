"""Where the value of a unit comes from: its state as a sum of what each earlier step put in."""

from __future__ import annotations

from functools import lru_cache

from lstm_tui.charts.contribution_table import contribution_table
from lstm_tui.charts.lines import Line
from lstm_tui.charts.numbers import short_number
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.contributions import Contributions, contributions, no_contributions, ranked
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.session.state import Session
from lstm_tui.session.view import is_there, shown_trace, unit_shown, why_not_there
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, wrapped


def origins_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The largest shares first, each with its step; why there are none for cells that are no sum."""
    trace = shown_trace(session)
    if trace is None:
        return []
    ink, width, cursor = canvas.ink, canvas.width, session.cursor
    if not is_there(session):
        title = heading("Where this value comes from", "", width, ink.title, ink.dim)
        return [title, *wrapped(why_not_there(session), ink.warn, width, 4)]
    unit = unit_shown(session)
    parts = _parts(trace, cursor.sample, cursor.step, unit)
    if parts is None:
        title = heading("Where this value comes from", "", width, ink.title, ink.dim)
        return [title, *wrapped(no_contributions(trace) or "", ink.dim, width, 4)]
    where = (
        f"{one_line(trace.path)} {parts.series}[{unit}] at t {cursor.step} = {short_number(parts.total, 5)}"
    )
    table = contribution_table(parts, width=width, height=canvas.height - 1, palette=canvas.palette)
    return [heading(where, ("digits jump · e closes", "e closes"), width, ink.title, ink.dim), *table.lines]


def origin_steps(session: Session, count: int) -> tuple[int, ...]:
    """The steps of the largest shares, the largest first."""
    trace = shown_trace(session)
    if trace is None or not is_there(session):
        return ()
    parts = _parts(trace, session.cursor.sample, session.cursor.step, unit_shown(session))
    return tuple(step for step, _ in ranked(parts, count)) if parts is not None else ()


@lru_cache(maxsize=4)
def _parts(trace: LayerTrace, sample: int, step: int, unit: int) -> Contributions | None:
    return contributions(trace, sample=sample, step=step, unit=unit)
