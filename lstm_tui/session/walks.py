"""Views that are walked call by call: what moved over a history of calls, sessions that share the model; and
what a decoder writes, step by step.

Pure. Both are asked of the engine by who looks, once for a plan, whichever of its calls is shown. A plan of a
single prediction has no history: it is made three times, then once more after a reset, and that is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lstm_tui.recurrent.interleavings import EXAMPLE, Interleaved, InterleavePlan, Ledger, sessions_among
from lstm_tui.recurrent.movements import Movements, first_to_see, is_demonstration, with_history
from lstm_tui.session import commands as c
from lstm_tui.session.commands import Command
from lstm_tui.session.effects import Announce, Effect, StartFollowing, StartInterleaving
from lstm_tui.session.generating import is_written, steps_written
from lstm_tui.session.moving import stepped
from lstm_tui.session.state import Lens, Session, Walked
from lstm_tui.session.view import timesteps

NO_SESSIONS: Final = f"no sessions share the model here: write `- {EXAMPLE}` among the calls of the scenario"

Result = tuple[Session, tuple[Effect, ...]]


def is_walking(session: Session) -> bool:
    """Whether steps are calls here, or what is written, not timesteps."""
    return session.cursor.lens in {"history", "sessions"} or is_written(session)


# --- what is asked --------------------------------------------------------------------------------


def taken(session: Session, command: Command) -> Result | None:
    """What a command comes to that is about these views; None where it is not."""
    match command:
        case c.MovementsArrived() | c.InterleavingArrived():
            return arrived(session, command), ()
        case (
            c.MoveStep() | c.MoveCall() | c.GoToStep() | c.MoveLayer() | c.MoveSeries()
        ) if is_walking(session):  # fmt: skip
            return walked(session, command), ()
        case c.ChooseLens(lens) if why := _refused(session, lens):
            return session, (Announce(why),)
    return None


def _refused(session: Session, lens: Lens) -> str:
    """Why this view cannot be opened; empty where it can, or is open."""
    if lens != "sessions" or session.cursor.lens == lens or session.plan is None:
        return ""
    return NO_SESSIONS if sessions_among(session.plan.run.calls) is None else ""


def is_made_up(session: Session) -> bool:
    """Whether the plan's only call is repeated, because one call has no history."""
    return session.plan is not None and is_demonstration(session.plan.run)


def ask_if_unknown(session: Session) -> tuple[Effect, ...]:
    """Calls are followed, sessions interleaved, only for who looks."""
    inquiry, lens = session.inquiry, session.cursor.lens
    if session.plan is None or not session.model.from_keras or not is_walking(session) or beyond(session):
        return ()
    run = session.plan.run
    if lens == "history" and inquiry.plan not in inquiry.movements:
        return (StartFollowing(inquiry.plan, with_history(run)),)
    index = sessions_among(run.calls)
    if lens == "sessions" and index is not None and inquiry.plan not in inquiry.interleavings:
        return (StartInterleaving(inquiry.plan, InterleavePlan(run, index)),)
    return ()


def arrived(session: Session, command: c.MovementsArrived | c.InterleavingArrived) -> Session:
    """The answer, or why there is none."""
    match command:
        case c.MovementsArrived(key, movements):
            inquiry = session.inquiry.with_movements(key, movements)
            if key == inquiry.plan and isinstance(movements, Movements):
                row, call = first_to_see(movements)
                at = replace(session.cursor.walked, row=row, call=call)
                session = replace(session, cursor=replace(session.cursor, walked=at))
        case c.InterleavingArrived(key, answer):
            inquiry = session.inquiry.with_interleaving(key, answer)
            if key == inquiry.plan:
                at = replace(session.cursor.walked, step=0, torn=False)
                session = replace(session, cursor=replace(session.cursor, walked=at))
    return replace(session, inquiry=inquiry)


# --- what is shown --------------------------------------------------------------------------------


def beyond(session: Session) -> str:
    """Why calls over so long a sequence are not made again and again; empty where they are."""
    if session.keeping is None or session.keeping.what != "stretches":
        return ""
    return f"Nothing is tried here: {session.long.beyond}." if session.long else "The sequence is too long."


def shown_movements(session: Session) -> Movements | str | None:
    """What the calls moved, why that is not known, or nothing yet."""
    return beyond(session) or session.inquiry.movements.get(session.inquiry.plan)


def shown_interleaving(session: Session) -> Interleaved | str | None:
    """What sessions do to each other, why that is not known, or nothing yet."""
    if session.plan is not None and sessions_among(session.plan.run.calls) is None:
        return f"{NO_SESSIONS[0].upper()}{NO_SESSIONS[1:]}."
    return beyond(session) or session.inquiry.interleavings.get(session.inquiry.plan)


def shown_ledger(session: Session, answer: Interleaved) -> tuple[Ledger, bool]:
    """The interleaving that is walked, and whether it is that of torn calls."""
    torn = bool(answer.torn) and (session.cursor.walked.torn or not answer.shortest)
    return (answer.torn if torn else answer.shortest), torn


# --- walking --------------------------------------------------------------------------------------


def place(session: Session) -> tuple[int, int]:
    """The step under the cursor and the last one: calls in these views, timesteps in all others."""
    walked, lens = session.cursor.walked, session.cursor.lens
    last = _last(session)
    if lens == "history":
        return min(walked.call, last), last
    if lens == "sessions" or is_written(session):
        return min(walked.step, last), last
    return session.cursor.step, timesteps(session) - 1


def counted(session: Session) -> tuple[str, int]:
    """What `place` counts, and the number of the first one as it is shown."""
    if is_written(session):
        return "step", 1
    return {"history": ("call", 1), "sessions": ("step", 1)}.get(session.cursor.lens, ("timestep", 0))


def _last(session: Session) -> int:
    if session.cursor.lens == "history":
        movements = shown_movements(session)
        return max(len(movements.calls) - 1, 0) if isinstance(movements, Movements) else 0
    if is_written(session):
        return max(steps_written(session) - 1, 0)
    answer = shown_interleaving(session)
    ledger = shown_ledger(session, answer)[0] if isinstance(answer, Interleaved) else ()
    return max(len(ledger) - 1, 0)


def walked(
    session: Session, command: c.MoveStep | c.MoveCall | c.GoToStep | c.MoveLayer | c.MoveSeries
) -> Session:
    """To another call, or another row; outside the history up and down are steps too."""
    at, (here, last) = session.cursor.walked, place(session)
    history = session.cursor.lens == "history"
    match command:
        case c.MoveStep() | c.MoveCall() | c.GoToStep():
            at = _at(at, stepped(command, here, last), history)
        case c.MoveLayer(by) if history:
            movements = shown_movements(session)
            many = len(movements.shown) if isinstance(movements, Movements) else 0
            at = replace(at, row=(min(at.row, many - 1) + by) % many if many else 0)
        case c.MoveLayer(by):
            at = _at(at, stepped(c.MoveStep(by), here, last), history)
        case c.MoveSeries() if session.cursor.lens == "sessions":
            at = replace(at, torn=not at.torn, step=0)
    return replace(session, cursor=replace(session.cursor, walked=at))


def _at(at: Walked, step: int, history: bool) -> Walked:
    return replace(at, call=step) if history else replace(at, step=step)
