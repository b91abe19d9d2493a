"""A stateful model on its own predictions: fed once, then by single steps, beside a stream of the truth."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.recurrent.calls import CallOutcome, Generate, ResetStates, Run, RunPlan, Stream
from lstm_tui.recurrent.carried_runs import MOST_READ, CarriedPlan, carried_plan, carried_run
from lstm_tui.recurrent.free_runs import FreeRun

X = np.arange(80, dtype=np.float32).reshape(4, 10, 2)


def planned(*arguments: object) -> CarriedPlan:
    plan = carried_plan(*arguments)  # type: ignore[arg-type]
    assert isinstance(plan, CarriedPlan)
    return plan


def test_both_runs_begin_with_reset_states_on_the_batch_of_the_sample() -> None:
    plan = planned({"x": X}, None, 3, None, 1, 2)
    calls = plan.asked(RunPlan({"x": X})).calls
    assert [type(call) for call in calls] == [ResetStates, Generate, ResetStates, Stream]
    assert (plan.row, plan.call.steps, plan.call.keep, plan.call.carry) == (1, 5, 5, True)
    assert np.array_equal(plan.inputs["x"], X[2:])


def test_beyond_the_data_there_is_no_truth() -> None:
    plan = planned({"x": X}, 1, 0, 30, 0, 4)
    assert (plan.call.steps, plan.call.keep, plan.has_truth) == (30, 10, False)
    assert len(plan.asked(RunPlan({})).calls) == 2


def test_rows_of_one_step_are_the_steps_in_their_order() -> None:
    rows = X[:1].swapaxes(0, 1)
    plan = planned({"x": rows}, 1, 7, None, 0, 1)
    assert np.array_equal(plan.inputs["x"], X[:1])
    assert (plan.row, plan.call.keep) == (0, 5)


def test_of_a_long_sequence_the_last_steps_are_read() -> None:
    long = np.zeros((1, MOST_READ + 9, 1), np.float32)
    plan = planned({"x": long, "store": np.ones((1, 2))}, None, 0, None, 0, 1)
    assert plan.inputs["x"].shape[1] == MOST_READ
    assert plan.inputs["store"].shape == (1, 2)


@pytest.mark.parametrize(
    ("inputs", "declared", "feature", "told"),
    [
        ({"x": X}, 10, 0, "declares 10 timesteps"),
        ({"x": X}, None, None, "there is no loop"),
        ({"x": X, "y": X}, None, 0, "Only one sequence"),
    ],
)
def test_what_has_no_loop_is_refused(
    inputs: dict[str, np.ndarray], declared: int | None, feature: int | None, told: str
) -> None:
    plan = carried_plan(inputs, declared, 0, None, feature, 4)
    assert isinstance(plan, str)
    assert told in plan


def test_the_runs_are_laid_over_the_steps_that_were_held_back() -> None:
    plan = planned({"x": X}, None, 2, 3, 1, 4)
    generated, streamed = np.ones((4, 3, 1)), np.broadcast_to(np.arange(10.0)[None, :, None], (4, 10, 1))
    outcomes = [CallOutcome("reset"), CallOutcome("generate", {"y": generated})]
    outcomes += [CallOutcome("reset"), CallOutcome("stream", {"y": streamed})]
    run = carried_run(plan, Run("", tuple(outcomes)))
    assert isinstance(run, FreeRun)
    assert run.forced is not None
    assert run.plan.truth is not None
    assert run.forced.tolist() == [6, 7, 8]
    assert run.plan.truth.tolist() == X[2, 7:, 1].tolist()
    assert run.before.tolist() == X[2, :7, 1].tolist()
    assert "step[:, 0, 1] = y[:, 0]" in "\n".join(run.code)
