"""BatchNormalization uses the batch's own statistics at inference: a row's output depends on its company."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.effects import effect
from lstm_tui.checks.states.history import rows_in
from lstm_tui.checks.states.variance import compared, first_of
from lstm_tui.recurrent.calls import CallModel, Inputs, Predict, ResetStates, RunPlan, StateReset, inputs_of
from lstm_tui.recurrent.recording import Array, LayerOutput, LayerTrace, Recording

#: Of the range of all outputs: a row's company moves it by no less.
_SHARE = 1e-3
_CODE = "y = model.predict(x)          # or model(x, training=False): the moving statistics"


def _find(case: Case) -> Iterator[Finding]:
    layers = [path for path, each in case.settings.items() if each.get("class_name") == "BatchNormalization"]
    index = _asked(case) if layers or case.lab.runs_own_code else None
    if index is None:
        return
    call = case.plan.calls[index]
    assert isinstance(call, Predict | CallModel)
    alone, company = _companies(case, call)
    if not alone:
        return
    one, other = (_first_row(case, replace(call, inputs=fed), fed) for fed in (alone, company))
    moved = effect(case, one, other)
    if moved.share < _SHARE or not moved.matters:
        return
    after = effect(case, *(_first_row(case, Predict(fed), fed) for fed in (alone, company)))
    if after.largest > moved.largest / 2:
        return
    layer = _where(case, call, alone, company) or (layers[0] if layers else "")
    yield Finding(
        code="batchnorm-training",
        severity="error",
        summary=f"The same row gives an output that is {moved.largest:.4g} off when other rows stand beside "
        "it: BatchNormalization uses the statistics of the batch.",
        layer=layer,
        evidence={
            "row_among_copies_of_itself": _told(one),
            "row_in_other_company": _told(other),
            "difference": moved.largest,
            "difference_with_moving_statistics": after.largest,
            "later_predictions_move_by": _after_effect(case, call, alone),
            "layers": tuple(layers),
        },
        fix=Fix(
            "Predict with the moving statistics.",
            code=_CODE,
            calls=tuple(
                Predict(each.inputs) if isinstance(each, CallModel) else each for each in case.plan.calls
            ),
        ),
        proof=Proof("difference of a row's output in other company", moved.largest, after.largest),
        place=Place(layer=layer or None, sample=0, call=index),
        weight=0.93,
    )


def _asked(case: Case) -> int | None:
    """The call that is looked at: the recorded one, else the first that may use a batch's statistics."""
    order: list[int] = [case.plan.record, *range(len(case.plan.calls))]
    for index in order:
        call = case.plan.calls[index] if index < len(case.plan.calls) else None
        if (isinstance(call, CallModel) and call.training is not False) or (
            isinstance(call, Predict) and case.lab.runs_own_code
        ):
            return index
    return None


def _companies(case: Case, call: Predict | CallModel) -> tuple[Inputs, Inputs]:
    """The first row among copies of itself, and among the other rows; in batches of one size."""
    fed = inputs_of(call, case.plan.inputs)
    rows, bound = rows_in(fed), case.facts.stateful_batch
    if not rows or any(len(array) != rows for array in fed.values()) or bound == 1:
        return {}, {}
    if rows == 1:
        fed = {name: np.concatenate([array, _other(array)]) for name, array in fed.items()}
    copies = {name: np.repeat(array[:1], len(array), axis=0) for name, array in fed.items()}
    return copies, fed


def _other(array: Array) -> Array:
    """Another row of the same kind: the same steps in reverse."""
    return array[:, ::-1] if array.ndim > 1 else array


def _first_row(case: Case, call: Predict | CallModel, fed: Inputs) -> Inputs:
    outputs = case.calls((call,), fed).outcomes[0].outputs
    return {name: array[:1] for name, array in outputs.items() if array.ndim}


def _after_effect(case: Case, call: Predict | CallModel, fed: Inputs) -> float:
    """By how much a later `predict` moves, because such a call moves the moving statistics too."""
    plain = case.calls((Predict(fed),), fed).outcomes[0].outputs
    later = case.calls((call, ResetStates(), Predict(fed)), fed).outcomes[2].outputs
    return effect(case, plain, later).largest


def _where(case: Case, call: Predict | CallModel, alone: Inputs, company: Inputs) -> str:
    """The first layer in which the row differs."""
    zeros = (StateReset(),) if case.facts.stateful else ()
    one, other = (
        case.again(RunPlan(fed, zeros, (replace(call, inputs=fed),), 0)).recording for fed in (alone, company)
    )
    if one is None or other is None:
        return ""
    found = first_of(compared(_only_first(one), _only_first(other)))
    return found.path if found is not None else ""


def _only_first(recording: Recording) -> Recording:
    """The recording of the first row alone."""
    return replace(
        recording,
        layers=tuple(_trace(each) for each in recording.layers),
        layer_outputs=tuple(_output(each) for each in recording.layer_outputs),
    )


def _trace(trace: LayerTrace) -> LayerTrace:
    return replace(trace, steps={name: array[:1] for name, array in trace.steps.items()})


def _output(output: LayerOutput) -> LayerOutput:
    values = output.values
    return replace(output, values=tuple(each[:1] for each in values if each.ndim) if values else None)


def _told(outputs: Inputs) -> tuple[float, ...]:
    """The first few values."""
    return tuple(float(value) for array in outputs.values() for value in np.ravel(array)[-4:])


CHECK = Check(
    code="batchnorm-training",
    needs=("x", "output"),
    find=_find,
    lesson=Lesson(
        title="BatchNormalization uses the batch's own statistics",
        what="Each feature is normalised by the mean and variance of the rows that happen to be predicted "
        "together.",
        why="A row's prediction depends on its neighbours, and a row by itself is normalised to nothing.",
        keras="BatchNormalization takes the batch's statistics with training=True, in the call or stored in "
        "the graph, and moves its moving statistics as well, so that later predictions move too. predict "
        "and model(x, training=False) use the moving statistics.",
        prevent="Predict without training=True. In recurrent models LayerNormalization, which looks at one "
        "row alone, is the safer choice.",
        code=_CODE,
    ),
)
