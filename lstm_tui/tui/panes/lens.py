"""The large pane: states, where a value comes from, its reach, outputs, shapes, calls followed."""

from __future__ import annotations

from lstm_tui.charts.lines import Line
from lstm_tui.session.layer_outputs import outputs_shown
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_trace
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.layer_outputs import layer_outputs_pane
from lstm_tui.tui.panes.origins import origins_pane
from lstm_tui.tui.panes.reach import reach_pane
from lstm_tui.tui.panes.shapes import shapes_pane
from lstm_tui.tui.panes.states import states_pane
from lstm_tui.tui.panes.variance import variance_pane


def lens_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The pane of the lens; the states also where nothing is recorded, because they say why."""
    if session.cursor.lens == "shapes":
        return shapes_pane(session, canvas)
    if session.cursor.lens == "variance":
        return variance_pane(session, canvas)
    if session.cursor.lens == "history":  # the views of calls are for who looks through them
        from lstm_tui.tui.panes.history import history_pane

        return history_pane(session, canvas)
    if session.cursor.lens == "sessions":
        from lstm_tui.tui.panes.sessions import sessions_pane

        return sessions_pane(session, canvas)
    if session.cursor.lens == "ahead":
        from lstm_tui.tui.panes.ahead import ahead_pane

        return ahead_pane(session, canvas)
    if session.cursor.lens == "outputs" and outputs_shown(session):
        return layer_outputs_pane(session, canvas)
    trace = shown_trace(session)
    if trace is None or trace.timesteps == 0 or trace.batch == 0:
        return states_pane(session, canvas)
    match session.cursor.lens:
        case "origins":
            return origins_pane(session, canvas)
        case "gradients":
            return reach_pane(session, canvas)
        case _:
            return states_pane(session, canvas)
