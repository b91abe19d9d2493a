"""`fit` shuffles the rows of a stateful model whose rows should continue each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.effects import numbered
from lstm_tui.checks.states.history import (
    BATCH,
    Read,
    history_of,
    joins_of,
    sequences_in,
    training_reads,
)
from lstm_tui.checks.states.resetting import stateful_layers
from lstm_tui.checks.states.rows import arrangement, share_continued
from lstm_tui.recurrent.calls import Fit, Training

#: Rows that are told.
_MOST = 16
_CODE = "model.fit(x, y, batch_size=B, shuffle=False)"


def _find(case: Case) -> Iterator[Finding]:
    if not case.facts.stateful:
        return
    for index, call in enumerate(case.plan.calls):
        training = case.run.outcomes[index].training
        if isinstance(call, Fit) and call.shuffle and not call.each_sample and training is not None:
            yield from _of_fit(case, index, call, training)


def _of_fit(case: Case, index: int, call: Fit, training: Training) -> Iterator[Finding]:
    given = training_reads(call, case.plan.inputs)
    if not joins_of(given) or not _belong_together(case, call, given):
        return
    continuity = history_of(case).continuity
    taken = _as_taken(case, training)
    before = share_continued(taken, continuity)
    in_order = (
        case.again(case.with_calls((*case.plan.calls[:index], replace(call, shuffle=False))))
        .outcomes[index]
        .training
    )
    after = share_continued(_as_taken(case, in_order), continuity) if in_order is not None else 0.0
    if after <= before:
        return
    layers = stateful_layers(case.facts)
    order = tuple(read.row for read in taken)
    yield Finding(
        code="state-shuffled",
        severity="error",
        summary=f"{numbered(index).capitalize()} shuffles rows that continue each other: {1 - before:.0%} of "
        "them began with the state of a row that they do not continue.",
        layer=layers[0],
        evidence={
            "order_used": order[:_MOST],
            "state_handed_on": tuple(
                f"row {join.before.row} to row {join.after.row}" for join in joins_of(taken)[: _MOST // 2]
            ),
            "continued": before,
            "continued_without_shuffle": after,
            "stateful_layers": tuple(layers),
        },
        fix=Fix(
            "Leave the rows in their order.",
            code=_CODE,
            calls=(*case.plan.calls[:index], replace(call, shuffle=False), *case.plan.calls[index + 1 :]),
        ),
        proof=Proof("share of rows that begin with the state of the row they continue", before, after),
        place=Place(layer=layers[0], step=0, call=index),
        weight=0.92,
    )


def _belong_together(case: Case, call: Fit, given: Sequence[Read]) -> bool:
    """Whether the rows continue each other in the order in which they were given."""
    batch = call.batch_size or BATCH
    return arrangement(given, batch, history_of(case).continuity).as_run.kind == "continues"


def _as_taken(case: Case, training: Training) -> list[Read]:
    """The rows of the first epoch in the order in which the batches took them."""
    sequences = sequences_in(case.plan.inputs)
    epoch = training.batches[0] if training.batches else ()
    return [
        Read(0, number, slot, row, sequences[row])
        for number, batch in enumerate(epoch)
        for slot, row in enumerate(batch)
        if row >= 0
    ]


CHECK = Check(
    code="state-shuffled",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="fit shuffles rows that continue each other",
        what="The rows are pieces of one sequence, and the state goes from each to the next. fit puts them "
        "into another order first, anew in each epoch.",
        why="The state that a row begins with is that of any other row: the model learns that its memory is "
        "worth nothing.",
        keras="shuffle=True is the default of fit, for stateful models too, and nothing warns of it.",
        prevent="Pass shuffle=False with stateful=True, always.",
        code=_CODE,
    ),
    explains=("state-misaligned",),
)
