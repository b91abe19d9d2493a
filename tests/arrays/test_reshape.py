"""Reshapes as values: the shape is known before the data, inverses undo, scenarios say them both ways."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.arrays.reshape import (
    AddAxis,
    DropAxis,
    Keep,
    Pad,
    Reshape,
    Rows,
    Select,
    To,
    Transpose,
    Window,
    apply_all,
    reshape_from_scenario,
    result_of,
)
from lstm_tui.errors import EditError

SHAPES = st.lists(st.integers(0, 5), max_size=4).map(tuple)
INDICES = st.lists(st.integers(-4, 4), max_size=4).map(tuple)
RESHAPES = st.one_of(
    st.builds(AddAxis, st.integers(-6, 6)),
    st.builds(DropAxis, st.integers(-6, 6)),
    st.builds(To, st.lists(st.integers(-2, 6), max_size=4).map(tuple)),
    st.builds(Transpose, st.permutations(range(3)).map(tuple) | INDICES),
    st.builds(Window, st.integers(-1, 6), st.integers(-1, 4)),
    st.builds(Keep, st.integers(-1, 6), st.sampled_from(["last", "first"]), st.none() | st.integers(-3, 3)),
    st.builds(
        Pad,
        st.integers(-1, 7),
        st.sampled_from([0.0, -1.0, 0.5]),
        st.sampled_from(["before", "after"]),
        st.none() | st.integers(-3, 3),
    ),
    st.builds(Select, INDICES),
    st.builds(Rows, INDICES),
)


def numbered(shape: tuple[int, ...], dtype: str = "f4") -> np.ndarray:
    return np.arange(np.prod(shape, dtype=int), dtype=dtype).reshape(shape)


@given(reshape=RESHAPES, shape=SHAPES)
def test_the_shape_is_known_without_the_data(reshape: Reshape, shape: tuple[int, ...]) -> None:
    try:
        expected = reshape.result_shape(shape)
    except EditError as refusal:
        assert refusal.happened
        assert refusal.expected
        with pytest.raises(EditError):
            reshape.apply(numbered(shape))
        return
    result = reshape.apply(numbered(shape))
    assert result.shape == expected
    assert result.dtype == np.float32
    assert not result.flags.writeable


@given(reshape=RESHAPES, shape=SHAPES)
def test_an_inverse_undoes(reshape: Reshape, shape: tuple[int, ...]) -> None:
    try:
        reshape.result_shape(shape)
    except EditError:
        return
    inverse = reshape.inverse(shape)
    if inverse is not None:
        array = numbered(shape)
        np.testing.assert_array_equal(inverse.apply(reshape.apply(array)), array)


@given(reshape=RESHAPES)
def test_a_scenario_says_the_same_reshape(reshape: Reshape) -> None:
    assert reshape_from_scenario(reshape.to_scenario()) == reshape
    assert reshape.describe()


@dataclass(frozen=True)
class Example:
    said: dict[str, object]
    shape: tuple[int, ...]
    result: tuple[int, ...]
    words: str


@pytest.mark.parametrize(
    "example",
    [
        Example({"add_axis": 0}, (20, 5), (1, 20, 5), "add axis 0"),
        Example({"add_axis": -1}, (20, 5), (20, 5, 1), "add axis -1"),
        Example({"drop_axis": 0}, (1, 20, 5), (20, 5), "drop axis 0"),
        Example({"to": [1, 10, 5]}, (50,), (1, 10, 5), "to (1, 10, 5)"),
        Example({"to": [1, -1, 5]}, (50,), (1, 10, 5), "to (1, -1, 5)"),
        Example({"transpose": [0, 2, 1]}, (1, 5, 20), (1, 20, 5), "transpose 0 2 1"),
        Example({"window": 10, "stride": 1}, (20, 5), (11, 10, 5), "window 10"),
        Example({"window": 10, "stride": 4}, (2, 20, 5), (6, 10, 5), "window 10 stride 4"),
        Example({"window": 10}, (20,), (11, 10), "window 10"),
        Example({"select": [0, 1]}, (1, 20, 5), (1, 20, 2), "select features 0 1"),
        Example({"pad": 20}, (1, 12, 5), (1, 20, 5), "pad to 20 steps"),
        Example(
            {"pad": 20, "side": "after", "value": -1}, (12, 5), (20, 5), "pad to 20 steps after, with -1"
        ),
        Example({"pad": 20, "axis": 1}, (2, 12), (2, 20), "pad to 20 steps"),
        Example({"last": 10}, (2, 20, 5), (2, 10, 5), "last 10 steps"),
        Example({"first": 10}, (20, 5), (10, 5), "first 10 steps"),
        Example({"rows": [0, 0, 1]}, (2, 20, 5), (3, 20, 5), "rows 0 0 1"),
    ],
    ids=lambda example: str(example.said),
)
def test_what_scenarios_say(example: Example) -> None:
    reshape = reshape_from_scenario(example.said)
    assert reshape.result_shape(example.shape) == example.result
    assert reshape.describe() == example.words


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "says nothing"),
        ({"ad_axis": 0}, "says ad_axis"),
        ({"add_axis": 0, "drop_axis": 0}, "add_axis and drop_axis at once"),
        ({"add_axis": 0, "stride": 1}, "no option stride"),
        ({"add_axis": "0"}, "add_axis is 0"),
        ({"add_axis": True}, "add_axis is True"),
        ({"add_axis": None}, "add_axis is NoneType"),
        ({"to": 5}, "to is 5"),
        ({"to": [1, 2.5]}, "to is list"),
        ({"window": 10, "stride": 1.5}, "stride is 1.5"),
        ({"pad": 20, "side": "left"}, "side is left"),
        ({"pad": 20, "value": "0"}, "value is 0"),
        ({"select": ["close"]}, "select is list"),
    ],
)
def test_what_scenarios_cannot_say(said: dict[str, object], told: str) -> None:
    with pytest.raises(EditError, match=told) as refusal:
        reshape_from_scenario(said)
    assert refusal.value.expected


def test_the_nearest_word_is_named() -> None:
    with pytest.raises(EditError) as refusal:
        reshape_from_scenario({"ad_axis": 0})
    assert refusal.value.todo == "did you mean add_axis?"


def test_windows_of_a_sequence_in_order_of_time() -> None:
    windows = Window(3, stride=2).apply(numbered((8, 2)))
    assert windows[:, 0, 0].tolist() == [0, 4, 8]
    assert windows[1].tolist() == [[4, 5], [6, 7], [8, 9]]


def test_windows_of_a_batch_sample_by_sample() -> None:
    batch = numbered((2, 5, 3))
    windows = Window(4).apply(batch)
    np.testing.assert_array_equal(windows, [batch[0, :4], batch[0, 1:], batch[1, :4], batch[1, 1:]])


@given(steps=st.integers(1, 12), length=st.integers(1, 12), stride=st.integers(1, 5), batch=st.integers(1, 3))
def test_windows_are_what_a_loop_cuts(steps: int, length: int, stride: int, batch: int) -> None:
    array = numbered((batch, steps, 2))
    cut = [
        sample[start : start + length] for sample in array for start in range(0, steps - length + 1, stride)
    ]
    if cut:
        np.testing.assert_array_equal(Window(length, stride).apply(array), cut)
    else:
        with pytest.raises(EditError, match=f"has {steps} timesteps"):
            Window(length, stride).apply(array)


@pytest.mark.parametrize("shape", [(200_000, 5), (1, 200_000, 5)])
def test_windows_of_one_sequence_cost_no_memory(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, dtype="f4")
    tracemalloc.start()
    windows = Window(100).apply(array)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert windows.shape == (199_901, 100, 5)
    assert np.shares_memory(windows, array)
    assert peak < 100_000


def test_windows_that_no_call_could_take_are_refused_with_the_stride_that_works() -> None:
    array = np.broadcast_to(np.float32(0), (10_000_000, 5))
    with pytest.raises(EditError, match="12 GB") as refusal:
        Window(60).apply(array)
    assert "stride of 6" in refusal.value.todo
    assert Window(60, stride=6).apply(array).shape == (1_666_657, 60, 5)


@pytest.mark.parametrize("reshape", [Pad(10**12), Rows((0,) * 1_000_000)])
def test_a_reshape_that_asks_for_too_much_is_refused_before_allocating(reshape: Reshape) -> None:
    with pytest.raises(EditError, match="would give an array of"):
        reshape.apply(np.zeros((1, 1000, 5)))


def test_padding_fills_one_side_with_the_value() -> None:
    array = np.ones((1, 2, 1), dtype="f4")
    assert Pad(4).apply(array)[0, :, 0].tolist() == [0, 0, 1, 1]
    assert Pad(4, value=-5.0, side="after").apply(array)[0, :, 0].tolist() == [1, 1, -5, -5]
    assert Pad(4, axis=1).apply(np.ones((2, 2), dtype="i4")).tolist() == [[0, 0, 1, 1]] * 2


@pytest.mark.parametrize(
    ("dtype", "value"), [("i4", 0.5), ("i4", float("nan")), ("u1", -1.0), ("?", 2.0), ("i1", 200.0)]
)
def test_padding_with_what_the_dtype_cannot_hold_is_refused(dtype: str, value: float) -> None:
    with pytest.raises(EditError, match="cannot be padded"):
        Pad(4, value=value).apply(np.ones((1, 2, 1), dtype=dtype))


def test_integers_stay_integers() -> None:
    tokens = np.array([[1, 2, 3]])
    chain = (Pad(5, axis=1), Keep(4, axis=1), Rows((0, 0)))
    result = apply_all(chain, tokens)
    assert result.dtype == tokens.dtype
    assert result.tolist() == [[0, 1, 2, 3]] * 2
    assert result_of(chain, tokens.shape) == (2, 4)
