"""What each recurrent layer would give under other settings: the view in which one of them can be made."""

from __future__ import annotations

from lstm_tui.charts.lines import Line
from lstm_tui.charts.shape_table import shape_table
from lstm_tui.recurrent.shape_options import ShapeExploration
from lstm_tui.session.shape_choice import shown_shapes
from lstm_tui.session.state import Session
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, wrapped


def shapes_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The table, or what is awaited or in the way."""
    ink, width = canvas.ink, canvas.width
    keys = ("↑↓ choose · Enter makes it · R closes", "↑↓ · Enter makes it")
    title = heading("Shapes on this input", keys, width, ink.title, ink.dim)
    shapes = shown_shapes(session)
    if not isinstance(shapes, ShapeExploration):
        return [title, *wrapped(shapes or _awaited(session), ink.dim, width, canvas.height - 1)]
    table = shape_table(
        shapes,
        min(session.cursor.row, max(len(shapes.rows) - 1, 0)),
        session.material.expected_shape,
        width=width,
        height=canvas.height - 1,
        palette=canvas.palette,
    )
    return [title, *table]


def _awaited(session: Session) -> str:
    if session.model_refusal is not None:
        return session.model_refusal.reason
    if not session.model.from_keras:
        return "Keras infers the shapes as soon as the model is loaded."
    return "Trying all settings of each recurrent layer …"
