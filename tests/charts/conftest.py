"""What holds for every line of every chart, on every kind of terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from rich.cells import cell_len
from rich.style import Style

from lstm_tui.charts.capabilities import Capabilities
from lstm_tui.charts.lines import Line
from lstm_tui.charts.palette import Palette, palette_for

ALL_PALETTES = [
    palette_for(theme, Capabilities(colors, unicode), background, "#e0e0e0" if background else None)
    for theme in ("dark", "light")
    for colors in ("truecolor", "256", "16", "none")
    for unicode in (True, False)
    for background in (None, "#1e1e1e")
]


@pytest.fixture(scope="session")
def palettes() -> list[Palette]:
    return ALL_PALETTES


@pytest.fixture(scope="session")
def plain() -> Palette:
    """No colours, ASCII: what golden text is written in."""
    return palette_for("dark", Capabilities("none", unicode=False))


@pytest.fixture(scope="session")
def colored() -> Palette:
    return palette_for("dark", Capabilities("truecolor", unicode=True))


@pytest.fixture(scope="session")
def check_lines() -> Callable[[Sequence[Line], int, Palette], None]:
    return _check_lines


def _check_lines(lines: Sequence[Line], width: int, palette: Palette) -> None:
    for line in lines:
        assert sum(cell_len(segment.text) for segment in line) == width
        for segment in line:
            assert isinstance(segment.style, Style)
            assert segment.text
            assert "\n" not in segment.text and "\x1b" not in segment.text
            assert palette.capabilities.unicode or segment.text.isascii()
            if palette.capabilities.colors == "none":
                assert segment.style.color is None and segment.style.bgcolor is None
        for left, right in pairwise(line):
            assert left.style != right.style
