from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.asking.places import (
    changes_sign,
    furthest_from_zero,
    highest,
    last_moved,
    lowest,
    saturates,
    stays,
)

VALUES = hnp.arrays(
    np.float32, st.integers(0, 20), elements=st.sampled_from([-1, -0.5, 0, 0.01, 0.5, 1, np.nan])
)


def test_places_of_a_series() -> None:
    series = np.array([0.5, np.nan, -3.0, 2.0, 0.2, 0.21, 0.2])
    assert (highest(series), lowest(series), furthest_from_zero(series)) == (3, 2, 2)
    assert changes_sign(series).tolist() == [3]
    assert stays(series, 0.01) == 4 and stays(series, 1e-6) is None and stays(series, 5) == 2
    assert (
        last_moved(series, 0.5, 6) == 4
        and last_moved(series, 0.5, 3) == 3
        and last_moved(series, 9, 6) is None
    )
    assert saturates(np.array([0.5, 0.951, 0.01])) == 1 and saturates(np.array([0.5])) is None


@given(VALUES, st.sampled_from([0.0, 0.005, 0.3]))
def test_it_stays_from_the_first_step_on_from_which_it_does(values: np.ndarray, within: float) -> None:
    def does(first: int) -> bool:
        rest = values[first:].astype(np.float64)
        return not np.isnan(rest).any() and rest.max() - rest.min() <= 2 * within

    slowly = next((first for first in range(len(values) - 1) if does(first)), None)
    assert stays(values, within) == slowly


@given(VALUES, st.integers(0, 20), st.sampled_from([0.0, 0.3]))
def test_the_last_step_that_moved_it_is_found_backwards(values: np.ndarray, at: int, by: float) -> None:
    steps = [
        step
        for step in range(1, min(at + 1, len(values)))
        if abs(float(values[step]) - float(values[step - 1])) > by
    ]
    assert last_moved(values, by, at) == max(steps, default=None)
    assert (highest(values) is None) == np.isnan(values).all()
