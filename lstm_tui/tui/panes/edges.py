"""The first and the last line of the screen: what is open and what the engine does; the keys."""

from __future__ import annotations

from collections.abc import Sequence

from lstm_tui.plain_text import one_line
from lstm_tui.session.state import EngineState, Session
from lstm_tui.tui.actions import APP, Action, key_word
from lstm_tui.tui.panes import Canvas, Line
from lstm_tui.tui.panes.writing import Piece, line, two_ends


def title_pane(session: Session, canvas: Canvas) -> list[Line]:
    """`gold.keras · *Gold drifts … stateful · engine ready`; the star says that something is not saved."""
    ink = canvas.ink
    unsaved = "*" if session.unsaved else ""
    left: list[Piece] = [(f" {one_line(session.model.path.name)}", ink.strong)]
    if session.story.name:
        left.append((f" · {unsaved}{one_line(session.story.name)}", ink.plain))
    elif unsaved:
        left.append((" · unsaved changes", ink.dim))
    facts = []
    if canvas.width >= 100:
        facts.append(f"{session.model.parameters:,} parameters")
    if session.model.stateful and (session.following is None or canvas.width >= 100):
        facts.append("stateful")
    aside = "".join(f"{fact} · " for fact in facts)
    right = [(aside, ink.dim), *(_long(session, canvas) or _engine(session.engine, canvas))]
    return [two_ends(left, [*_followed(session, canvas), *right], canvas.width, ink.plain)]


def _followed(session: Session, canvas: Canvas) -> list[Piece]:
    if session.following is None:
        return []
    from lstm_tui.tui.panes.followed import followed  # for who follows

    return followed(session.following, canvas)


def _long(session: Session, canvas: Canvas) -> list[Piece]:
    """`recording 34% · 14,200 steps/s · 46 s left`, while the engine works on a long recording."""
    long, ink = session.long, canvas.ink
    if long is None or long.is_whole or session.engine.stage not in {"ready", "running"}:
        return []
    share = f"{long.recorded / long.plan.timesteps:.0%}"
    if not long.running:
        return [(f"stopped at {share} · x goes on ", ink.warn)]
    left = long.seconds_left
    words = f"recording {share}"
    if left is not None and canvas.width >= 60:
        words += f" · {long.rate:,.0f} steps/s · {_duration(left)} left"
    return [(f"{words} ", ink.warn)]


def _duration(seconds: float) -> str:
    """`46 s`, `3 min`, `2.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _engine(engine: EngineState, canvas: Canvas) -> list[Piece]:
    ink = canvas.ink
    share = "" if engine.fraction is None else f" {engine.fraction:.0%}"
    room = 22 if canvas.width < 100 else 60
    match engine.stage:
        case "ready":
            return [("engine ready ", ink.good)]
        case "gone":
            return [("engine gone · Ctrl+R ", ink.bad)]
        case _:
            doing = engine.text or {"starting": "TensorFlow starts"}.get(engine.stage, engine.stage)
            return [(f"{one_line(doing, room)}{share} ", ink.warn)]


def hints_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The keys that fit, those of the view that is looked at among them."""
    hinted = [
        action
        for action in canvas.actions
        if action.lens in {None, session.cursor.lens} and (session.following or not action.followed)
    ]
    return [hint_line(hinted, canvas)]


def hint_line(actions: Sequence[Action], canvas: Canvas) -> Line:
    """The keys that fit, in the table's order. First in line for the room: how to get help and out, then what
    can be done to the view.
    """
    hinted = [action for action in actions if action.hint and action.keys]
    room = canvas.width - 1
    fitting = set()
    for action in sorted(
        hinted, key=lambda action: (action.group != APP, not action.lens, not action.essential)
    ):
        size = len(key_word(action.keys[0])) + len(action.hint) + 3
        if size <= room:
            fitting.add(action.id)
            room -= size
    pieces: list[Piece] = [(" ", canvas.ink.plain)]
    for action in hinted:
        if action.id in fitting:
            pieces += [(key_word(action.keys[0]), canvas.ink.here), (f" {action.hint}  ", canvas.ink.dim)]
    return line(pieces, canvas.width)
