"""Three themes: for dark terminals, for light ones, one without colour. High contrast, nothing that blinks.

Text has a contrast of at least 4.5 to what it stands on (WCAG 2, level AA). Without colour the terminal's own
two colours are all there is: what a colour would say is said by a mark, by bold, dim or reversed text.
"""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

from lstm_tui.tui.settings import THEME_WORDS

DARK = Theme(
    name="lstm-dark",
    dark=True,
    primary="#7aa2f7",
    secondary="#9ece6a",
    accent="#e0af68",
    warning="#e0af68",
    error="#f7768e",
    success="#9ece6a",
    foreground="#c8d0e0",
    background="#12151c",
    surface="#181c25",
    panel="#222836",
    variables={"footer-key-foreground": "#e0af68"},
)

LIGHT = Theme(
    name="lstm-light",
    dark=False,
    primary="#2a5db0",
    secondary="#356b18",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#b3123a",
    success="#356b18",
    foreground="#1f2530",
    background="#fbfbf8",
    surface="#f1f1ec",
    panel="#e3e4df",
    variables={"footer-key-foreground": "#8a5a00"},
)

#: Its colours are never sent: all is white on black, and what is black on white comes out reversed.
MONO = Theme(
    name="lstm-mono",
    dark=True,
    primary="#ffffff",
    secondary="#ffffff",
    accent="#ffffff",
    warning="#ffffff",
    error="#ffffff",
    success="#ffffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
)

THEMES = (DARK, LIGHT, MONO)


def theme_after(word: str) -> str:
    """The next one."""
    return THEME_WORDS[(THEME_WORDS.index(word) + 1) % len(THEME_WORDS)]


class Colourless(LineFilter):
    """Takes the colours out of drawing: bold and dim text stays so; what stands on white is reversed."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same text."""
        del background
        return [
            Segment(text, _without_colour(style) if style is not None else None, control)
            for text, style, control in segments
        ]


#: Of red, green and blue together.
_MIDDLE = 384


@lru_cache(maxsize=1024)
def _without_colour(style: Style) -> Style:
    ground = style.bgcolor.triplet if style.bgcolor is not None else None
    is_light = ground is not None and sum(ground) > _MIDDLE
    return style.without_color + Style(reverse=True) if is_light else style.without_color
