"""`lstm-tui diff`: two runs side by side, where they first part and why, found by running them again.

Each side is run once, and once more to see whether chance is in it. Where they part, everything that they
differ by is looked up; where several things could be the cause, each is taken over from A by itself and the
two are compared again. Nothing is written, and both models are afterwards as they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import LstmTuiError, UsageError
from lstm_tui.recurrent.calls import Alteration, CallModel, Fit, Predict, fingerprint
from lstm_tui.recurrent.divergence import (
    Course,
    Divergence,
    first_divergence,
    first_recurrent_divergence,
    gaps,
    output_pairs,
    pairs,
    recurrent_only,
    remarks,
)
from lstm_tui.recurrent.side_causes import Judgement, Trial, before, candidates, judge, judge_traces
from lstm_tui.recurrent.side_facts import (
    Cause,
    Fact,
    input_facts,
    input_names,
    inside_facts,
    other_settings,
    state_facts,
    trace_facts,
)
from lstm_tui.report.diff_report import OutputGap, Sides, sides_json, sides_text
from lstm_tui.report.diff_sides import Ask, Named, OnProgress, Ran, model_of, ran
from lstm_tui.report.trace_reading import read_trace

Given = TypeVar("Given")
#: Where two runs first part.
First = Callable[[Course, Course], Divergence | None]
#: What one engine answers; one for each model.
Engines = Callable[[Path], Ask]


def diff_and_print(
    paths: tuple[Path, Path],
    inputs: Sequence[Path],
    calls: Sequence[int],
    options: EngineOptions,
    on_progress: OnProgress,
    *,
    as_json: bool,
) -> int:
    """Print where the two first part and why: 0 nowhere, 1 somewhere.

    Raises: LstmTuiError where that cannot be asked.
    """
    found = sides(named_sides(paths, inputs, calls), local_engines(options), on_progress)
    on_progress("", None)
    print(json.dumps(sides_json(found), indent=2, allow_nan=False) if as_json else sides_text(found))
    return int(found.divergence is not None)


def local_engines(options: EngineOptions) -> Engines:
    """Engines in this process, one a model, so that neither has to be loaded again and again."""
    engines: dict[Path, LocalEngine] = {}
    return lambda model: engines.setdefault(model.resolve(), LocalEngine(options)).ask


def named_sides(
    paths: tuple[Path, Path], inputs: Sequence[Path], calls: Sequence[int]
) -> tuple[Named, Named]:
    """The two sides that the command line names. Raises: UsageError where a model has nothing to run on.

    A model beside a scenario runs what the scenario says. One `--input` or `--call` is for both.
    """
    for word, times in (("--input", len(inputs)), ("--call", len(calls))):
        if times > 2:
            raise UsageError(f"{word} is given {times} times", expected="once for both, or once for each")
    named = [Named(path, call=_of(calls, number)) for number, path in enumerate(paths)]
    scenario = next((side.path for side in named if side.is_scenario), None)
    models = [side for side in named if not side.is_scenario and not side.is_trace]
    if inputs and not models:
        raise UsageError("--input is for a model, and neither side is one", todo="leave it out")
    if calls and all(side.is_trace for side in named):
        raise UsageError("--call is for a scenario, and both sides are finished traces", todo="leave it out")
    for number, side in enumerate(named):
        if side not in models:
            continue
        given = _of(inputs, number)
        if given is None and scenario is None:
            raise UsageError(
                f"there is no input to run {side.path} on",
                todo=f"lstm-tui diff {paths[0]} {paths[1]} --input x.npy",
            )
        named[number] = replace(side, input=given, scenario=scenario if given is None else None)
    return named[0], named[1]


def _of(given: Sequence[Given], number: int) -> Given | None:
    return given[min(number, len(given) - 1)] if given else None


def sides(named: tuple[Named, Named], engines: Engines, on_progress: OnProgress) -> Sides:
    """Where the two first part and why. Raises: LstmTuiError where a side cannot be read or run."""
    if any(side.is_trace for side in named):
        return _with_a_trace(named, engines, on_progress)
    one = ran(named[0], engines(model_of(named[0])), on_progress)
    _, chance = _drawn(one)
    other = ran(named[1], engines(model_of(named[1])), on_progress)
    of_other = None
    if chance is not None or not _same_call(one, other):
        other, of_other = _drawn(other)
    return _judged(named, one, other, _earliest(chance, of_other, one.course, other.course))


def _judged(named: tuple[Named, Named], one: Ran, other: Ran, chance: Divergence | None) -> Sides:
    courses = (one.course, other.course)
    renamed = {pair.one.path: pair.other.path for pair in pairs(*courses)}
    facts = tuple(_facts(one, other, renamed))
    first = _view(courses, facts)
    divergence = first(*courses) or chance
    trials: tuple[Trial, ...] = ()
    judgement = Judgement((), "")
    if divergence is not None:
        possible = before(facts, divergence, one.course)
        if len(candidates(possible)) > 1 and (chance is None or chance.order > divergence.order):
            trials = tuple(_tried(_Swap(one, other, renamed), candidates(possible), first))
        judgement = judge(divergence, possible, trials, chance, courses)
    return Sides(
        names=(_name(named[0]), _name(named[1])),
        divergence=divergence,
        in_recurrent=_in_recurrent(*courses),
        judgement=judgement,
        facts=facts,
        trials=trials,
        outputs=tuple(_outputs(*courses)),
        notes=(*remarks(*courses), *(["chance is in these calls: no two are equal"] if chance else [])),
    )


def _with_a_trace(named: tuple[Named, Named], engines: Engines, on_progress: OnProgress) -> Sides:
    """One side or both are finished: what can be told from gates and states alone."""
    courses, chance = [], None
    for side in named:
        if side.is_trace:
            courses.append(read_trace(side.path))
            continue
        made = ran(side, engines(model_of(side)), on_progress)
        courses.append(made.course)
        chance = _drawn(made)[1]
    both = (courses[0], courses[1])
    divergence = first_divergence(*both)
    facts = tuple(trace_facts(*both))
    judgement = Judgement((), "")
    if divergence is not None:
        judgement = judge_traces(divergence, before(facts, divergence, both[0]), chance, both)
    names = (_name(named[0]), _name(named[1]))
    outputs = tuple(_outputs(*both))
    return Sides(names, divergence, judgement, _in_recurrent(*both), facts, (), outputs, _trace_remarks(both))


def _trace_remarks(courses: tuple[Course, Course]) -> tuple[str, ...]:
    """Without the layers that are not recurrent: a trace never has them."""
    return remarks(*(recurrent_only(each) for each in courses))


def _view(courses: tuple[Course, Course], facts: Sequence[Fact]) -> First:
    """Where to look: another input shows in every layer in front, and hides what the states began with."""
    if not any(fact.cause == "input" for fact in facts) or _in_recurrent(*courses) is None:
        return first_divergence
    return first_recurrent_divergence


def _in_recurrent(one: Course, other: Course) -> Divergence | None:
    """Where the first gate or state is another."""
    return first_divergence(recurrent_only(one), recurrent_only(other))


def _name(named: Named) -> str:
    beside = named.input or named.scenario
    call = f", call {named.call}" if named.call is not None else ""
    return f"{named.path}{f' on {beside}' if beside else ''}{call}"


# --- chance -------------------------------------------------------------------------------------------------


def _drawn(side: Ran) -> tuple[Ran, Divergence | None]:
    """The side with another draw, and where the two draws part; as it is where there is no chance in it.

    Two runs that begin with the same seed are equal by that alone.
    """
    side.on_progress("the same call again", None)
    times, course = side.drawn_again()
    chance = first_divergence(side.course, course)
    return (side if chance is None else replace(side, times=times, course=course)), chance


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


def _outputs(one: Course, other: Course) -> Iterator[OutputGap]:
    for name, its in output_pairs(one, other):
        a, b = one.outputs[name], other.outputs[its]
        same = a.shape == b.shape
        largest = float(gaps(a, b).max(initial=0.0)) if same else None
        yield OutputGap(name, (a.shape, b.shape), largest)


# --- trials -------------------------------------------------------------------------------------------------


def _tried(swap: _Swap, possible: tuple[Cause, ...], first: First) -> Iterator[Trial]:
    ways: dict[Cause, tuple[str, Callable[[], tuple[Course, Course]]]] = {
        "input": ("B with A's input", swap.input),
        "initial state": swap.states_words(),
        "call": ("B called as A", swap.call),
        "settings": ("B set as A", swap.settings),
        "weights": ("B with A's weights", swap.model),
        "dtype": ("B in A's type", swap.model),
    }
    for cause in possible:
        words, way = ways[cause]
        swap.one.on_progress(words, None)
        try:
            yield Trial(cause, words, first(*way()))
        except LstmTuiError as error:
            yield Trial(cause, words, refused=error.happened)


@dataclass(frozen=True, eq=False)
class _Swap:
    """The two sides with one thing of A in B; each answers with the pair to compare."""

    one: Ran
    other: Ran
    renamed: Mapping[str, str]

    def input(self) -> tuple[Course, Course]:
        names = input_names(self.one.inputs, self.other.inputs)
        given = {its: self.one.inputs[name] for name, its in names.items()}
        fed = {**self.other.inputs, **given}
        return self.one.course, self.other.run(self.other.plan_with(inputs=fed))

    def states_words(self) -> tuple[str, Callable[[], tuple[Course, Course]]]:
        """A side that keeps no states cannot take any: then the other one takes zeros."""
        if self.other.states:
            return "B with A's initial state", self._a_in_b
        return "A with B's initial state", self._b_in_a

    def _a_in_b(self) -> tuple[Course, Course]:
        back = {its: own for own, its in self.renamed.items()}
        states = self.other.states_from(self.one.states, back)
        return self.one.course, self.other.run(self.other.plan_with(states=states))

    def _b_in_a(self) -> tuple[Course, Course]:
        states = self.one.states_from(self.other.states, self.renamed)
        return self.one.run(self.one.plan_with(states=states)), self.other.course

    def call(self) -> tuple[Course, Course]:
        return self.one.course, self.other.run(self.other.plan_with(call=self.one.call))

    def settings(self) -> tuple[Course, Course]:
        changed = self._alterations(self.other, self.one, self.renamed, of_keys=True)
        return self.one.course, self.other.run(self.other.plan_with(alterations=changed))

    def model(self) -> tuple[Course, Course]:
        """A's model set as B's, on what B was given: B with A's weights."""
        names = input_names(self.one.inputs, self.other.inputs)
        plan = self.one.plan_with(
            inputs={name: self.other.inputs[its] for name, its in names.items()},
            states=self.one.states_from(self.other.states, self.renamed),
            call=self.other.call,
            alterations=self._alterations(self.one, self.other, self.renamed, of_keys=False),
            times=self.other.times,
        )
        return self.one.course, self.one.run(plan)

    @staticmethod
    def _alterations(
        to: Ran, like: Ran, renamed: Mapping[str, str], *, of_keys: bool
    ) -> tuple[Alteration, ...]:
        """What sets the layers of `to` as those of `like`. of_keys: `renamed` leads from like to to."""
        found = []
        for path, settings in (like if of_keys else to).insides.settings.items():
            its = renamed.get(path, path)
            own, wanted = (its, path) if of_keys else (path, its)
            mine, theirs = to.insides.settings.get(own), like.insides.settings.get(wanted)
            if mine is None or theirs is None or settings is None:
                continue
            words = [word for word in other_settings(mine, theirs) if word in theirs]
            if words:
                found.append(Alteration(own, tuple((word, _as_value(theirs[word])) for word in words)))
        return tuple(found)


def _as_value(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
