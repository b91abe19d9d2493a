from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.unit_table import changes, unit_table
from lstm_tui.recurrent.cells import GRU, LSTM, SIMPLE_RNN, CellKind, other_cell
from lstm_tui.recurrent.recording import LayerTrace

CHECK = Callable[[list[Line], int, Palette], None]
CELLS = [LSTM, GRU, SIMPLE_RNN, other_cell(1), other_cell(12)]


def trace_of(cell: CellKind, values: np.ndarray, initial: bool = True, **options: object) -> LayerTrace:
    """Every series of the cell has the same values, `(batch, timesteps, units)`."""
    start = {state: np.zeros_like(values[:, 0]) for state in cell.states} if initial else {}
    return LayerTrace("rnn", cell, dict.fromkeys(cell.series, values), start, **options)


@given(
    data=st.data(),
    cell=st.sampled_from(CELLS),
    values=hnp.arrays(np.float32, (2, 3, 130)) | hnp.arrays(np.float64, (2, 3, 4)),
    width=st.integers(0, 175),
)
def test_any_values_at_any_width(
    data: st.DataObject,
    cell: CellKind,
    values: np.ndarray,
    width: int,
    palettes: list[Palette],
    check_lines: CHECK,
) -> None:
    palette = data.draw(st.sampled_from(palettes))
    trace = trace_of(cell, values, data.draw(st.booleans()), go_backwards=data.draw(st.booleans()))
    units = data.draw(st.lists(st.integers(0, values.shape[2] + 2), max_size=5))
    lines = unit_table(
        trace,
        sample=1,
        step=data.draw(st.integers(0, 2)),
        units=units,
        width=width,
        palette=palette,
        selected=2,
    )
    assert len(lines) == 1 + len(units)
    check_lines(lines, width, palette)


VALUES = np.array([[[0.5, -0.25], [0.75, -0.5], [0.25, 1.0]]])


def rows(cell: CellKind, palette: Palette, width: int, step: int = 1, **options: object) -> list[str]:
    trace = trace_of(cell, VALUES, **options)
    lines = unit_table(trace, sample=0, step=step, units=(0, 1), width=width, palette=palette, selected=1)
    return [plain_text(line) for line in lines]


def test_an_lstm_in_eighty_columns(plain: Palette) -> None:
    assert rows(LSTM, plain, 76) == [
        "unit        h       dh        c       dc      i      f      o      g        ",
        "   0  0.75000 +0.25000  0.75000 +0.25000 * 0.75 * 0.75 * 0.75 * 0.75        ",
        ">  1 -0.50000 -0.25000 -0.50000 -0.25000 =-0.50 =-0.50 =-0.50 =-0.50        ",
    ]


def test_an_lstm_in_fifty_columns(plain: Palette) -> None:
    assert rows(LSTM, plain, 50) == [
        "unit      h     dh      c     i     f     o     g ",
        "   0  0.750 +0.250  0.750  0.75  0.75  0.75  0.75 ",
        ">  1 -0.500 -0.250 -0.500 -0.50 -0.50 -0.50 -0.50 ",
    ]


def test_a_gru_with_bars(plain: Palette) -> None:
    assert [row.rstrip() for row in rows(GRU, plain, 100)] == [
        "unit          h         dh            z            r            g",
        "   0   0.750000  +0.250000 =====-- 0.75 =====-- 0.75 =====-- 0.75",
        ">  1  -0.500000  -0.250000 ====----0.50 ====----0.50 ====----0.50",
    ]
    assert "===" not in rows(GRU, plain, 99)[1]


def test_a_simple_rnn_and_an_unknown_cell(plain: Palette) -> None:
    assert rows(SIMPLE_RNN, plain, 40)[0].split() == ["unit", "h", "dh"]
    assert rows(other_cell(2), plain, 60)[0].split() == ["unit", "state_0", "dstate_0", "state_1", "dstate_1"]
    assert rows(other_cell(2), plain, 25)[0].split() == ["unit", "~ate_0", "d", "~ate_1"]


def test_every_series_is_there_from_fifty_columns_on(plain: Palette) -> None:
    for cell in (LSTM, GRU, SIMPLE_RNN):
        for width in range(50, 171):
            head = rows(cell, plain, width)[0].split()
            assert set(cell.series) | {"unit", "dh"} <= set(head)


def test_places_do_not_depend_on_the_values(plain: Palette) -> None:
    random = np.random.default_rng(0)
    ends = set()
    for size in (1e-9, 1.0, 1e5):
        trace = trace_of(SIMPLE_RNN, random.normal(size=(1, 3, 2)) * size)
        line = unit_table(trace, sample=0, step=1, units=(0,), width=40, palette=plain)[1]
        text = plain_text(line).rstrip()
        ends.add(len(text))
        assert text[13] == " "
    assert len(ends) == 1


def test_a_row_is_one_segment_unless_something_stands_out(colored: Palette) -> None:
    values = VALUES.copy()
    values[0, 1, 1] = np.nan
    trace = trace_of(LSTM, values)
    head, first, second = unit_table(trace, sample=0, step=1, units=(0, 1), width=76, palette=colored)
    assert len(head) == len(first) == 1 or len(head) == 2
    assert len(first) == 1
    assert {segment.style for segment in second if "NaN" in segment.text} == {colored.warning}


def test_the_first_change_is_from_the_initial_state() -> None:
    trace = trace_of(LSTM, VALUES)
    assert changes(trace, "h", 0, 0) == pytest.approx([0.5, -0.25])
    assert changes(trace, "h", 0, 2) == pytest.approx([-0.5, 1.5])
    assert changes(trace_of(LSTM, VALUES, initial=False), "h", 0, 0) is None


def test_a_layer_that_runs_backwards_comes_from_the_step_after() -> None:
    trace = trace_of(LSTM, VALUES, go_backwards=True)
    assert changes(trace, "h", 0, 0) == pytest.approx([-0.25, 0.25])
    assert changes(trace, "h", 0, 2) == pytest.approx([0.25, 1.0])


def test_a_change_unknown_is_no_number(plain: Palette) -> None:
    assert rows(SIMPLE_RNN, plain, 24, step=0, initial=False)[1].split() == ["0", "0.50000", "-"]
