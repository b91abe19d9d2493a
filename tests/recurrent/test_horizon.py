from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.recurrent.horizon import MATTERS, memory_horizon

LINES_RUN = Callable[[Callable[[], object]], int]


def decaying(factor: float, timesteps: int, dtype: type = np.float64) -> np.ndarray:
    """1 at the last step, `factor` times as much at each step before."""
    return (factor ** np.arange(timesteps, dtype=np.float64)[::-1]).astype(dtype)


@pytest.mark.parametrize(("factor", "steps"), [(0.5, 4), (0.9, 22), (0.99, 230)])
def test_the_horizon_of_a_steady_decay_is_that_of_the_formula(factor: float, steps: int) -> None:
    found = memory_horizon(decaying(factor, 2000))
    assert steps == math.ceil(math.log(1 - MATTERS) / (2 * math.log(factor)))
    assert (found.steps, found.first, found.end, found.counted) == (steps, 2000 - steps, 1999, 2000)
    assert found.factor == pytest.approx(factor)
    assert found.scatter == pytest.approx(1.0)
    assert not found.is_lower_bound


@given(
    profile=hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        st.integers(1, 60),
        elements=st.floats(0, 2.0**100, width=32),
    )
)
def test_it_holds_its_share_and_no_step_less_would(profile: np.ndarray) -> None:
    found = memory_horizon(profile)
    if not profile.any():
        assert (found.steps, found.first) == (0, None)
        return
    squares = np.square(profile.astype(np.float64) / profile.max())[::-1]
    assert found.steps is not None and found.first == len(profile) - found.steps
    assert squares[: found.steps].sum() >= MATTERS * squares.sum() * (1 - 1e-12)
    assert squares[: found.steps - 1].sum() < MATTERS * squares.sum() * (1 + 1e-12)


@given(
    profile=hnp.arrays(st.sampled_from([np.float16, np.float32, np.float64]), st.integers(0, 40)),
    data=st.data(),
)
def test_any_profile_has_an_answer(profile: np.ndarray, data: st.DataObject) -> None:
    mask = data.draw(st.none() | hnp.arrays(bool, len(profile)))
    backwards = data.draw(st.booleans())
    end = data.draw(st.none() | st.integers(0, max(len(profile) - 1, 0)))
    found = memory_horizon(profile, mask=mask, end=end, go_backwards=backwards)
    assert not (found.zero & found.underflow).any()
    assert not found.norms[found.zero | found.underflow].any()
    assert not (found.factor < 0) and not (found.scatter < 1)
    counts = np.ones(len(profile), bool) if mask is None else mask
    assert not ((found.zero | found.underflow) & ~counts).any()
    assert found.counted <= counts.sum()
    if found.steps is None:
        assert found.broken_at is not None and not np.isfinite(profile[found.broken_at])
    elif found.steps:
        assert found.first is not None and counts[found.first]
        between = slice(min(found.first, found.end), max(found.first, found.end) + 1)
        assert counts[between].sum() == found.steps
    for array in (found.norms, found.zero, found.underflow):
        assert array.shape == profile.shape and not array.flags.writeable


def test_squares_neither_overflow_nor_underflow() -> None:
    for size in (1e-300, 1e300):
        assert memory_horizon(decaying(0.5, 20) * size).steps == 4


def test_a_gradient_that_has_not_faded_gives_a_lower_bound() -> None:
    assert memory_horizon(np.ones(100)).is_lower_bound
    assert memory_horizon(np.ones(100)).steps == 99
    growing = memory_horizon(decaying(1.1, 60))
    assert (growing.steps, growing.is_lower_bound) == (60, True)
    assert growing.factor == pytest.approx(1.1)
    # one step at the far end that does nothing does not mean that the gradient has faded
    spotted = np.ones(100)
    spotted[0] = 0
    assert memory_horizon(spotted).is_lower_bound


def test_float32_underflow_is_told_and_changes_nothing_else() -> None:
    exact = decaying(0.8, 1000)
    profile = exact.astype(np.float32)
    found = memory_horizon(profile)
    assert found.underflow.sum() == np.count_nonzero(profile == 0) > 400
    assert not found.zero.any()
    assert found.steps == memory_horizon(exact).steps
    assert found.factor == pytest.approx(0.8, rel=1e-6)


def test_norms_in_float64_of_gradients_in_float32_underflow_where_those_do() -> None:
    norms = decaying(0.8, 1000, np.float32).astype(np.float64)
    assert memory_horizon(norms, computed_in=np.float32).underflow.sum() == np.count_nonzero(norms == 0)
    assert memory_horizon(norms).underflow.sum() == 0


def test_a_gate_that_is_shut_is_a_zero_and_no_underflow() -> None:
    profile = decaying(0.9, 60, np.float32)
    profile[:20] = 0
    found = memory_horizon(profile)
    assert found.zero.nonzero()[0].tolist() == list(range(20))
    assert not found.underflow.any()
    assert found.factor == pytest.approx(0.9, rel=1e-5)


def test_a_profile_in_float64_decides_what_underflowed() -> None:
    """Guessed from float32 alone, a drop from 1e-30 to 0 looks like underflow; here it is none."""
    profile = np.array([0, 0, 1e-30, 1e-10, 1], np.float32)
    assert memory_horizon(profile).underflow.tolist() == [True, True, False, False, False]
    cut = memory_horizon(profile, exact=np.array([0, 0, 1e-30, 1e-10, 1]))
    assert cut.zero.tolist() == [True, True, False, False, False]
    lost = memory_horizon(profile, exact=np.array([0, 1e-50, 1e-30, 1e-10, 1]))
    assert lost.underflow.tolist() == [False, True, False, False, False]
    assert lost.zero.tolist() == [True, False, False, False, False]
    assert lost.norms[1] == 1e-50


def test_float64_underflows_too() -> None:
    exact = decaying(0.3, 1000)
    found = memory_horizon(exact.astype(np.float32), exact=exact)
    assert exact[0] == 0
    assert found.underflow.sum() == np.count_nonzero(exact.astype(np.float32) == 0)
    assert not found.zero.any()


def test_masked_steps_are_not_counted() -> None:
    profile = decaying(0.5, 8)
    mask = np.array([True, True, False, True, True, False, False, False])
    found = memory_horizon(np.where(mask, profile, 0), mask=mask)
    assert (found.counted, found.steps, found.first) == (4, 3, 1)
    assert not found.zero.any() and not found.underflow.any()
    nothing = memory_horizon(profile, mask=np.zeros(8, bool))
    assert (nothing.steps, nothing.counted, nothing.first) == (0, 0, None)


def test_a_layer_that_runs_backwards_is_counted_from_its_own_end() -> None:
    profile = decaying(0.9, 60)[::-1]
    found = memory_horizon(profile, go_backwards=True)
    assert (found.steps, found.first, found.end) == (22, 21, 0)
    assert found.factor == pytest.approx(0.9)


def test_an_output_in_the_middle_is_counted_from_there() -> None:
    profile = np.concatenate([decaying(0.5, 30), np.zeros(10)])
    found = memory_horizon(profile, end=29)
    assert (found.steps, found.first, found.end, found.counted) == (4, 26, 29, 30)
    assert not found.zero.any()
    assert memory_horizon(profile).steps == 14


def test_the_slope_stands_up_to_outliers() -> None:
    random = np.random.default_rng(0)
    profile = decaying(0.95, 200) * np.exp(random.normal(0, 0.2, 200))
    struck = random.choice(200, 50, replace=False)
    profile[struck] *= 1e6
    found = memory_horizon(profile)
    assert found.factor == pytest.approx(0.95, abs=0.01)
    least_squares = math.exp(-np.polyfit(np.arange(200), np.log(profile), 1)[0])
    assert abs(found.factor - 0.95) < abs(least_squares - 0.95)
    assert 1.1 < found.scatter < 3


@pytest.mark.parametrize("timesteps", [0, 1, 2])
def test_too_few_norms_have_no_slope(timesteps: int) -> None:
    found = memory_horizon(np.ones(timesteps))
    assert math.isnan(found.factor) and math.isnan(found.scatter)
    assert found.steps == timesteps
    assert math.isnan(memory_horizon(np.array([1, 0, 0, 0.5])).factor)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_norm_that_is_no_number_ends_what_can_be_said(value: float) -> None:
    profile = decaying(0.9, 40)
    profile[[3, 17]] = value
    found = memory_horizon(profile)
    assert (found.steps, found.first, found.broken_at) == (None, None, 17)
    assert found.factor == pytest.approx(0.9)


def test_profiles_of_different_length_are_a_bug() -> None:
    with pytest.raises(ValueError, match="timesteps"):
        memory_horizon(np.ones(3), exact=np.ones(4))


def test_a_million_steps_take_no_more_python_than_a_thousand(lines_run: LINES_RUN) -> None:
    short, long = (decaying(0.99, timesteps, np.float32) for timesteps in (1_000, 1_000_000))
    for_short = lines_run(lambda: memory_horizon(short))
    assert 30 < lines_run(lambda: memory_horizon(long)) < for_short + 100 < 1000
