"""Which samples stand out: what is not a number first, then errors, else what is unusual in this batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.samples import Place, standings

BATCH, STEPS, UNITS = 5, 4, 3


def trace(path: str = "lstm", size: float = 0.1) -> LayerTrace:
    steps = {name: np.full((BATCH, STEPS, UNITS), size) for name in LSTM.series}
    return LayerTrace(path, LSTM, steps, {})


OUTPUT = np.array([[0.0], [0.1], [0.2], [0.3], [0.4]])


def order(*arguments) -> list[int]:
    return [each.sample for each in standings(*arguments)]


def test_what_is_no_number_comes_first_with_the_place_where_it_began() -> None:
    first, second = trace("first"), trace("second")
    second.steps["h"][3, 1:] = np.nan
    second.steps["c"][3, 2:] = np.nan
    first.steps["c"][1, 2] = np.inf
    output = OUTPUT.copy()
    output[4] = np.nan
    told = standings([first, second], output, np.zeros((BATCH, 1)))
    assert [(each.sample, each.why, each.place) for each in told[:3]] == [
        (1, "not a number", Place("first", 2)),
        (3, "not a number", Place("second", 1)),
        (4, "not a number", None),
    ]
    assert [each.sample for each in told[3:]] == [2, 0], "the others by their error"


def test_a_layer_that_runs_backwards_begins_at_the_end() -> None:
    backwards = replace(trace(), go_backwards=True)
    backwards.steps["h"][0, :3] = np.nan
    assert standings([backwards], OUTPUT)[0].place == Place("lstm", 2)


def test_errors_are_sorted_and_the_largest_are_named() -> None:
    target = np.array([0.0, 0.1, 9.0, 0.3, 1.0])
    told = standings([trace()], OUTPUT, target)
    assert [each.sample for each in told] == [2, 4, 0, 1, 3]
    assert told[0].error == pytest.approx(8.8)
    assert [each.why for each in told] == ["error", "error", "", "", ""]


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [
        (np.ones((2, 3, 1)), np.array([[[1.0]] * 3, [[1.0], [1.0], [4.0]]]), [0.0, 3**0.5]),
        (np.ones((2, 3, 1)), np.array([[1.0], [3.0]]), [0.0, 2.0]),
        (np.ones((2, 1)), np.array([[[7.0], [1.0]], [[7.0], [3.0]]]), [0.0, 2.0]),
        (np.ones((1, 1)), np.array([5.0, 6.0, 3.0]), [2.0]),
        (np.ones((2, 2)), np.array([[1.0, 1.0], [1.0, 3.0]]), [0.0, 2.0**0.5]),
        (np.ones((2, 1)), np.zeros((3, 1)), [None, None]),
        (np.ones((2, 1)), np.array(["a", "b"]), [None, None]),
    ],
)
def test_a_target_is_held_against_the_output_that_it_fits(output, target, expected) -> None:
    told = sorted(standings([], output, target), key=lambda each: each.sample)
    assert [each.error for each in told] == [
        value if value is None else pytest.approx(value) for value in expected
    ]


def test_without_a_target_the_unusual_ones_come_first() -> None:
    lively = trace()
    lively.steps["c"][2, 3, 1] = -0.9
    output = OUTPUT.copy()
    output[0] = 50.0
    told = standings([lively], output)
    assert (told[0].sample, told[0].why, told[0].place) == (0, "prediction", None)
    assert (told[1].sample, told[1].why, told[1].place) == (2, "state", Place("lstm", 3))
    assert told[1].state == pytest.approx(0.9)
    assert told[1].state_medians == pytest.approx(9.0)
    assert {each.why for each in told[2:]} == {""}


def test_among_equals_the_one_that_differs_is_infinitely_far() -> None:
    output = np.zeros((BATCH, 1))
    output[3] = 1e-6
    told = standings([trace()], output)
    assert (told[0].sample, told[0].why) == (3, "prediction")
    assert [each.why for each in told[1:]] == [""] * 4


def test_a_batch_of_twins_has_no_outlier() -> None:
    told = standings([trace()], np.ones((BATCH, 1)))
    assert [each.sample for each in told] == list(range(BATCH))
    assert {each.why for each in told} == {""}


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2))),
    st.sampled_from([(), (1,), (2, 2)]),
    st.booleans(),
)
def test_every_sample_is_there_once_whatever_the_numbers(values, rest, with_target) -> None:
    steps = dict.fromkeys(LSTM.series, values)
    output = np.resize(values.reshape(-1) if values.size else [0.0], (len(values), *rest)).astype(np.float32)
    target = output[::-1] if with_target else None
    told = standings([LayerTrace("lstm", LSTM, steps, {})], output, target)
    assert sorted(each.sample for each in told) == list(range(len(values)))
    broken = [each.why == "not a number" for each in told]
    assert broken == sorted(broken, reverse=True)
