"""Arrays find their inputs by name, by order, by shape; whatever stays over is told."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.arrays.assignment import assign
from lstm_tui.errors import InputFileError
from lstm_tui.model_file.facts import TensorFacts

X = TensorFacts("x", (None, None, 5))
H = TensorFacts("h0", (None, 4))
C = TensorFacts("c0", (None, 4))
SEQUENCE, STATE = np.zeros((2, 20, 5)), np.ones((2, 4))


def test_by_name_in_the_order_of_the_model() -> None:
    assigned = assign({"c0": STATE * 2, "x": SEQUENCE, "h0": STATE}, (X, H, C))
    assert list(assigned) == ["x", "h0", "c0"]
    assert assigned["c0"][0, 0] == 2


@pytest.mark.parametrize("name", ["", "x", "data", "arr_0"])
@pytest.mark.parametrize("array", [SEQUENCE, np.zeros(3)])
def test_one_array_for_one_input_whatever_its_name_and_shape(name: str, array: np.ndarray) -> None:
    assert assign({name: array}, (X,))["x"] is array


def test_by_order_as_numpy_names_them() -> None:
    arrays = {"arr_2": STATE * 2, "arr_0": SEQUENCE, "arr_1": STATE}
    assigned = assign(arrays, (X, H, C))
    assert (assigned["x"] is SEQUENCE, assigned["h0"][0, 0], assigned["c0"][0, 0]) == (True, 1, 2)


def test_by_shape_where_only_one_way_is_possible() -> None:
    assigned = assign({"states": STATE, "series": SEQUENCE}, (X, H))
    assert (assigned["x"] is SEQUENCE, assigned["h0"] is STATE) == (True, True)


def test_by_name_and_the_rest_by_shape() -> None:
    assigned = assign({"h0": STATE, "more": STATE * 2, "series": SEQUENCE}, (X, H, C))
    assert (assigned["x"] is SEQUENCE, assigned["c0"][0, 0]) == (True, 2)


def test_two_of_equal_shape_are_not_guessed() -> None:
    with pytest.raises(InputFileError, match=r"not clear which array is which: a .*, b") as told:
        assign({"a": STATE, "b": STATE, "x": SEQUENCE}, (X, H, C))
    assert "h0=.." in told.value.todo
    assert "h0 (None, 4)" in told.value.expected


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InputFileError, match=r"No array was given for the input c0 \(None, 4\)"):
        assign({"x": SEQUENCE, "h0": STATE}, (X, H, C))


def test_what_is_left_is_named() -> None:
    with pytest.raises(InputFileError, match=r"No input of the model is left for y \(2, 1\)"):
        assign({"x": SEQUENCE, "y": np.zeros((2, 1))}, (X,))


def test_a_target_beside_the_input_is_not_taken_for_it() -> None:
    with pytest.raises(InputFileError, match=r"No input of the model is left for y"):
        assign({"features": SEQUENCE, "y": np.zeros((2, 1))}, (X,))


def test_inputs_may_stay_without_an_array_where_each_array_has_its_own() -> None:
    assert list(assign({"series": SEQUENCE}, (X, H, C), partly=True)) == ["x"]
    with pytest.raises(InputFileError, match="not clear which array is which"):
        assign({"a": STATE}, (X, H, C), partly=True)
    with pytest.raises(InputFileError, match="No input of the model is left"):
        assign({"x": SEQUENCE, "more": SEQUENCE}, (X,), partly=True)
