from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.charts.contribution_table import ContributionTable, contribution_table
from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.recurrent.cells import GRU, LSTM, CellKind
from lstm_tui.recurrent.contributions import Contributions, contributions
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.window import Window

CHECK = Callable[[list[Line], int, Palette], None]

#: An LSTM's `c = 0.5` after five steps: 0.75 and -0.5 are the largest shares.
PARTS = Contributions(
    series="c",
    step=4,
    window=Window(0, 5),
    shares=np.array([0.0625, -0.5, 0.125, 0.75, -0.0625]),
    kept=np.array([0.25, 0.25, 0.5, 0.5, 1.0]),
    from_initial=0.125,
    total=0.5,
    residual=0.0,
    tolerance=1e-7,
)


@settings(deadline=None, max_examples=80)
@given(
    data=st.data(),
    cell=st.sampled_from([LSTM, GRU]),
    values=hnp.arrays(
        st.sampled_from([np.float32, np.float64]), st.tuples(st.just(1), st.integers(1, 12), st.just(1))
    ),
    width=st.integers(0, 120),
    height=st.integers(0, 12),
)
def test_any_values_at_any_size(
    data: st.DataObject,
    cell: CellKind,
    values: np.ndarray,
    width: int,
    height: int,
    palettes: list[Palette],
    check_lines: CHECK,
) -> None:
    palette = data.draw(st.sampled_from(palettes))
    initial = data.draw(st.sampled_from([{}, dict.fromkeys(cell.states, values[:, 0])]))
    backwards = data.draw(st.booleans())
    trace = LayerTrace("rnn", cell, dict.fromkeys(cell.series, values), initial, go_backwards=backwards)
    step = data.draw(st.integers(0, values.shape[1] - 1))
    parts = contributions(trace, sample=0, step=step, unit=0)
    assert parts is not None
    table = contribution_table(parts, width=width, height=height, palette=palette, selected=2)
    assert len(table.lines) == len(table.steps) == height
    check_lines(table.lines, width, palette)


def drawn(
    parts: Contributions, palette: Palette, width: int = 60, height: int = 8, **options: object
) -> list[str]:
    table = contribution_table(parts, width=width, height=height, palette=palette, **options)
    return [text for text in (plain_text(line).rstrip() for line in table.lines) if text]


def test_shares_in_sixty_columns(plain: Palette) -> None:
    assert drawn(PARTS, plain, selected=1) == [
        "   step      share  of c  c at 4 = 0.5",
        "      3  +0.750000  150%                  |================",
        ">     1  -0.500000  100%       ===========|",
        "      2  +0.125000   25%                  |===",
        "      0  +0.062500   12%                  |==",
        "      4  -0.062500   12%                ==|",
        "initial  +0.125000   25%                  |===",
    ]


def test_rows_bear_the_keys_that_follow_them(plain: Palette) -> None:
    rows = drawn(PARTS, plain, numbered=True)
    assert [row[:10] for row in rows[1:4]] == [" 1       3", " 2       1", " 3       2"]
    assert rows[6].startswith("   initial")
    assert rows[0].startswith("      step")
    many = replace(PARTS, window=Window(0, 12), shares=np.linspace(1, 2, 12), step=11)
    assert [row[:3] for row in drawn(many, plain, height=14, numbered=True)[9:11]] == [" 9 ", "   "]


def test_what_has_no_room_is_summed_up(plain: Palette) -> None:
    assert drawn(PARTS, plain, height=5) == [
        "   step      share  of c  c at 4 = 0.5",
        "      3  +0.750000  150%                  |================",
        "      1  -0.500000  100%       ===========|",
        "initial  +0.125000   25%                  |===",
        "and 3 more steps: +0.125 (25% of c)",
    ]
    assert drawn(PARTS, plain, height=7)[-2].startswith("      4")
    assert drawn(PARTS, plain, height=6)[-1] == "and 2 more steps: 0 (0% of c)"


def test_shares_in_thirty_columns_have_no_bars(plain: Palette) -> None:
    assert drawn(PARTS, plain, width=28, height=4) == [
        "   step    share  of c  c at",
        "      3 +0.75000  150%",
        "initial +0.12500   25%",
        "and 4 more steps: -0.375 (75",
    ]


def test_bars_are_exact_to_half_a_cell(colored: Palette) -> None:
    parts = replace(PARTS, shares=np.array([0.0, 0.0, 1.0, 0.55, -0.55]), from_initial=0.0, total=1.0)
    bars = [text[24:] for text in drawn(parts, colored, width=38)[1:]]
    assert bars == ["      │━━━━━━", "      │━━━╸", "  ╺━━━│", "      │"]


def test_rows_tell_which_step_they_are_about(plain: Palette) -> None:
    table = contribution_table(PARTS, width=60, height=6, palette=plain)
    assert table.steps == (None, 3, 1, 2, None, None)
    assert contribution_table(PARTS, width=60, height=9, palette=plain).steps == (
        None, 3, 1, 2, 0, 4, None, None, None,
    )  # fmt: skip


def test_masked_steps_are_not_listed_nor_counted(plain: Palette) -> None:
    parts = replace(PARTS, shares=np.array([0.0, 0.0, 0.0, 0.5, 0.0]), from_initial=0.0)
    assert [text.split()[0] for text in drawn(parts, plain)] == ["step", "3", "initial"]


def test_what_is_left_open_is_said(plain: Palette, colored: Palette) -> None:
    parts = replace(PARTS, total=0.62, residual=0.12)
    assert drawn(parts, plain)[-1] == "+0.12 unexplained; rounding explains 1e-7"
    table = contribution_table(parts, width=60, height=9, palette=colored)
    assert style_of(table, "unexplained") == {colored.warning}
    assert "unexplained" not in "".join(drawn(replace(PARTS, residual=9e-8), plain))


def style_of(table: ContributionTable, text: str) -> set[object]:
    return {segment.style for line in table.lines for segment in line if text in segment.text}


def test_an_erased_past_and_underflow_are_said(plain: Palette, colored: Palette) -> None:
    parts = replace(PARTS, erased_at=3, underflowed=7)
    assert drawn(parts, plain, height=10)[-2:] == [
        "f was exactly 0 at step 3: nothing older is left",
        "7 shares are too small for a float64",
    ]
    assert drawn(replace(parts, series="h"), plain, height=10)[-2].startswith("z was")
    table = contribution_table(parts, width=60, height=10, palette=colored)
    assert style_of(table, "too small") == {colored.faint}


def test_what_is_not_a_number_stands_out(plain: Palette, colored: Palette) -> None:
    shares = np.array([0.5, np.nan, 0.25, 0.0, np.inf])
    parts = replace(PARTS, shares=shares, total=np.nan, residual=np.nan, broken_at=1)
    lines = drawn(parts, plain)
    assert lines[1].split() == ["1", "NaN", "--", "x"]
    assert lines[2].split() == ["4", "+inf", "--", "x"]
    assert lines[3].split()[:3] == ["0", "+0.500000", "--"]
    assert lines[-1] == "not a number from step 1 on"
    table = contribution_table(parts, width=60, height=9, palette=colored)
    assert style_of(table, "NaN    --") == {colored.warning}
    unknown = replace(PARTS, from_initial=np.nan, residual=np.nan)
    assert drawn(unknown, plain)[-1] == "the initial state is not known"


@pytest.mark.parametrize(("total", "text"), [(0.0, "--"), (1e-9, ">999%"), (-1.0, "75%"), (1e9, "<1%")])
def test_a_part_of_the_total_in_five_cells(total: float, text: str, plain: Palette) -> None:
    row = drawn(replace(PARTS, total=total), plain)[1]
    assert row[19:24] == text.rjust(5)


def test_a_row_is_one_segment_unless_it_is_selected(colored: Palette) -> None:
    table = contribution_table(PARTS, width=60, height=7, palette=colored, selected=1)
    assert [len(line) for line in table.lines[1:]] == [1, 2, 1, 1, 1, 1]


def test_long_sequences_keep_their_columns(plain: Palette) -> None:
    shares = np.zeros(12_345_678)
    shares[[5, 12_345_677]] = 1.0, 0.5
    parts = replace(PARTS, shares=shares, step=12_345_677)
    lines = drawn(parts, plain, selected=12_345_677)
    assert len({text.index("|") for text in lines[1:]}) == 1
    assert lines[2].startswith(">12345677 ")
