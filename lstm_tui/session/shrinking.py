"""Making the case small that is shown: begun for a finding, told how far it is, taken up as an edit. Pure.

The search itself is a conversation with the engine, diagnosis by diagnosis; the session knows how far it is.
Its result takes the place of inputs, calls and whatever was done before, in one step that undo takes back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lstm_tui.checks.finding import Finding
from lstm_tui.session.commands import MakeEdits, ShrinkArrived
from lstm_tui.session.diagnosing import checkup_key, finding_in_view, shown_checkup, subject_of
from lstm_tui.session.edits import Edit, Material, SmallCase
from lstm_tui.session.effects import Announce, Effect, StartShrink, StopShrink
from lstm_tui.session.state import Session

if TYPE_CHECKING:
    from lstm_tui.checks.case import Subject

_ENDS = {"smallest": "", "bound": "; there may be less", "stopped": "; stopped, the best so far"}


def begin(session: Session) -> tuple[Session, tuple[Effect, ...]]:
    """Begin the search for what the finding under the cursor needs; where one runs, end it."""
    running, key = session.inquiry.shrinking, checkup_key(session)
    if running:
        return session, (StopShrink(running),)
    checkup = shown_checkup(session)
    if checkup is None or checkup.diagnosis is None:
        return session, (Announce("first d, which runs the checks: what they find is made small"),)
    finding = _finding(session)
    if finding is None:
        return session, (Announce("nothing was found above info: there is nothing to keep"),)
    if finding.code.startswith("load-"):
        return session, (Announce(f"{finding.code} is in the model's file: no input makes it smaller"),)
    session = replace(session, inquiry=session.inquiry.with_shrinking(key, "begins"))
    codes = checkup.diagnosis.codes
    return session, (StartShrink(key, subject_of(session), session.model, finding, codes),)


def _finding(session: Session) -> Finding | None:
    """The finding under the cursor, else the first one; infos do not count."""
    checkup = shown_checkup(session)
    chosen = finding_in_view(session)
    found = [chosen] if chosen is not None else []
    found += checkup.findings if checkup is not None else ()
    return next((finding for finding in found if finding.severity != "info"), None)


def progressed(session: Session, key: str, words: str) -> Session:
    """How far it is."""
    if key != session.inquiry.shrinking:
        return session
    return replace(session, inquiry=session.inquiry.with_shrinking(key, words))


def arrived(session: Session, command: ShrinkArrived) -> tuple[Session, MakeEdits | Announce | None]:
    """The search is over: the edit that shows its result, or what is to be said."""
    if command.key != session.inquiry.shrinking:
        return session, None
    session = replace(session, inquiry=session.inquiry.with_shrinking(""))
    shrunk = command.shrunk
    if isinstance(shrunk, str):
        return session, Announce(shrunk, "warning")
    if command.key != checkup_key(session):
        return session, Announce("What was made small is not what is shown any more.")
    if shrunk.smallest is shrunk.start:
        return session, Announce("Nothing could be taken away: the case is small already.")
    return session, MakeEdits(_edits(session, shrunk.smallest))


def _edits(session: Session, small: Subject) -> tuple[Edit, ...]:
    plan = small.plan
    material = Material(
        inputs=plan.inputs,
        reference=small.reference,
        reference_target=small.reference_target,
        target=plan.target,
        calls=plan.calls,
        expected_shape=small.expected_shape,
        calls_given=small.calls_given,
    )
    case = SmallCase(session.material, material)
    return (case, *plan.alterations, *plan.resets, *small.output_rescales)


def words_of(command: ShrinkArrived, session: Session) -> Announce | None:
    """What is said of a case that was made small."""
    from lstm_tui.shrinking.sizes import shrunk_words

    shrunk = command.shrunk
    if isinstance(shrunk, str):
        return None
    less = shrunk_words(shrunk.start, shrunk.smallest, session.model)
    return Announce(f"Small: {less}{_ENDS[shrunk.ended]}. u takes it back, w saves it.")
