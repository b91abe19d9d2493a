"""A one-step model where a horizon is wanted: its predictions have to be fed back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.outputs.horizon import MOST_STEPS, fed_feature, looped
from lstm_tui.checks.outputs.wanted import Size, off_by, only_output, same
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Generate
from lstm_tui.recurrent.free_runs import loop_code
from lstm_tui.recurrent.recording import Array

_SHOWN = 8


def _find(case: Case) -> Iterator[Finding]:
    wanted, got = case.subject.expected_shape, only_output(case)
    if wanted is None or got is None or _fed_back_already(case, wanted):
        return
    steps = _horizon(got, wanted)
    loop = looped(case, steps) if 1 < steps <= MOST_STEPS else None
    if loop is not None and same(loop.shape, wanted):
        yield _finding(case, steps, loop, got, wanted)


def _horizon(got: Size, wanted: Size) -> int:
    """Steps that are wanted of a model that gives one (or one for each step of its input); 0 otherwise."""
    one = got if len(got) == 2 else (got[0], *got[2:])
    if len(wanted) == 3 and (wanted[0], wanted[2]) == one and wanted != got:
        return wanted[1]
    return wanted[1] if len(wanted) == 2 and one == (wanted[0], 1) and len(got) == 2 else 0


def _fed_back_already(case: Case, wanted: Size) -> bool:
    """Whether one of the calls is such a loop, and gave what is wanted."""
    return any(
        outcome.call in ("generate", "decode")
        and any(same(array.shape, wanted) for array in outcome.outputs.values())
        for outcome in case.run.outcomes
    )


def _finding(case: Case, steps: int, loop: Array, got: Size, wanted: Size) -> Finding:
    feature = fed_feature(case) or 0
    name = next(name for name, array in case.inputs.items() if array.ndim == 3)
    shown = tuple(float(value) for value in np.ravel(case.in_user_units(loop)[0, :, 0])[:_SHOWN])
    generate = Generate(steps, feature)
    return Finding(
        code="needs-generation",
        severity="error",
        summary=f"The model predicts one step, {shown_shape(got)}; {shown_shape(wanted)}, a horizon of "
        f"{steps}, is wanted. Fed back {steps} times it gives {shown_shape(loop.shape)}.",
        evidence={
            "horizon": steps,
            "got": got,
            "wanted": wanted,
            "fed_back_into": f"input {one_line(name, 40)}, feature {feature}",
            "loop_begins": shown,
        },
        fix=Fix(
            f"Feed each prediction back as the newest step of the window, {steps} times; the model stays as "
            "it is.",
            code=_loop_code(case, steps, feature),
            calls=(*case.plan.calls[: case.plan.record], case.plan.calls[case.plan.record], generate),
        ),
        proof=Proof("axes by which the output's shape is off", off_by(got, wanted), 0.0),
        place=Place(step=-1),
        weight=0.8,
    )


def _loop_code(case: Case, steps: int, feature: int) -> str:
    window = next(array for array in case.inputs.values() if array.ndim == 3)
    output = next(iter(case.outputs.values()))
    return "\n".join(loop_code(window.shape, output.shape, steps, feature))


CHECK = Check(
    code="needs-generation",
    needs=("x", "shape", "output"),
    find=_find,
    lesson=Lesson(
        title="A horizon is wanted of a model that predicts one step",
        what="The model was trained to say the next value. For a horizon each prediction takes the place of "
        "the newest measurement, the window moves on by one, and the model is asked again.",
        why="No model of its own is needed for each step ahead, and no training. Errors add up from step to "
        "step, so compare the loop with the target before trusting its end.",
        keras="predict gives one output for each window; Keras has no loop for this. Inside a loop "
        "predict_on_batch costs a fraction of predict. A stateful model can be fed one step at a time.",
        prevent="Decide on one of two: a one-step model with a loop, or a head Dense(horizon) trained on the "
        "whole horizon at once.",
        code="for _ in range(horizon):\n"
        "    y = model.predict_on_batch(window)                 # (batch, features)\n"
        "    window = np.concatenate([window[:, 1:], y[:, None]], axis=1)",
    ),
)
