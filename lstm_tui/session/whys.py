"""Why a value is what it is: the question that is looked at, its answer, and the trail that led to it. Pure.

The question stands at the cursor: a step, a layer or a unit further it is asked there. Weights and wiring are
asked of the engine once somebody asks, and kept by the settings under which the model runs.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from lstm_tui.recurrent.calls import fingerprint
from lstm_tui.session import commands as c
from lstm_tui.session.commands import Command
from lstm_tui.session.effects import Announce, Effect, StartFirstOrder, StartInsides
from lstm_tui.session.moving import with_valid_cursor
from lstm_tui.session.state import Cursor, Hop, Session
from lstm_tui.session.view import shown_recording, shown_trace, unit_shown
from lstm_tui.session.why_commands import AskWhy, FirstOrderArrived, FollowShare, GoBack, InsidesArrived

if TYPE_CHECKING:  # the answers are for who asks
    from lstm_tui.recurrent.first_order import FirstOrder
    from lstm_tui.recurrent.insides import Insides
    from lstm_tui.recurrent.recording import Recording
    from lstm_tui.recurrent.why import Made, Question, Why

Result = tuple[Session, tuple[Effect, ...]]

#: How far a trail is kept, and of how many settings the insides are.
_LONGEST_TRAIL, _KEPT_INSIDES = 100, 2
#: Gradients of single values that are kept.
_KEPT_FIRST_ORDERS = 24
_AWAITED = "Reading the weights …"


def asked_why(session: Session, command: Command) -> Result | None:
    """What a command comes to that is about why; None where it is not."""
    match command:
        case AskWhy(question):
            return _asked(session, question)
        case FollowShare(number):
            return _followed(session, number)
        case GoBack():
            return _back(session)
        case InsidesArrived(key, insides):
            kept = {old: each for old, each in session.insides.items() if old != key}
            kept = dict(list(kept.items())[-_KEPT_INSIDES + 1 :])
            return replace(session, insides={**kept, key: insides}), ()
        case FirstOrderArrived(key, found):
            return _with_first_order(session, key, found), ()
        case c.MoveUnit(by) if _is_beside(session):
            return _beside(session, by), ()
    return None


def ask_if_unknown(session: Session) -> Result:
    """The weights are read only for who asks about more than a state; a gradient where no split is exact."""
    if session.cursor.lens != "origins" or session.cursor.asked is None or session.plan is None:
        return session, ()
    key = _insides_key(session)
    if not session.model.from_keras:
        return session, ()
    if key in session.insides:
        return _ask_first_order(session)
    waiting = replace(session, insides={**session.insides, key: ""})
    return waiting, (StartInsides(key, session.plan.run.alterations),)


def _ask_first_order(session: Session) -> Result:
    question, made = question_here(session), _made(session)
    if question is None or made is None:
        return session, ()
    from lstm_tui.session.why_plans import KINDS, first_order_key, first_order_plan

    if question.kind not in KINDS or not isinstance(_exact(session, question), str):
        return session, ()
    key = first_order_key(session, question)
    if key in session.first_orders:
        return session, ()
    plan = first_order_plan(session, question, made)
    if isinstance(plan, str):
        return replace(session, first_orders=_newest(session, key, plan)), ()
    return replace(session, first_orders=_newest(session, key, "")), (StartFirstOrder(key, plan),)


def _with_first_order(session: Session, key: str, found: FirstOrder | str) -> Session:
    """Kept with the last few. One that gave way to a newer question is asked for again."""
    if isinstance(found, str) and session.first_orders.get(key) != "":
        return session
    return replace(session, first_orders=_newest(session, key, found))


def _newest(session: Session, key: str, found: FirstOrder | str) -> dict[str, FirstOrder | str]:
    """Only the newest question waits for its answer: older ones have given way to it."""
    others = {old: each for old, each in session.first_orders.items() if old != key and each != ""}
    return dict([*others.items(), (key, found)][-_KEPT_FIRST_ORDERS:])


def forget_pending(session: Session) -> Session:
    """What could not be had, or was on its way, may be asked for again."""
    insides = {key: each for key, each in session.insides.items() if not isinstance(each, str)}
    found = {key: each for key, each in session.first_orders.items() if not isinstance(each, str)}
    return replace(session, insides=insides, first_orders=found)


def unasked(cursor: Cursor) -> Cursor:
    """The view of origins as it is opened: about the unit under the cursor, without a trail."""
    return replace(cursor, asked=None, trail=())


# --- what is shown --------------------------------------------------------------------------------


def question_here(session: Session) -> Question | None:
    """What is asked at the cursor: of the state of its unit, unless something else was asked."""
    from lstm_tui.recurrent.why import Question

    cursor, asked, trace = session.cursor, session.cursor.asked, shown_trace(session)
    if asked is not None and asked.kind not in {"state", "written"}:
        return replace(asked, step=cursor.step)
    if trace is None:
        return None
    unit = unit_shown(session)
    if asked is not None and asked.path == trace.path:
        return replace(asked, step=cursor.step, unit=unit)
    state = "c" if trace.cell.name == "lstm" else trace.cell.states[0]
    return Question("state", trace.path, cursor.step, unit, state)


def output_question(session: Session, name: str = "", unit: int | None = None) -> Question | str:
    """Why the output at the cursor is what it is, at the end where it is not known there; or why not.

    name, unit: of the output; the first one and its largest number where left out.
    """
    from lstm_tui.recurrent.why import Question
    from lstm_tui.recurrent.why_asking import output_values, timesteps_of

    recording, cursor = shown_recording(session), session.cursor
    if recording is None or not recording.outputs:
        return "nothing is recorded yet"
    name = name or next(iter(recording.outputs))
    if name not in recording.outputs:
        return f"there is no output {name}: {', '.join(recording.outputs)}"
    for step in (cursor.step, timesteps_of(recording) - 1):
        values = output_values(recording, name, cursor.sample, step)
        if values is not None and len(values):
            return Question("output", name, step, int(values.argmax()) if unit is None else unit)
    return "there is no output to ask about"


def answer_here(session: Session) -> Why | str:
    """The answer to what is asked at the cursor; why there is none, or that it is awaited: one sentence."""
    question = question_here(session)
    return "Nothing is recorded yet." if question is None else answer(session, question)


def answer(session: Session, question: Question) -> Why | str:
    """The answer for the sample under the cursor; why there is none, or that it is awaited."""
    exact, made = _told_of_trials(session, _exact(session, question)), _made(session)
    if not isinstance(exact, str) or made is None or not session.first_orders:
        return exact
    from lstm_tui.recurrent.why_first_order import first_order_answer
    from lstm_tui.session.why_plans import KINDS, first_order_key

    found = session.first_orders.get(first_order_key(session, question)) if question.kind in KINDS else None
    if found is None:
        return exact
    if isinstance(found, str):
        why_not = found or "Computing the gradient …"
        return why_not if question.kind == "inputs" else f"{exact}: {why_not}"
    return first_order_answer(question, found, made, () if question.kind == "inputs" else (exact,))


def _told_of_trials(session: Session, exact: Why | str) -> Why | str:
    """What is left open where something is tried otherwise between the layers, is told to come of that."""
    tried = session.plan is not None and bool(session.plan.run.interventions)
    if isinstance(exact, str) or exact.adds_up or not tried:
        return exact
    return replace(
        exact, notes=(*exact.notes, "what is tried otherwise stands between the value and its causes")
    )


def first_order_here(session: Session) -> FirstOrder | None:
    """The gradient of what is asked at the cursor, where it was asked for and is there."""
    from lstm_tui.session.why_plans import first_order_key

    question = question_here(session)
    found = session.first_orders.get(first_order_key(session, question)) if question is not None else None
    return None if isinstance(found, str) else found


def _exact(session: Session, question: Question) -> Why | str:
    recording = shown_recording(session)
    if recording is None:
        return "Nothing is recorded yet."
    insides = session.insides.get(_insides_key(session), "")
    if isinstance(insides, str):
        if question.kind != "state":
            return insides or _AWAITED
        insides = _nothing_known()
    return _answered(question, recording, insides, session.cursor.sample)


def _made(session: Session) -> Made | None:
    """What the sample under the cursor was made of, once that is known."""
    from lstm_tui.recurrent.why import Made

    recording, insides = shown_recording(session), session.insides.get(_insides_key(session), "")
    if recording is None or isinstance(insides, str):
        return None
    return Made(recording, insides, session.cursor.sample)


@lru_cache(maxsize=1)
def _nothing_known() -> Insides:
    from lstm_tui.recurrent.insides import Insides

    return Insides()


@lru_cache(maxsize=8)
def _answered(question: Question, recording: Recording, insides: Insides, sample: int) -> Why | str:
    from lstm_tui.recurrent.why import Made
    from lstm_tui.recurrent.why_asking import why

    return why(question, Made(recording, insides, sample))


def _insides_key(session: Session) -> str:
    alterations = session.plan.run.alterations if session.plan is not None else ()
    return fingerprint(alterations)


# --- along the trail ------------------------------------------------------------------------------


def _asked(session: Session, question: Question | None) -> Result:
    """A new trail; the cursor goes where the value is."""
    other = None if question is not None else _other_way(session)
    if other is not None:
        return _turned(session, other), ()
    found = question or output_question(session)
    if isinstance(found, str):
        return session, (Announce(found),)
    begun = replace(session, cursor=replace(session.cursor, lens="origins", trail=()))
    return _at(begun, found), ()


def _other_way(session: Session) -> Question | None:
    """Of an output that is asked about already: by its inputs, or by what gives it again."""
    here = question_here(session) if session.cursor.lens == "origins" else None
    if here is None or here.kind not in {"output", "inputs"}:
        return None
    return replace(here, kind="inputs" if here.kind == "output" else "output")


def _turned(session: Session, other: Question) -> Session:
    """By its inputs is a step along the trail, which goes back the same way."""
    trail = session.cursor.trail
    trail = (*trail, _hop(session))[-_LONGEST_TRAIL:] if other.kind == "inputs" else trail[:-1]
    return _at(replace(session, cursor=replace(session.cursor, trail=trail)), other)


def _hop(session: Session) -> Hop:
    cursor = session.cursor
    return Hop(question_here(session), cursor.asked, cursor.layer, cursor.unit, cursor.step)


def _followed(session: Session, number: int) -> Result:
    found = answer_here(session)
    if isinstance(found, str):
        return session, (Announce(found),)
    causes = [share.of for share in found.shares if share.of is not None]
    if not 0 < number <= len(causes):
        return session, (Announce("there is no such cause to follow"),)
    cause = causes[number - 1]
    if not 0 <= cause.step < _last_step(session) + 1:
        return session, (Announce("the state before the first step: nothing made it here"),)
    trail = (*session.cursor.trail, _hop(session))[-_LONGEST_TRAIL:]
    return _at(replace(session, cursor=replace(session.cursor, trail=trail)), cause), ()


def _back(session: Session) -> Result:
    cursor = session.cursor
    if cursor.lens != "origins" or not cursor.trail:
        return session, (Announce("the trail begins here"),)
    hop = cursor.trail[-1]
    back = replace(
        cursor, asked=hop.asked, layer=hop.layer, unit=hop.unit, step=hop.step, trail=cursor.trail[:-1]
    )
    return with_valid_cursor(replace(session, cursor=back)), ()


def _at(session: Session, question: Question) -> Session:
    """The cursor where the value is, which is asked about."""
    cursor = replace(session.cursor, asked=question, step=question.step)
    if question.kind in {"state", "written"}:
        cursor = replace(cursor, layer=question.path, unit=question.unit)
    return with_valid_cursor(replace(session, cursor=cursor))


def _last_step(session: Session) -> int:
    recording = shown_recording(session)
    return max((trace.timesteps for trace in recording.layers), default=0) - 1 if recording else -1


def _is_beside(session: Session) -> bool:
    """Whether units are those of what is asked about, not those of the layer under the cursor."""
    asked = session.cursor.asked
    return session.cursor.lens == "origins" and asked is not None and asked.kind not in {"state", "written"}


def _beside(session: Session, by: int) -> Session:
    """The next number of the output, the layer or the input that is asked about."""
    asked = session.cursor.asked
    assert asked is not None
    question = replace(asked, unit=asked.unit + by)
    if isinstance(answer(session, replace(question, step=session.cursor.step)), str):
        question = replace(asked, unit=0 if by > 0 else max(asked.unit - 1, 0))
    return replace(session, cursor=replace(session.cursor, asked=question))
