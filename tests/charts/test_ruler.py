from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.ruler import ruler
from lstm_tui.charts.time_axis import TimeAxis, paged_axis

CHECK = Callable[[list[Line], int, Palette], None]


@given(
    data=st.data(),
    timesteps=st.integers(0, 2_000_000),
    cursor=st.integers(-3, 2_000_000),
    left=st.integers(0, 9),
    width=st.integers(0, 150),
)
def test_any_page_of_any_sequence(
    data: st.DataObject,
    timesteps: int,
    cursor: int,
    left: int,
    width: int,
    palettes: list[Palette],
    check_lines: CHECK,
) -> None:
    palette = data.draw(st.sampled_from(palettes))
    whole = TimeAxis(left, max(width - left, 0), 0, timesteps, timesteps)
    page = paged_axis(timesteps, step=cursor, left=left, right=width)
    axis = data.draw(st.sampled_from([whole, page]))
    mask = data.draw(st.sampled_from([None, np.arange(min(timesteps, 100)) % 3 > 0]))
    check_lines([ruler(axis, cursor, width=width, palette=palette, mask=mask)], width, palette)


def text(palette: Palette, cursor: int, timesteps: int = 60, width: int = 66, **options: object) -> str:
    axis = paged_axis(timesteps, step=cursor, left=3, right=width)
    return plain_text(ruler(axis, cursor, width=width, palette=palette, **options))


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        (0, "   ^ 0       |10       |20       |30       |40       |50    59|"),
        (17, "   |0        |10    ^ 17         |30       |40       |50    59|"),
        (50, "   |0        |10       |20       |30       |40       ^ 50   59|"),
        (59, "   |0        |10       |20       |30       |40       |50      ^ 59"),
    ],
)
def test_the_cursor_moves_and_the_rest_gives_way(cursor: int, expected: str, plain: Palette) -> None:
    assert text(plain, cursor) == expected.ljust(66)


def test_the_cursor_s_label_turns_to_the_left_at_the_right_end(plain: Palette) -> None:
    assert text(plain, 59, width=63) == "   |0        |10       |20       |30       |40       |50   59 ^"


def test_the_mark_stands_below_its_step(plain: Palette) -> None:
    for timesteps in (7, 60, 200):
        for cursor in range(timesteps):
            axis = paged_axis(timesteps, step=cursor, left=3, right=66)
            assert text(plain, cursor, timesteps).index("^") == axis.column(cursor)


def test_a_later_page_is_labelled_with_its_own_steps(plain: Palette) -> None:
    line = text(plain, 150, timesteps=200)
    assert line == "   |126          |140      ^ 150     |160      |170      |180 188|"


def test_steps_that_do_not_count_are_dotted(plain: Palette) -> None:
    mask = np.ones(60, bool)
    mask[21:30] = False
    assert text(plain, 5, mask=mask)[20:40] == "   |20.......|30    "


def test_a_cursor_on_another_page_is_not_drawn(plain: Palette) -> None:
    axis = paged_axis(200, step=0, left=3, right=66)
    assert "^" not in plain_text(ruler(axis, 150, width=66, palette=plain))


def test_the_cursor_costs_no_more_than_three_changes_of_style(colored: Palette) -> None:
    axis = paged_axis(200, step=0, left=5, right=200)
    assert max(len(ruler(axis, cursor, width=200, palette=colored)) for cursor in range(195)) <= 3
