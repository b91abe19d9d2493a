"""Calls that Keras refuses, and the reshape that makes them work: what the checks of the input's shape share.

`call_failure.explain` says what a failed call means. Here the remedy is tried: the same call with the
reshaped input, on snapshots. A reshape under which the call still fails is not offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lstm_tui.arrays.fitting import Suggestion
from lstm_tui.arrays.reshape import apply_all
from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.call_failure import explain
from lstm_tui.checks.case import Case
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import Explanation, axes_words, layer_words, wanted_of
from lstm_tui.checks.inputs.called import input_called
from lstm_tui.checks.inputs.numpy_lines import numpy_lines
from lstm_tui.checks.keras_messages import plain_words
from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.calls import Call, CallFailure, CallModel, CallOutcome, Fit, Inputs, Predict, RunPlan

#: Reshapes that are tried; each new shape costs Keras a trace.
MOST_TRIALS = 3
#: What the proof measures.
CALLS_THAT_FAIL = "calls that fail"


@dataclass(frozen=True, eq=False)
class Refusal:
    """A call that failed, what went into it, and what the failure means."""

    number: int
    call: Call
    inputs: Inputs
    failure: CallFailure
    explanation: Explanation


def refusals(case: Case) -> Iterator[Refusal]:
    """Every failed call of the plan that something explains, in order."""
    for number, (call, outcome) in enumerate(zip(case.plan.calls, case.run.outcomes, strict=False)):
        if outcome.failure is None:
            continue
        inputs = input_called(case, call)
        explanation = explain(outcome.failure, case.facts, inputs)
        if explanation.code:
            yield Refusal(number, call, inputs, outcome.failure, explanation)


def refusal_of(code: str, case: Case) -> Refusal | None:
    """The first failed call that `code` explains."""
    return next((each for each in refusals(case) if each.explanation.code == code), None)


def finds_refused(code: str, text: str, line: str = "") -> Callable[[Case], Iterator[Finding]]:
    """The `find` of a check for a code that `explain` knows.

    text, line: what to do where no reshape mends it, in words and as Keras code.
    """

    def find(case: Case) -> Iterator[Finding]:
        refusal = refusal_of(code, case)
        if refusal is not None:
            yield refused_finding(case, refusal, Fix(text, line))

    return find


def refused_finding(case: Case, refusal: Refusal, otherwise: Fix) -> Finding:
    """The finding, with the first reshape that makes the call work; `otherwise` where none does."""
    mended = _first_that_works(case, refusal)
    fix, proof = otherwise, None
    evidence = refused_evidence(case, refusal)
    if mended is not None:
        suggestion, outcome = mended
        fix = _reshaping(case, refusal, suggestion)
        proof = Proof(CALLS_THAT_FAIL, 1.0, 0.0)
        shapes = tuple(array.shape for array in outcome.outputs.values())
        evidence |= {"reshaped": suggestion.result, "output_shapes_then": shapes}
    return Finding(
        code=refusal.explanation.code,
        severity="error",
        summary=refusal.explanation.sentence,
        layer=_layer(case, refusal),
        evidence=evidence,
        fix=fix,
        proof=proof,
        place=Place(layer=_layer(case, refusal) or None, call=refusal.number),
        weight=0.95 if refusal.explanation.certain else 0.8,
        direct=True,
    )


def refused_evidence(case: Case, refusal: Refusal) -> dict[str, Any]:
    """Got, wanted, the layer that fixes it, and the line in which Keras says so."""
    name = refusal.explanation.input_name
    tensor = next((each for each in case.facts.inputs if each.name == name), None)
    array = refusal.inputs.get(name) if name else next(iter(refusal.inputs.values()), None)
    if array is None and len(refusal.inputs) == 1:
        array = next(iter(refusal.inputs.values()))
    layer = case.facts.layer(_layer(case, refusal))
    return {
        "call": refusal.number,
        "input": name or None,
        "got": None if array is None else array.shape,
        "wanted": None if tensor is None else axes_words(wanted_of(case.facts, tensor)),
        "layer": None if layer is None else layer_words(layer),
        "keras": plain_words(refusal.failure.message),
    }


def _layer(case: Case, refusal: Refusal) -> str:
    """The layer that fixes what is wanted; else the one in which the call failed."""
    known = case.facts.layer(refusal.explanation.layer or refusal.failure.layer)
    return known.path if known is not None else ""


def _first_that_works(case: Case, refusal: Refusal) -> tuple[Suggestion, CallOutcome] | None:
    """The likeliest reshape under which the call succeeds; one that gives the expected shape goes first."""
    works: list[tuple[Suggestion, CallOutcome]] = []
    for suggestion in refusal.explanation.reshapes[:MOST_TRIALS]:
        try:
            outcome = called_with(case, refusal, suggestion)
        except LstmTuiError:
            continue
        if outcome.failure is None and outcome.outputs:
            if case.subject.expected_shape is None or _is_expected(case, outcome):
                return suggestion, outcome
            works.append((suggestion, outcome))
    return works[0] if works else None


def _is_expected(case: Case, outcome: CallOutcome) -> bool:
    return [array.shape for array in outcome.outputs.values()] == [case.subject.expected_shape]


def called_with(case: Case, refusal: Refusal, suggestion: Suggestion) -> CallOutcome:
    """The same call with the reshaped input. Raises EditError where the reshape does not apply."""
    name = refusal.explanation.input_name
    name = name if name in refusal.inputs else next(iter(refusal.inputs))
    inputs = {**refusal.inputs, name: apply_all(suggestion.reshapes, refusal.inputs[name])}
    return alone(case, without_inputs(refusal.call), inputs)


def alone(case: Case, call: Call, inputs: Inputs) -> CallOutcome:
    """One call on these inputs, as if nothing had been called before it."""
    plan = RunPlan(inputs=inputs, resets=case.plan.resets, calls=(call,), record=1)
    return case.again(plan).outcomes[0]


def without_inputs(call: Call) -> Call:
    """The same call on the plan's own inputs."""
    match call:
        case Predict():
            return replace(call, inputs=None, rows=None, reversed_order=False)
        case CallModel():
            return replace(call, inputs=None)
        case Fit():
            return replace(call, validation=None)
        case _:
            return call


def _reshaping(case: Case, refusal: Refusal, suggestion: Suggestion) -> Fix:
    """The reshape as something to try: on the input, or in the one call that has an input of its own."""
    own = isinstance(refusal.call, Predict | CallModel) and refusal.call.inputs is not None
    text = f"{suggestion.reason} Reshape it to {shown_shape(suggestion.result)}."
    code = "\n".join(numpy_lines(suggestion.reshapes))
    if not own:
        name = refusal.explanation.input_name if len(refusal.inputs) > 1 else ""
        return Fix(text, code, actions=suggestion.reshapes, input_name=name)
    return Fix(text, code, calls=_with_reshaped(case, refusal, suggestion))


def _with_reshaped(case: Case, refusal: Refusal, suggestion: Suggestion) -> tuple[Call, ...]:
    name = refusal.explanation.input_name or next(iter(refusal.inputs))
    mended = {**refusal.inputs, name: apply_all(suggestion.reshapes, refusal.inputs[name])}
    calls = list(case.plan.calls)
    calls[refusal.number] = replace(without_inputs(refusal.call), inputs=mended)  # type: ignore[arg-type]  # a call with inputs
    return tuple(calls)
