"""A summary is NumPy's own numbers over the finite values, whatever the size, layout or dtype."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.arrays.reshape import Window
from lstm_tui.arrays.summary import describe

FLOATS = st.floats(-1e12, 1e12) | st.sampled_from([np.nan, np.inf, -np.inf])
ARRAYS = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=0, max_dims=3, max_side=6, min_side=0), elements=FLOATS
)


@given(array=ARRAYS)
def test_the_numbers_are_those_of_numpy(array: np.ndarray) -> None:
    summary, finite = describe(array), array[np.isfinite(array)]
    assert (summary.shape, summary.dtype) == (array.shape, "float64")
    assert summary.nan_count == np.isnan(array).sum()
    assert summary.inf_count == np.isinf(array).sum()
    assert summary.all_finite == np.isfinite(array).all()
    if not finite.size:
        assert np.isnan([summary.minimum, summary.maximum, summary.mean, summary.std]).all()
        return
    assert (summary.minimum, summary.maximum) == (finite.min(), finite.max())
    scale = 1 + np.abs(finite).max()
    np.testing.assert_allclose(summary.mean, finite.mean(), atol=1e-9 * scale)
    np.testing.assert_allclose(summary.std, finite.std(), atol=1e-6 * scale)
    assert summary.constant == (finite.size == array.size and finite.min() == finite.max())


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i8", "f2", "f4", "f8"])
def test_every_dtype_in_several_pieces(dtype: str) -> None:
    array = (np.arange(1_000_003) % 100).astype(dtype)
    summary, exact = describe(array), array.astype("f8")
    assert summary.dtype == np.dtype(dtype).name
    assert (summary.minimum, summary.maximum) == (exact.min(), exact.max())
    np.testing.assert_allclose([summary.mean, summary.std], [exact.mean(), exact.std()], rtol=1e-9)


def test_a_mean_far_from_zero_keeps_its_spread() -> None:
    values = 1e9 + np.random.default_rng(0).normal(size=600_000)
    np.testing.assert_allclose(describe(values).std, values.std(), rtol=1e-6)


def test_a_view_is_summarised_without_being_written_out() -> None:
    windows = Window(50).apply(np.arange(200_000, dtype="f4").reshape(-1, 2))
    tracemalloc.start()
    summary = describe(windows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (summary.minimum, summary.maximum) == (0, 199_999)
    assert windows.size * 4 > 35_000_000
    assert peak < 20_000_000


def test_huge_values_overflow_to_inf_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summary = describe(np.array([1.7e308, 1.7e308, -1.7e308]))
    assert summary.maximum == 1.7e308
    assert summary.inf_count == 0
