from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.charts.ticks import SPACINGS, linear_ticks, log_ticks

VALUES = hnp.arrays(np.float64, st.integers(0, 6), elements=st.floats(-1e300, 1e300) | st.just(np.nan))


@given(VALUES, st.integers(1, 40), st.sampled_from([linear_ticks, log_ticks]))
def test_every_value_is_on_the_axis_and_so_is_every_label(values, height, ticks_of) -> None:
    if ticks_of is log_ticks:
        values = np.clip(values, -324, 308)
    ticks = ticks_of([values], height)
    finite = values[np.isfinite(values)]
    air = (ticks.high - ticks.low) * 1e-3
    assert ticks.high > ticks.low
    assert all(ticks.low - air <= value <= ticks.high + air for value in finite)
    assert all(ticks.low - air <= place <= ticks.high + air for place in ticks.places)
    assert len(ticks.places) == len(ticks.labels)
    assert all(len(label) < ticks.width <= 14 for label in ticks.labels)


@given(VALUES, st.integers(5, 40))
def test_labels_are_equally_many_lines_apart(values: np.ndarray, height: int) -> None:
    ticks = linear_ticks([values], height)
    lines = [(place - ticks.low) / (ticks.high - ticks.low) * (height - 1) for place in ticks.places]
    assert len(lines) >= 2
    assert {round(after - before) for before, after in pairwise(lines)} <= set(SPACINGS)
    assert all(abs(line - round(line)) < 1e-3 for line in lines)


@pytest.mark.parametrize(
    ("values", "height", "labels"),
    [
        ([0.0, 1.0], 9, ("0.00", "0.25", "0.50", "0.75", "1.00")),
        ([-0.83, 0.4], 7, ("-1.0", "-0.5", "0.0", "0.5")),
        ([0.0, 1234.0], 7, ("0", "500", "1000", "1500")),
        ([1e-7, 9e-7], 6, ("0", "4e-7", "8e-7")),
        ([0.42, 0.42], 5, ("0.40", "0.45")),
        ([np.nan], 5, ("0.0", "0.5", "1.0")),
    ],
)
def test_labels_are_round(values: list[float], height: int, labels: tuple[str, ...]) -> None:
    assert linear_ticks([np.array(values)], height).labels == labels


def test_powers_of_ten() -> None:
    assert log_ticks([np.array([-6.2, 0.0])], 8).labels == ("1e-6", "1e-4", "1e-2", "1e0")
    assert log_ticks([np.array([])], 4).labels[0] == "1e0"
