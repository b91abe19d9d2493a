"""What moved in each call: the view that answers whether a model must be trained again for a prediction."""

from __future__ import annotations

from lstm_tui.charts.lines import Line
from lstm_tui.charts.movement_table import calls_in_view, movement_table
from lstm_tui.recurrent.movements import DEMONSTRATION, Movements, movement_words
from lstm_tui.session.state import Session
from lstm_tui.session.walks import is_made_up, place, shown_movements
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.awaited import awaited
from lstm_tui.tui.panes.writing import heading, wrapped

_LATER = "The calls are followed as soon as the model is loaded."
_NOW = "Making the calls, and looking at all weights and states after each"


def history_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The answer, the table, or what is awaited or in the way."""
    ink, width = canvas.ink, canvas.width
    movements = shown_movements(session)
    if not isinstance(movements, Movements):
        title = heading("What moved", "H closes", width, ink.title, ink.dim)
        return [
            title,
            *wrapped(movements or awaited(session, _LATER, _NOW), ink.dim, width, canvas.height - 1),
        ]
    call, _ = place(session)
    seen = calls_in_view(movements, call, width)
    which = f"calls {seen.start + 1:,}–{seen.stop:,} of {len(movements.calls):,} · " if seen else ""
    asides = (f"{which}← → call · ↑ ↓ row · H closes", f"{which}H closes", "H closes")
    told = movement_words(movements)
    quiet = told[0].startswith("Weights did not move")
    lines = [
        heading("What moved, call by call", asides, width, ink.title, ink.dim),
        *wrapped(" ".join(told), ink.strong if quiet else ink.here, min(width, 116), 4),
    ]
    if is_made_up(session):
        lines += wrapped(DEMONSTRATION, ink.dim, width, 2)
    row = min(session.cursor.walked.row, max(len(movements.shown) - 1, 0))
    room = max(canvas.height - len(lines), 0)
    table = movement_table(movements, row, call, width=width, height=room, palette=canvas.palette)
    return [*lines, *table]
