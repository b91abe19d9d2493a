"""The search for the smallest case, as a conversation: it names a smaller one and is told if that shows it.

    search = smaller_cases(subject, facts)
    case = next(search); case = search.send(True); ...   # StopIteration.value is the smallest that showed it

Each thing that can be taken away is tried in turn: what lies beside the model, samples, timesteps, calls,
counts, features; and once more, since less of one may allow less of another. What is a set is halved and
thinned out (delta debugging), a window is first tried at doubling lengths and then trimmed from both ends.
The search makes no attempt at the very least: it ends where nothing that it tries can be taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import TypeVar

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Place
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Call, Decode, Fit, Generate, Threads
from lstm_tui.scenario.plan import recordable_calls
from lstm_tui.shrinking.arrays import Axis, arrays_of, blanked, kept
from lstm_tui.shrinking.axes import features_in_use, inner_axes, sample_axes

Entry = TypeVar("Entry")
#: Says whether the case shows the finding; gives the smallest that does.
Search = Generator[Subject, bool, Subject]
_ROUNDS = 2
#: A set is cut into so many pieces at most: single entries of a thousand are not taken out one by one.
_MOST_PIECES = 16


def smaller_cases(start: Subject, facts: ModelFacts, place: Place | None = None) -> Search:
    """Cases that are smaller than `start`. place: where the finding shows, if that is known."""
    place = place or Place()
    subject = start
    for _ in range(_ROUNDS):
        before = subject
        subject = yield from _without_what_lies_beside(subject)
        for axis in sample_axes(subject, facts):
            if _is_there(axis, subject):
                subject = yield from _fewer_samples(subject, axis, place.sample)
        for axis in inner_axes(subject, facts):
            if _is_there(axis, subject):
                subject = yield from _shorter(subject, axis, place.step)
        subject = yield from _fewer_calls(subject)
        subject = yield from _smaller_counts(subject)
        for name, features in features_in_use(subject, facts).items():
            subject = yield from _fewer_features(subject, name, features)
        if subject is before:
            break
    return subject


def with_calls(subject: Subject, calls: Sequence[Call]) -> Subject:
    """The subject with other calls; the last one whose steps can be shown is recorded."""
    recordable = recordable_calls(calls)
    record = recordable[-1] if recordable else len(calls) - 1
    return replace(subject, plan=replace(subject.plan, calls=tuple(calls), record=record))


def _is_there(axis: Axis, subject: Subject) -> bool:
    """Whether it still is what it was: what is cut from one is cut from others."""
    return axis.size > axis.unit and any(axis.has(*each) for each in arrays_of(subject))


def _tried(subject: Subject, smaller: Subject | None) -> Search:
    """The smaller case if it shows the finding, else the one that there is."""
    if smaller is not None and (yield smaller):
        return smaller
    return subject


# --- what lies beside the model ---------------------------------------------------------------------


def _without_what_lies_beside(subject: Subject) -> Search:
    """Without the samples to compare with, the wanted shape, and what actions do to states and layers."""
    if subject.reference or subject.reference_target is not None:
        subject = yield from _tried(subject, replace(subject, reference={}, reference_target=None))
    if subject.reference_target is not None:
        subject = yield from _tried(subject, replace(subject, reference_target=None))
    if subject.plan.target is not None:
        subject = yield from _tried(subject, replace(subject, plan=replace(subject.plan, target=None)))
    if subject.output_rescales:
        subject = yield from _tried(subject, replace(subject, output_rescales=()))
    if subject.expected_shape is not None:
        subject = yield from _tried(subject, replace(subject, expected_shape=None))
    for reset in subject.plan.resets:
        left = tuple(each for each in subject.plan.resets if each is not reset)
        subject = yield from _tried(subject, replace(subject, plan=replace(subject.plan, resets=left)))
    for alteration in subject.plan.alterations:
        others = tuple(each for each in subject.plan.alterations if each is not alteration)
        subject = yield from _tried(subject, replace(subject, plan=replace(subject.plan, alterations=others)))
    return subject


# --- sets ------------------------------------------------------------------------------------------


def _fewest(
    subject: Subject, entries: tuple[Entry, ...], make: Callable[[tuple[Entry, ...]], Subject | None]
) -> Search:
    """The case with the fewest `entries`, at least one; `make` gives the case with some of them."""
    pieces = 2
    while len(entries) > 1:
        size = -(-len(entries) // pieces)
        starts = range(0, len(entries), size)
        parts = [entries[start : start + size] for start in starts]
        rests = [entries[:start] + entries[start + size :] for start in starts] if len(parts) > 2 else []
        for some in [*parts, *rests]:
            smaller = make(some)
            if smaller is not None and (yield smaller):
                entries, subject, pieces = some, smaller, 2 if len(some) <= size else max(pieces - 1, 2)
                break
        else:
            if pieces >= min(len(entries), _MOST_PIECES):
                break
            pieces = min(pieces * 2, len(entries), _MOST_PIECES)
    return subject


def _fewer_samples(subject: Subject, axis: Axis, hint: int | None) -> Search:
    """One sample first, where the finding shows, then two; else what is left of halving."""
    blocks = tuple(range(axis.size // axis.unit))

    def only(some: tuple[int, ...]) -> Subject | None:
        entries = (block * axis.unit + each for block in some for each in range(axis.unit))
        return kept(subject, axis, tuple(entries))

    shown = blocks[min((hint or 0) // axis.unit, len(blocks) - 1)] if blocks else 0
    for few in dict.fromkeys([(shown,), blocks[:2]]):
        if len(few) < len(blocks):
            smaller = yield from _tried(subject, only(few))
            if smaller is not subject:
                return smaller
    found: Subject = yield from _fewest(subject, blocks, only)
    return found


def _fewer_calls(subject: Subject) -> Search:
    calls = subject.plan.calls
    found: Subject = yield from _fewest(
        subject, tuple(range(len(calls))), lambda some: with_calls(subject, [calls[each] for each in some])
    )
    return found


def _fewer_features(subject: Subject, name: str, features: tuple[int, ...]) -> Search:
    """With as few features of an input as can be, the others zero."""
    start = subject

    def only(some: tuple[int, ...]) -> Subject:
        return blanked(start, name, tuple(each for each in features if each not in some))

    none = only(())
    if (yield none):
        return none
    found: Subject = yield from _fewest(subject, features, only)
    return found


# --- windows and counts ----------------------------------------------------------------------------


def _shorter(subject: Subject, axis: Axis, hint: int | None) -> Search:
    """The shortest window: at the end, the beginning or where it shows, of doubling length; then trimmed."""
    low, high = 0, axis.size
    found = subject
    for start, end in _windows(axis.size, hint):
        smaller = kept(subject, axis, range(start, end))
        if smaller is not None and (yield smaller):
            low, high, found = start, end, smaller
            break
    step = (high - low) // 2
    while step:
        for start, end in ((low + step, high), (low, high - step)):
            smaller = kept(subject, axis, range(start, end))
            if smaller is not None and (yield smaller):
                low, high, found = start, end, smaller
                break
        else:
            step //= 2
        step = min(step, (high - low) // 2)
    return found


def _windows(size: int, hint: int | None) -> list[tuple[int, int]]:
    windows, length = [], 1
    while length < size:
        starts = [size - length, 0] if hint is None else [min(hint, size - length), size - length, 0]
        windows += [(start, start + length) for start in dict.fromkeys(starts)]
        length *= 2
    return windows


#: How often something is done, by the call that does it, and the least that makes sense.
_COUNTS: dict[type, tuple[str, int]] = {
    Generate: ("steps", 1),
    Decode: ("steps", 1),
    Fit: ("epochs", 1),
    Threads: ("n", 2),
}


def _smaller_counts(subject: Subject) -> Search:
    """Fewer steps to generate or write, epochs to train, threads to run: the least first, then halves."""
    for index, call in enumerate(subject.plan.calls):
        if type(call) not in _COUNTS:
            continue
        field, least = _COUNTS[type(call)]
        count = getattr(call, field)
        tries = [least] + [count >> shift for shift in range(count.bit_length(), 0, -1)]
        for fewer in dict.fromkeys(tries):
            if not least <= fewer < count:
                continue
            calls = list(subject.plan.calls)
            calls[index] = replace(call, **{field: fewer})
            smaller = yield from _tried(subject, with_calls(subject, calls))
            if smaller is not subject:
                subject = smaller
                break
    return subject
