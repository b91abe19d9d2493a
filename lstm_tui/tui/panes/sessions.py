"""The laboratory: what sessions that share the model do to each other, and the shortest case step by step."""

from __future__ import annotations

from lstm_tui.charts.interleaving_table import interleaving_table
from lstm_tui.charts.lines import Line
from lstm_tui.recurrent.interleavings import Interleaved
from lstm_tui.session.state import Session
from lstm_tui.session.walks import place, shown_interleaving, shown_ledger
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.awaited import awaited
from lstm_tui.tui.panes.writing import heading, wrapped

_LATER = "The orders are tried as soon as the model is loaded."
_NOW = "Making the calls of the sessions in every order"


def sessions_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The table and the steps, or how far it is, or what is in the way."""
    ink, width = canvas.ink, canvas.width
    answer = shown_interleaving(session)
    if not isinstance(answer, Interleaved):
        title = heading("Sessions in every order", "I closes", width, ink.title, ink.dim)
        return [title, *wrapped(answer or awaited(session, _LATER, _NOW), ink.dim, width, canvas.height - 1)]
    ledger, torn = shown_ledger(session, answer)
    step, last = place(session)
    asides = ["I closes"]
    if ledger:
        other = f"v {'whole' if torn else 'torn'} calls · " if answer.torn and answer.shortest else ""
        walk = f"step {step + 1} of {last + 1}"
        asides = [f"{walk} · n N walk · {other}I closes", f"{walk} · {other}I closes", walk]
    title = heading("Sessions in every order", asides, width, ink.title, ink.dim)
    room = max(canvas.height - 1, 0)
    return [
        title,
        *interleaving_table(answer, ledger, step, width=width, height=room, palette=canvas.palette),
    ]
