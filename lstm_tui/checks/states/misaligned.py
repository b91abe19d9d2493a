"""Row i of a batch does not continue row i of the batch before, although other rows would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import count
from lstm_tui.checks.states.effects import effect, numbered
from lstm_tui.checks.states.history import (
    BATCH,
    Read,
    history_of,
    joins_of,
    reads_of,
    training_reads,
)
from lstm_tui.checks.states.resetting import RESET_CODE, stateful_layers
from lstm_tui.checks.states.rows import Arrangement, aligned_rows, arrangement, share_continued
from lstm_tui.recurrent.calls import Call, CallModel, Fit, Predict, ResetStates, inputs_of

_CODE = """\
# one long series (steps, features) for B rows: each row gets a stretch of its own
stretches = series[: len(series) // (B * T) * B * T].reshape(B, -1, T, series.shape[-1])
x = stretches.swapaxes(0, 1).reshape(-1, T, series.shape[-1])  # row i + B continues row i
model.fit(x, y, batch_size=B, shuffle=False)"""


def _find(case: Case) -> Iterator[Finding]:
    if not case.facts.stateful:
        return
    for index, call in enumerate(case.plan.calls):
        if isinstance(call, Predict | CallModel | Fit) and case.run.outcomes[index].failure is None:
            yield from _of_call(case, index, call)


def _of_call(case: Case, index: int, call: Predict | CallModel | Fit) -> Iterator[Finding]:
    if isinstance(call, Fit):
        reads = [] if call.shuffle else training_reads(call, case.plan.inputs)
    else:
        reads = reads_of(index, call, case.plan.inputs, case.facts.stateful_batch)
    joins = joins_of(reads)
    if not joins:
        return
    batch = case.facts.stateful_batch or BATCH
    found = arrangement(reads, batch, history_of(case).continuity)
    if found.other is None:
        return
    finding = _finding(case, index, call, reads, found)
    if finding is not None:
        yield finding


def _finding(
    case: Case, index: int, call: Predict | CallModel | Fit, reads: Sequence[Read], found: Arrangement
) -> Finding | None:
    assert found.other is not None
    batch = case.facts.stateful_batch or BATCH
    continuity = history_of(case).continuity
    timesteps = len(reads[0].steps)
    order = aligned_rows(len(reads), batch, found, timesteps)
    before = share_continued(reads, continuity)
    trial, after = _trial(case, index, call, order)
    if trial is not None and after <= before:
        return None
    overlaps = found.other.kind == "overlaps"
    if overlaps:
        said = (
            f"each begins with {found.other.overlap} steps that the row whose state it gets has read already"
        )
    elif found.distance < 0:
        said = "the rows stand in reverse: each is continued by the one before it"
    else:
        said = (
            f"row i is continued by row i + {found.distance}, and the state of row i goes to row i + {batch}"
        )
    layers = stateful_layers(case.facts)
    return Finding(
        code="state-misaligned",
        severity="error",
        summary=f"In {numbered(index)}, {count(batch, 'row')} at a time, {said}.",
        layer=layers[0],
        evidence={
            "batch_size": batch,
            "rows": len(reads),
            "overlap": found.other.overlap,
            "continued_by_row": None if overlaps else f"i + {found.distance}",
            "state_goes_to_row": f"i + {batch}",
            "weight_of_evidence": found.other.weight,
            "difference_by_the_order": _difference(case, index, call, order),
            "stateful_layers": tuple(layers),
        },
        fix=Fix(
            "Reset the state before each window, or keep it and pass only the steps that are new."
            if overlaps
            else "Give each row of the batch a stretch of its own, and keep the order.",
            code=RESET_CODE if overlaps else _CODE,
            calls=(*case.plan.calls[:index], trial, *case.plan.calls[index + 1 :]) if trial else None,
        ),
        proof=Proof("share of rows that begin with the state of the row they continue", before, after)
        if trial is not None
        else None,
        place=Place(layer=layers[0], step=0, sample=0, call=index),
        weight=0.9,
        direct=trial is None,
    )


def _trial(
    case: Case, index: int, call: Predict | CallModel | Fit, order: tuple[int, ...] | None
) -> tuple[Call | None, float]:
    """The call with its rows in order, if it can be made, and the share of rows that are continued then."""
    if order is None or not isinstance(call, Predict):
        return None, 0.0
    rows = call.rows or tuple(range(len(next(iter(inputs_of(call, case.plan.inputs).values())))))
    trial = Predict(call.inputs, call.batch_size, tuple(rows[row] for row in order))
    reads = reads_of(index, trial, case.plan.inputs, case.facts.stateful_batch)
    return trial, share_continued(reads, history_of(case).continuity)


def _difference(
    case: Case, index: int, call: Predict | CallModel | Fit, order: tuple[int, ...] | None
) -> float | None:
    """By how much outputs of the same rows lie apart in the one order and in the other, from zero states."""
    trial, _ = _trial(case, index, call, order)
    if trial is None or order is None or not isinstance(call, Predict):
        return None
    as_run = case.calls((ResetStates(), call), case.plan.inputs).outcomes[1].outputs
    in_order = case.calls((ResetStates(), trial), case.plan.inputs).outcomes[1].outputs
    return effect(case, {name: array[list(order)] for name, array in as_run.items()}, in_order).largest


CHECK = Check(
    code="state-misaligned",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="Row i of a batch does not continue row i of the batch before",
        what="A stateful layer keeps one state for each row of the batch. Row i of the next batch begins "
        "with the state of row i, whatever sequence stands there.",
        why="The state is that of another stretch of time: training learns from it, predictions start from "
        "it, and nothing fails.",
        keras="Rows are cut into batches in their order. With batch_size=B, row i + B continues row i; "
        "windows that overlap, or stand one after the other, do not.",
        prevent="Cut each long series into B stretches, and make batch k of the k-th window of each stretch. "
        "Windows that overlap need no state: build the model with stateful=False.",
        code=_CODE,
    ),
    explains=("batch-order",),
)
