"""Breakpoints and watches of a session: set, told of, and run to, forth and back. Pure.

A condition is looked for once in a recording and then looked up. Of a long recording the bins say where it
may hold; the steps of such a bin are recorded again as the cursor goes there, and then searched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from lstm_tui.asking.binding import Bound, bind, bind_condition
from lstm_tui.asking.bounds import next_bin
from lstm_tui.asking.ground import Far, Ground
from lstm_tui.asking.hits import Hit, Hits, hits
from lstm_tui.asking.reading import read
from lstm_tui.errors import LstmTuiError, QuestionError
from lstm_tui.session import question_commands as q
from lstm_tui.session.asked_ground import asked_ground, far_of
from lstm_tui.session.commands import Command, Look
from lstm_tui.session.effects import Announce, Effect
from lstm_tui.session.long_recording import LongRecording
from lstm_tui.session.long_update import ask
from lstm_tui.session.moving import with_valid_cursor
from lstm_tui.session.question_commands import Breakpoint, Questions, Seeking
from lstm_tui.session.state import Session

Result = tuple[Session, tuple[Effect, ...]]
Item = TypeVar("Item")
NO_BREAKPOINT = "no breakpoint is set: K sets one"
#: Windows that are searched at once; more are for the next answer of the engine.
_MOST_WINDOWS = 64


def updated(session: Session, command: Command, otherwise: Callable[[Session, Command], Result]) -> Result:
    """`session` after a command about questions; or after any other, while a hit is looked for."""
    if not isinstance(command, q.AboutQuestions):
        looks = isinstance(command, Look)
        kept = _with(session, replace(session.questions, seeking=None)) if looks else session
        session, effects = otherwise(kept, command)
        session, more = _sought(session)
        return session, (*effects, *more)
    try:
        return _asked(session, command)
    except LstmTuiError as error:
        return session, (Announce(str(error), "error"),)


def _asked(session: Session, command: q.AboutQuestions) -> Result:
    found = session.questions
    match command:
        case q.AddBreakpoint(text):
            added = Breakpoint(checked(session, text))
            others = tuple(each for each in found.breakpoints if each.text != added.text)
            _must_have_room(others, q.MOST_BREAKPOINTS, "breakpoints")
            found = replace(found, breakpoints=(*others, added))
        case q.AddWatch(text):
            watched = checked(session, text, condition=False)
            watches = tuple(each for each in found.watches if each != watched)
            _must_have_room(watches, q.MOST_WATCHES, "watches")
            found = replace(found, watches=(*watches, watched))
        case q.DropBreakpoint(index):
            found = replace(found, breakpoints=_without(found.breakpoints, index))
        case q.DropWatch(index):
            found = replace(found, watches=_without(found.watches, index))
        case q.ToggleBreakpoint(index):
            found = found.toggled(index)
        case q.ToHit(by, only):
            return _to_hit(session, by, only)
        case q.ToSampleWithHit(by, only):
            return _to_sample(session, by, only)
    return _with(session, found), ()


def _must_have_room(there: Sequence[object], most: int, what: str) -> None:
    if len(there) >= most:
        raise QuestionError(f"there are {most} {what} already", todo="drop one first (Del in the list)")


def _without(items: tuple[Item, ...], index: int) -> tuple[Item, ...]:
    return (*items[:index], *items[index + 1 :])


def _with(session: Session, questions: Questions) -> Session:
    return replace(session, questions=questions)


# --- what is asked ----------------------------------------------------------------------------------


def checked(session: Session, text: str, *, condition: bool = True) -> str:
    """The text as it is kept: with the layer under the cursor where it names none and there are several.

    Before anything is recorded it is only read. Raises: QuestionError.
    """
    question, ground = read(text), asked_ground(session)
    if condition and question.tree.is_constant:
        raise QuestionError(
            "nothing of the recording is named: it holds everywhere or nowhere",
            expected="a series, the input, an output or t: abs(c) > 1",
            text=question.text,
            at=question.tree.at,
        )
    if ground is None:
        return question.text
    (bind_condition if condition else bind)(question, ground, session.cursor.layer)
    loose = any(node.word == "series" and not node.layer for node in question.tree.walk())
    if not loose or len(ground.cells) < 2:
        return question.text
    path = session.cursor.layer if session.cursor.layer in ground.cells else next(iter(ground.cells))
    short = path.rsplit("/", 1)[-1]
    alone = sum(each.rsplit("/", 1)[-1] == short for each in ground.cells) == 1
    name = short if alone and short not in set(ground.cells) - {path} else path
    kept = f"{question.text} in {name if not set(name) & set(' ()[],<>=!') else repr(name)}"
    (bind_condition if condition else bind)(read(kept), ground, session.cursor.layer)
    return kept


def told_of(session: Session, text: str, *, condition: bool = True) -> str:
    """What a text comes to while it is typed: how many hits a condition has. Raises: QuestionError."""
    ground = asked_ground(session)
    kept = checked(session, text, condition=condition)
    if ground is None or not condition:
        return f"{kept}\nany step, once something is recorded" if ground is None else kept
    if session.long is not None:
        return f"{kept}\nwhere it may hold is told from bins of {session.long.plan.bin} steps"
    found = all_hits(session, ground, kept)
    here, samples = found.count(session.cursor.sample), found.bound.samples
    some = f"; {len(found.samples)} of {samples} samples have some" if samples > 1 else ""
    return f"{kept}\n{here:,} hit{'s' * (here != 1)} in sample {session.cursor.sample}{some}"


def bound_in(text: str, ground: Ground, here: str, *, condition: bool = True) -> Bound:
    """Bound once for a ground. Raises: QuestionError."""
    key = ("bound", text, here, condition)
    if key not in ground.memo:
        ground.memo[key] = (bind_condition if condition else bind)(read(text), ground, here)
    found = ground.memo[key]
    assert isinstance(found, Bound)
    return found


def all_hits(session: Session, ground: Ground, text: str) -> Hits:
    """Raises: QuestionError, the same each time: what took too long is not tried again."""
    key = ("refused", text, session.cursor.layer)
    if key in ground.memo:
        raise ground.memo[key]
    try:
        return hits(bound_in(text, ground, session.cursor.layer), ground)
    except QuestionError as error:
        ground.memo[key] = error
        raise


def _stops(session: Session, only: int | None) -> tuple[str, ...]:
    """The conditions to stop at. Raises: QuestionError where there is none."""
    found = session.questions.breakpoints
    if only is not None:
        return (found[only].text,)
    enabled = tuple(each.text for each in found if each.enabled)
    if not enabled:
        raise QuestionError(
            "every breakpoint is switched off: Space in the list (K)" if found else NO_BREAKPOINT
        )
    return enabled


# --- to a hit -----------------------------------------------------------------------------------------


def _to_hit(session: Session, by: int, only: int | None) -> Result:
    texts, ground = _stops(session, only), asked_ground(session)
    if ground is None:
        return session, (Announce("nothing is recorded yet"),)
    if session.long is not None:
        begun = session.questions.seeking
        seeking = Seeking(by, session.cursor.step, only)
        if begun is not None and (begun.by, begun.only) == (by, only):
            seeking = begun  # the cursor stands where it may be, not where it was
        return _sought(_with(session, replace(session.questions, seeking=seeking)))
    found, wrong = _hits_of(session, ground, texts)
    hit = _nearest(found, session.cursor.sample, session.cursor.step, by)
    if hit is not None:
        return _at(session, *hit), ()
    return session, (*wrong, Announce(_no_more(found, session, by)))


def _hits_of(
    session: Session, ground: Ground, texts: Sequence[str]
) -> tuple[list[Hits], tuple[Announce, ...]]:
    """Of all that can be asked here, and why the others cannot."""
    found, wrong = [], []
    for text in texts:
        try:
            found.append(all_hits(session, ground, text))
        except QuestionError as error:
            wrong.append(Announce(str(error), "warning"))
    return found, tuple(wrong)


def _nearest(found: Sequence[Hits], sample: int, step: int, by: int) -> tuple[Hits, Hit] | None:
    each = [
        (all_of, all_of.after(sample, step) if by > 0 else all_of.before(sample, step)) for all_of in found
    ]
    there = [(all_of, hit) for all_of, hit in each if hit is not None]
    return min(there, key=lambda pair: pair[1].step * by, default=None)


def _at(session: Session, of: Hits, hit: Hit) -> Session:
    """The cursor at a hit: its step and sample, its layer, series and unit where it names them."""
    cursor = replace(session.cursor, step=hit.step, sample=hit.sample, lens="states")
    if of.bound.series:
        cursor = replace(cursor, layer=of.bound.layer, series=of.bound.series)
    if hit.unit is not None and of.bound.root.whose == of.bound.layer:
        cursor = replace(cursor, unit=hit.unit)
    return with_valid_cursor(replace(session, cursor=cursor))


def _no_more(found: Sequence[Hits], session: Session, by: int) -> str:
    where = "behind" if by > 0 else "before"
    others = {sample for each in found for sample in each.samples} - {session.cursor.sample}
    more = f"; {len(others)} other samples have some: > in the list (K)" if others else ""
    return f"no hit {where} step {session.cursor.step}{more}"


def _to_sample(session: Session, by: int, only: int | None) -> Result:
    texts, ground = _stops(session, only), asked_ground(session)
    if ground is None or session.long is not None:
        return session, (Announce("one sample is recorded here" if ground else "nothing is recorded yet"),)
    found, wrong = _hits_of(session, ground, texts)
    here = session.cursor.sample
    samples = sorted({sample for each in found for sample in each.samples if sample != here})
    later = [sample for sample in samples if (sample > here if by > 0 else sample < here)]
    for sample in (later or samples)[:: 1 if by > 0 else -1][:1]:
        hit = _nearest(found, sample, -1, 1)
        assert hit is not None
        return _at(session, *hit), ()
    return session, (*wrong, Announce("no other sample has a hit"))


# --- in a long recording --------------------------------------------------------------------------------


def _sought(session: Session) -> Result:
    """As far towards the next hit as the steps that are held lead; then those that are missing are asked."""
    seeking, long = session.questions.seeking, session.long
    if seeking is None or long is None or long.wanted is not None:
        return session, ()
    ended = _with(session, replace(session.questions, seeking=None))
    texts, far, step = _stops(session, seeking.only), far_of(session, long), seeking.step
    for _ in range(_MOST_WINDOWS):
        place, back = _candidate(session, far, texts, step, seeking.by)
        if place is None:
            return ended, (Announce(_none_left(long, seeking)),)
        there = replace(session, cursor=replace(session.cursor, step=place, lens="states"))
        ground = asked_ground(there)
        if ground is None or not _is_held(ground, place, back):
            return _waiting(there, replace(seeking, step=step))
        found, wrong = _hits_of(there, ground, texts)
        hit = _nearest(found, session.cursor.sample, step, seeking.by)
        if hit is not None:
            return ask(_at(ended, *hit))
        if wrong:
            return ended, wrong
        step = ground.kept.stop - 1 if seeking.by > 0 else ground.kept.start + back
    return _waiting(session, replace(seeking, step=step))


def _is_held(ground: Ground, place: int, back: int) -> bool:
    """Whether the step is there, and what a condition looks back at."""
    kept = ground.kept
    return place in kept and (place - back >= kept.start or kept.start == 0)


def _waiting(session: Session, seeking: Seeking) -> Result:
    """The steps under the cursor asked for; the search goes on when they have come."""
    asked, effects = ask(_with(session, replace(session.questions, seeking=seeking)))
    if asked.long is None or asked.long.wanted is None:
        return _with(asked, replace(asked.questions, seeking=None)), effects
    return asked, effects


def _candidate(
    session: Session, far: Far, texts: Sequence[str], step: int, by: int
) -> tuple[int | None, int]:
    """The next step from which on one of the conditions may hold, by the bins; how far they look back."""
    ground = asked_ground(session)
    first = step + by
    if ground is None or not 0 <= first < far.timesteps:
        return None, 0
    found = []
    bounds = [bound_in(text, ground, session.cursor.layer) for text in texts]
    for bound in bounds:
        place = next_bin(bound, far, first // far.size, by)
        if place is not None:
            begins, ends = place * far.size, min((place + 1) * far.size, far.timesteps) - 1
            found.append(max(first, begins) if by > 0 else min(first, ends))
    return min(found, key=lambda each: each * by, default=None), max(bound.back for bound in bounds)


def _none_left(long: LongRecording, seeking: Seeking) -> str:
    so_far = "" if long.is_whole else f"; {long.recorded:,} of {long.plan.timesteps:,} steps are recorded"
    return f"no hit {'behind' if seeking.by > 0 else 'before'} step {seeking.step:,}{so_far}"
