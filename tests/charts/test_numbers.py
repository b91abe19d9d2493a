from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.charts.numbers import number, percent, short_number

ANY_FLOAT = st.floats(width=64) | st.floats(width=32) | st.floats(-2, 2)


@given(ANY_FLOAT, st.integers(1, 14), st.booleans())
def test_a_number_is_exactly_as_wide_as_asked(value: float, width: int, signed: bool) -> None:
    assert len(number(value, width, signed=signed)) == width


@given(ANY_FLOAT.filter(lambda value: abs(value) < 1e300), st.integers(9, 14), st.booleans())
def test_a_number_can_be_read_back(value: float, width: int, signed: bool) -> None:
    read = float(number(value, width, signed=signed))
    assert math.isclose(read, value, rel_tol=0.05)
    assert math.copysign(1, read) == math.copysign(1, value) or value == 0


@given(st.floats(0.01, 9.99), st.integers(5, 9))
def test_the_point_stays_where_it_is_as_the_sign_changes(size: float, width: int) -> None:
    places = {
        text.index(".")
        for text in (number(size, width), number(-size, width), number(size, width, signed=True))
    }
    assert len(places) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "      0"),
        (-0.0, "      0"),
        (1.0, " 1.0000"),
        (-0.83123, "-0.8312"),
        (12.345, " 12.345"),
        (99999.5, " 100000"),
        (-1234567.0, "-1.23e6"),
        (1.2e-5, " 1.2e-5"),
        (-4.5e-300, "-5e-300"),
        (math.nan, "    NaN"),
        (math.inf, "    inf"),
        (-math.inf, "   -inf"),
    ],
)
def test_seven_cells(value: float, text: str) -> None:
    assert number(value, 7) == text


def test_a_changed_sign_is_written_out_where_asked() -> None:
    assert number(0.25, 7, signed=True) == "+0.2500"
    assert number(-0.25, 7, signed=True) == "-0.2500"
    assert number(math.inf, 7, signed=True) == "   +inf"
    assert number(0, 7, signed=True) == "      0"


def test_a_small_number_is_not_shown_as_zero() -> None:
    assert number(0.0004, 5) == " 4e-4"
    assert re.fullmatch(r"[ 0.]+", number(4e-300, 5)), "no form fits but a rounded one, which is no bare 0"
    assert number(4e-300, 5).strip() != "0"


def test_digits_are_never_cut() -> None:
    assert number(123.0, 2) == "##"
    assert number(-1.0, 1) == "#"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9312, "0.931"),
        (-2.0, "-2"),
        (1.2e-5, "1.2e-5"),
        (1e20, "1e20"),
        (math.nan, "NaN"),
        (-math.inf, "-inf"),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "  0%"), (0.004, " <1%"), (0.41, " 41%"), (0.994, ">99%"), (1, "100%"), (math.nan, "  --")],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@given(st.floats(0, 1))
def test_percent_takes_four_cells_and_keeps_nothing_and_all_apart(share: float) -> None:
    text = percent(share)
    assert len(text) == 4
    assert (text == "  0%") == (share == 0)
    assert (text == "100%") == (share == 1)
