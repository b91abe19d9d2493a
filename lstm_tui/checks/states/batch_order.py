"""Independent samples follow each other through one stateful state: their order decides what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.continuation import Kind
from lstm_tui.checks.states.effects import Effect, effect, numbered, target_weight
from lstm_tui.checks.states.history import Join, Read, history_of, reads_of, rows_in
from lstm_tui.checks.states.resetting import RESET_CODE, stateful_layers
from lstm_tui.checks.states.rows import arrangement
from lstm_tui.recurrent.calls import Call, Inputs, Predict, ResetStates, inputs_of

#: Batches that are made in both orders.
_BATCHES = 4


@dataclass(frozen=True, eq=False)
class _Trial:
    """Rows of one call in both orders: as one call, and with a reset before each batch."""

    moved: Effect
    after: Effect
    alone: Inputs


def _find(case: Case) -> Iterator[Finding]:
    if not case.facts.stateful:
        return
    for index, joins in history_of(case).inside().items():
        call = case.plan.calls[index]
        if not isinstance(call, Predict):
            continue
        kind, weight = _judged(case, index, call, joins)
        if kind == "continues":
            continue
        trial = _tried(case, call)
        if trial is not None and trial.moved.matters and trial.after.largest < trial.moved.largest / 2:
            yield _finding(case, index, trial, kind, weight)
            return


def _judged(case: Case, index: int, call: Predict, joins: Sequence[Join]) -> tuple[Kind, float]:
    """How rows stand to those before them. Whoever asks for the same rows in another order says himself that
    the order means nothing."""
    history = history_of(case)
    reads = reads_of(index, call, case.plan.inputs, case.facts.stateful_batch)
    if _in_another_order(history.reads, reads):
        return "unrelated", 0.0
    found = arrangement(reads, case.facts.stateful_batch or 1, history.continuity)
    if found.other is not None:
        return "continues", found.other.weight  # they belong together, in another order: state-misaligned
    relation = found.as_run
    if index == case.plan.record and case.target is not None and relation.kind in ("unrelated", "unclear"):
        outputs = case.run.outcomes[index].outputs
        relation = relation.with_more(target_weight(case, outputs, _one_by_one(case, call)))
    return ("unrelated" if relation.kind == "same" else relation.kind), relation.weight


def _in_another_order(reads: Sequence[Read], own: Sequence[Read]) -> bool:
    """Whether another call has the same rows in another order."""
    mine = [read.steps.tobytes() for read in own]
    others: dict[int, list[bytes]] = {}
    for read in reads:
        if read.call != own[0].call:
            others.setdefault(read.call, []).append(read.steps.tobytes())
    return len(set(mine)) > 1 and any(
        sorted(each) == sorted(mine) and each != mine for each in others.values()
    )


def _tried(case: Case, call: Predict) -> _Trial | None:
    size = case.facts.stateful_batch or 1
    fed = inputs_of(call, case.plan.inputs)
    rows = min(rows_in(fed) // size, _BATCHES) * size
    some = {name: array[:rows] for name, array in fed.items()}
    order = tuple(range(rows))
    made = [
        case.calls((Predict(some, call.batch_size, each),)).outcomes[0].outputs
        for each in (order, order[::-1])
    ]
    alone = [_batch_by_batch(case, some, call, each, size) for each in (order, order[::-1])]
    if not all((*made, *alone)):
        return None
    back = [{name: array[::-1] for name, array in each[1].items()} for each in (made, alone)]
    return _Trial(effect(case, made[0], back[0]), effect(case, alone[0], back[1]), alone[0])


def _one_by_one(case: Case, call: Predict) -> Inputs:
    """Outputs of all rows, each batch from zero states."""
    fed = inputs_of(call, case.plan.inputs)
    return _batch_by_batch(case, fed, call, range(rows_in(fed)), case.facts.stateful_batch or 1)


def _batch_by_batch(case: Case, fed: Inputs, call: Predict, order: Sequence[int], size: int) -> Inputs:
    """Outputs of rows in this order, with a reset before each batch."""
    batches = [tuple(order[start : start + size]) for start in range(0, len(order), size)]
    calls = tuple(step for batch in batches for step in (ResetStates(), Predict(fed, call.batch_size, batch)))
    outputs = [outcome.outputs for outcome in case.calls(calls).outcomes if outcome.outputs]
    if len(outputs) < len(batches):
        return {}
    return {name: np.concatenate([each[name] for each in outputs]) for name in outputs[0]}


def _finding(case: Case, index: int, trial: _Trial, kind: Kind, weight: float) -> Finding:
    layers = stateful_layers(case.facts)
    rows = rows_in(inputs_of(case.plan.calls[index], case.plan.inputs))  # type: ignore[arg-type]
    size = case.facts.stateful_batch or 1
    summary = (
        f"The same rows of {numbered(index)} in another order give outputs that differ by up to "
        f"{trial.moved.largest:.4g}: {rows} rows go through the states of {size}, one after the other."
    )
    if kind == "unclear":
        summary += " Whether they continue each other, the data does not tell."
    return Finding(
        code="batch-order",
        severity="info" if kind == "unclear" else "error",
        summary=summary,
        layer=layers[0],
        evidence={
            "difference_by_order": trial.moved.largest,
            "with_a_reset_before_each": trial.after.largest,
            "rows": rows,
            "batch_size": size,
            "weight_of_evidence": weight,
            "stateful_layers": tuple(layers),
        },
        fix=Fix(
            "Reset the state before each independent sequence, or build the model with stateful=False: then "
            "the order means nothing.",
            code=RESET_CODE,
            calls=_separately(case, index, size),
        ),
        proof=Proof("max difference when the order changes", trial.moved.largest, trial.after.largest),
        place=Place(layer=layers[0], step=0, sample=min(size, rows - 1), call=index),
        weight=0.3 if kind == "unclear" else 0.88,
    )


def _separately(case: Case, index: int, size: int) -> tuple[Call, ...]:
    """The calls with one call for each batch of the rows, and a reset before it."""
    call = case.plan.calls[index]
    assert isinstance(call, Predict)
    all_rows = call.rows or tuple(range(rows_in(call.inputs or case.plan.inputs)))
    order = all_rows[::-1] if call.reversed_order else all_rows
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    made = tuple(
        step for batch in batches for step in (ResetStates(), Predict(call.inputs, call.batch_size, batch))
    )
    return (*case.plan.calls[:index], *made, *case.plan.calls[index + 1 :])


CHECK = Check(
    code="batch-order",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="Independent samples follow each other through one state",
        what="A stateful model bound to a batch of B takes its rows B at a time. The second batch begins "
        "with the state that the first one left.",
        why="A row's prediction depends on the rows before it, so that sorting or filtering the data changes "
        "what is predicted.",
        keras="predict and fit cut the rows into batches and carry the states from batch to batch; they "
        "reset nothing. The batch size must be the one that the model was built for.",
        prevent="Use stateful=True only where rows continue each other. Independent sequences need a reset "
        "before each, or a model with stateful=False and the same weights.",
        code=RESET_CODE,
    ),
)
