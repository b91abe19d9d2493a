"""What a session makes of a recording that comes in stretches: the next one, a window in view, stop, go on.

One stretch is asked for when the last one has come, so that to stop is not to ask again, and an engine that
died is asked once more from the last border.
"""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.arrays.sizes import in_words
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CALL_NAMES, CallOutcome, Run
from lstm_tui.recurrent.stretches import LongCall
from lstm_tui.session import commands as c
from lstm_tui.session.commands import AboutLong
from lstm_tui.session.effects import Announce, Effect, OpenLongCall, StartRun, StartStretch
from lstm_tui.session.keeping import Keeping
from lstm_tui.session.long_recording import LongRecording
from lstm_tui.session.state import Session

Result = tuple[Session, tuple[Effect, ...]]


def long_update(session: Session, command: AboutLong) -> Result:
    """`session` after the command, and what to ask for. What is about another plan is passed over."""
    match command:
        case c.LongOpened(key, call):
            return _opened(session, key, call)
        case c.StretchArrived(key, stretch):
            long = _of(session, key)
            if long is None:
                return session, ()
            is_next = stretch.level is not None
            long = long.with_stretch(stretch) if is_next else long.with_window(stretch)
            return ask(_finished(replace(session, long=long)))
        case c.StretchRefused(key, refusal):
            long = _of(session, key)
            if long is None:
                return session, ()
            stopped = replace(long, running=False, stopped=refusal.reason, pending=None, wanted=None)
            return replace(session, long=stopped), ()
        case c.ToggleRecording():
            return _toggled(session)


def open_if_unknown(session: Session, kept: Keeping) -> tuple[Effect, ...]:
    """The question whether the call can be recorded in stretches, unless it is answered."""
    run = session.run
    if session.long is not None or (run is not None and (run.recording is not None or run.recording_note)):
        return ()
    if session.key in session.refusals:
        return ()
    assert kept.long is not None and kept.before is not None
    return (OpenLongCall(session.key, kept.before, kept.long, kept.head),)


def ask(session: Session) -> Result:
    """What is to be asked for now: the window under the cursor, and the next stretch."""
    long = _of(session, session.key)
    if long is None:
        return session, ()
    effects: list[Effect] = []
    window = long.window_for(session.cursor.step)
    if window is not None:
        effects.append(
            StartStretch(long.key, long.plan, long.window_inputs(window), "steps", long.call.predictions)
        )
        long = replace(long, wanted=window)
    following = long.next_stretch()
    if following is not None:
        effects.append(StartStretch(long.key, long.plan, following, "bins", long.call.predictions))
        long = replace(long, pending=following.start)
    return replace(session, long=long), tuple(effects)


def forget_requests(session: Session) -> Session:
    """Nothing is on its way any more: there is a new engine."""
    if session.long is None:
        return session
    return replace(session, long=replace(session.long, pending=None, wanted=None, stopped=""))


def _of(session: Session, key: str) -> LongRecording | None:
    return session.long if session.long is not None and session.long.key == key == session.key else None


def _opened(session: Session, key: str, call: LongCall) -> Result:
    kept = session.keeping
    if key != session.key or kept is None or kept.long is None or session.long is not None:
        return session, ()
    if call.refused:
        return _refused(session, kept, call)
    outcome = CallOutcome(CALL_NAMES[type(kept.long.call)], note="recorded in stretches")
    session = _with_run(session, Run(key, (*call.outcomes, outcome)))
    return ask(replace(session, long=LongRecording.opened(key, kept, call)))


def _refused(session: Session, kept: Keeping, call: LongCall) -> Result:
    """A call that fails is shown as such; of any other one sample is kept whole, where it fits."""
    failed = bool(call.outcomes) and call.outcomes[-1].failure is not None
    if failed:
        return _with_run(session, Run(session.key, call.outcomes)), ()
    if kept.fits_alone:
        return session, (StartRun(kept.plan),)
    steps = kept.memory // max(kept.size.step, 1)
    note = (
        f"All steps of this call would take {in_words(kept.size.sample)}; recordings may take "
        f"{in_words(kept.memory)} (recording_memory_mb in the settings). It cannot be recorded in stretches: "
        f"{one_line(call.refused)}. S, `last: {steps}` keeps the end."
    )
    return _with_run(session, Run(session.key, call.outcomes, recording_note=note)), ()


def _finished(session: Session) -> Session:
    """Once the last step is there, its output is that of the call."""
    long, run = session.long, session.run
    if long is None or run is None or not long.is_whole or run.outcomes[-1].outputs:
        return session
    outcome = replace(
        run.outcomes[-1],
        outputs=long.outputs,
        states_before=long.call.states_before,
        states_after=long.states_after,
    )
    return _with_run(session, replace(run, outcomes=(*run.outcomes[:-1], outcome)))


def _toggled(session: Session) -> Result:
    long = _of(session, session.key)
    if long is None or long.is_whole:
        return session, (Announce("no recording is under way"),)
    return ask(replace(session, long=replace(long, running=not long.running, stopped="")))


def _with_run(session: Session, run: Run) -> Session:
    return replace(session, runs={**session.runs, run.key: run})
