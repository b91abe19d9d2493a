from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.color import ColorSystem
from rich.style import Style

from lstm_tui.charts.capabilities import Capabilities, capabilities_from
from lstm_tui.charts.palette import Palette, Ramp, palette_for

THEMES = ("dark", "light")


def oklab(ramp: Ramp) -> NDArray[np.float64]:
    """Levels in OKLab (Ottosson 2020), where equal distances look equal."""
    triplets = [ink.style.bgcolor.triplet for ink in ramp.inks if ink.style.bgcolor]
    srgb = np.array([tuple(triplet) for triplet in triplets if triplet]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    cone = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.cbrt(linear @ cone.T) @ lab.T


def steps_of(ramp: Ramp) -> NDArray[np.float64]:
    return np.linalg.norm(np.diff(oklab(ramp), axis=0), axis=1)


def prominence(ramp: Ramp, theme: str) -> NDArray[np.float64]:
    lightness = oklab(ramp)[:, 0]
    return lightness if theme == "dark" else -lightness


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("colors", "evenness"), [("truecolor", 1.25), ("256", 2.6)])
def test_levels_are_evenly_apart(theme: str, colors: str, evenness: float) -> None:
    palette = palette_for(theme, Capabilities(colors))
    for ramp in (palette.sequential, palette.diverging):
        steps = steps_of(ramp)
        assert 2 < len(ramp.inks) <= 16
        assert steps.max() / steps.min() < evenness
        assert steps.min() > 0.04  # twice what is just noticed side by side


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("colors", ["truecolor", "256"])
def test_magnitude_is_prominence(theme: str, colors: str) -> None:
    palette = palette_for(theme, Capabilities(colors))
    assert (np.diff(prominence(palette.sequential, theme)) > 0).all()
    away_from_zero = prominence(palette.diverging, theme)
    middle = len(away_from_zero) // 2
    assert len(away_from_zero) % 2 == 1
    assert (np.diff(away_from_zero[middle:]) > 0).all()
    assert (np.diff(away_from_zero[: middle + 1]) < 0).all()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("colors", ["truecolor", "256"])
def test_the_sign_is_in_the_hue(theme: str, colors: str) -> None:
    lab = oklab(palette_for(theme, Capabilities(colors)).diverging)
    middle = len(lab) // 2
    blueness = -lab[:, 2]
    assert (blueness[:middle] > 0.01).all()
    assert (blueness[middle + 1 :] < -0.01).all()
    assert np.abs(lab[middle, 1:]).max() < 0.02


@pytest.mark.parametrize("theme", THEMES)
def test_256_colours_survive_the_way_through_24_bit(theme: str) -> None:
    palette = palette_for(theme, Capabilities("256"))
    styles = [ink.style for ramp in (palette.sequential, palette.diverging) for ink in ramp.inks]
    sent = [sgr(style, ColorSystem.EIGHT_BIT) for style in styles]
    for style, code in zip(styles, sent, strict=True):
        number = int(code.rpartition(";")[2])
        color = style.bgcolor
        assert color and color.triplet and tuple(color.triplet) == xterm(number)
    assert len({*sent}) == len(palette.sequential.inks) + len(palette.diverging.inks)


@pytest.mark.parametrize("theme", THEMES)
def test_16_colours_use_only_the_terminal_s_own(theme: str) -> None:
    palette = palette_for(theme, Capabilities("16"))
    ramps = (*palette.sequential.inks, *palette.diverging.inks)
    for style in (*(ink.style for ink in ramps), palette.faint, palette.cursor, *palette.series):
        code = sgr(style, ColorSystem.STANDARD)
        assert "38;" not in code and "48;" not in code


def test_a_short_code_where_colours_are_few() -> None:
    long, short = (palette_for("dark", Capabilities(colors)) for colors in ("truecolor", "256"))
    assert max(len(sgr(ink.style, ColorSystem.EIGHT_BIT)) for ink in short.sequential.inks) <= len("48;5;250")
    assert max(len(sgr(ink.style, ColorSystem.TRUECOLOR)) for ink in long.sequential.inks) > len("48;5;250")


def test_without_colours_characters_tell_levels_and_signs(plain: Palette) -> None:
    for palette in (plain, palette_for("light", Capabilities("none"))):
        for ramp in (palette.sequential, palette.diverging):
            characters = [ink.character for ink in ramp.inks]
            assert len(set(characters)) == len(characters)
            assert " " not in characters


def test_the_same_arguments_give_the_same_palette() -> None:
    capabilities = Capabilities("256", unicode=True)
    assert palette_for("dark", capabilities) is palette_for("dark", Capabilities("256", unicode=True))
    assert palette_for("dark", capabilities) is not palette_for("light", capabilities)


def test_text_carries_the_background_it_stands_on() -> None:
    palette = palette_for("dark", Capabilities(), "#1e1e1e", "#e0e0e0")
    for style in (palette.text, palette.faint, palette.cursor, palette.warning, *palette.series):
        assert style.bgcolor and style.bgcolor.triplet and style.bgcolor.triplet.hex == "#1e1e1e"
    assert palette.text.color and palette.text.color.triplet and palette.text.color.triplet.hex == "#e0e0e0"
    assert palette_for("dark", Capabilities("none"), "#1e1e1e", "#e0e0e0").text == Style()


@pytest.mark.parametrize(
    ("environ", "encoding", "colors", "unicode"),
    [
        (
            {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_US.UTF-8"},
            "utf-8",
            "truecolor",
            True,
        ),
        ({"TERM": "tmux-256color", "LANG": "C.UTF-8"}, "utf-8", "256", True),
        ({"TERM": "xterm-kitty"}, "utf-8", "256", True),
        ({"TERM": "xterm"}, None, "16", True),
        ({"TERM": "xterm", "COLORTERM": "24bit"}, "UTF-8", "truecolor", True),
        ({"TERM": "linux", "LANG": "en_US.UTF-8"}, "utf-8", "16", False),
        ({"TERM": "dumb"}, "utf-8", "none", False),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "utf-8", "none", True),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "utf-8", "none", True),
        ({"TERM": "xterm-256color"}, "iso8859-1", "256", False),
        ({"TERM": "xterm-256color", "LANG": "de_DE.ISO-8859-1"}, "utf-8", "256", False),
        ({"TERM": "xterm-256color", "LANG": "de_DE"}, "utf-8", "256", True),
        ({"TERM": "xterm-256color", "LC_ALL": "C", "LANG": "en_US.UTF-8"}, "utf-8", "256", False),
        ({"TERM": "xterm-256color", "LC_ALL": "", "LC_CTYPE": "UTF-8", "LANG": "C"}, "utf-8", "256", True),
        ({}, None, "16", True),
    ],
)
def test_capabilities(environ: dict[str, str], encoding: str | None, colors: str, unicode: bool) -> None:
    assert capabilities_from(environ, encoding) == Capabilities(colors, unicode)


def sgr(style: Style, system: ColorSystem) -> str:
    """The parameters that a terminal is sent for a style."""
    return style.render("x", color_system=system).partition("m")[0].removeprefix("\x1b[")


def xterm(number: int) -> tuple[int, int, int]:
    """Entry of the 256-colour table."""
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    steps = (0, 95, 135, 175, 215, 255)
    place = number - 16
    return steps[place // 36], steps[place // 6 % 6], steps[place % 6]
