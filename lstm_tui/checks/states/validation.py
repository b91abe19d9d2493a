"""Validation inside `fit` runs through the states of the training: one half of `state-contaminated`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.continuation import DECISIVE, Relation, together
from lstm_tui.checks.states.effects import numbered, sizes
from lstm_tui.checks.states.history import BATCH, Read, history_of, reads_of, sequences_in, training_reads
from lstm_tui.checks.states.resetting import stateful_layers
from lstm_tui.recurrent.calls import CallModel, EpochStates, Fit, Predict, Stream, Training

#: Of the size of a state (which is 1 for most): less is not another state.
_SHARE = 0.01
_CODE = """\
for epoch in range(epochs):
    reset(model)
    model.fit(x, y, epochs=1, shuffle=False)   # no validation_data here
    kept = [keras.ops.convert_to_numpy(s) for s in states(model)]
    reset(model); model.evaluate(x_val, y_val)
    for s, value in zip(states(model), kept): s.assign(value)"""


def by_validation(case: Case) -> Iterator[Finding]:
    """An epoch begins, or the next call does, with the state that validation left."""
    for index, call in enumerate(case.plan.calls):
        training = case.run.outcomes[index].training
        if isinstance(call, Fit) and call.validation is not None and training is not None:
            yield from _of_fit(case, index, call, training)


def _of_fit(case: Case, index: int, call: Fit, training: Training) -> Iterator[Finding]:
    if not training.states or not _goes_on(case, index, call):
        return
    before = _moved(training.states[0])
    if before < _SHARE:
        return
    without = (*case.plan.calls[:index], replace(call, validation=None), *case.plan.calls[index + 1 :])
    trained = case.again(case.with_calls(without[: index + 1])).outcomes[index].training
    after = _moved(trained.states[0]) if trained is not None and trained.states else before
    if after > before / 2:
        return
    layers = stateful_layers(case.facts)
    yield Finding(
        code="state-contaminated",
        severity="error",
        summary=f"Validation in {numbered(index)} ran through the states of the training: between the last "
        f"batch of an epoch and what comes next they moved by up to {before:.3g}.",
        layer=layers[0],
        evidence={
            "epochs": call.epochs,
            "state_after_training": sizes(training.states[0].trained),
            "state_after_validation": sizes(training.states[0].end),
            "next_epoch_begins_with": sizes(training.states[1].begin) if len(training.states) > 1 else None,
            "moved_by": before,
            "stateful_layers": tuple(layers),
        },
        fix=Fix(
            "Validate outside of fit and put the states back afterwards, or reset them before each epoch.",
            code=_CODE,
            calls=without,
        ),
        proof=Proof("by how much states move between an epoch's last batch and its end", before, after),
        place=Place(layer=layers[0], step=0, call=index),
        weight=0.9,
    )


def _goes_on(case: Case, index: int, call: Fit) -> bool:
    """Whether anything begins with the states that validation left: another epoch, another fit, or a call
    that continues the training data. What continues the validation data is right to begin with its state."""
    following = next(iter(case.plan.calls[index + 1 : index + 2]), None)
    if call.epochs > 1 or isinstance(following, Fit):
        return True
    if not isinstance(following, Predict | CallModel | Stream) or call.validation is None:
        return False
    batch = call.batch_size or BATCH
    after = reads_of(index + 1, following, case.plan.inputs, case.facts.stateful_batch)
    trained = _continued(case, training_reads(call, case.plan.inputs)[-batch:], after)
    validated = _continued(
        case,
        [Read(0, 0, row % batch, row, steps) for row, steps in enumerate(sequences_in(call.validation[0]))][
            -batch:
        ],
        after,
    )
    return trained.weight - validated.weight > DECISIVE


def _continued(case: Case, before: list[Read], after: list[Read]) -> Relation:
    """How the first sequence of each slot continues the last one of the slot before."""
    first = {read.slot: read for read in reversed(after)}
    pairs = [(read, first[read.slot]) for read in before if read.slot in first]
    return together([history_of(case).continuity.relation(a.steps, b.steps) for a, b in pairs])


def _moved(epoch: EpochStates) -> float:
    """The largest change of a state between the last batch and the end of an epoch."""
    changes = [np.abs(epoch.end[name] - state) for name, state in epoch.trained.items()]
    return max((float(np.max(each, initial=0.0)) for each in changes), default=0.0)
