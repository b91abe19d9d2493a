"""Two themes, for dark and for light terminals. Few colours, high contrast, nothing that blinks."""

from __future__ import annotations

from textual.theme import Theme

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
    secondary="#3f7d20",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#b3123a",
    success="#3f7d20",
    foreground="#1f2530",
    background="#fbfbf8",
    surface="#f1f1ec",
    panel="#e3e4df",
    variables={"footer-key-foreground": "#8a5a00"},
)

THEMES = (DARK, LIGHT)
