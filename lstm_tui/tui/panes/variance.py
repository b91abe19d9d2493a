"""The same call again and again, without and with a reset in between: the view of the variance test."""

from __future__ import annotations

from lstm_tui.charts.lines import Line
from lstm_tui.charts.variance_table import variance_table
from lstm_tui.session.state import Session
from lstm_tui.session.variance import shown_variance
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, wrapped


def variance_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The table, or what is awaited or in the way."""
    ink, width = canvas.ink, canvas.width
    title = heading(
        "The same call again", ("from zero states · b closes", "b closes"), width, ink.title, ink.dim
    )
    test = shown_variance(session)
    if test is None or isinstance(test, str):
        return [title, *wrapped(test or _awaited(session), ink.dim, width, canvas.height - 1)]
    return [title, *variance_table(test, width=width, height=canvas.height - 1, palette=canvas.palette)]


def _awaited(session: Session) -> str:
    if session.model_refusal is not None:
        return session.model_refusal.reason
    if session.plan is None:
        return "There is no input yet: o opens one, or takes a random sequence."
    if not session.model.from_keras:
        return "The call is repeated as soon as the model is loaded."
    return "Making the same call again and again …"
