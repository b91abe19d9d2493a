from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import plotext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.charts.line_plot import MOST_LINES, Series, legend, line_plot
from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.recurrent.window import Window

CHECK = Callable[[list[Line], int, Palette], None]
VALUES = hnp.arrays(st.sampled_from([np.float32, np.float64]), st.integers(0, 30))
SERIES = st.builds(
    Series, st.text(max_size=5), VALUES, st.sampled_from(["prediction", "target"]), st.booleans()
)


@settings(deadline=None, max_examples=60)
@given(
    data=st.data(),
    series=st.lists(SERIES, max_size=3),
    width=st.integers(0, 70),
    height=st.integers(0, 8),
    log=st.booleans(),
    blocks=st.booleans(),
)
def test_any_series_at_any_size(
    data: st.DataObject,
    series: list[Series],
    width: int,
    height: int,
    log: bool,
    blocks: bool,
    palettes: list[Palette],
    check_lines: CHECK,
) -> None:
    palette = data.draw(st.sampled_from(palettes))
    window = data.draw(st.none() | st.builds(Window, st.integers(-3, 40), st.integers(-3, 40)))
    plot = line_plot(
        series, width=width, height=height, palette=palette, window=window, log=log, blocks=blocks
    )
    assert len(plot.lines) == height
    assert plot.axis.end <= max(width, plot.axis.left)
    check_lines(plot.lines, width, palette)
    check_lines([legend(series, width, palette)], width, palette)


def drawn(
    palette: Palette, *series: Series, width: int = 27, height: int = 5, **options: object
) -> list[str]:
    plot = line_plot(series, width=width, height=height, palette=palette, **options)
    return [plain_text(line) for line in plot.lines]


def test_a_line_from_corner_to_corner(plain: Palette) -> None:
    assert drawn(plain, Series("y", np.arange(5.0))) == [
        "     4+                  * ",
        "      |              ****  ",
        "     2+          ****      ",
        "      |      ****          ",
        "     0+  ****              ",
    ]


def test_blocks_instead_of_braille(colored: Palette) -> None:
    series = Series("y", np.arange(5.0))
    braille, blocks = ("".join(drawn(colored, series, blocks=blocks)) for blocks in (False, True))
    assert any("\u2800" < character < "\u2900" for character in braille)
    assert set(blocks) & set("▖▗▘▝▚▞▀▄▌▐")
    assert not any("\u2800" < character < "\u2900" for character in blocks)


def test_what_is_not_a_number_is_marked_at_the_edge(plain: Palette) -> None:
    values = np.array([1.0, 2.0, np.nan, 3.0, np.inf, 4.0, -np.inf, 4.0])
    top, *_, bottom = drawn(plain, Series("y", values), width=31)
    assert top.count("^") == 1
    assert (bottom.count("x"), bottom.count("v")) == (1, 1)
    assert bottom.index("x") < top.index("^") < bottom.index("v")


def test_a_gap_in_a_target_is_no_fault(plain: Palette) -> None:
    values = np.array([1.0, 2.0, np.nan, 3.0])
    assert "x" not in "".join(drawn(plain, Series("y", values, "target", gaps=True)))
    assert "x" in "".join(drawn(plain, Series("y", values, "target")))


def test_the_pen_is_lifted_over_nan(plain: Palette) -> None:
    values = np.array([1.0, 1.0, np.nan, np.nan, 1.0, 1.0])
    lines = drawn(plain, Series("y", values), width=37)
    row = next(line for line in lines if "*" in line)
    assert row[7:].strip("* ").strip() == ""
    assert len(row[7:].split()) == 2


def test_a_step_stands_in_the_column_of_its_axis(plain: Palette) -> None:
    for count in (6, 20, 57):
        values = np.zeros(count)
        values[count // 3] = 1.0
        plot = line_plot([Series("y", values)], width=27, height=6, palette=plain)
        peak = plain_text(plot.lines[0])
        assert peak[7:].strip() and peak[plot.axis.column(count // 3)] == "*"


def test_a_spike_among_a_million_steps_is_seen(colored: Palette) -> None:
    values = np.zeros(1_000_000)
    values[700_000] = 5.0
    plot = line_plot([Series("y", values)], width=60, height=6, palette=colored)
    top = plain_text(plot.lines[1]) + plain_text(plot.lines[0])
    assert sum(character > "\u2800" for character in top) >= 1


def test_the_target_is_dashed_below_the_prediction(colored: Palette) -> None:
    flat = np.full(40, 0.5)
    plot = line_plot(
        [Series("p", flat), Series("t", flat + 1, "target")], width=60, height=6, palette=colored
    )
    rows = [line for line in plot.lines if any(segment.style == colored.target for segment in line)]
    dashes = "".join(segment.text for segment in rows[0] if segment.style == colored.target)
    assert 10 < len(dashes.replace(" ", "")) < 48
    both = line_plot([Series("t", flat, "target"), Series("p", flat)], width=60, height=6, palette=colored)
    assert not any(segment.style == colored.target for line in both.lines for segment in line)


def test_a_target_among_several_outputs_looks_like_its_prediction(colored: Palette) -> None:
    series = [Series("a", np.zeros(9)), Series("b", np.ones(9)), Series("b true", np.ones(9), "target")]
    line = legend(series, 60, colored)
    assert plain_text(line).rstrip() == "── a  ── b  ┄┄ b true"
    styles = [segment.style for segment in line if set(segment.text) & set("─┄")]
    assert styles == [colored.series[0], colored.series[1], colored.series[0]]


def test_too_many_lines_are_counted_not_drawn(plain: Palette) -> None:
    series = [Series(str(number), np.full(5, float(number))) for number in range(MOST_LINES + 3)]
    assert plain_text(legend(series, 60, plain)).rstrip().endswith("and 3 more")
    assert drawn(plain, *series) == drawn(plain, *series[:MOST_LINES])


def test_names_from_files_cannot_write_to_the_terminal(plain: Palette) -> None:
    assert "\x1b" not in plain_text(legend([Series("a\x1b]52;c;x\x07", np.zeros(2))], 40, plain))


def test_the_range_is_that_of_the_whole_series(plain: Palette) -> None:
    values = np.concatenate([np.zeros(10), np.full(10, 8.0)])
    page = drawn(plain, Series("y", values), window=Window(0, 10))
    assert page[-1].startswith("     0+ ***") and page[0] == "     8+".ljust(27)


def test_a_logarithmic_axis_marks_what_has_underflowed(plain: Palette) -> None:
    values = np.array([1.0, 1e-2, 1e-4, 0.0])
    lines = drawn(plain, Series("|dL/dh|", values), log=True)
    assert lines[0].startswith("   1e0+") and lines[-1].startswith("  1e-4+")
    assert lines[-1].rstrip().endswith("v")


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [np.inf], [0.25]])
def test_little_or_nothing_to_draw(values: list[float], plain: Palette) -> None:
    text = "".join(drawn(plain, Series("y", np.array(values))))
    assert {0: "nothing to plot", 2: "x", 1: "^" if values == [np.inf] else "*"}[len(values)] in text


def test_the_cursor_is_not_in_the_plot(plain: Palette) -> None:
    """A step may not cost a line: the same arguments give the same lines, and no cursor is among them."""
    series = Series("y", np.sin(np.arange(50.0)))
    assert drawn(plain, series) == drawn(plain, series)


def test_plotext_is_left_as_if_unused(plain: Palette) -> None:
    drawn(plain, Series("y", np.arange(5.0)))
    plotext.plot_size(20, 5)
    plotext.theme("clear")
    empty = plotext.build()
    plotext.clear_figure()
    assert "*" not in empty


def test_threads_do_not_draw_into_each_other(plain: Palette) -> None:
    series = [Series("y", np.roll(np.arange(30.0), shift)) for shift in range(8)]
    alone = [drawn(plain, one) for one in series]
    together: list[list[str]] = [[] for _ in series]

    def draw(place: int) -> None:
        together[place] = drawn(plain, series[place])

    threads = [threading.Thread(target=draw, args=(place,)) for place in range(len(series))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone
