"""Profiles of gradients: norms without lost squares, underflow told from zero, the horizon."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.recurrent.gradients import profile


@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=3, max_dims=4, max_side=5),
        elements=st.floats(-1e3, 1e3, width=32).filter(lambda value: value == 0 or abs(value) > 1e-3),
    )
)
def test_the_profile_is_the_norm_of_each_step(gradient):
    expected = np.linalg.norm(gradient.astype(np.float64).reshape(*gradient.shape[:2], -1), axis=-1)
    np.testing.assert_allclose(profile(gradient), expected, rtol=1e-12)


def test_squares_of_tiny_and_huge_gradients_are_not_lost():
    gradient = np.array([[[1e-44, 1e-44], [3e38, 3e38]]], np.float32)
    norms = profile(gradient)
    assert 1e-44 < norms[0, 0] < 2e-44
    assert np.isfinite(norms[0, 1])


def test_nan_and_inf_are_told_as_they_are():
    norms = profile(np.array([[[np.inf, 1.0], [np.nan, 0.0]]], np.float32))
    assert norms[0, 0] == np.inf
    assert np.isnan(norms[0, 1])
