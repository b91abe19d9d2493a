"""Comparing: what can be laid side by side, begun, told how far it is, walked. Pure.

Both sides are run by engines of their own, so that whatever is done in the workbench goes on. Where both have
been seen already, they stand side by side at once, and only the cause is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lstm_tui.errors import LstmTuiError, UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import RunPlan, fingerprint
from lstm_tui.recurrent.divergence import Course, Divergence, course_of
from lstm_tui.recurrent.recording import Recording
from lstm_tui.recurrent.side_facts import input_facts
from lstm_tui.recurrent.sides import where_to_look
from lstm_tui.scenario.plan import recordable_calls
from lstm_tui.session import commands as c
from lstm_tui.session import comparing_commands as s
from lstm_tui.session.edits import (
    CallEdit,
    Edit,
    History,
    ReplaceCalls,
    SmallCase,
    describe,
    fold,
    material_under,
)
from lstm_tui.session.effects import Announce, Effect, StartComparison, StopComparison
from lstm_tui.session.keeping import keeping
from lstm_tui.session.moving import stepped
from lstm_tui.session.sides import (
    MAPS,
    Case,
    Comparing,
    Place,
    at_divergence,
    furthest,
    laid_side_by_side,
    series_of,
    shown_place,
    sizes,
)
from lstm_tui.session.state import Session

Result = tuple[Session, tuple[Effect, ...]]


@dataclass(frozen=True, eq=False)
class Offer:
    """Something to compare: the word that chooses it, and both sides."""

    word: str
    label: str
    cases: tuple[Case, Case]


# --- what can be compared -----------------------------------------------------------------------------------


def offers(session: Session) -> tuple[Offer, ...] | str:
    """What can be compared without another file, the most likely first; or why nothing can."""
    if session.plan is None or not session.material.inputs:
        return "There is nothing to compare yet: o opens an input."
    if session.plan.run.record not in recordable_calls(session.plan.run.calls):
        return "No call here runs over a sequence that can be recorded: there is nothing to lay side by side."
    return tuple(_offers(session, present_case(session)))


def present_case(session: Session) -> Case:
    """What the session shows now, as one side."""
    assert session.plan is not None
    name = _name(session, session.history)
    call = session.plan.run.record
    return Case(name, session.model.path, session.material, session.history.done, call)


def _offers(session: Session, now: Case) -> Iterator[Offer]:
    steps = session.history.steps
    if steps:
        last = " and ".join(describe(edit) for edit in steps[-1])
        yield Offer("change", f"before and after: {last}", (_earlier(session, steps[:-1]), now))
    if len(steps) > 1:
        yield Offer("changes", f"before and after all {len(steps)} changes", (_earlier(session, ()), now))
    assert session.plan is not None
    calls, here = session.plan.run.calls, session.plan.run.record
    before = [call for call in recordable_calls(calls) if call < here]
    if before:
        one, other = (replace(now, name=f"call {call + 1}", call=call) for call in (before[-1], here))
        yield Offer("calls", f"call {before[-1] + 1} and call {here + 1}", (one, other))
    again = (*now.edits, ReplaceCalls((*calls[: here + 1], calls[here])))
    repeated = replace(now, name="the same call again", edits=again, call=here + 1)
    yield Offer("again", "the same call again", (replace(now, name=f"call {here + 1}"), repeated))


def _earlier(session: Session, steps: tuple[tuple[Edit, ...], ...]) -> Case:
    """The side with only these steps done: the same call, or the last where the calls are others."""
    history = History(steps)
    material = material_under(session.material, session.history, history)
    later = (edit for step in session.history.steps[len(steps) :] for edit in step)
    assert session.plan is not None
    call = None if any(isinstance(edit, CallEdit | SmallCase) for edit in later) else session.plan.run.record
    return Case(_name(session, history), session.model.path, material, history.done, call)


def _name(session: Session, history: History) -> str:
    """`as opened`, or what was done: `after reset states, predict again`."""
    if not history.steps:
        return "without its actions" if session.saved_history.steps else "as opened"
    words = [describe(edit) for edit in history.done]
    return one_line(f"after {', '.join(words)}", 200)


def plan_of(case: Case, facts: ModelFacts, memory: int) -> RunPlan:
    """What is run on the model that these are the facts of.

    Raises: LstmTuiError where the edits do not fit that model, or where the memory does not hold every step.
    """
    plan = fold(case.material, case.edits, facts)
    if case.call in recordable_calls(plan.run.calls):
        plan = plan.recording(case.call)
    kept = keeping(plan.run, facts, memory, 0)
    if kept.what == "whole":
        return plan.run
    takes = f"{kept.size.sample * kept.rows / 2**20:,.0f} MB"
    raise UsageError(
        f"every step of every sample takes {takes}: too much to lay two of them side by side",
        expected=f"at most {memory / 2**20:,.0f} MB each (recording_memory_mb in the settings)",
        todo="shorten the input (S), or run lstm-tui diff",
    )


# --- begun, told, walked ------------------------------------------------------------------------------------


def update_sides(session: Session, command: s.AboutSides) -> Result:
    """The session after what happened to its comparison."""
    comparing = session.comparing
    match command:
        case s.CompareCases(one, other):
            return _begun(session, (one, other))
        case s.LeaveSides():
            given_up = comparing is not None and bool(comparing.doing)
            kept = None if given_up else comparing
            return replace(session, comparing=kept), ((StopComparison(),) if given_up else ())
        case s.ComparingSaid(key) | s.CoursesArrived(key) | s.SidesArrived(key):
            if comparing is None or comparing.key != key:
                return session, ()  # nobody waits for it any more
            return replace(session, comparing=_told(comparing, command)), ()
        case _:
            if comparing is None or not comparing.pairs:
                return session, (Announce("both sides have to be there first"),)
            place = _walked(comparing, command)
            if isinstance(place, str):
                return session, (Announce(place),)
            return replace(session, comparing=replace(comparing, place=place)), ()


def _begun(session: Session, cases: tuple[Case, Case]) -> Result:
    """The comparison under way; one that is there already is shown again."""
    key = fingerprint(cases)
    known = session.comparing
    if known is not None and known.key == key and not known.refusal:
        return session, ()
    comparing = Comparing(key, cases, doing="running both")
    recordings = [_recording(session, case) for case in cases]
    if recordings[0] is not None and recordings[1] is not None:
        comparing = _seen(comparing, (recordings[0], recordings[1]))
    return replace(session, comparing=comparing), (StartComparison(key, cases, session.memory),)


def _recording(session: Session, case: Case) -> Recording | None:
    """The run of a side that the session holds already."""
    if case.model != session.model.path or not session.model.from_keras:
        return None
    try:
        run = session.runs.get(plan_of(case, session.model, session.memory).key)
    except LstmTuiError:
        return None  # it is told by who runs it
    return run.recording if run is not None else None


def _seen(comparing: Comparing, recordings: tuple[Recording, Recording]) -> Comparing:
    """Side by side at once; the cause takes engines."""
    one, other = recordings
    courses = (course_of(one), course_of(other))
    first = where_to_look(courses, tuple(input_facts(one.inputs, other.inputs)))
    return _laid(replace(comparing, doing="looking for the cause"), courses, first(*courses))


def _laid(comparing: Comparing, courses: tuple[Course, Course], divergence: Divergence | None) -> Comparing:
    """With both courses; whoever walks already stays where he is, unless they part elsewhere by now."""
    was_there, same = bool(comparing.pairs), comparing.divergence == divergence
    comparing = replace(comparing, pairs=laid_side_by_side(*courses), divergence=divergence)
    if was_there and same:
        return comparing
    return replace(comparing, place=at_divergence(comparing)) if comparing.pairs else comparing


def _told(comparing: Comparing, command: s.ComparingSaid | s.CoursesArrived | s.SidesArrived) -> Comparing:
    match command:
        case s.ComparingSaid(_, words):
            return replace(comparing, doing=words) if comparing.doing else comparing
        case s.CoursesArrived(_, courses, divergence):
            return _laid(replace(comparing, doing="looking for the cause"), courses, divergence)
        case s.SidesArrived(_, str() as refusal):
            return replace(comparing, doing="", refusal=refusal)
        case s.SidesArrived(_, sides, courses):
            assert courses is not None
            assert not isinstance(sides, str)
            return replace(_laid(comparing, courses, sides.divergence), sides=sides, doing="")


def _walked(comparing: Comparing, command: s.AboutSides) -> Place | str:
    """Where the command leads, or why nowhere."""
    place = comparing.place
    match command:
        case s.WalkSides(move):
            return _moved(comparing, move)
        case s.ToFirstDivergence():
            if comparing.divergence is None:
                return "the two are equal within float noise: they do not part"
            return at_divergence(comparing)
        case s.ToLargestDifference():
            assert comparing.pair is not None
            shown = shown_place(comparing)
            largest, sample, step, unit = furthest(comparing.pair, shown.series)
            if not largest:
                return "equal to the bit: no value of this series differs"
            return replace(shown, sample=sample, step=step, unit=unit)
        case s.SwitchMaps():
            return replace(place, maps=MAPS[(MAPS.index(place.maps) + 1) % len(MAPS)])
    raise TypeError(f"not a command to walk by: {command!r}")


def _moved(comparing: Comparing, move: c.Look) -> Place:
    """The place after a command that moves the cursor in one run."""
    assert comparing.pair is not None
    samples, steps, units = sizes(comparing)
    place = shown_place(comparing)
    match move:
        case c.MoveStep() | c.GoToStep():
            return replace(place, step=stepped(move, place.step, steps - 1))
        case c.MoveLayer(by):
            # of the layers only that: in another one with fewer steps the step is kept for the way back
            return replace(comparing.place, pair=(place.pair + by) % len(comparing.pairs))
        case c.MoveSeries(by):
            names = series_of(comparing.pair)
            return replace(place, series=names[(names.index(place.series) + by) % len(names)])
        case c.MoveUnit(by):
            start = -1 if place.unit is None and by > 0 else place.unit or 0
            return replace(place, unit=(start + by) % units)
        case c.ChooseUnit(unit):
            return replace(place, unit=unit)
        case c.MoveSample(by):
            return replace(place, sample=(place.sample + by) % samples)
    return place
