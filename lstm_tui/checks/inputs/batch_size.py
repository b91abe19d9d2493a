"""A stateful model is bound to another batch size than it was given.

The state has a row for each sequence of the batch that the model was built for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lstm_tui.checks.call_failure import explain
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Proof
from lstm_tui.checks.input_fit import Explanation
from lstm_tui.checks.inputs.called import input_called
from lstm_tui.checks.inputs.refused import (
    CALLS_THAT_FAIL,
    Refusal,
    alone,
    refusal_of,
    refused_finding,
    without_inputs,
)
from lstm_tui.checks.states.resetting import stateful_layers
from lstm_tui.recurrent.calls import Alteration, Call, CallFailure, Fit, Inputs, Predict

_OTHERWISE = Fix(
    "Give all inputs the same number of samples; to a stateful model, a multiple of the batch it is bound "
    "to.",
    code="model.predict(x, batch_size=model.input_shape[0])",
)
_NOTHING = Fix("Pass at least one sample; see what empties the array before the call.", code="assert len(x)")


def _find(case: Case) -> Iterator[Finding]:
    refusal = refusal_of("batch-size", case) or _wrong_batches(case)
    if refusal is None:
        return
    if any(array.ndim and not len(array) for array in refusal.inputs.values()):
        yield refused_finding(case, refusal, _NOTHING)
        return
    bound = case.facts.stateful_batch
    rows = {len(array) for array in refusal.inputs.values() if array.ndim}
    if bound is None or len(rows) != 1:
        yield refused_finding(case, refusal, _OTHERWISE)
        return
    fix = _in_batches(case, refusal, bound) or _without_state(case, refusal, bound, rows.pop())
    if fix is None:
        yield refused_finding(case, refusal, _OTHERWISE)
        return
    without_trials = replace(refusal, explanation=replace(refusal.explanation, reshapes=()))
    finding = refused_finding(case, without_trials, fix)
    evidence = {**finding.evidence, "bound_to": bound}
    yield replace(finding, evidence=evidence, proof=Proof(CALLS_THAT_FAIL, 1.0, 0.0))


def _wrong_batches(case: Case) -> Refusal | None:
    """A failure that nothing else explains, of a call whose batches have another size than the states.

    Inside a graph TensorFlow says only "Incompatible shapes: [24,1] vs. [8,1]".
    """
    bound = case.facts.stateful_batch
    for number, (call, outcome) in enumerate(zip(case.plan.calls, case.run.outcomes, strict=False)):
        if bound is None or outcome.failure is None or not isinstance(call, Predict | Fit):
            continue
        inputs = input_called(case, call)
        rows = max((len(array) for array in inputs.values() if array.ndim), default=0)
        size = min(call.batch_size or 32, rows)
        if rows and {size, rows % size or size} != {bound} and not _explained(case, outcome.failure, inputs):
            given = (
                f"it was given batches of {size}" if rows % size == 0 else f"{rows} rows, {size} at a time"
            )
            sentence = f"The model is stateful and bound to a batch of {bound}, {given}."
            explanation = Explanation("batch-size", sentence, input_name=next(iter(inputs)))
            return Refusal(number, call, inputs, outcome.failure, explanation)
    return None


def _explained(case: Case, failure: CallFailure, inputs: Inputs) -> bool:
    return explain(failure, case.facts, inputs).code != ""


def _in_batches(case: Case, refusal: Refusal, bound: int) -> Fix | None:
    """The call in batches of the size that the model is bound to, where that works."""
    call = refusal.call
    rows = len(next(iter(refusal.inputs.values())))
    if not isinstance(call, Predict | Fit) or rows % bound or call.batch_size == bound:
        return None
    batched: Call = replace(call, batch_size=bound)
    if alone(case, replace(without_inputs(call), batch_size=bound), refusal.inputs).failure is not None:  # type: ignore[arg-type]
        return None
    calls = (*case.plan.calls[: refusal.number], batched, *case.plan.calls[refusal.number + 1 :])
    word = "predict" if isinstance(call, Predict) else "fit"
    arguments = "x" if isinstance(call, Predict) else "x, y, shuffle=False"
    return Fix(
        f"Pass batch_size={bound}: {word} takes 32 sequences at a time unless told otherwise.",
        code=f"model.{word}({arguments}, batch_size={bound})",
        calls=calls,
    )


def _without_state(case: Case, refusal: Refusal, bound: int, rows: int) -> Fix | None:
    """A copy that keeps no state takes any batch; from zero states it predicts the same."""
    if not isinstance(refusal.call, Predict):
        return None
    changes = tuple(Alteration(path, (("stateful", False),)) for path in stateful_layers(case.facts))
    plan = replace(
        case.plan, inputs=refusal.inputs, resets=(), calls=(without_inputs(refusal.call),), record=1
    )
    if case.again(replace(plan, alterations=changes)).outcomes[0].failure is not None:
        return None
    wanted = f"{rows} sequence{'' if rows == 1 else 's'}"
    return Fix(
        f"Give the same weights to a model for {wanted}: lstm-tui rebuild MODEL -o OUT.keras --batch-size "
        f"{rows}. Tried here without stateful, which from zero states predicts the same for any batch.",
        code=f"small = build_model(batch_size={rows})\nsmall.set_weights(model.get_weights())",
        alterations=changes,
    )


CHECK = Check(
    code="batch-size",
    needs=("x",),
    find=_find,
    lesson=Lesson(
        title="A stateful model takes one batch size and no other",
        what="With stateful=True a layer keeps one state for each row of the batch that it was built for; "
        "another number of rows has no states to start from.",
        why="The call fails, also for a single sequence, which is what one predicts on after training on "
        "batches.",
        keras="predict and fit send 32 rows at a time unless batch_size says otherwise. The size that the "
        "model is bound to is model.input_shape[0]; the weights do not depend on it.",
        prevent="Predict with batch_size=model.input_shape[0], or build a second model for the batch that is "
        "wanted and give it the weights.",
        code="single = build_model(batch_size=1)\nsingle.set_weights(model.get_weights())",
    ),
)
