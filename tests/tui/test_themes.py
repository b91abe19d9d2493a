"""Themes that can be read: contrast by the formula of WCAG 2, and one that needs no colour."""

from __future__ import annotations

from typing import Literal

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from lstm_tui.charts.capabilities import Capabilities, Colors
from lstm_tui.charts.palette import Palette, palette_for
from lstm_tui.tui.ink import ink_for
from lstm_tui.tui.themes import DARK, LIGHT, MONO, THEME_WORDS, Colourless, theme_after

#: Level AA, for text of ordinary size; and for what is drawn.
TEXT, DRAWING = 4.5, 3.0


def brightness(color: tuple[int, int, int]) -> float:
    parts = [part / 255 for part in color]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str | None, other: str | None) -> float:
    assert one is not None
    assert other is not None
    low, high = sorted(brightness(Color.parse(each).rgb) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def palette(theme: Theme, colors: Colors) -> Palette:
    shade: Literal["dark", "light"] = "dark" if theme.dark else "light"
    return palette_for(shade, Capabilities(colors), theme.background, theme.foreground)


def color_of(style: Style, theme: Theme) -> str:
    return style.color.get_truecolor().hex if style.color is not None else theme.foreground or ""


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_text_of_dialogues_and_screens_can_be_read(theme: Theme) -> None:
    for ground in (theme.background, theme.surface):
        for role in (theme.foreground, theme.primary, theme.accent, theme.error, theme.success):
            assert contrast(role, ground) >= TEXT, (role, ground)
    assert contrast(theme.foreground, theme.panel) >= TEXT


@pytest.mark.parametrize("colors", ["truecolor", "256"])
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_every_ink_can_be_read(theme: Theme, colors: Colors) -> None:
    ink = ink_for(palette(theme, colors))
    for role, style in vars(ink).items():
        assert contrast(color_of(style, theme), theme.background) >= TEXT, role


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_every_line_of_a_plot_can_be_seen(theme: Theme) -> None:
    lines = palette(theme, "256")
    for style in (*lines.series, lines.target):
        assert contrast(color_of(style, theme), theme.background) >= DRAWING


def test_what_the_light_and_the_dark_theme_dim_can_be_read_too() -> None:
    """`auto 60%`: black or white, three fifths of the way from the ground."""
    for theme in (DARK, LIGHT):
        for ground in (theme.surface, theme.panel):
            assert ground is not None
            back = Color.parse(ground)
            assert contrast(back.blend(back.get_contrast_text(1.0), 0.6).hex, ground) >= TEXT


def test_without_colour_no_colour_is_sent() -> None:
    segments = [
        Segment("bar", Style.parse("bold #000000 on #ffffff")),
        Segment("text", Style.parse("dim #aaaaaa on #000000")),
        Segment("plain", Style.parse("reverse red")),
    ]
    drawn = Colourless().apply(segments, Color(0, 0, 0))
    assert [each.text for each in drawn] == ["bar", "text", "plain"]
    styles = [each.style for each in drawn]
    assert styles == [Style(bold=True, reverse=True), Style(dim=True), Style(reverse=True)]


def test_without_colour_roles_differ_by_weight() -> None:
    ink = ink_for(palette_for("dark", Capabilities("none")))
    for style in vars(ink).values():
        assert style.color is None
        assert style.bgcolor is None
    assert ink.dim.dim
    assert ink.strong.bold
    assert ink.here.bold
    assert ink.bad.bold


def test_a_key_goes_through_all_themes() -> None:
    word, seen = "dark", []
    for _ in THEME_WORDS:
        seen.append(word)
        word = theme_after(word)
    assert sorted(seen) == sorted(THEME_WORDS)
    assert word == "dark"
    assert MONO.name == "lstm-mono"
