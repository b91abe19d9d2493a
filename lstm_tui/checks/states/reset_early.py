"""The state is reset, or never kept, inside a sequence that should continue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.continuation import Relation, is_serial
from lstm_tui.checks.states.effects import changed, effect, numbered, target_weight
from lstm_tui.checks.states.history import Join, history_of, sequences_in
from lstm_tui.checks.states.resetting import stateful_layers
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import (
    Alteration,
    Call,
    CallModel,
    Inputs,
    Predict,
    ResetStates,
    Stream,
    inputs_of,
)

#: Of the range of all outputs: a state that moves the output by less may as well be reset.
SHARE = 0.01
_CODE = """\
reset(model)                  # once, where the sequence begins
for chunk in stream:          # each chunk continues the one before: no reset here
    y = model.predict(chunk)"""


def _find(case: Case) -> Iterator[Finding]:
    if not case.facts.stateful:
        yield from _stateless_streams(case)
        return
    for index, call in enumerate(case.plan.calls):
        if isinstance(call, Stream) and call.reset_each and case.run.outcomes[index].failure is None:
            yield from _stream(case, index)
            return
    yield from _between_calls(case)


# --- a reset between two calls ----------------------------------------------------------------------


def _between_calls(case: Case) -> Iterator[Finding]:
    history = history_of(case)
    groups = history.across("reset")
    relations = {index: _relation(case, index, joins) for index, joins in groups.items()}
    cut = [index for index, relation in relations.items() if relation.kind == "continues"]
    weight = sum(relations[index].weight for index in cut)
    if not cut and groups and all(each.kind == "unclear" for each in relations.values()):
        together = history.relation([join for joins in groups.values() for join in joins])
        cut, weight = (list(groups), together.weight) if together.kind == "continues" else ([], 0.0)
    if not cut:
        return
    kept = _outputs_without_resets(case, cut)
    moved = {index: effect(case, case.run.outcomes[index].outputs, kept[index]) for index in cut}
    worst = max(cut, key=lambda index: moved[index].share)
    if moved[worst].share < SHARE or not moved[worst].matters:
        return
    relation = relations[worst]
    summary = (
        f"{numbered(worst).capitalize()} continues the sequence before it, and a reset stands between the "
        f"two: that moves its output by up to {moved[worst].largest:.4g}."
    )
    evidence = {
        "calls_cut_off": tuple(index + 1 for index in cut),
        "difference_by_the_reset": moved[worst].largest,
        "jump_between_them_in_steps": relation.jump,
        "jump_to_other_steps": relation.elsewhere,
        "weight_of_evidence": weight,
        **_errors(case, worst, kept[worst]),
    }
    proof = _against_the_whole(case, cut, worst, kept[worst])
    proof = proof or Proof("difference from the uninterrupted sequence", moved[worst].largest, 0.0)
    yield _finding(case, worst, summary, evidence, _without_resets(case, cut), proof)


def _relation(case: Case, index: int, joins: list[Join]) -> Relation:
    relation = history_of(case).relation(joins)
    if index != case.plan.record or case.target is None:
        return relation
    as_run = case.run.outcomes[index].outputs
    kept = _outputs_without_resets(case, [index])[index]
    return relation.with_more(target_weight(case, kept, as_run))


def _outputs_without_resets(case: Case, cut: list[int]) -> dict[int, Inputs]:
    """Outputs of these calls had the states been kept since the last one that read them."""
    outcomes = case.again(case.with_calls(_without_resets(case, cut))).outcomes
    left_out = _resets_before(case, cut)
    return {index: outcomes[index - sum(each < index for each in left_out)].outputs for index in cut}


def _resets_before(case: Case, cut: list[int]) -> set[int]:
    """The resets that stand right before these calls."""
    found: set[int] = set()
    for index in cut:
        before = index - 1
        while before >= 0 and isinstance(case.plan.calls[before], ResetStates):
            found.add(before)
            before -= 1
    return found


def _without_resets(case: Case, cut: list[int]) -> tuple[Call, ...]:
    left_out = _resets_before(case, cut)
    return tuple(call for index, call in enumerate(case.plan.calls) if index not in left_out)


def _against_the_whole(case: Case, cut: list[int], index: int, kept: Inputs) -> Proof | None:
    """The pieces put together and given at once: what the last step gives then, against the call as it was
    made and against the one without resets. None where the model does not take it, or reads both ways."""
    pieces = [index]
    while pieces[0] in cut:
        pieces.insert(0, history_of(case).across("reset")[pieces[0]][0].before.call)
    calls = [case.plan.calls[each] for each in pieces]
    fed = [inputs_of(call, case.plan.inputs) for call in calls if isinstance(call, Predict | CallModel)]
    if len(fed) < len(calls):
        return None
    whole = {
        name: np.concatenate([each[name] for each in fed], axis=1) if array.ndim > 2 else array
        for name, array in fed[-1].items()
    }
    at_once = case.calls((Predict(),), whole).outcomes[0].outputs
    as_run = case.run.outcomes[index].outputs
    before, after = (effect(case, _last_step(each), _last_step(at_once)).largest for each in (as_run, kept))
    if not at_once or after > before / 2:
        return None
    return Proof("difference of the last output from that of the whole sequence at once", before, after)


def _last_step(outputs: Inputs) -> Inputs:
    """Of outputs `(batch, timesteps, ...)` the last step."""
    return {name: array[:, -1] if array.ndim > 2 else array for name, array in outputs.items()}


def _errors(case: Case, index: int, kept: Inputs) -> dict[str, float | None]:
    if index != case.plan.record or case.target is None:
        return {}
    as_run = case.error(case.run.outcomes[index].outputs)
    return {"error_with_the_reset": as_run, "error_without": case.error(kept)}


# --- one step a call --------------------------------------------------------------------------------


def _stream(case: Case, index: int) -> Iterator[Finding]:
    """A stream that is reset before each of its steps: each step is all that the model ever sees."""
    if not _has_order(case):
        return
    calls = (*case.plan.calls[:index], Stream(), *case.plan.calls[index + 1 :])
    kept = changed(case, (*case.plan.calls[:index], ResetStates(), Stream()), index + 1)
    moved = effect(case, case.run.outcomes[index].outputs, kept)
    if moved.share < SHARE or not moved.matters:
        return
    if target_weight(case, kept, case.run.outcomes[index].outputs) < 0:
        return
    summary = (
        f"{numbered(index).capitalize()} resets the state before each step of one sequence: that moves the "
        f"outputs by up to {moved.largest:.4g}."
    )
    evidence = {"difference_by_the_resets": moved.largest, "steps": _timesteps(case)}
    proof = Proof(
        "difference from the uninterrupted sequence", moved.largest, _left(case, index, calls, kept)
    )
    yield _finding(case, index, summary, evidence, calls, proof)


def _left(case: Case, index: int, calls: tuple[Call, ...], kept: Inputs) -> float:
    """How far the stream is from the uninterrupted one once these calls are made."""
    return effect(case, changed(case, calls, index), kept).largest


def _stateless_streams(case: Case) -> Iterator[Finding]:
    """A stream of single steps into a model that keeps no state."""
    for index, call in enumerate(case.plan.calls):
        if isinstance(call, Stream) and case.run.outcomes[index].failure is None and _has_order(case):
            yield from _stateless(case, index)
            return


def _stateless(case: Case, index: int) -> Iterator[Finding]:
    change = _stateful_settings(case)
    try:
        made = case.calls((Stream(),), case.plan.inputs, case.altered(*change)).outcomes[0].outputs
    except EditError:
        return
    whole = case.calls((Predict(),), case.plan.inputs).outcomes[0].outputs
    streamed = case.run.outcomes[index].outputs
    before, after = (effect(case, _last_step(each), _last_step(whole)) for each in (streamed, made))
    if before.share < SHARE or not before.matters or after.largest > before.largest / 2:
        return
    layers = [layer.path for layer in case.facts.recurrent_layers]
    yield Finding(
        code="state-reset-early",
        severity="error",
        summary=f"{numbered(index).capitalize()} gives one step a call to a model that keeps no state: its "
        f"last output is {before.largest:.4g} off what the whole sequence gives.",
        layer=layers[0],
        evidence={"difference_from_the_whole": before.largest, "with_stateful": after.largest},
        fix=Fix(
            "Build the model with stateful=True and the same weights, or pass the whole sequence.",
            code="x = keras.Input(batch_shape=(1, None, features))\n"
            "h = keras.layers.LSTM(units, stateful=True)(x)",
            alterations=change,
        ),
        proof=Proof("difference of the last output from the whole sequence's", before.largest, after.largest),
        place=Place(layer=layers[0], step=0, call=index),
        weight=0.85,
    )


def _stateful_settings(case: Case) -> tuple[Alteration, ...]:
    """The settings under which the model keeps its state for as many rows as go in."""
    rows = max((len(array) for array in case.plan.inputs.values()), default=1)
    inputs = [
        Alteration(layer.path, (("batch_shape", (rows, None, *layer.output_shapes[0][2:])),))
        for layer in case.facts.layers
        if layer.class_name == "InputLayer" and layer.output_shapes and len(layer.output_shapes[0]) > 2
    ]
    kept = [
        Alteration(layer.path, (("stateful", True),))
        for layer in case.facts.recurrent_layers
        if layer.class_name in ("LSTM", "GRU", "SimpleRNN")
    ]
    return (*inputs, *kept)


def _has_order(case: Case) -> bool:
    """Whether the steps of the sequence depend on each other, as far as the data tells."""
    return any(is_serial(np.asarray(steps)) for steps in sequences_in(case.plan.inputs))


def _timesteps(case: Case) -> int:
    return max((len(steps) for steps in sequences_in(case.plan.inputs)), default=0)


def _finding(
    case: Case,
    index: int,
    summary: str,
    evidence: Mapping[str, object],
    calls: tuple[Call, ...],
    proof: Proof,
) -> Finding:
    layers = stateful_layers(case.facts)
    return Finding(
        code="state-reset-early",
        severity="error",
        summary=summary,
        layer=layers[0],
        evidence={**evidence, "stateful_layers": tuple(layers)},
        fix=Fix(
            "Reset once, where a sequence begins; leave the state alone while it continues.",
            code=_CODE,
            calls=calls,
        ),
        proof=proof,
        place=Place(layer=layers[0], step=0, call=index),
        weight=0.8,
    )


CHECK = Check(
    code="state-reset-early",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="The state is reset inside a sequence that continues",
        what="A sequence is passed in pieces, and the state is set to zero between two of them, or was never "
        "kept. Each piece is read as if nothing had come before.",
        why="The model was asked to remember, and sees only the last piece: one step a call with a reset "
        "before each leaves it no past at all.",
        keras="stateful=True carries the state from call to call; with stateful=False every call begins at "
        "zero, whatever was passed before.",
        prevent="Reset where a new sequence begins, and nowhere else.",
        code=_CODE,
    ),
)
