"""What a decoder wrote beside what should have come: whole lines, the page with the chosen row, marks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.written_table import written_table
from lstm_tui.recurrent.calls import Decode
from lstm_tui.recurrent.decoder_runs import DecoderPlan, DecoderRun
from tests.recurrent.counting import counted

CHECK = Callable[[list[Line], int, Palette], None]


def run_of(own: list[int], truth: list[int] | None, told: list[int] | None) -> DecoderRun:
    plan = DecoderPlan(
        {"words": np.zeros((1, 9), int)},
        Decode(len(own), "words", keep=1),
        "tokens",
        True,
        truth=None if truth is None else np.array(truth),
    )
    tokens = np.array(own)
    forced = None if told is None else counted(np.array(told) - 1)
    return DecoderRun(plan, tokens, counted(tokens - 1), forced)


RUN = run_of([2, 3, 6, 0, 1], [2, 3, 4, 5], [2, 3, 4, 6])


def test_a_row_says_what_was_to_come_and_what_came(plain: Palette) -> None:
    lines = written_table(RUN, 1, width=70, height=9, palette=plain)
    assert [plain_text(line).rstrip() for line in lines] == [
        " step  truth  told it   alone     p",
        "    1      2        2       2  0.40 ==========---------------",
        ">   2      3        3       3  0.40 ==========---------------",
        "    3      4        4       6  0.40 ==========--------------- != parts",
        "    4      5        6       0  0.40 ==========--------------- !=",
        "    5      -        -       1  0.40 ==========---------------",
    ]


def test_of_many_rows_the_page_with_the_chosen_one_is_shown(plain: Palette) -> None:
    run = run_of([1, 2, 3] * 10, None, None)
    lines = written_table(run, 17, width=60, height=11, palette=plain)
    assert "11-20 of 30" in plain_text(lines[0])
    assert plain_text(lines[8]).startswith(">  18")
    assert len(lines) == 11


@settings(max_examples=25, deadline=None)
@given(st.integers(8, 120), st.integers(1, 12), st.integers(-3, 9))
def test_lines_are_whole_at_any_size(width: int, height: int, chosen: int) -> None:
    from tests.charts.conftest import ALL_PALETTES, _check_lines

    for palette in ALL_PALETTES[::5]:
        for run in (RUN, run_of([1], None, None)):
            lines = written_table(run, chosen, width=width, height=height, palette=palette)
            assert 1 <= len(lines) <= height
            _check_lines(lines, width, palette)
