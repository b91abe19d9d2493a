"""Where two runs part, and why: found by running them again.

Everything that they differ by is looked up; where several things could be the cause, each is taken over from
the one by itself and the two are compared again. Both models are afterwards as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lstm_tui.comparing.running import Ran
from lstm_tui.comparing.swapping import Swap, tried
from lstm_tui.recurrent.calls import CallModel, Fit, Predict, fingerprint
from lstm_tui.recurrent.divergence import Course, Divergence, first_divergence, pairs, remarks
from lstm_tui.recurrent.side_causes import Judgement, Trial, before, candidates, judge
from lstm_tui.recurrent.side_facts import Fact, input_facts, inside_facts, state_facts, trace_facts
from lstm_tui.recurrent.sides import Sides, in_recurrent, output_gaps, where_to_look


def judged(names: tuple[str, str], one: Ran, other: Ran) -> tuple[Sides, tuple[Course, Course]]:
    """Where the two first part and why, and what they computed. names: of both, for whoever reads it.

    Each side is run once more to see whether chance is in it, and where several things could be the cause,
    again with one of them taken over from the other.
    """
    one, other, chance = _with_chance(one, other)
    courses = (one.course, other.course)
    renamed = {pair.one.path: pair.other.path for pair in pairs(*courses)}
    facts = tuple(_facts(one, other, renamed))
    first = where_to_look(courses, facts)
    divergence = first(*courses) or chance
    trials: tuple[Trial, ...] = ()
    judgement = Judgement((), "")
    if divergence is not None:
        possible = before(facts, divergence, one.course)
        if len(candidates(possible)) > 1 and (chance is None or chance.order > divergence.order):
            trials = tuple(tried(Swap(one, other, renamed), candidates(possible), first))
        judgement = judge(divergence, possible, trials, chance, courses)
    found = Sides(
        names=names,
        divergence=divergence,
        in_recurrent=in_recurrent(*courses),
        judgement=judgement,
        facts=facts,
        trials=trials,
        outputs=tuple(output_gaps(*courses)),
        notes=(*remarks(*courses), *(["chance is in these calls: no two are equal"] if chance else [])),
    )

    return found, courses


# --- chance -------------------------------------------------------------------------------------------------


def drawn(side: Ran) -> tuple[Ran, Divergence | None]:
    """The side with another draw, and where the two draws part; as it is where there is no chance in it.

    Two runs that begin with the same seed are equal by that alone.
    """
    side.on_progress("the same call again", None)
    times, course = side.drawn_again()
    chance = first_divergence(side.course, course)
    return (side if chance is None else replace(side, times=times, course=course)), chance


def _with_chance(one: Ran, other: Ran) -> tuple[Ran, Ran, Divergence | None]:
    """The sides, each with another draw where chance is in it, and where that shows first."""
    _, chance = drawn(one)
    of_other = None
    if chance is not None or not _same_call(one, other):
        other, of_other = drawn(other)
    return one, other, _earliest(chance, of_other, one.course, other.course)


def _same_call(one: Ran, other: Ran) -> bool:
    """Whether chance is in both or in neither: one model, set alike, called alike."""
    kinds = [(side.model.resolve(), side.plan.alterations, _call_words(side.call)) for side in (one, other)]
    return kinds[0] == kinds[1]


def _earliest(
    one: Divergence | None, other: Divergence | None, course: Course, its: Course
) -> Divergence | None:
    """The first of both, the other's at its place in the order of the one."""
    places = {pair.other.path: pair.place for pair in pairs(course, its)}
    if other is not None:
        other = replace(other, place=places.get(other.layer, other.place))
    found = [each for each in (one, other) if each is not None]
    return min(found, key=lambda each: each.order, default=None)


# --- what differs -------------------------------------------------------------------------------------------


def _facts(one: Ran, other: Ran, renamed: Mapping[str, str]) -> Iterator[Fact]:
    back = {its: own for own, its in renamed.items()}
    its_states = {
        f"{back.get(name.rpartition('/')[0], name.rpartition('/')[0])}/{name.rpartition('/')[2]}": values
        for name, values in other.states.items()
    }
    yield from input_facts(one.inputs, other.inputs)
    yield from state_facts(one.states, its_states)
    words = _call_words(one.call), _call_words(other.call)
    if words[0] != words[1]:
        yield Fact("call", "the call", f"{words[0]} against {words[1]}")
    yield from _tried_facts(one, other)
    inside = tuple(inside_facts(one.insides, other.insides, renamed))
    yield from inside
    yield from _trained(one, other)
    known = {(fact.cause, fact.layer) for fact in inside}
    yield from (
        fact for fact in trace_facts(one.course, other.course) if (fact.cause, fact.layer) not in known
    )


def _call_words(call: Predict | CallModel) -> str:
    if isinstance(call, Predict):
        return "predict" if call.batch_size is None else f"predict in batches of {call.batch_size}"
    return "a call" if call.training is None else f"a call with training={call.training}"


def _tried_facts(one: Ran, other: Ran) -> Iterator[Fact]:
    """What is tried inside the loops of one of them alone."""
    a, b = ({fingerprint(each): each.describe() for each in side.plan.interventions} for side in (one, other))
    for letter, own, its in (("A", a, b), ("B", b, a)):
        for words in [said for key, said in own.items() if key not in its]:
            yield Fact("call", "tried otherwise", f"{words}, in {letter} alone")


def _trained(one: Ran, other: Ran) -> Iterator[Fact]:
    """Weights that a `fit` before the call moved: those of the files are not the ones that computed."""
    if not one.trained and not other.trained:
        return
    fits = [
        fingerprint(
            (tuple(c for c in side.plan.calls[: side.plan.record] if isinstance(c, Fit)), side.plan.inputs)
        )
        for side in (one, other)
    ]
    if fits[0] != fits[1] or one.trained != other.trained:
        told = f"moved by up to {one.trained:.3g} in A and {other.trained:.3g} in B before the call"
        yield Fact("weights", "fit", told, largest=max(one.trained, other.trained))
