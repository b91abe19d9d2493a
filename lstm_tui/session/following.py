"""A file or folder that is followed: what has come, what of it is taken, where the cursor stays. Pure.

Following is no edit: undo does not see it, and what is saved is the input as it is then. What is on the
screen stays there until the run of a newer input has arrived. Nothing here reads a file or knows the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lstm_tui.recurrent.calls import Inputs
from lstm_tui.session import commands as c
from lstm_tui.session.commands import Command
from lstm_tui.session.effects import Announce, Effect, Listen, StartRun
from lstm_tui.session.following_commands import (
    AboutFollowing,
    Follow,
    InputGrew,
    PauseFollowing,
    ScenariosCame,
    SourceUnreadable,
    StopFollowing,
)
from lstm_tui.session.layer_outputs import ask_for_output
from lstm_tui.session.long_update import ask
from lstm_tui.session.state import Session
from lstm_tui.session.view import timesteps

Result = tuple[Session, tuple[Effect, ...]]
Update = Callable[[Session, Command], Result]
#: Makes a change of the input as `update` does.
Change = Callable[[Session, c.OpenInputs], Result]


@dataclass(frozen=True, eq=False)
class Following:
    """What is known of the source.

    tail: whether the cursor stays on the last step as steps come.
    came: timesteps (of a folder: scenarios) that came while they were not seen, the first of them at `since`.
    at: when something came last. seen: the input as it came last, and `waiting` until it is the session's.
    newest: the last of the scenarios that came. trouble: why the source cannot be read. misfit: whether what
    came last does not fit the edits. Both were said.
    """

    source: Path
    folder: bool = False
    model: Path | None = None
    paused: bool = False
    tail: bool = True
    came: int = 0
    since: float | None = None
    at: float | None = None
    seen: Inputs | None = None
    waiting: Inputs | None = None
    newest: Path | None = None
    trouble: str = ""
    misfit: bool = False


def update_followed(session: Session, command: Command, update: Update, change: Change) -> Result:
    """`session` after any command, what is followed among it: the cursor stays on the last step."""
    if isinstance(command, AboutFollowing):
        after, effects = _updated(session, command, change)
    else:
        after, effects = update(session, command)
    after, more = _followed(session, after, command, change)
    after, fetch = ask_for_output(after)
    return after, (*effects, *more, *fetch)


def opened_newest(following: Following, at: float) -> Following:
    """What is followed once the newest scenario of the folder is the session."""
    return replace(following, paused=False, came=0, since=None, at=at, newest=None, trouble="")


def steps_come(old: Inputs, new: Inputs) -> int:
    """By how many timesteps the input is longer now, along the one axis that grew; 0 where it is another."""
    for name, array in new.items():
        if name in old and old[name].ndim == array.ndim:
            by = [int(now - was) for was, now in zip(old[name].shape, array.shape, strict=True) if now != was]
            if len(by) == 1 and by[0] > 0:
                return by[0]
    return 0


def _updated(session: Session, command: AboutFollowing, change: Change) -> Result:
    if isinstance(command, Follow):
        following = Following(command.source, command.folder, command.model)
        return _at_the_end(replace(session, following=following), Listen())
    following_now = session.following
    if following_now is None or isinstance(command, StopFollowing):
        return replace(session, following=None), ()
    match command:
        case PauseFollowing():
            going_on = replace(following_now, paused=not following_now.paused)
            return _taken(replace(session, following=going_on), change)
        case InputGrew():
            return _grown(session, following_now, command, change)
        case ScenariosCame(count, newest, at):
            came = _counted(following_now, count, at)
            return replace(session, following=replace(came, newest=newest)), ()
        case SourceUnreadable(why):
            return _troubled(session, following_now, why)


def _followed(before: Session, after: Session, command: Command, change: Change) -> Result:
    """`after`, which is `before` after `command`: what that means for what is followed."""
    following = after.following
    if following is None:
        return after, ()
    if (
        isinstance(command, c.OpenInputs) and after is not before
    ):  # another input in place of what is followed
        return replace(after, following=None), ()
    if isinstance(command, c.RunChecks | c.Shrink):  # what they find is about the input as it is now
        after = replace(after, following=replace(following, paused=True))
    effects: tuple[Effect, ...] = ()
    if isinstance(command, c.RunArrived | c.RunRefused | c.AskAgain):
        after, effects = _taken(after, change)
    after, more = _with_tail(before, after)
    return after, (*effects, *more)


def _grown(session: Session, following: Following, grew: InputGrew, change: Change) -> Result:
    old = following.seen if following.seen is not None else session.material.inputs
    following = replace(following, trouble="", seen=grew.inputs)
    if _same(old, grew.inputs):
        return replace(session, following=following), ()
    following = replace(_counted(following, steps_come(old, grew.inputs), grew.at), waiting=grew.inputs)
    return _taken(replace(session, following=following), change)


def _counted(following: Following, count: int, at: float) -> Following:
    since = following.since if following.since is not None or not count else at
    return replace(following, came=following.came + count, since=since, at=at)


def _taken(session: Session, change: Change) -> Result:
    """What came last as the session's input, once its run is known; until then its run is asked for."""
    following = session.following
    if following is None or following.waiting is None or following.paused:
        return session, ()
    changed, effects = change(session, c.OpenInputs(following.waiting, following.source.name))
    taken = replace(following, waiting=None, misfit=False)
    refused = [each for each in effects if isinstance(each, Announce) and each.severity == "error"]
    if changed is session and refused:
        told = () if following.misfit else (Announce(refused[0].text, "warning"),)
        return replace(session, following=replace(taken, misfit=True)), told
    is_known = changed.run is not None or changed.key in changed.refusals
    if is_known or _awaits_its_run(session) or changed.long is not None or _in_stretches(changed):
        return replace(changed, following=taken, before=""), effects
    return session, tuple(effect for effect in effects if isinstance(effect, StartRun))


def _awaits_its_run(session: Session) -> bool:
    """Whether nothing is on the screen that would have to stay there."""
    return session.run is None and session.long is None


def _in_stretches(session: Session) -> bool:
    return session.keeping is not None and session.keeping.what == "stretches"


def _troubled(session: Session, following: Following, why: str) -> Result:
    """The same trouble is told once, until something was taken again."""
    told = () if following.trouble == why else (Announce(why, "warning"),)
    return replace(session, following=replace(following, trouble=why)), told


def _with_tail(before: Session, after: Session) -> Result:
    following, steps = after.following, timesteps(after)
    if following is None or following.folder or not steps:
        return after, ()
    effects: tuple[Effect, ...] = ()
    if following.tail and steps != timesteps(before):
        after, effects = _at_the_end(after)
    else:
        following = replace(following, tail=after.cursor.step >= steps - 1)
    if following.tail and not following.paused:
        following = replace(following, came=0, since=None)
    return replace(after, following=following), effects


def _at_the_end(session: Session, *effects: Effect) -> Result:
    """The cursor on the last step; in a long recording the steps there are asked for."""
    last = timesteps(session) - 1
    if last < 0 or session.cursor.step == last or (session.following and session.following.folder):
        return session, effects
    session, asked = ask(replace(session, cursor=replace(session.cursor, step=last)))
    return session, (*effects, *asked)


def _same(old: Inputs, new: Inputs) -> bool:
    return old.keys() == new.keys() and all(
        old[name].dtype == array.dtype and np.array_equal(old[name], array, equal_nan=array.dtype.kind == "f")
        for name, array in new.items()
    )
