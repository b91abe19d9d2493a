from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.charts.bars import gate_table, sparkline
from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.meters import lying_bar, standing_bars
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.scale import Scale, scale_for
from lstm_tui.charts.time_axis import TimeAxis, paged_axis
from lstm_tui.recurrent.cells import GRU, LSTM, SIMPLE_RNN
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.saturation import gate_saturations

CHECK = Callable[[list[Line], int, Palette], None]


def trace_of(values: np.ndarray, cell=LSTM) -> LayerTrace:
    return LayerTrace("rnn", cell, dict.fromkeys(cell.series, values), {})


@given(
    data=st.data(),
    values=hnp.arrays(np.float32, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)),
    width=st.integers(0, 120),
)
def test_any_gate_at_any_width(
    data: st.DataObject, values: np.ndarray, width: int, palettes: list[Palette], check_lines: CHECK
) -> None:
    palette = data.draw(st.sampled_from(palettes))
    trace = trace_of(values, data.draw(st.sampled_from([LSTM, GRU])))
    saturations = gate_saturations(trace, 0)
    lines = gate_table(trace, saturations, sample=0, step=0, width=width, palette=palette)
    assert len(lines) == 1 + len(trace.cell.gates)
    check_lines(lines, width, palette)


@given(
    data=st.data(),
    values=hnp.arrays(np.float64, st.integers(0, 60)),
    left=st.integers(0, 6),
    width=st.integers(0, 80),
)
def test_any_sparkline_on_any_axis(
    data: st.DataObject,
    values: np.ndarray,
    left: int,
    width: int,
    palettes: list[Palette],
    check_lines: CHECK,
) -> None:
    palette = data.draw(st.sampled_from(palettes))
    page = paged_axis(len(values), step=30, left=min(left, width), right=width)
    whole = TimeAxis(min(left, width), max(width - left, 0), 0, len(values), len(values))
    axis = data.draw(st.sampled_from([page, whole]))
    line = sparkline(
        values, axis, scale=scale_for("h", values), width=width, palette=palette, label="unit 12"
    )
    check_lines([line], width, palette)


def test_half_the_units_open_and_half_shut(plain: Palette) -> None:
    gate = np.array([[[0.0, 0.0, 1.0, 1.0], [0.5, 0.5, 0.5, 1.0]]])
    trace = trace_of(gate, GRU)
    lines = gate_table(trace, gate_saturations(trace, 0), sample=0, step=0, width=52, palette=plain)
    assert [plain_text(line) for line in lines] == [
        "   0        1   mean shut open    all shut open     ",
        " z @        @  0.500  50%  50%  0.562  25%  38%     ",
        " r @        @  0.500  50%  50%  0.562  25%  38%     ",
    ]
    narrow = gate_table(trace, gate_saturations(trace, 0), sample=0, step=1, width=32, palette=plain)
    assert plain_text(narrow[1]) == " z      @   -  0.625   0%  25%  "


def test_a_cell_without_gates_has_no_table(plain: Palette) -> None:
    assert (
        gate_table(trace_of(np.zeros((1, 1, 1)), SIMPLE_RNN), {}, sample=0, step=0, width=50, palette=plain)
        == []
    )


def test_a_sparkline_stands_below_its_heat_map(plain: Palette) -> None:
    values = np.array([0.0, 0.5, 1.0, np.nan, np.inf])
    axis = paged_axis(5, step=0, left=4, right=15)
    line = sparkline(values, axis, scale=Scale("sequential", 0, 1), width=17, palette=plain, label="12")
    assert plain_text(line) == " 12   ==@@xx^^   "


def test_a_spike_between_columns_is_not_lost(plain: Palette) -> None:
    values = np.zeros(1000)
    values[333] = -1.0
    line = sparkline(
        values, TimeAxis(0, 10, 0, 1000, 1000), scale=Scale("diverging", -1, 1), width=10, palette=plain
    )
    assert plain_text(line)[3] == " "
    assert len(set(plain_text(line))) == 2


def test_bars(plain: Palette, colored: Palette) -> None:
    assert lying_bar(0.6, 5, plain) == "===--"
    assert lying_bar(0.5, 5, colored) == "━━╸──"
    assert lying_bar(2.0, 3, colored) == "━━━" and lying_bar(-1.0, 3, colored) == "───"
    assert lying_bar(float("nan"), 3, plain) == "x  "
    assert standing_bars([0, 0.01, 0.5, 1, 7, float("nan")], colored) == " ▁▄██×"


@given(share=st.floats(), width=st.integers(0, 12))
def test_a_bar_is_as_long_as_asked(share: float, width: int, plain: Palette, colored: Palette) -> None:
    for palette in (plain, colored):
        assert len(lying_bar(share, width, palette)) == width
        assert len(standing_bars([share] * width, palette)) == width
