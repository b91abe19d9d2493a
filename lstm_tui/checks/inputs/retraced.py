"""`predict` was called earlier with another rank, and its relaxed graph now fails or guesses.

The failing call is made once more on its own: where it succeeds then, the fault is the call before.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.inputs.called import input_called
from lstm_tui.checks.inputs.refused import CALLS_THAT_FAIL
from lstm_tui.checks.keras_messages import plain_words
from lstm_tui.recurrent.calls import CallOutcome, Inputs, Predict, RunPlan, StateReset

#: A relative difference that is float noise.
NOISE = 1e-5


def _find(case: Case) -> Iterator[Finding]:
    earlier: list[tuple[int, Inputs]] = []
    for number, (call, outcome) in enumerate(zip(case.plan.calls, case.run.outcomes, strict=False)):
        if not isinstance(call, Predict):
            continue
        inputs = input_called(case, call)
        other = next((each for each in earlier if _ranks(each[1]) != _ranks(inputs)), None)
        if other is not None:
            by_itself = _by_itself(case, call, inputs, outcome)
            wrong = outcome.failure is not None or _differ(outcome.outputs, by_itself.outputs)
            if by_itself.failure is None and wrong:
                yield _finding((number, inputs, outcome), other)
                return
        earlier.append((number, inputs))


def _ranks(inputs: Inputs) -> list[int]:
    return [array.ndim for array in inputs.values()]


def _by_itself(case: Case, call: Predict, inputs: Inputs, outcome: CallOutcome) -> CallOutcome:
    """The call as the first that its model ever gets, from the states that it started from."""
    states = (StateReset(to="saved", saved=outcome.states_before),) if outcome.states_before else ()
    calls = (Predict(batch_size=call.batch_size),)
    return case.again(RunPlan(inputs=inputs, resets=states, calls=calls, record=1)).outcomes[0]


def _differ(one: Inputs, other: Inputs) -> bool:
    if [array.shape for array in one.values()] != [array.shape for array in other.values()]:
        return True
    size = max((float(np.abs(array).max(initial=0.0)) for array in other.values()), default=0.0)
    largest = max(
        (float(np.abs(a - b).max(initial=0.0)) for a, b in zip(one.values(), other.values(), strict=True)),
        default=0.0,
    )
    return largest > NOISE * max(size, 1e-12)


def _finding(failing: tuple[int, Inputs, CallOutcome], other: tuple[int, Inputs]) -> Finding:
    number, inputs, outcome = failing
    now, then = _shapes(inputs), _shapes(other[1])
    failed = outcome.failure is not None
    became = "failed" if failed else "predicted something else"
    said = plain_words(outcome.failure.message) if outcome.failure is not None else None
    return Finding(
        code="predict-retrace",
        severity="error",
        summary=f"predict on shape {now} {became} after a predict on shape {then}; as the first call it "
        "succeeds.",
        evidence={
            "call": number,
            "shape": now,
            "earlier_call": other[0],
            "earlier_shape": then,
            "keras": said,
        },
        fix=Fix(
            "Call predict with one rank only. A model that has seen another one recovers by making its "
            "function anew.",
            code="model.make_predict_function(force=True)  # once; then always (batch, timesteps, features)",
        ),
        proof=Proof(CALLS_THAT_FAIL if failed else "calls that predict something else", 1.0, 0.0),
        place=Place(call=number),
        weight=0.95,
    )


def _shapes(inputs: Inputs) -> str:
    return ", ".join(shown_shape(array.shape) for array in inputs.values())


CHECK = Check(
    code="predict-retrace",
    needs=("calls", "x"),
    find=_find,
    lesson=Lesson(
        title="An earlier predict with another rank broke this one",
        what="predict compiles a graph at its first call and relaxes it at the next shape. Two ranks relax "
        "it until it knows no rank at all.",
        why='From then on even a right input fails with "Cannot take the length of shape with unknown '
        'rank", until the program is started again: a service that was asked wrongly once is down for '
        "everybody.",
        keras="model.predict keeps one tf.function, with reduce_retracing=True. model(x) is traced anew "
        "each time and is not affected.",
        prevent="Check x.ndim before predict, in the one place through which all requests pass.",
        code="model.make_predict_function(force=True)",
    ),
    explains=("input-ambiguous", "input-rank"),
)
