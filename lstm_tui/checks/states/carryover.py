"""The state that a call leaves is the next call's start: identical calls give different outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Call, CallModel, Inputs, Predict, ResetStates, fingerprint
from lstm_tui.recurrent.recording import Array

#: Identical calls that the test makes.
CALLS = 5
#: Resets every stateful layer, nested ones and stacks of cells too, which Keras' own `reset_state` misses.
RESET_CODE = """\
for layer in model._flatten_layers():
    if getattr(layer, "stateful", False) and getattr(layer, "states", None) is not None:
        for state in keras.tree.flatten(layer.states):
            state.assign(keras.ops.zeros_like(state))"""
#: A relative difference that is float noise: sums in another order, not another state.
NOISE = 1e-5


def _find(case: Case) -> Iterator[Finding]:
    if not case.facts.stateful or not _reads_what_it_left(case):
        return
    call = case.plan.calls[case.plan.record]
    plain = case.calls((call,) * CALLS, case.plan.inputs)
    reset = case.calls((ResetStates(), call) * CALLS, case.plan.inputs)
    before = spread([outcome.outputs for outcome in plain.outcomes if outcome.outputs])
    after = spread([outcome.outputs for outcome in reset.outcomes if outcome.outputs])
    if before.relative <= NOISE or after.relative > before.relative / 2:
        return
    layers = stateful_layers(case.facts)
    yield Finding(
        code="state-carryover",
        severity="error",
        summary=f"{CALLS} identical calls gave outputs that differ by up to {before.largest:.4g}.",
        layer=layers[0],
        evidence={
            "max_difference": before.largest,
            "variance": before.variance,
            "calls": CALLS,
            "after_reset": after.largest,
            "stateful_layers": tuple(layers),
        },
        fix=Fix(
            "Reset the state before each independent sequence.",
            code=RESET_CODE,
            calls=with_resets(case.plan.calls),
        ),
        proof=Proof(f"max difference over {CALLS} identical calls", before.largest, after.largest),
        place=Place(layer=layers[0], step=0),
        weight=0.9,
    )


def _reads_what_it_left(case: Case) -> bool:
    """Whether an input is predicted on again without a reset in between; always so where no calls are given.

    Calls on other inputs may continue a stream, which is what a stateful model is for.
    """
    if not case.subject.calls_given:
        return isinstance(case.plan.calls[case.plan.record], Predict | CallModel)
    seen: set[str] = set()
    for call in case.plan.calls:
        if isinstance(call, ResetStates):
            seen.clear()
        elif isinstance(call, Predict | CallModel):
            asked = fingerprint((dict(case.plan.inputs if call.inputs is None else call.inputs), call))
            if asked in seen:
                return True
            seen.add(asked)
    return False


def stateful_layers(facts: ModelFacts) -> list[str]:
    """Paths of the layers that keep their state between calls."""
    return [layer.path for layer in facts.recurrent_layers if layer.recurrent and layer.recurrent.stateful]


def with_resets(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """The calls with a reset before each that reads the state."""
    reading = [call for call in calls if not isinstance(call, ResetStates)]
    return tuple(step for call in reading for step in (ResetStates(), call))


class Spread:
    """How far outputs that should be equal lie apart: largest |difference|, the same relative to the outputs'
    size, and variance."""

    def __init__(self, largest: float, relative: float, variance: float) -> None:
        self.largest, self.relative, self.variance = largest, relative, variance


def spread(outputs: list[Inputs]) -> Spread:
    """Of several calls' outputs by name; NaN equals NaN."""
    if len(outputs) < 2:
        return Spread(0.0, 0.0, 0.0)
    stacked = [_stacked(name, outputs) for name in outputs[0]]
    with np.errstate(invalid="ignore"):
        largest = max((float(np.nanmax(np.ptp(each, axis=0), initial=0.0)) for each in stacked), default=0.0)
        size = max((float(np.nanmax(np.abs(each), initial=0.0)) for each in stacked), default=0.0)
        variance = max((float(np.nanmax(np.var(each, axis=0), initial=0.0)) for each in stacked), default=0.0)
    return Spread(largest, largest / max(size, 1e-12), variance)


def _stacked(name: str, outputs: list[Mapping[str, Array]]) -> Array:
    return np.stack([each[name].astype(np.float64) for each in outputs])


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
    explains=("state-shared",),
)
