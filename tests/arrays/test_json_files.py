"""JSON in the forms at hand: plain lists, named lists, TensorFlow Serving, Open Inference v2."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.arrays.files import read_arrays
from lstm_tui.errors import InputFileError

SEQUENCE = [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]


def read(path: Path, value: object, **options: object) -> dict[str, np.ndarray]:
    (path / "x.json").write_text(value if isinstance(value, str) else json.dumps(value))
    return read_arrays(path / "x.json", **options)  # type: ignore[arg-type]


@given(
    array=st.sampled_from(["?", "i8", "f8"]).flatmap(
        lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(max_dims=4, max_side=4))
    )
)
def test_plain_lists_keep_their_numbers_and_kind(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray
) -> None:
    read_back = read(tmp_path_factory.mktemp("json"), array.tolist())[""]
    assert read_back.dtype == array.dtype
    np.testing.assert_array_equal(read_back, array)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (SEQUENCE, ""),
        ({"x": SEQUENCE}, "x"),
        ({"instances": SEQUENCE}, ""),
        ({"signature_name": "serving_default", "instances": SEQUENCE}, ""),
        ({"instances": [{"x": SEQUENCE[0]}]}, "x"),
        ({"inputs": SEQUENCE}, ""),
        ({"inputs": {"x": SEQUENCE}}, "x"),
        (
            {
                "id": "42",
                "inputs": [
                    {"name": "x", "shape": [1, 3, 2], "datatype": "FP64", "data": [1, 2, 3, 4, 5, 6]},
                ],
            },
            "x",
        ),
        ({"inputs": [{"name": "x", "shape": [1, 3, 2], "datatype": "FP64", "data": SEQUENCE}]}, "x"),
    ],
)
def test_every_form_of_the_same_sequence_is_the_same_array(tmp_path: Path, value: object, name: str) -> None:
    arrays = read(tmp_path, value)
    assert list(arrays) == [name]
    np.testing.assert_array_equal(arrays[name], SEQUENCE)
    assert arrays[name].dtype == np.float64


def test_several_inputs_by_row_by_column_and_as_tensors(tmp_path: Path) -> None:
    expected = {"x": [[1, 2], [3, 4]], "h": [[0.5], [1.5]]}
    rows = {"instances": [{"x": [1, 2], "h": [0.5]}, {"x": [3, 4], "h": [1.5]}]}
    tensors = {
        "inputs": [
            {"name": "x", "shape": [2, 2], "datatype": "INT32", "data": [1, 2, 3, 4]},
            {"name": "h", "shape": [2, 1], "datatype": "FP32", "data": [0.5, 1.5]},
        ]
    }
    for value in (rows, {"inputs": expected}, expected, tensors):
        arrays = read(tmp_path, value)
        assert {name: array.tolist() for name, array in arrays.items()} == expected
    assert (arrays["x"].dtype, arrays["h"].dtype) == (np.int32, np.float32)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([[1, 2], [3]], r"\[1\] has 1 entry"),
        ([[[1], [2]], [[3], [4, 5]]], r"\[1\]\[1\] has 2 entries"),
        ([[1, 2], 3], r"\[1\] is the number 3 where a list"),
        ([1, [2]], r"\[1\] is a list where a number"),
        ([[1, "2"]], r"\[0\]\[1\] is text \('2'\)"),
        ([[1, {"a": 1}]], r"\[0\]\[1\] is a mapping"),
        ({"x": [1, "a"]}, r"x: \[1\] is text"),
        ({"instances": [{"x": [1]}, {"y": [1]}]}, "row 1 does not have the same names"),
        ({"instances": [{"b64": "AAAA"}]}, r"b64: \[0\] is text"),
        (
            {"inputs": [{"name": "x", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]}]},
            "datatype BYTES",
        ),
        ({"inputs": [{"name": "x", "shape": [3], "datatype": "FP32", "data": [1, 2]}]}, "holds 2 numbers"),
        (
            {"inputs": [{"name": "x", "shape": [-2], "datatype": "FP32", "data": [1, 2]}]},
            "not a list of sizes",
        ),
        (
            {"inputs": [{"name": "x", "shape": [2], "datatype": "FP32", "parameters": {}}]},
            "not a tensor with",
        ),
        ({"inputs": [{"name": "x", "shape": [2], "datatype": "INT8", "data": [1, 300]}]}, "int8 cannot"),
        ({"inputs": [{"name": "x", "shape": [1], "datatype": "INT8", "data": [1.5]}]}, "int8 cannot"),
        ({"inputs": [{"name": "x", "shape": [10**12], "datatype": "INT8", "data": [1]}]}, "holds 1 numbers"),
        ({}, "no lists of numbers"),
        ("5", "no lists of numbers"),
        ('"text"', "no lists of numbers"),
        ("[1, 2", "is not JSON"),
        ("[" * 100_000, "nests too deeply"),
        ("[" * 100 + "1" + "]" * 100, "nests deeper than 32"),
        ("[" + "9" * 5000 + "]", "is not JSON"),
    ],
)
def test_what_is_no_array_is_refused_with_its_place(tmp_path: Path, value: object, told: str) -> None:
    with pytest.raises(InputFileError, match=told):
        read(tmp_path, value)


def test_null_and_nan_are_nan_and_large_integers_become_floats(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(tmp_path, "[1, null, NaN, Infinity]")[""], [1, np.nan, np.nan, np.inf])
    assert read(tmp_path, [10**30])[""].tolist() == [1e30]
    assert read(tmp_path, [True, 2])[""].tolist() == [1, 2]


def test_text_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="text file of"):
        read(tmp_path, list(range(100)), max_bytes=100)


def test_a_key_chooses_one(tmp_path: Path) -> None:
    assert list(read(tmp_path, {"x": [1], "y": [2]}, key="y")) == ["y"]
