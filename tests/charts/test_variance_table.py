"""The variance test as a table: the verdict, each measure, the calls one by one, where it begins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lstm_tui.charts.lines import plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.variance_table import variance_table
from lstm_tui.checks.states.variance import LayerSpread, Spread, VarianceTest

CARRIED = VarianceTest(
    3,
    {"y": Spread(0.02, 0.04, 6.7e-05, (0, 1))},
    {"y": Spread(0.0, 0.0, 0.0, (0, 0))},
    (LayerSpread("lstm", "h", Spread(0.5, 1.0), 0), LayerSpread("head", "output", Spread(0.02, 0.04))),
    (LayerSpread("lstm", "h", Spread()), LayerSpread("head", "output", Spread())),
    {"y": np.array([[[0.1, 0.5]], [[0.1, 0.51]], [[0.1, 0.52]]], np.float32)},
    {"y": np.array([[[0.1, 0.5]]] * 3, np.float32)},
)

GOLDEN = """\
3 identical calls: carried state: each call starts
from what the one before it left
                       no reset  with reset
y
  largest difference       0.02           0
  relative to size         0.04           0
  variance               6.7e-5           0
  up to 1e-05 relative is float noise
layer                last - 1st  with reset
  lstm h                    0.5           0  t 0
  head                     0.02           0
call                     [0, 1]      [0, 1]
  1                         0.5         0.5
  2                        0.51         0.5
  3                        0.52         0.5"""


def shown(test: VarianceTest, palette: Palette, width: int = 51, height: int = 20) -> list[str]:
    lines = variance_table(test, width=width, height=height, palette=palette)
    return [plain_text(line).rstrip() for line in lines]


def test_what_a_carried_state_looks_like(plain: Palette) -> None:
    assert "\n".join(shown(CARRIED, plain)) == GOLDEN


def test_calls_that_are_equal_need_no_layers(plain: Palette) -> None:
    equal = VarianceTest(3, {"y": Spread()}, {"y": Spread()})
    lines = shown(equal, plain)
    assert lines[0] == "3 identical calls: equal to the bit"
    assert not any(line.startswith(("layer", "call")) for line in lines)


def test_a_call_that_fails_says_so(plain: Palette) -> None:
    assert shown(VarianceTest(5, {}, {}), plain) == ["5 identical calls: the call fails"]


@pytest.mark.parametrize(("width", "height"), [(20, 4), (51, 13), (120, 40)])
def test_every_line_is_whole_on_every_terminal(
    palettes: list[Palette], width: int, height: int, check_lines: Callable
) -> None:
    for palette in palettes:
        lines = variance_table(CARRIED, width=width, height=height, palette=palette)
        assert len(lines) <= height
        check_lines(lines, width, palette)
