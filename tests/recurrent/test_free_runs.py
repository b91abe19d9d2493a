"""What a free run begins with and is held against, how it drifts, and where it ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.recurrent.calls import CallOutcome, Generate, Predict, Run, RunPlan
from lstm_tui.recurrent.free_runs import (
    FreePlan,
    FreeRun,
    fed_feature,
    free_plan,
    free_run,
    rate_of_contraction,
)
from lstm_tui.recurrent.recording import Array


def series(steps: int, features: int = 1) -> Array:
    return np.arange(steps * features, dtype=np.float32).reshape(1, steps, features)


def planned(*arguments: object) -> FreePlan:
    plan = free_plan(*arguments)  # type: ignore[arg-type]
    assert isinstance(plan, FreePlan)
    return plan


@given(st.integers(3, 60), st.integers(1, 3), st.one_of(st.none(), st.integers(1, 80)))
def test_windows_are_the_sequence_itself_moved_on_and_the_truth_follows_each(
    known: int, features: int, steps: int | None
) -> None:
    x = series(known, features)
    plan = planned({"x": x}, None, 0, steps, features - 1)
    assert plan.start.shape[0] == 1
    if plan.windows is None or plan.truth is None:
        assert steps is not None
        assert steps > known // 2
        assert np.array_equal(plan.start, x)
        return
    length = plan.start.shape[1]
    assert length + plan.steps == known
    for step in range(plan.steps):
        assert np.array_equal(plan.windows[step], x[0, step : step + length])
        assert plan.truth[step] == x[0, step + length, features - 1]


def test_rows_that_follow_each_other_are_windows_of_one_sequence() -> None:
    whole = series(20)[0]
    rows = np.stack([whole[first : first + 5] for first in range(10)])
    plan = planned({"x": rows}, 5, 2, 4, 0)
    assert np.array_equal(plan.start[0], rows[2])
    assert plan.truth is not None
    assert plan.truth.tolist() == [7, 8, 9, 10]
    assert planned({"x": rows}, 5, 2, 40, 0).truth is None
    assert planned({"x": rows[:, ::-1]}, 5, 0, 3, 0).windows is None


def test_a_target_that_is_a_horizon_is_the_truth() -> None:
    plan = planned({"x": series(5)}, 5, 0, None, 0, np.array([[5.0, 6.0, 7.0]]))
    assert plan.windows is not None
    assert plan.windows[-1, :, 0].tolist() == [2, 3, 4, 5, 6]
    assert plan.truth is not None
    assert plan.truth.tolist() == [5, 6, 7]


@pytest.mark.parametrize(
    ("inputs", "feature", "told"),
    [
        ({"x": series(5), "y": series(5)}, 0, "what follows in the others is not known (x, y)"),
        ({"x": series(5), "words": np.ones((1, 5), np.int32)}, 0, "not known (x, words)"),
        ({"x": np.ones((1, 5))}, 0, "no sequence of numbers"),
        ({"x": series(5)}, None, "there is no loop"),
    ],
)
def test_what_has_no_loop_is_refused(inputs: dict[str, Array], feature: int | None, told: str) -> None:
    plan = free_plan(inputs, None, 0, None, feature)
    assert isinstance(plan, str)
    assert told in plan


def test_both_runs_are_calls_of_one_plan() -> None:
    plan = planned({"x": series(10)}, None, 0, 3, 0)
    asked = plan.asked(RunPlan({"x": series(10)}, calls=(Predict(), Predict()), record=1))
    assert [type(call) for call in asked.calls] == [Generate, Predict]
    assert asked.record == 0


def test_inputs_that_are_no_sequence_stay_as_they_are_in_both_runs() -> None:
    store = np.array([[1.0, 2.0], [3.0, 4.0]])
    both = {"store": store, "x": series(10).repeat(2, 0), "kind": np.array([[7], [8]])}
    plan = planned(both, None, 1, 3, 0)
    asked = plan.asked(RunPlan(both))
    assert list(asked.inputs) == ["store", "x", "kind"]
    assert asked.inputs["store"].tolist() == [[3, 4]]
    (_, forced) = asked.calls
    assert isinstance(forced, Predict)
    assert forced.inputs is not None
    assert forced.inputs["store"].tolist() == [[3, 4]] * 3
    assert forced.inputs["kind"].tolist() == [[8]] * 3
    assert forced.inputs["x"].shape == (3, 7, 1)


def run_of(free: Array, forced: Array | None) -> FreeRun:
    plan = planned({"x": series(10)}, None, 0, len(free), 0)
    outcomes = [CallOutcome("generate", {"y": free[None, :, None]})]
    if forced is not None:
        outcomes.append(CallOutcome("predict", {"y": forced[:, None]}))
    made = free_run(plan, Run("", tuple(outcomes)))
    assert isinstance(made, FreeRun)
    return made


def test_the_drift_is_between_the_two_runs() -> None:
    made = run_of(np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.0, 1.0]))
    assert made.drift is not None
    assert made.drift.tolist() == [0, 1, 3]
    assert run_of(np.array([1.0, 2.0, 4.0]), None).drift is None


@given(st.floats(0.05, 0.8), st.floats(-100, 100))
def test_a_loop_that_contracts_tells_its_rate(rate: float, end: float) -> None:
    made = end + rate ** np.arange(60)
    told = rate_of_contraction(made, 1.0)
    assert told == pytest.approx(rate, abs=0.06)


def test_a_loop_that_goes_on_has_no_rate() -> None:
    assert rate_of_contraction(np.sin(np.arange(60)), 1.0) is None
    assert rate_of_contraction(np.full(60, np.nan), 1.0) is None
    assert rate_of_contraction(np.ones(60), 1.0) == 0


def test_the_fed_feature_is_the_one_that_predictions_follow() -> None:
    window = np.random.default_rng(0).normal(size=(2, 30, 3)).astype(np.float32)
    prefix = np.roll(window[..., 1:2], -1, axis=1)
    assert fed_feature(window, np.ones((2, 1), np.float32), prefix) == 1
    assert fed_feature(window, np.ones((2, 3), np.float32), None) == 0
    assert fed_feature(window, np.ones((2, 1), np.float32), None) is None
