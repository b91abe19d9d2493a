"""Suggestions fit the model when applied, and what is likeliest comes first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.arrays.fitting import Misfit, misfit, suggestions, wanted_input
from lstm_tui.arrays.reshape import apply_all, reshape_from_scenario

ANY = None
SHAPES = st.lists(st.integers(0, 12) | st.sampled_from([1, 2, 4]), max_size=7).map(tuple)
FREE_OR_FIXED = st.none() | st.integers(1, 12) | st.sampled_from([1, 2, 4])
WANTED = st.lists(FREE_OR_FIXED, max_size=7).map(tuple)


@given(shape=SHAPES, wanted=WANTED, bound=st.none() | st.integers(1, 4), tokens=st.booleans())
def test_whatever_is_suggested_fits(
    shape: tuple[int, ...], wanted: tuple[int | None, ...], bound: int | None, tokens: bool
) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    target = wanted_input(wanted, bound_batch=bound, tokens=tokens)
    found = suggestions(shape, wanted, bound_batch=bound, tokens=tokens)
    assert len({each.result for each in found}) == len(found) <= 6
    for suggestion in found:
        result = apply_all(suggestion.reshapes, array)
        assert result.shape == suggestion.result
        assert misfit(result.shape, target) is None
        assert suggestion.reason.endswith(".")
        assert suggestion.reason[0] == suggestion.reason[0].upper()
        for reshape in suggestion.reshapes:
            assert reshape_from_scenario(reshape.to_scenario()) == reshape


@given(wanted=WANTED, free=st.integers(1, 9), bound=st.none() | st.integers(1, 4))
def test_what_fits_gets_no_suggestion(wanted: tuple[int | None, ...], free: int, bound: int | None) -> None:
    target = wanted_input(wanted, bound_batch=bound)
    shape = tuple(free if size is None else size for size in target.shape)
    assert misfit(shape, target) is None
    assert suggestions(shape, wanted, bound_batch=bound) == ()


@given(steps=st.integers(1, 30), features=st.integers(1, 8))
def test_one_sequence_without_a_batch_axis_first_gets_one(steps: int, features: int) -> None:
    best = suggestions((steps, features), (None, None, features))[0]
    assert best.result == (1, steps, features)
    assert [reshape.to_scenario() for reshape in best.reshapes] == [{"add_axis": 0}]


@dataclass(frozen=True)
class Case:
    shape: tuple[int, ...]
    wanted: tuple[int | None, ...]
    first: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize(
    "case",
    [
        Case((20, 5), (ANY, ANY, 5), [{"add_axis": 0}]),
        Case((20, 1), (ANY, ANY, 1), [{"add_axis": 0}]),
        Case((7, 20), (ANY, ANY, 1), [{"add_axis": -1}]),
        Case((10,), (ANY, ANY, 1), [{"add_axis": 1}, {"add_axis": 0}]),
        Case((10,), (ANY, ANY, 10), [{"add_axis": 0}, {"add_axis": 0}]),
        Case((60,), (ANY, 60, 1), [{"add_axis": 1}, {"add_axis": 0}]),
        Case((5, 20), (ANY, ANY, 5), [{"transpose": [1, 0]}, {"add_axis": 0}]),
        Case((1, 5, 10), (ANY, ANY, 5), [{"transpose": [0, 2, 1]}]),
        Case((1, 5, 10), (ANY, 10, 5), [{"transpose": [0, 2, 1]}]),
        Case((10, 32, 5), (ANY, 10, 5), [{"transpose": [1, 0, 2]}]),
        Case((20, 1, 5), (ANY, ANY, 5), [{"transpose": [1, 0, 2]}], {"bound_batch": 1}),
        Case((1, 1, 20, 5), (ANY, ANY, 5), [{"drop_axis": 0}]),
        Case((1, 20, 5, 1), (ANY, ANY, 5), [{"drop_axis": 3}]),
        Case((3, 4, 20, 5), (ANY, ANY, 5), [{"to": [12, 20, 5]}]),
        Case((2, 100), (ANY, 20, 5), [{"to": [2, 20, 5]}]),
        Case((2, 20, 8), (ANY, ANY, 5), [{"select": [0, 1, 2, 3, 4]}]),
        Case((2, 20, 5), (ANY, 10, 5), [{"last": 10}]),
        Case((50, 5), (ANY, 10, 5), [{"window": 10, "stride": 1}]),
        Case((2, 4, 5), (ANY, 10, 5), [{"pad": 10}]),
        Case((4, 20, 5), (ANY, ANY, 5), [{"rows": [0]}], {"bound_batch": 1}),
        Case((1, 20, 5), (ANY, ANY, 5), [{"rows": [0, 0, 0]}], {"bound_batch": 3}),
        Case((20,), (ANY, ANY), [{"add_axis": 0}], {"tokens": True}),
        Case((1, 20, 1), (ANY, ANY), [{"drop_axis": 2}], {"dtype": "int32"}),
        Case((2, 20), (ANY, 10), [{"last": 10, "axis": 1}], {"dtype": np.dtype("int64")}),
        Case((2, 6), (ANY, 10), [{"pad": 10, "axis": 1}], {"tokens": True}),
        Case((4,), (ANY, 4), [{"add_axis": 0}]),
        Case((2, 8), (ANY, 4), [{"select": [0, 1, 2, 3]}]),
        Case((8, 6, 2, 8, 8), (ANY, ANY, 8, 8, 2), [{"transpose": [0, 1, 3, 4, 2]}]),
    ],
    ids=lambda case: f"{case.shape} for {case.wanted}",
)
def test_the_first_suggestion(case: Case) -> None:
    first = suggestions(case.shape, case.wanted, **case.options)[0]
    assert [reshape.to_scenario() for reshape in first.reshapes] == case.first


def test_a_series_too_long_can_be_cut_in_windows_or_to_its_end() -> None:
    offered = {each.result: each for each in suggestions((50, 5), (None, 10, 5))}
    assert set(offered) == {(41, 10, 5), (1, 10, 5)}
    assert offered[1, 10, 5].reshapes[-1].to_scenario() == {"last": 10}


@pytest.mark.parametrize(
    ("shape", "wanted"), [((2, 20, 3), (ANY, ANY, 5)), ((0, 20, 5), (ANY, ANY, 5)), ((), (ANY, ANY, 5))]
)
def test_what_cannot_fit_honestly_gets_no_suggestion(
    shape: tuple[int, ...], wanted: tuple[int | None, ...]
) -> None:
    assert suggestions(shape, wanted) == ()


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ((2, 20, 5), (ANY, ANY, 5), None),
        ((20, 5), (ANY, ANY, 5), "rank"),
        ((0, 20, 5), (ANY, ANY, 5), "empty"),
        ((2, 5, 20), (ANY, ANY, 5), "axes-swapped"),
        ((2, 20, 3), (ANY, ANY, 5), "features"),
        ((2, 20, 5), (ANY, 10, 5), "length"),
        ((2, 20, 5), (1, ANY, 5), "batch"),
        ((2, 12, 3), (1, 10, 5), "features"),
    ],
)
def test_where_a_shape_departs(
    shape: tuple[int, ...], wanted: tuple[int | None, ...], expected: Misfit | None
) -> None:
    assert misfit(shape, wanted_input(wanted)) == expected
