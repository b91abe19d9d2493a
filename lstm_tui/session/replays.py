"""Replays at the cursor: what the model predicts on the sequence up to there, where one pass cannot tell."""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.recurrent.replays import Replayed, ReplayPlan
from lstm_tui.recurrent.window import Window
from lstm_tui.session.commands import ReplayArrived, ReplayHere
from lstm_tui.session.effects import Announce, Effect, StartReplay
from lstm_tui.session.state import KEPT_REPLAYS, ReplayKey, Session
from lstm_tui.session.view import is_there, output_view

Result = tuple[Session, tuple[Effect, ...]]


def replay_update(session: Session, command: ReplayHere | ReplayArrived) -> Result:
    """`session` after the command, and what to ask for."""
    match command:
        case ReplayHere():
            return _replay_here(session)
        case ReplayArrived(key, replayed):
            return _with_replay(session, key, replayed)


def _replay_here(session: Session) -> Result:
    """Ask for it, unless it is known or there is no need."""
    view = output_view(session)
    if view is None or session.plan is None:
        return session, (Announce("there is no prediction to replay yet"),)
    if view.at(session.cursor.step) is not None:
        how = "replayed already" if view.predictions is None else view.note
        return session, (Announce(f"the prediction at this step is shown: {how}"),)
    steps = session.cursor.step + 1
    key = (session.key, session.cursor.sample, steps)
    if session.long is None:
        return session, (StartReplay(key, ReplayPlan(session.plan.run, steps, session.cursor.sample)),)
    if not is_there(session):
        return session, (Announce("the steps up to here are not recorded yet"),)
    long = session.long
    start, _ = long.borders.before(steps - 1)
    of = long.window_inputs(Window(start, steps))
    bare = replace(session.plan.run, inputs={})
    return session, (StartReplay(key, ReplayPlan(bare, steps, long.plan.sample or 0, long.plan, of)),)


def _with_replay(session: Session, key: ReplayKey, replayed: Replayed | str) -> Result:
    """Kept with those before it; a run that is not shown any more loses its own."""
    same_run = {old: each for old, each in session.replays.items() if old[0] == session.key and old != key}
    kept = dict(list(same_run.items())[-KEPT_REPLAYS + 1 :])
    effects = (Announce(replayed, "warning"),) if isinstance(replayed, str) else ()
    return replace(session, replays={**kept, key: replayed}), effects
