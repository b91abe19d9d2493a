from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.shape_text import axis_names, fits, long_shape, shape_comparison, shape_text, short_shape

SIZES = st.lists(st.integers(0, 99999), max_size=5)
DECLARED = st.lists(st.none() | st.integers(0, 99999), max_size=5)


@given(declared=DECLARED, actual=SIZES, width=st.integers(0, 60), data=st.data())
def test_any_two_shapes(
    declared: list[int | None],
    actual: list[int],
    width: int,
    data: st.DataObject,
    palettes: list[Palette],
    check_lines: Callable[[list[Line], int, Palette], None],
) -> None:
    palette = data.draw(st.sampled_from(palettes))
    check_lines([shape_comparison(tuple(declared), actual, width, palette)], width, palette)
    for long in (False, True):
        expected = long_shape(declared) if long else short_shape(declared)
        assert plain_text(shape_text(declared, palette, long=long)) == expected


@pytest.mark.parametrize(
    ("shape", "short", "long"),
    [
        ((1, 60, 128), "(1, 60, 128)", "(batch 1, timesteps 60, units 128)"),
        ((None, None, 5), "(None, None, 5)", "(batch any, timesteps any, units 5)"),
        ((None, 1), "(None, 1)", "(batch any, units 1)"),
        ((7,), "(7,)", "(batch 7)"),
        ((), "()", "()"),
        ((1, 2, 3, 4, 5), "(1, 2, 3, 4, 5)", "(batch 1, timesteps 2, 3, 4, units 5)"),
    ],
)
def test_shapes(shape: tuple[int | None, ...], short: str, long: str) -> None:
    assert short_shape(shape) == short
    assert long_shape(shape) == long


def test_the_last_axis_of_an_input_is_features() -> None:
    assert long_shape((1, 60, 5), axis_names(3, "features")) == "(batch 1, timesteps 60, features 5)"
    assert axis_names(4, "features") == ("batch", "timesteps", "", "features")


def test_what_differs_stands_out(colored: Palette) -> None:
    line = shape_comparison((None, None, 128), (1, 60, 64), 60, colored)
    assert plain_text(line).rstrip() == "(None, None, 128) → (1, 60, 64)"
    assert [segment.text for segment in line if segment.style == colored.warning] == ["64"]
    other_rank = shape_comparison((None, 1), (1, 60, 1), 60, colored)
    assert [segment.text for segment in other_rank if segment.style == colored.warning] == ["(1, 60, 1)"]
    same = shape_comparison((None, 60), (1, 60), 60, colored)
    assert not any(segment.style == colored.warning for segment in same)


def test_without_room_what_came_is_kept(plain: Palette) -> None:
    assert plain_text(shape_comparison((None, None, 128), (1, 60, 128), 16, plain)) == "(1, 60, 128)    "


def test_fits() -> None:
    assert fits((None, None, 5), (1, 60, 5))
    assert not fits((None, None, 5), (1, 60, 4))
    assert not fits((None, 5), (1, 60, 5))
