"""A model that does not load, as a result: every obstacle with its place, and what helps against it."""

from __future__ import annotations

from lstm_tui.charts.lines import Line
from lstm_tui.model_file.facts import Obstacle
from lstm_tui.session.state import Session
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, line, wrapped

#: So many lines at most for the places of one code, and for what helps.
_PLACE, _TODO = 3, 4


def loading_pane(session: Session, canvas: Canvas) -> list[Line]:
    """Everything that keeps the model from being loaded; empty where it loads, or nobody has tried yet."""
    refusal = session.model_refusal
    blocking = [item for item in session.model.obstacles if item.blocking]
    if refusal is None and (session.model.format or not blocking):
        return []
    ink, width = canvas.ink, canvas.width
    lines = [heading("✗ The model does not load", session.model.path.name, width, ink.bad, ink.dim)]
    if not blocking and refusal is not None:
        lines += wrapped(refusal.reason, ink.strong, width, canvas.height - 1)
    for code in dict.fromkeys(item.code for item in blocking):
        lines += _finding(code, [item for item in blocking if item.code == code], canvas)
    if refusal is not None and refusal.details:
        lines += wrapped("i shows the traceback.", ink.dim, width, 1)
    return lines[: canvas.height]


def _finding(code: str, found: list[Obstacle], canvas: Canvas) -> list[Line]:
    ink, width = canvas.ink, canvas.width
    counted = f"{len(found)} places" if len(found) > 1 else found[0].where
    lines = [line([("", ink.plain)], width), line([(code, ink.bad), (f"  {counted}", ink.dim)], width)]
    for item in found:
        told = item.what if len(found) == 1 else f"{item.where}: {item.what}"
        lines += wrapped(told, ink.strong, width, _PLACE)
    todo = " ".join(dict.fromkeys(item.todo for item in found))
    return [*lines, *wrapped(f"What helps: {todo}", ink.good, width, _TODO)] if todo else lines
