"""The few styles that panes write in, by role; all are the charts' own: a screen has one set of colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style

from lstm_tui.charts.palette import Palette

_BOLD = Style(bold=True)


@dataclass(frozen=True)
class Ink:
    """Plain text, dim asides, strong facts, titles, what the cursor is on, good and bad news."""

    plain: Style
    dim: Style
    strong: Style
    title: Style
    here: Style
    good: Style
    warn: Style
    bad: Style


@lru_cache(maxsize=8)
def ink_for(palette: Palette) -> Ink:
    """The ink of this palette."""
    series = palette.series
    return Ink(
        plain=palette.text,
        dim=palette.faint,
        strong=palette.strong,
        title=series[0] + _BOLD,
        here=palette.cursor,
        good=series[min(2, len(series) - 1)],
        warn=palette.cursor,
        bad=palette.warning,
    )
