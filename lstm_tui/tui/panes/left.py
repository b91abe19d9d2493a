"""The left column: the layers, and below them what matters now."""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.charts.lines import Line
from lstm_tui.session.state import Session
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.layers import layers_pane
from lstm_tui.tui.panes.notes import notes_pane


def left_pane(session: Session, canvas: Canvas) -> list[Line]:
    """Layers in as many lines as they take, up to half the height where there are notes; then the notes."""
    notes = notes_pane(session, canvas)
    room = canvas.height - min(len(notes), canvas.height // 2)
    layers = layers_pane(session, replace(canvas, height=room))[:room]
    return [*layers, *notes[: canvas.height - len(layers)]]
