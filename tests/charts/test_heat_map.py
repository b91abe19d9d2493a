from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.charts.capabilities import Capabilities
from lstm_tui.charts.heat_map import PageLayout, heat_map_page, page_layout, scale_legend
from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette, palette_for
from lstm_tui.charts.scale import Scale, scale_for, sequential_scale

VALUES = hnp.arrays(
    st.sampled_from([np.float16, np.float32, np.float64]),
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=40),
)
CHECK = Callable[[list[Line], int, Palette], None]


@given(data=st.data(), values=VALUES, width=st.integers(0, 90), height=st.integers(0, 12))
def test_any_array_at_any_size(
    data: st.DataObject,
    values: np.ndarray,
    width: int,
    height: int,
    palettes: list[Palette],
    check_lines: CHECK,
) -> None:
    timesteps, units = values.shape
    palette = data.draw(st.sampled_from(palettes))
    layout = page_layout(
        timesteps,
        units,
        width=width,
        height=height,
        step=data.draw(st.integers(0, 50)),
        palette=palette,
        first_unit=data.draw(st.integers(0, 50)),
        grouped=data.draw(st.booleans()),
        halves=data.draw(st.booleans()),
    )
    mask = data.draw(st.none() | hnp.arrays(bool, timesteps))
    scale = scale_for(data.draw(st.sampled_from(["h", "f"])), values)
    lines = heat_map_page(values, layout, scale=scale, palette=palette, mask=mask, selected=3)
    assert len(lines) == height
    check_lines(lines, width, palette)
    check_lines([scale_legend(scale, palette, width, layout.title(scale.kind))], width, palette)


def page(
    values: np.ndarray, palette: Palette, *, width: int = 20, height: int = 4, **options: object
) -> list[str]:
    layout = layout_of(values, palette, width=width, height=height, **options)
    return [plain_text(line) for line in heat_map_page(values, layout, scale=SIGNED, palette=palette)]


def layout_of(values: np.ndarray, palette: Palette, **options: object) -> PageLayout:
    arguments = {"width": 20, "height": 4, "step": 0, **options}
    return page_layout(*values.shape, palette=palette, **arguments)


SIGNED = Scale("diverging", -1.0, 1.0)


def test_units_down_timesteps_across(plain: Palette) -> None:
    values = np.array([[-1.0, 0.0, np.nan], [-0.5, 0.5, np.inf], [0.0, 1.0, -np.inf]])
    assert page(values, plain, width=12) == [
        " 0 %%%===...",
        " 1 ...***###",
        " 2 xxx^^^vvv",
        "            ",
    ]


def test_one_step_of_one_unit(plain: Palette) -> None:
    assert page(np.array([[0.7]]), plain, height=1) == [" 0 ********         "]


def test_all_nan_is_drawn_as_such(plain: Palette) -> None:
    values = np.full((5, 2), np.nan)
    layout = layout_of(values, plain, width=13)
    lines = heat_map_page(values, layout, scale=scale_for("h", values), palette=plain)
    assert [plain_text(line).strip() for line in lines] == ["0 xxxxxxxxxx", "1 xxxxxxxxxx", "", ""]


def test_a_long_sequence_shows_the_page_of_the_cursor(plain: Palette) -> None:
    values = np.linspace(-1, 1, 40)[:, None]
    first, second = (page(values, plain, height=1, step=step)[0] for step in (16, 17))
    assert first == " 0 %%%%%%======-----"
    assert second == " 0 ......+++++******"
    assert page(values, plain, height=1, step=39)[0] == " 0 ######           "


def test_the_selected_unit_is_marked_on_its_row(plain: Palette) -> None:
    values = np.zeros((4, 30))
    layout = layout_of(values, plain, first_unit=10)
    lines = heat_map_page(values, layout, scale=SIGNED, palette=plain, selected=12)
    assert [plain_text(line)[:4] for line in lines] == [" 10 ", " 11 ", ">12 ", " 13 "]
    assert layout.title("diverging") == "units 10-13 of 30"


def test_grouped_states_keep_the_largest_of_either_sign(plain: Palette) -> None:
    values = np.array([[0.1, -0.9, 0.2, 0.9]] * 3)
    assert [line[4] for line in page(values, plain, height=2, grouped=True)] == ["%", "#"]
    layout = layout_of(values, plain, height=2, grouped=True)
    assert layout.title("diverging") == "units 0-3 of 4, largest |value| of 2 units"


def test_grouped_gates_are_averaged(plain: Palette) -> None:
    values = np.array([[0.0, 1.0, 1.0, 1.0]] * 3)
    layout = layout_of(values, plain, height=2, grouped=True)
    lines = heat_map_page(values, layout, scale=Scale("sequential", 0, 1), palette=plain)
    assert [plain_text(line)[4] for line in lines] == ["+", "@"]
    assert layout.title("sequential") == "units 0-3 of 4, mean of 2 units"


def test_a_group_with_nan_shows_nan(plain: Palette) -> None:
    values = np.array([[0.1, np.nan, 0.2, 0.9]] * 3)
    assert [line[4] for line in page(values, plain, height=2, grouped=True)] == ["x", "#"]


def test_no_unit_is_lost_when_groups_do_not_divide_evenly(plain: Palette) -> None:
    values = np.zeros((3, 7))
    values[:, 6] = 1.0
    rows = [line[4] for line in page(values, plain, height=3, grouped=True)]
    assert rows == [".", ".", "#"]


def test_half_blocks_carry_two_units(colored: Palette) -> None:
    values = np.array([[-1.0, 1.0, 1.0, 1.0, np.nan]] * 12)
    layout = layout_of(values, colored, width=16, height=3, halves=True)
    lines = heat_map_page(values, layout, scale=SIGNED, palette=colored)
    two, same, broken = (line[1] for line in lines)
    lowest, highest = colored.diverging.inks[0], colored.diverging.inks[-1]
    assert two.text == "▀" * 12
    assert (two.style.color, two.style.bgcolor) == (lowest.style.bgcolor, highest.style.bgcolor)
    assert same.text.isspace() and same.style == highest.style
    assert broken.text.strip() == "×" * 12


def test_half_blocks_only_where_the_terminal_can(plain: Palette) -> None:
    assert not layout_of(np.zeros((3, 9)), plain, halves=True).halves
    coarse = palette_for("dark", Capabilities("16", unicode=True))
    assert not layout_of(np.zeros((3, 9)), coarse, halves=True).halves


def test_masked_steps_step_back_and_stay_readable(colored: Palette) -> None:
    values = np.full((9, 1), 1.0)
    mask = np.array([True] * 4 + [False] * 5)
    layout = layout_of(values, colored, width=12, height=1)
    (line,) = heat_map_page(values, layout, scale=SIGNED, palette=colored, mask=mask)
    assert [segment.text for segment in line] == [" 0 ", "    ", "     "]
    assert line[1].style == colored.diverging.inks[-1].style
    assert line[2].style == colored.diverging.masked[-1].style
    assert len({ink.style for ink in colored.diverging.masked}) == len(colored.diverging.masked)


def test_equal_values_are_one_segment(colored: Palette) -> None:
    values = np.full((60, 3), 0.25)
    layout = layout_of(values, colored, width=63, height=3)
    for line in heat_map_page(values, layout, scale=SIGNED, palette=colored):
        assert len(line) == 2  # the number of the unit, then one colour


def test_the_cursor_does_not_change_the_page(colored: Palette) -> None:
    values = np.random.default_rng(0).normal(size=(50, 8))
    pages = []
    for step in range(3):
        layout = layout_of(values, colored, width=60, height=8, step=step)
        pages.append(heat_map_page(values, layout, scale=SIGNED, palette=colored))
    assert pages[0] == pages[1] == pages[2]


def test_number_of_segments_of_a_whole_screen(colored: Palette) -> None:
    """Segments are what a page costs: at most one a cell and row label, most of them looked up."""
    values = np.random.default_rng(0).normal(size=(200, 128))
    layout = layout_of(values, colored, width=200, height=50)
    lines = heat_map_page(values, layout, scale=SIGNED, palette=colored)
    assert sum(map(len, lines)) <= 50 * 196
    assert len({id(segment) for line in lines for segment in line}) < 50 + 15 * 200


def test_legend(plain: Palette) -> None:
    line = scale_legend(Scale("diverging", -0.834, 0.834), plain, 50, "units 0-9 of 128")
    assert plain_text(line) == "-0.834 %=-.+*# 0.834  units 0-9 of 128".ljust(50)
    assert plain_text(scale_legend(SIGNED, plain, 14)) == "-1 %=-.+*# 1  "
    assert plain_text(scale_legend(SIGNED, plain, 8)) == "-1..1   "


@pytest.mark.parametrize(
    ("series", "values", "expected"),
    [
        ("f", [0.2, 0.9], Scale("sequential", 0.0, 1.0)),
        ("i", [-0.5, 3.0], Scale("sequential", -0.5, 3.0)),
        ("h", [0.2, -0.7], Scale("diverging", -0.7, 0.7)),
        ("g", [0.2, np.inf], Scale("diverging", -0.2, 0.2)),
        ("state_0", [0.0, 0.0], Scale("diverging", -1.0, 1.0)),
        ("c", [np.nan], Scale("diverging", -1.0, 1.0)),
    ],
)
def test_scales(series: str, values: list[float], expected: Scale) -> None:
    assert scale_for(series, np.array(values)) == expected


def test_a_sequential_scale_is_never_empty() -> None:
    assert sequential_scale(np.array([2.0, 5.0])) == Scale("sequential", 2.0, 5.0)
    for values in ([3.0], [0.0], [], [np.nan]):
        scale = sequential_scale(np.array(values))
        assert scale.high > scale.low


@given(hnp.arrays(np.float64, 8, elements=st.floats(-1e308, 1e308)), st.integers(2, 16))
def test_levels_grow_with_the_value(values: np.ndarray, count: int) -> None:
    levels = scale_for("h", values).levels(np.sort(values), count)
    assert ((levels >= 0) & (levels < count)).all()
    assert (np.diff(levels) >= 0).all()


def test_zero_is_the_middle_level() -> None:
    assert scale_for("h", np.array([0.3, -2.0])).levels(np.array([0.0]), 15).tolist() == [7]
