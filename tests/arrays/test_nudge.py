from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.arrays.nudge import Nudge, nudge
from lstm_tui.errors import EditError

X = np.arange(24.0, dtype=np.float32).reshape(2, 4, 3)
IDS = np.arange(8).reshape(2, 4)


def test_one_value_is_set_or_moved_and_the_array_is_left_alone() -> None:
    there = nudge(to=-1, sample=1, step=2, feature=0).apply(X)
    assert there[1, 2, 0] == -1
    assert (there != X).sum() == 1
    moved = nudge(by=0.5, step=3).apply(X)
    np.testing.assert_array_equal(moved[:, 3] - X[:, 3], np.full((2, 3), 0.5))
    assert moved.dtype == np.float32
    assert X[1, 2, 0] == 18


@given(
    st.none() | st.integers(0, 2),
    st.none() | st.integers(0, 4),
    st.none() | st.integers(0, 3),
    st.floats(-1e3, 1e3, width=32),
)
def test_it_is_what_numpy_makes_of_the_same_index(
    sample: int | None, step: int | None, feature: int | None, to: float
) -> None:
    change = nudge(to=to, sample=sample, step=step, feature=feature)
    place = tuple(slice(None) if index is None else index for index in (sample, step, feature))
    try:
        expected = X.copy()
        expected[place] = to
    except IndexError:
        with pytest.raises(EditError, match=r"no (sample|step|feature)"):
            change.apply(X)
    else:
        np.testing.assert_array_equal(change.apply(X), expected)
        assert nudge(**change.to_scenario()) == change  # type: ignore[arg-type]


def test_token_ids_have_steps_and_other_rows_have_features() -> None:
    assert nudge(to=7, step=1, sample=0).apply(IDS)[0, 1] == 7
    assert nudge(to=7, feature=1).apply(IDS.astype(float))[1, 1] == 7
    with pytest.raises(EditError, match="whole numbers"):
        nudge(to=0.5, step=1).apply(IDS)
    with pytest.raises(EditError, match="no feature"):
        nudge(to=1, feature=0).apply(IDS)


@pytest.mark.parametrize("wrong", [{}, {"to": 1, "by": 1}, {"to": np.nan}, {"to": 1, "step": -1}])
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(EditError):
        nudge(**wrong)


def test_it_says_what_it_does() -> None:
    assert nudge(to=1.5, sample=0, step=5, feature=2).describe() == (
        "nudge step 5 feature 2 of sample 0 to 1.5"
    )
    assert Nudge(by=0.1).describe() == "nudge the input by 0.1"
