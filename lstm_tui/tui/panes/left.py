"""The left column: the layers, and below them what is asked and what matters now."""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.charts.lines import Line
from lstm_tui.session.state import Session
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.layers import layers_pane
from lstm_tui.tui.panes.notes import notes_pane


def left_pane(session: Session, canvas: Canvas) -> list[Line]:
    """Layers in as many lines as they take, up to half the height where there is more; questions; notes."""
    asked = _asked(session, canvas)
    notes = [*asked, *notes_pane(session, canvas)]
    room = canvas.height - min(len(notes), max(canvas.height // 2, min(len(asked), canvas.height - 4)))
    layers = layers_pane(session, replace(canvas, height=room))[:room]
    return [*layers, *notes[: canvas.height - len(layers)]]


def _asked(session: Session, canvas: Canvas) -> list[Line]:
    """Breakpoints and watches, of who has set some."""
    if not (session.questions.breakpoints or session.questions.watches):
        return []
    from lstm_tui.tui.panes.asked import asked_pane

    return asked_pane(session, canvas)
