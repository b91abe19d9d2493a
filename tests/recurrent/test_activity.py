from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.recurrent.activity import most_active
from lstm_tui.recurrent.window import Window

WHOLE = Window(0, 100)


def test_the_largest_first_whatever_their_sign() -> None:
    values = np.tile([0.1, -0.9, 0.5, 0.0], (6, 1))
    assert most_active(values, WHOLE, 3) == (1, 2, 0)


def test_a_large_constant_unit_does_not_change() -> None:
    values = np.column_stack([np.full(6, 9.0), np.arange(6) * 0.1, np.zeros(6)])
    assert most_active(values, WHOLE, 3) == (0, 1, 2)
    assert most_active(values, WHOLE, 3, by="change") == (1, 0, 2)


def test_equal_units_stand_in_the_order_of_their_numbers() -> None:
    assert most_active(np.ones((4, 5)), WHOLE, 5) == (0, 1, 2, 3, 4)


def test_only_the_page_counts_and_the_way_into_it() -> None:
    values = np.zeros((10, 2))
    values[:5, 0] = 1.0
    values[5:, 1] = 0.5
    assert most_active(values, Window(5, 10), 1) == (1,)
    assert most_active(values, Window(5, 10), 1, by="change") == (0,)


def test_what_is_broken_comes_first() -> None:
    values = np.tile([1.0, 0.1, 0.2], (4, 1))
    values[2, 1], values[3, 2] = np.nan, -np.inf
    assert most_active(values, WHOLE, 3) == (1, 2, 0)


@pytest.mark.parametrize("by", ["value", "change"])
@given(
    values=hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=6)),
    data=st.data(),
)
def test_any_values(values: np.ndarray, by: str, data: st.DataObject) -> None:
    units = int(np.prod(values.shape[1:]))
    count = data.draw(st.integers(-1, 50))
    chosen = most_active(
        values, Window(data.draw(st.integers(0, 8)), data.draw(st.integers(0, 8))), count, by
    )
    assert len(chosen) == len(set(chosen)) == max(min(count, units), 0)
    assert all(0 <= unit < units for unit in chosen)
