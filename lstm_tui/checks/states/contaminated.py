"""Validation or another stream ran through the same states: a sequence goes on from a foreign state."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.continuation import DECISIVE, EACH
from lstm_tui.checks.states.effects import Effect, changed, effect, numbered, sizes, target_weight
from lstm_tui.checks.states.history import Join, Read, history_of
from lstm_tui.checks.states.resetting import stateful_layers
from lstm_tui.checks.states.validation import by_validation
from lstm_tui.recurrent.calls import Call, CallOutcome, Inputs, ResetStates, StateReset

#: Sequences before the last one that are looked at.
_BACK = 8
_STREAM_CODE = """\
kept = {}                                       # states by stream
def predict(stream, chunk):
    for s, value in zip(states(model), kept.get(stream, zeros)): s.assign(value)
    y = model.predict(chunk)
    kept[stream] = [keras.ops.convert_to_numpy(s) for s in states(model)]
    return y"""


def _find(case: Case) -> Iterator[Finding]:
    if not case.facts.stateful:
        return
    found = list(by_validation(case))
    yield from found or _by_a_stream(case)


# --- another stream ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Resumed:
    """A call whose sequences continue those of an earlier call, not those just before it.

    own: the earlier call. weight, direct: of the evidence that it continues that one, and the one before it.
    """

    index: int
    own: int
    weight: float
    direct: float

    @property
    def better(self) -> float:
        """How much better it continues the earlier one, in nats."""
        return self.weight - self.direct


def _by_a_stream(case: Case) -> Iterator[Finding]:
    calls = _interrupted(case)
    found = _in_turn(calls) or _each_by_itself(case, calls)
    if not found:
        return
    streams = _streams(case, found)
    effects = {each: _effect(case, streams, each.index) for each in found}
    worst = max(found, key=lambda each: effects[each].share)
    moved = effects[worst]
    plan, places = _with_own_states(case, streams)
    remedied = changed(case, plan, places[worst.index])
    after = effect(case, remedied, streams[worst.index].outcome.outputs)
    if not moved.matters or after.largest > moved.largest / 2:
        return
    layers = stateful_layers(case.facts)
    between = [str(index + 1) for index in range(worst.own + 1, worst.index)]
    yield Finding(
        code="state-contaminated",
        severity="error",
        summary=f"{numbered(worst.index).capitalize()} continues the sequence of {numbered(worst.own)}, and "
        f"begins with the state of another that ran in between: its output is {moved.largest:.4g} off.",
        layer=layers[0],
        evidence={
            "calls_in_between": ", ".join(between),
            "difference": moved.largest,
            "with_its_own_state": after.largest,
            "state_it_began_with": sizes(case.run.outcomes[worst.index].states_before),
            "state_it_should_have": sizes(streams[worst.index].outcome.states_before),
            "weight_of_evidence": sum(each.better for each in found),
            "calls_that_resume": tuple(each.index + 1 for each in found),
        },
        fix=Fix(
            "Keep the states of each stream apart: a model for each, or put each stream's own states back "
            "before its next chunk.",
            code=_STREAM_CODE,
            calls=plan,
        ),
        proof=Proof("difference from the uninterrupted stream", moved.largest, after.largest),
        place=Place(layer=layers[0], step=0, call=worst.index),
        weight=0.9,
    )


@dataclass(frozen=True, eq=False)
class _Interrupted:
    """A call that does not repeat steps of the one before it.

    direct: the weight of the evidence that it goes on from that one; earlier: from each call before that,
    newest first. joins: rows that tell.
    """

    index: int
    direct: float
    earlier: dict[int, float]
    joins: int


def _interrupted(case: Case) -> list[_Interrupted]:
    found = []
    for index, joins in history_of(case).across("").items():
        direct = history_of(case).relation(joins)
        if direct.kind not in ("same", "overlaps"):
            found.append(_Interrupted(index, direct.weight, _earlier_calls(case, joins), len(joins)))
    return found


def _in_turn(calls: list[_Interrupted]) -> list[_Resumed]:
    """Streams that take turns, each call continuing the one so many before it: all calls tell that together,
    where a single one of a series that jumps tells nothing."""
    turns: dict[int, list[_Resumed]] = {}
    for call in calls:
        for turn, (own, weight) in enumerate(call.earlier.items()):
            turns.setdefault(turn, []).append(_Resumed(call.index, own, weight, call.direct))
    joins = {call.index: call.joins for call in calls}

    def weight_of(found: list[_Resumed]) -> float:
        return min(sum(each.weight for each in found), sum(each.better for each in found))

    def enough_for(found: list[_Resumed]) -> float:
        return max(DECISIVE + math.log(len(turns)), EACH * sum(joins[each.index] for each in found))

    likely = [found for found in turns.values() if len(found) > 1 and weight_of(found) >= enough_for(found)]
    return max(likely, key=weight_of, default=[])


def _each_by_itself(case: Case, calls: list[_Interrupted]) -> list[_Resumed]:
    """Calls that continue whichever earlier one they continue best: some tell it by themselves, or all do."""
    found = [_best(case, call) for call in calls if call.earlier]
    single = [each for each in found if each.weight > 0 and each.better > DECISIVE + math.log(len(found))]
    if single:
        return single
    if sum(each.better for each in found) < DECISIVE or sum(each.weight for each in found) <= 0:
        return []
    return [each for each in found if each.better > 0]


def _best(case: Case, call: _Interrupted) -> _Resumed:
    """The earlier call that it continues best."""
    own = max(call.earlier, key=lambda each: call.earlier[each])
    weight = call.earlier[own] - math.log(len(call.earlier))
    if call.index == case.plan.record and case.target is not None:
        as_run = case.run.outcomes[call.index].outputs
        weight += target_weight(case, _from_states_of(case, call.index, own), as_run)
    return _Resumed(call.index, own, weight, call.direct)


def _earlier_calls(case: Case, joins: list[Join]) -> dict[int, float]:
    """Calls before the last one, newest first, and the weight of the evidence that these sequences go on
    from theirs."""
    weights: dict[int, list[float]] = {}
    for join in joins:
        for read in _back(case, join):
            relation = history_of(case).continuity.relation(read.steps, join.after.steps)
            weights.setdefault(read.call, []).append(relation.weight)
    return {call: sum(each) for call, each in weights.items() if len(each) == len(joins)}


def _back(case: Case, join: Join) -> list[Read]:
    reads = []
    for read in history_of(case).earlier(join):
        if read.call != join.before.call:
            reads.append(read)
        if len(reads) == _BACK:
            break
    return reads


def _from_states_of(case: Case, index: int, own: int) -> Inputs:
    """Outputs of the call had it begun where call `own` ended."""
    put_back = ResetStates(to=StateReset(to="saved", saved=case.run.outcomes[own].states_after))
    return changed(case, (*case.plan.calls[:index], put_back, case.plan.calls[index]), index + 1)


@dataclass(frozen=True, eq=False)
class _Alone:
    """What became of a call with nothing but its own stream before it."""

    outcome: CallOutcome


def _streams(case: Case, found: list[_Resumed]) -> dict[int, _Alone]:
    """Every call in the streams that meet, as it would be without the others."""
    own = {each.index: each.own for each in found}
    history, before = history_of(case), dict[int, int | None]()
    for index, joins in history.across("").items():
        direct = joins[0].before.call
        before.setdefault(direct, None)
        goes_on = history.relation(joins).weight >= 0
        before[index] = own.get(index, direct if goes_on else None)
    alone = {}
    for index in before:
        chain = [index]
        while (earlier := before.get(chain[0])) is not None:
            chain.insert(0, earlier)
        run = case.calls(tuple(case.plan.calls[each] for each in chain), case.plan.inputs)
        alone[index] = _Alone(run.outcomes[-1])
    return alone


def _effect(case: Case, streams: dict[int, _Alone], index: int) -> Effect:
    return effect(case, case.run.outcomes[index].outputs, streams[index].outcome.outputs)


def _with_own_states(case: Case, streams: dict[int, _Alone]) -> tuple[tuple[Call, ...], dict[int, int]]:
    """The calls with each stream's own states put back before it goes on, and where each call stands then."""
    calls: list[Call] = []
    places = {}
    for index, call in enumerate(case.plan.calls):
        if index in streams:
            own = StateReset(to="saved", saved=streams[index].outcome.states_before)
            calls.append(ResetStates(to=own))
        places[index] = len(calls)
        calls.append(call)
    return tuple(calls), places


CHECK = Check(
    code="state-contaminated",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="Something else ran through the states",
        what="A sequence is interrupted: validation, or another stream, is read by the same layers, and the "
        "sequence goes on from the state that this left.",
        why="The memory that the next step starts from is of data that has nothing to do with it.",
        keras="fit validates after each epoch with the model itself, so that the next epoch begins with the "
        "state of the last validation batch. predict, evaluate and fit all share one set of states.",
        prevent="Keep the states of each stream apart and put them back, or use a second model with the same "
        "weights for what comes in between.",
        code=_STREAM_CODE,
    ),
    explains=("state-carryover",),
)
