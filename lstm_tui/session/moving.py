"""Where the cursor goes: to steps, layers, units, samples, and nearer or further away. Pure.

It never asks for anything; what is to be fetched where the cursor arrives is for `update`.
"""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.recurrent.window import zooms
from lstm_tui.session import commands as c
from lstm_tui.session.commands import Command
from lstm_tui.session.effects import Announce, Effect
from lstm_tui.session.state import Cursor, Session
from lstm_tui.session.view import finest_zoom, shown_recording, shown_trace, timesteps

Result = tuple[Session, tuple[Effect, ...]]


def moved(session: Session, command: Command) -> Cursor:
    """The cursor after a command that moves it."""
    cursor = session.cursor
    last = max(timesteps(session) - 1, 0)
    match command:
        case c.MoveStep() | c.GoToStep():
            return replace(cursor, step=stepped(command, cursor.step, last))
        case c.MoveLayer(by):
            return replace(cursor, layer=_next_in(_layer_paths(session), cursor.layer, by))
        case c.ChooseLayer(path):
            return replace(cursor, layer=path)
        case c.MoveSeries(by):
            trace = shown_trace(session)
            return replace(cursor, series=_next_in(trace.cell.series, cursor.series, by)) if trace else cursor
        case c.MoveUnit(by):
            trace = shown_trace(session)
            start = -1 if cursor.unit is None and by > 0 else cursor.unit or 0
            return replace(cursor, unit=(start + by) % trace.units) if trace else cursor
        case c.ChooseUnit(unit):
            return replace(cursor, unit=unit)
        case c.MoveSample(by):
            trace = shown_trace(session)
            return replace(cursor, sample=(cursor.sample + by) % trace.batch) if trace else cursor
        case c.ChooseSample(sample, layer, step):
            there = replace(cursor, sample=sample, layer=layer or cursor.layer)
            return there if step is None else replace(there, step=step)
    raise TypeError(f"not a command: {command!r}")


def stepped(command: c.MoveStep | c.MoveCall | c.GoToStep, here: int, last: int) -> int:
    """Where the command leads from `here`, from 0 to `last`; negative numbers count from the end."""
    if isinstance(command, c.GoToStep):
        step = command.step if command.step >= 0 else last + 1 + command.step
    else:
        step = here + command.by
    return min(max(step, 0), last)


def zoomed(session: Session, by: int, columns: int) -> Result:
    """One level nearer or further away; from the last one the whole timeline is in view."""
    levels = zooms(timesteps(session), columns, finest_zoom(session))
    here = max(index for index, level in enumerate(levels) if level <= max(session.cursor.zoom, 1))
    level = levels[min(max(here + by, 0), len(levels) - 1)]
    if level == session.cursor.zoom:
        whole = "every step has a column" if by < 0 else "the whole sequence is in view"
        return session, (Announce(whole),)
    return replace(session, cursor=replace(session.cursor, zoom=level)), ()


def with_valid_cursor(session: Session) -> Session:
    """The cursor where there is something to see, after another recording has come into view."""
    cursor = session.cursor
    paths = _layer_paths(session)
    if not paths:
        return session
    if cursor.layer not in paths:
        cursor = replace(cursor, layer=paths[0])
    trace = shown_trace(replace(session, cursor=cursor))
    if trace is None:
        return session
    series = cursor.series if cursor.series in trace.cell.series else trace.cell.series[0]
    unit = None if cursor.unit is None else min(cursor.unit, trace.units - 1)
    sample = min(cursor.sample, max(trace.batch - 1, 0))
    last = max(timesteps(session) - 1, 0)
    step = cursor.step if cursor.step >= 0 else max(last + 1 + cursor.step, 0)
    cursor = replace(cursor, series=series, unit=unit, sample=sample, step=min(step, last))
    return replace(session, cursor=cursor)


def _layer_paths(session: Session) -> tuple[str, ...]:
    recording = shown_recording(session)
    return tuple(trace.path for trace in recording.layers) if recording else ()


def _next_in(names: tuple[str, ...], name: str, by: int) -> str:
    if not names:
        return name
    return names[(names.index(name) + by) % len(names)] if name in names else names[0]
