"""The variance test: identical calls without and with a reset, and the first layer that differs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lstm_tui.checks.states.variance import VarianceTest, compared, spread, spreads, variance_test
from lstm_tui.errors import UsageError
from lstm_tui.recurrent.calls import CallModel, CallOutcome, Fit, Predict, ResetStates, Run, RunPlan
from lstm_tui.recurrent.cells import GRU
from lstm_tui.recurrent.recording import LayerOutput, LayerTrace, Recording
from tests.checks.states.leaky import Leaky, chunks

X = chunks(1)[0]
PLAN = RunPlan({"x": X})


def variance_of(
    values: Callable[[int], np.ndarray], *, stateful: bool = False, recording: Recording | None = None
) -> VarianceTest:
    """Of a model whose n-th call since the run began gives `values(n)`."""

    def run(plan: RunPlan) -> Run:
        outcomes, made = [], 0
        for call in plan.calls:
            if isinstance(call, ResetStates):
                outcomes.append(CallOutcome("reset"))
                continue
            outcomes.append(CallOutcome("predict", {"y": values(made)}))
            made += 1
        return Run(plan.key, tuple(outcomes), recording)

    return variance_test(run, PLAN, stateful=stateful)


def test_a_carried_state_shows_without_a_reset_alone() -> None:
    test = variance_test(Leaky().run, PLAN, stateful=True)
    assert test.verdict == "state"
    assert test.plain["y"].largest > 0 and test.plain["y"].variance > 0
    assert test.reset["y"].largest == 0
    assert test.values["y"].shape == (5, 1, 1)


def test_a_model_without_states_gives_equal_outputs() -> None:
    test = variance_test(Leaky(batch=None).run, PLAN, stateful=False)
    assert test.verdict == "equal"
    assert test.layers == () and test.first is None


def test_sums_in_another_order_are_noise() -> None:
    assert variance_of(lambda number: np.array([[1.0 + 1e-7 * number]])).verdict == "noise"


def test_chance_remains_after_a_reset() -> None:
    draws = np.random.default_rng(1).normal(size=20)
    assert variance_of(lambda number: np.array([[draws[number]]]), stateful=True).verdict == "random"


def test_a_call_that_fails_gives_no_spread() -> None:
    test = variance_test(Leaky(batch=3).run, PLAN, stateful=True)
    assert test.verdict == "failed" and not test.plain


def test_the_largest_difference_has_its_place() -> None:
    found = spread([{"y": np.zeros((2, 3))}, {"y": np.array([[0, 0, 0], [0, 2.0, 1]])}])
    assert (found.largest, found.at) == (2.0, (1, 1))


def test_no_number_equals_no_number_and_other_shapes_are_left_out() -> None:
    assert spread([{"y": np.array([np.nan, 1.0])}] * 2).largest == 0
    assert spreads([{"y": np.zeros(2)}, {"y": np.zeros(3)}]) == {}


@pytest.mark.parametrize("call", [ResetStates(), Fit(np.zeros((1, 1)))])
def test_what_is_no_prediction_is_refused(call) -> None:
    with pytest.raises(UsageError, match="repeated"):
        variance_test(Leaky().run, RunPlan({"x": X}, calls=(call,)), stateful=True)


def test_the_call_that_is_recorded_is_the_one_that_is_repeated() -> None:
    plan = RunPlan({"x": X}, calls=(ResetStates(), CallModel(), Predict({"x": X + 1})), record=2)
    test = variance_test(Leaky().run, plan, stateful=True, calls=3)
    assert test.calls == 3 and test.values["y"].shape == (3, 1, 1)


def recording(h: np.ndarray, dense: np.ndarray) -> Recording:
    trace = LayerTrace("gru", GRU, {"h": h}, {"h": h[:, 0] * 0})
    outputs = (
        LayerOutput("gru", "GRU", (h.shape,), "float32", values=(h,)),
        LayerOutput("dropout", "Dropout", (h.shape,), "float32", values=None),
        LayerOutput("dense", "Dense", (dense.shape,), "float32", values=(dense,)),
    )
    return Recording({}, {}, (trace,), outputs)


def test_layers_are_compared_in_the_order_in_which_they_are_computed() -> None:
    h = np.ones((1, 6, 2))
    moved = h.copy()
    moved[0, 4, 1] = 1.5
    gru, dense = compared(recording(h, h), recording(moved, h))
    assert (gru.path, gru.series, gru.step) == ("gru", "h", 4)
    assert gru.spread.largest == 0.5
    assert dense.spread.largest == 0 and dense.step is None


def test_the_first_layer_that_differs_is_where_it_begins() -> None:
    h = np.ones((1, 6, 2))
    layers = compared(recording(h, h), recording(h, h * 2))
    assert VarianceTest(5, {}, {}, layers).first.path == "dense"
    assert compared(None, recording(h, h)) == ()
