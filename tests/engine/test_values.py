"""Values cross whole, and bytes that are no values build nothing."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lstm_tui.engine.protocol import Answered, Progressed, Refused, RunCalls
from lstm_tui.engine.values import MalformedValueError, decode, encode
from lstm_tui.errors import Cancelled, ModelFileError
from lstm_tui.model_file.refusals import CorruptModelError
from lstm_tui.recurrent.calls import Predict, Run, RunPlan, StateReset
from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.recording import LayerTrace, Recording


def crossed(value: object) -> Any:
    return decode(memoryview(b"".join(encode(value))))


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, Mapping):
        assert list(one) == list(other)
        for key in one:
            assert_same(one[key], other[key])
    elif is_dataclass(one):
        assert type(one) is type(other)
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, tuple | list):
        assert type(one) is type(other)
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    else:
        assert type(one) is type(other)
        assert one == other or one != one  # noqa: PLR0124 - nan is itself here


arrays = npst.arrays(
    dtype=npst.boolean_dtypes()
    | npst.integer_dtypes()
    | npst.floating_dtypes()
    | npst.unicode_string_dtypes(),
    shape=npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | arrays
trees = st.recursive(
    plain,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(trees)
def test_whatever_is_built_of_plain_values_and_arrays_arrives_as_it_left(value: object) -> None:
    assert_same(value, crossed(value))


@given(arrays)
def test_arrays_arrive_read_only(array: np.ndarray) -> None:
    assert not crossed(array).flags.writeable


def test_scattered_arrays_arrive_whole() -> None:
    array = np.arange(60, dtype=">i4").reshape(3, 4, 5)
    for view in (array[::2, ::-1], array.T, array[:, 1:3], np.asfortranarray(array)):
        assert_same(view, crossed(view))


def test_an_array_in_two_places_crosses_once() -> None:
    array = np.zeros(10_000, np.uint8)
    assert sum(len(piece) for piece in encode([array, {"again": array}])) < 11_000
    assert_same([array, array], crossed([array, array]))


def test_a_recording_arrives_as_it_left() -> None:
    series = {name: np.random.default_rng(1).random((2, 7, 3), np.float32) for name in LSTM.series}
    trace = LayerTrace("encoder/lstm", LSTM, series, {"h": np.ones((2, 3))}, mask=np.ones((2, 7), bool))
    recording = Recording(
        {"x": series["h"]}, MappingProxyType({"y": series["c"]}), (trace,), disagreement=0.0
    )
    answer = Answered(3, Run("key", (), recording))
    assert_same(answer, crossed(answer))


def test_a_plan_keeps_its_key() -> None:
    saved = StateReset(("lstm",), "saved", {"lstm/h": np.ones((1, 4))})
    plan = RunPlan({"x": np.ones((1, 2, 3))}, resets=(saved,), calls=(Predict(rows=(0, 2)),))
    assert crossed(RunCalls(plan)).plan.key == plan.key


def test_errors_paths_and_scalars_keep_their_kind() -> None:
    refused = crossed(Refused(1, ModelFileError("no", expected="yes", todo="try"), "trace"))
    assert type(refused.error) is ModelFileError
    assert str(refused.error) == "no\nexpected: yes\nto do: try"
    assert type(crossed(Cancelled("stop"))) is Cancelled
    assert type(crossed(CorruptModelError("cut short"))) is CorruptModelError
    assert crossed(Path("models/a.keras")) == Path("models/a.keras")
    scalar = crossed(np.float32(0.1))
    assert type(scalar) is np.float32
    assert scalar == np.float32(0.1)


@dataclass
class Elsewhere:
    """A value that is not this project's."""


@pytest.mark.parametrize(
    "value",
    [
        object(),
        len,
        Elsewhere(),
        Elsewhere,
        ValueError("x"),
        np.array([object()]),
        np.zeros(2, [("a", "f4")]),
        1j,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_not_cross_is_refused_before_it_is_sent(value: object) -> None:
    with pytest.raises(TypeError, match="cannot cross"):
        encode(value)


def body_of(text: bytes) -> memoryview:
    return memoryview(struct.pack("<QQ", len(text), 0) + text)


def test_a_pickle_is_no_value(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "witness",)

    with pytest.raises(MalformedValueError):
        decode(body_of(pickle.dumps(Runs())))
    assert not (tmp_path / "witness").exists()


@pytest.mark.parametrize(
    "claim",
    [
        ["value", "os", "system", "command", "true"],
        ["value", "subprocess", "Popen", "args", "true"],
        ["value", "lstm_tui.cli", "cli"],
        ["value", "lstm_tui.recurrent.calls", "hashlib"],
        ["value", "lstm_tui.recurrent.calls", "RunPlan.key"],
        ["value", "lstm_tui.recurrent.calls", "LayerTrace"],
        ["value", "lstm_tui.recurrent.nowhere", "LayerTrace"],
        ["value", "lstm_tui.engine.protocol", "Path"],
        ["value", "lstm_tui.engine.protocol", "Progressed", "stage", "x", "unknown", 1],
        ["value", "lstm_tui.engine.protocol", "Progressed", "stage"],
        ["error", "lstm_tui.errors", "annotations", "", "", ""],
        ["error", "lstm_tui.errors", "many_lines", "", "", ""],
        ["error", "lstm_tui.engine.protocol", "LoadModel", "", "", ""],
        ["error", "builtins", "SystemExit", "", "", ""],
        ["scalar", "O", "MTIzNDU2Nzg="],
        ["array", 0, "<f4", 1],
        ["nothing"],
        [["tuple"]],
        [],
        {"stage": "x"},
        ["dict", ["list"], 1],
        ["dict", 1],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_claim_to_be_something_else_builds_nothing(claim: object) -> None:
    with pytest.raises(MalformedValueError):
        decode(body_of(json.dumps(claim).encode()))


def test_bodies_that_claim_more_than_a_value_needs_are_refused() -> None:
    for n_text, n_arrays in ((1 << 40, 0), (2, 1 << 40)):
        with pytest.raises(MalformedValueError, match="more than"):
            decode(memoryview(struct.pack("<QQ", n_text, n_arrays) + b"[]"))


def test_an_empty_array_cannot_claim_a_large_one() -> None:
    text = json.dumps(["array", 0, "<f4", 1 << 40]).encode()
    body = struct.pack("<QQ", len(text), 1) + struct.pack("<QQ", 0, 0) + text
    with pytest.raises(MalformedValueError):
        decode(memoryview(body))


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(MalformedValueError):
        decode(body_of(b'["list",' * 100_000 + b"1" + b"]" * 100_000))


@given(st.binary(max_size=200))
def test_random_bytes_are_malformed_or_harmless(noise: bytes) -> None:
    for body in (memoryview(noise), body_of(noise)):
        try:
            decode(body)
        except MalformedValueError:
            continue


@given(st.data())
def test_a_damaged_body_never_raises_anything_else(data: st.DataObject) -> None:
    body = bytearray(b"".join(encode(Progressed("recording", 0.5))) + b"".join(encode(np.arange(9.0))))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(memoryview(body))
    except MalformedValueError:
        return


def test_an_array_that_reaches_beyond_the_end_is_refused() -> None:
    whole = b"".join(encode(np.arange(1000.0)))
    with pytest.raises(MalformedValueError):
        decode(memoryview(whole[:-8]))
