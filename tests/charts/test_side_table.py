"""One unit on both sides: rows and columns that stay where they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.side_table import side_table

SERIES = ("h", "c", "i", "f", "g", "o")
VALUES = {name: (0.25 * place, -0.5, -0.5 - 0.25 * place) for place, name in enumerate(SERIES)}


def test_the_series_that_is_shown_keeps_its_column_where_few_fit(plain: Palette) -> None:
    lines = side_table([(3, VALUES)], SERIES, width=30, palette=plain, here="o", selected=3)
    shown = [plain_text(line).split() for line in lines]
    assert shown[0] == ["unit", "h", "o"]
    assert [row[-1] for row in shown[1:]] == ["1.2500", "-0.5000", "-1.7500"]


def test_every_palette_and_width_gets_whole_lines(
    palettes: list[Palette], check_lines: Callable[[Sequence[Line], int, Palette], None]
) -> None:
    broken = {**VALUES, "c": (math.inf, 0.5, math.nan)}
    for palette in palettes:
        for width in (8, 20, 40, 80, 200):
            lines = side_table(
                [(0, VALUES), (127, broken)], SERIES, width=width, palette=palette, here="c", selected=127
            )
            assert len(lines) == 7
            check_lines(lines, width, palette)
            assert width < 20 or "NaN" in plain_text(lines[-1])
