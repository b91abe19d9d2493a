"""A stateful one-step model on its own predictions: the states carry the past, each call gets one step.

Both runs begin with reset states. The one on the truth reads the whole sequence step by step. It refuses
models that declare several timesteps a call, and what `free_runs` refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lstm_tui.recurrent.calls import Call, Generate, Inputs, ResetStates, Run, RunPlan, Stream
from lstm_tui.recurrent.free_runs import (
    DEFAULT_STEPS,
    MOST_STEPS,
    NO_FEATURE,
    FreePlan,
    FreeRun,
    failure_in,
    fed_as_code,
    fed_sequence,
    number_fed,
    rate_of_contraction,
)

#: Of a longer sequence the last steps are read: each is a call.
MOST_READ = 5000


@dataclass(frozen=True, eq=False)
class CarriedPlan:
    """inputs: the rows of one batch of the model, of which `row` is looked at. call: what is generated into
    input `name`. has_truth: whether the sequence goes on after the steps that it begins with.
    """

    inputs: Inputs
    name: str
    call: Generate
    row: int
    has_truth: bool

    def asked(self, run: RunPlan) -> RunPlan:
        """Both runs as calls of one plan, on the model that `run` is made on; nothing is recorded."""
        calls: tuple[Call, ...] = (ResetStates(), self.call)
        if self.has_truth:
            calls = (*calls, ResetStates(), Stream())
        return replace(run, inputs=self.inputs, calls=calls, record=0, target=None, sample=None)


def carried_plan(
    inputs: Inputs,
    declared: int | None,
    sample: int,
    steps: int | None,
    feature: int | None,
    bound: int,
) -> CarriedPlan | str:
    """What to run, or why it cannot be. bound: the batch that the states are of. Others as `free_plan`."""
    found = fed_sequence(inputs)
    if isinstance(found, str):
        return found
    if feature is None:
        return NO_FEATURE
    if declared not in (None, 1):
        return f"The model keeps its past in its states, but declares {declared} timesteps a call, not one."
    name, x = found
    if bound == 1 and len(inputs) == 1 and x.shape[1] == 1:
        inputs, sample = {name: x.swapaxes(0, 1)}, 0  # predict reads the rows one after the other
    known = min(inputs[name].shape[1], MOST_READ)
    held = min(steps or DEFAULT_STEPS, known // 2)
    has_truth = held > 0 and (steps is None or steps <= held)
    many = held if has_truth else min(steps or DEFAULT_STEPS, MOST_STEPS)
    first = sample // bound * bound
    return CarriedPlan(
        inputs={
            each: array[first : first + bound, -known:] if each == name else array[first : first + bound]
            for each, array in inputs.items()
        },
        name=name,
        call=Generate(many, feature, carry=True, keep=known - held if has_truth else known),
        row=sample - first,
        has_truth=has_truth,
    )


def carried_run(plan: CarriedPlan, run: Run) -> FreeRun | str:
    """What came of both, or what failed."""
    if failed := failure_in(run):
        return failed
    made = [next(iter(outcome.outputs.values())) for outcome in run.outcomes if outcome.outputs]
    steps, feature, keep = plan.call.steps, plan.call.feature, plan.call.keep or 1
    number = number_fed(made[0], feature)
    free = made[0][plan.row, :, number].astype(np.float64)
    whole = plan.inputs[plan.name][plan.row].astype(np.float64)
    before = whole[:keep, feature]
    forced = truth = None
    if plan.has_truth:
        forced = made[1][plan.row, keep - 1 : keep - 1 + steps, number].astype(np.float64)
        truth = whole[keep:, feature]
    curves = FreePlan(plan.name, whole[None, :keep], steps, feature, truth=truth)
    spread = float(before.std())
    rate = rate_of_contraction(free, spread)
    replaced = made[0].shape[-1] == whole.shape[-1]
    return FreeRun(curves, free, forced, before, rate, spread, carried_code(plan, whole=replaced), replaced)


def carried_code(plan: CarriedPlan, *, whole: bool) -> tuple[str, ...]:
    """The loop as lines of Keras 3, for outputs `(batch, features)`. whole: a prediction is a whole step."""
    into = "step[:, 0] = y" if whole else f"step[:, 0, {plan.call.feature}] = y[:, 0]"
    keep = plan.call.keep or 1
    past = fed_as_code(plan.inputs, plan.name, f"x[:, :{keep}]")
    return (
        f"y, made = model.predict({past}), []  # from reset states",
        f"step = x[:, {keep - 1}:{keep}].copy()",
        f"for _ in range({plan.call.steps}):",
        "    made.append(y)",
        f"    {into}",
        f"    y = model.predict({fed_as_code(plan.inputs, plan.name, 'step')})",
        "horizon = np.stack(made, axis=1)",
    )
