"""The state that a call leaves is the next call's start: identical calls give different outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.continuation import Kind
from lstm_tui.checks.states.effects import changed, effect, numbered, target_weight
from lstm_tui.checks.states.history import Join, history_of
from lstm_tui.checks.states.resetting import RESET_CODE, stateful_layers, with_reset_before, with_resets
from lstm_tui.checks.states.variance import CALLS, outputs_of, spread
from lstm_tui.recurrent.calls import Call, CallModel, Decode, Generate, Predict, ResetStates
from lstm_tui.recurrent.sequences import longest

#: How the later sequence stands to the one before it, in words.
_WORDS = {
    "same": "asks for the same sequence again",
    "overlaps": "begins with steps that were read already",
    "unrelated": "asks for another sequence",
}


@dataclass(frozen=True)
class _Carried:
    """A call that begins with the state of a sequence that it does not continue."""

    index: int
    call: Call
    kind: Kind
    weight: float = 0.0
    overlap: int = 0


def _find(case: Case) -> Iterator[Finding]:
    if not case.facts.stateful:
        return
    if not case.subject.calls_given:
        call = case.plan.calls[case.plan.record] if case.plan.record < len(case.plan.calls) else None
        if isinstance(call, Predict | CallModel):
            yield from _finding(case, _Carried(case.plan.record, call, "same"))
        return
    for carried in _carried(case):
        found = list(_finding(case, carried))
        if found:
            yield from found
            return


def _carried(case: Case) -> Iterator[_Carried]:
    """Calls that begin with the state of another sequence, the certain ones first."""
    for index, call in enumerate(case.plan.calls):
        if isinstance(call, Generate | Decode) and not call.carry and _timesteps(case) > 1:
            yield _Carried(index, Predict(), "same", overlap=_timesteps(case) - 1)
    history = history_of(case)
    groups = history.across("", "partial")
    judged = [_judged(case, index, joins) for index, joins in groups.items()]
    for kind in ("same", "overlaps", "unrelated"):
        yield from (each for each in judged if each.kind == kind)
    unclear = [each for each in judged if each.kind == "unclear"]
    if unclear and len(unclear) == len(judged):
        # what no single call tells, all of them may
        relation = history.relation([join for joins in groups.values() for join in joins])
        unclear = [replace(each, kind=relation.kind, weight=relation.weight) for each in unclear]
    yield from unclear


def _timesteps(case: Case) -> int:
    return longest(case.plan.inputs)[0]


def _judged(case: Case, index: int, joins: list[Join]) -> _Carried:
    history = history_of(case)
    call, relation = case.plan.calls[index], history.relation(joins)
    if relation.kind in ("unrelated", "unclear") and _asked_before(case, joins):
        return _Carried(index, call, "same", relation.weight, len(joins[0].after.steps))
    if relation.kind in ("unrelated", "unclear") and index == case.plan.record and case.target is not None:
        alone = changed(case, *with_reset_before(case.plan.calls, index))
        relation = relation.with_more(target_weight(case, case.run.outcomes[index].outputs, alone))
    return _Carried(index, call, relation.kind, relation.weight, relation.overlap)


def _asked_before(case: Case, joins: list[Join]) -> bool:
    """Whether the same sequences went through the same states before, with others in between."""
    history = history_of(case)
    return all(
        any(
            (join.after.asked and read.asked)
            or history.continuity.relation(read.steps, join.after.steps).kind == "same"
            for read in history.earlier(join)
        )
        for join in joins
    )


def _finding(case: Case, carried: _Carried) -> Iterator[Finding]:
    if carried.kind == "continues":
        return
    call = carried.call
    plain = spread(outputs_of(case.calls((call,) * CALLS, case.plan.inputs)))
    reset = spread(outputs_of(case.calls((ResetStates(), call) * CALLS, case.plan.inputs)))
    if not plain.matters or reset.relative > plain.relative / 2:
        return
    layers = stateful_layers(case.facts)
    evidence = {
        "max_difference": plain.largest,
        "variance": plain.variance,
        "calls": CALLS,
        "after_reset": reset.largest,
        "stateful_layers": tuple(layers),
    }
    given = case.subject.calls_given
    fix = Fix(
        "Reset the state before each independent sequence.",
        code=RESET_CODE,
        calls=with_resets(case.plan.calls) if given else (call, ResetStates(), call),
        fault=None if given else (call, call),
    )
    summary = f"{CALLS} identical calls gave outputs that differ by up to {plain.largest:.4g}."
    proof = Proof(f"max difference over {CALLS} identical calls", plain.largest, reset.largest)
    place = Place(layer=layers[0], step=0, call=carried.index if given else None)
    if carried.kind == "same":
        yield Finding("state-carryover", "error", summary, layers[0], evidence, fix, proof, place, 0.9)
        return
    alone = changed(case, *with_reset_before(case.plan.calls, carried.index))
    moved = effect(case, case.run.outcomes[carried.index].outputs, alone)
    if not moved.matters:
        return
    certain = carried.kind != "unclear"
    told = evidence | {"call": carried.index + 1, "difference_by_the_state": moved.largest}
    begins = f"{numbered(carried.index).capitalize()} begins with the state that the call before it left"
    if certain:
        words = _WORDS[carried.kind]
        summary = f"{begins}, and {words}: that moves its output by up to {moved.largest:.4g}."
        told |= {"relation": carried.kind, "overlap": carried.overlap, "weight_of_evidence": carried.weight}
    else:
        summary = (
            f"{begins}; that moves its output by up to {moved.largest:.4g}. "
            "Whether the one sequence continues the other, the data does not tell."
        )
    yield Finding(
        "state-carryover",
        "error" if certain else "info",
        summary,
        layers[0],
        told,
        fix,
        proof,
        place,
        0.85 if certain else 0.3,
    )


CHECK = Check(
    code="state-carryover",
    needs=("x", "output"),
    find=_find,
    lesson=Lesson(
        title="The state that a call leaves is the next call's start",
        what="A stateful layer does not begin at zero: it begins where the last call ended, whoever made it.",
        why="The same input gives another prediction each time, and in a server one user's sequence leaks "
        "into another's.",
        keras="stateful=True keeps the states between calls of predict, fit and model(x). Keras 3 has no "
        "model.reset_states(); each stateful layer has a reset_state() of its own, nested ones too.",
        prevent="Reset before each independent sequence, or build the model with stateful=False where "
        "sequences are independent; the weights are the same.",
        code=RESET_CODE,
    ),
)
