"""The list of samples: whole lines at any width, columns that stay, the reason in words."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.sample_table import reason, sample_table
from lstm_tui.recurrent.samples import Place, Standing, standings

CHECK = Callable[[list[Line], int, Palette], None]


def standing(sample: int, **known) -> Standing:
    facts = {
        "why": "", "broken": None, "broken_output": False, "error": None, "state": 0.5, "state_at": None,
        "prediction": 0.25, "apart": 0.125, "state_medians": 1.0, "apart_medians": 1.0,
    }  # fmt: skip
    return Standing(sample, **(facts | known))


ROWS = [
    standing(
        12,
        why="not a number",
        broken=Place("lstm_1", 40),
        state=math.nan,
        prediction=math.nan,
        apart=math.nan,
    ),
    standing(3, why="state", state=7.5, state_at=Place("lstm_2", 3), state_medians=9.06),
    standing(0, why="prediction", prediction=-12.5, apart=12.75, apart_medians=math.inf),
    standing(1),
]


def text(table_lines: list[Line]) -> str:
    return "\n".join(plain_text(line).rstrip() for line in table_lines)


def test_the_columns_and_why_each_stands_there(plain: Palette) -> None:
    table = sample_table(ROWS, width=72, palette=plain)
    assert text([table.head, *table.rows]) == (
        "sample   |state| predicted     apart  stands out by\n"
        "    12       NaN       NaN       NaN  NaN or inf lstm_1 t 40\n"
        "     3  7.500000  0.250000  0.125000  state x9.1 median lstm_2 t 3\n"
        "     0  0.500000 -12.50000  12.75000  prediction unlike all others\n"
        "     1  0.500000  0.250000  0.125000"
    )
    assert len(table.meaning) == 3


def test_with_a_target_the_error_stands_first(plain: Palette) -> None:
    table = sample_table(
        [standing(4, why="error", error=2.5), standing(2, error=0.5)], width=72, palette=plain
    )
    assert text([table.head, *table.rows]) == (
        "sample     error   |state| predicted     apart  stands out by\n"
        "     4  2.500000  0.500000  0.250000  0.125000  error\n"
        "     2  0.500000  0.500000  0.250000  0.125000"
    )
    assert table.meaning[0] == "error: root mean square of prediction minus target"


def test_where_there_is_little_room_numbers_go_and_the_reason_stays(plain: Palette) -> None:
    table = sample_table(ROWS, width=34, palette=plain)
    assert text([table.head, *table.rows[:2]]) == (
        "sample   |state|  stands out by\n"
        "    12       NaN  NaN or inf lstm_\n"
        "     3  7.500000  state x9.1 media"
    )


def test_an_output_that_is_no_number_says_so_where_the_states_are_fine(plain: Palette) -> None:
    assert reason(standing(0, why="not a number", broken_output=True), plain) == "output NaN or inf"


@settings(deadline=None, max_examples=60)
@given(
    width=st.integers(0, 100),
    values=st.lists(st.floats(width=32), max_size=6),
    with_target=st.booleans(),
    data=st.data(),
)
def test_any_numbers_at_any_width(
    width: int,
    values: list[float],
    with_target: bool,
    data: st.DataObject,
    palettes: list[Palette],
    check_lines: CHECK,
) -> None:
    output = np.array(values, np.float32).reshape(-1, 1)
    palette = data.draw(st.sampled_from(palettes))
    found = standings([], output, output[::-1] if with_target else None)
    table = sample_table(found, width=width, palette=palette)
    check_lines([line for line in [table.head, *table.rows] if line], width, palette)
