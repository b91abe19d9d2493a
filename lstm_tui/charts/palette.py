"""Every style and character that the charts use, for one theme on one terminal.

A `Palette` is made once by `palette_for` and passed to each chart; charts name roles (`warning`, `cursor`),
never colours. With `background` given, text carries it: a line is then complete and needs no second pass that
would also repeat the text colour in every cell of a heat map, which doubles its bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.style import Style

from lstm_tui.charts import ramps
from lstm_tui.charts.capabilities import Capabilities
from lstm_tui.charts.ramps import Kind, Theme
from lstm_tui.plain_text import one_line


@dataclass(frozen=True, eq=False)
class Ink:
    """How one value looks: a character of one cell and its style."""

    character: str
    style: Style


@dataclass(frozen=True, eq=False)
class Ramp:
    """The levels of a heat map, lowest first. `masked`: the same levels where the step does not count.

    by_background: the level is in the background colour alone, so that a half block can show two.
    """

    inks: tuple[Ink, ...]
    masked: tuple[Ink, ...]
    by_background: bool


@dataclass(frozen=True)
class Glyphs:
    """The characters of a chart that are not levels. `eighths` fill a cell from below, empty first."""

    nan: str = "×"
    above: str = "▲"
    below: str = "▼"
    cursor: str = "▲"
    tick: str = "╵"
    selected: str = "▸"
    masked: str = "·"
    eighths: str = " ▁▂▃▄▅▆▇█"
    dash: str = "┄┄"
    line: str = "──"
    ellipsis: str = "…"
    delta: str = "Δ"
    arrow: str = "→"
    dot: str = "·"


UNICODE_GLYPHS = Glyphs()
ASCII_GLYPHS = Glyphs(
    nan="x",
    above="^",
    below="v",
    cursor="^",
    tick="|",
    selected=">",
    masked=".",
    eighths=" .:-=+*#@",
    dash="..",
    line="--",
    ellipsis="~",
    delta="d",
    arrow="->",
    dot="-",
)


@dataclass(frozen=True, eq=False, repr=False)
class Palette:
    """Styles by role. Compared by identity: `palette_for` gives the same one for the same arguments."""

    theme: Theme
    capabilities: Capabilities
    glyphs: Glyphs
    sequential: Ramp
    diverging: Ramp
    text: Style
    faint: Style
    strong: Style
    cursor: Style
    warning: Style
    #: For a value that is not a number, in the middle of a heat map.
    broken: Style
    #: One line of a plot each; the first is the prediction's.
    series: tuple[Style, ...]
    #: What the model was to predict.
    target: Style

    def ramp(self, kind: Kind) -> Ramp:
        """The ramp for gates (`sequential`) or for states and candidates (`diverging`)."""
        return self.sequential if kind == "sequential" else self.diverging

    def word(self, name: str, limit: int = 30) -> str:
        """A name from a file as this terminal can show it: one line, ASCII where it knows no more."""
        safe = one_line(name, limit)
        return safe if self.capabilities.unicode else safe.encode("ascii", "replace").decode()


@dataclass(frozen=True)
class _Roles:
    """Foreground colours of one theme at one depth, as hexadecimal words; empty is the terminal's own."""

    text: str
    faint: str
    cursor: str
    warning: str
    series: str
    target: str
    #: Of characters in a heat map, where those carry the level.
    sequential: str = ""
    negative: str = ""
    positive: str = ""


# All of them survive on 256 colours; the 16 are rich's table, which maps them back to the terminal's own.
_DARK = _Roles(
    text="",
    faint="8a8a8a",
    cursor="ffd75f",
    warning="ff5faf",
    series="5fafff ff875f afd75f d787ff 5fd7d7",
    target="bcbcbc",
)
_LIGHT = _Roles(
    text="",
    faint="6c6c6c",
    cursor="af5f00",
    warning="d70087",
    series="005faf af5f00 005f00 8700af 008787",
    target="585858",
)
_DARK_16 = _Roles(
    text="",
    faint="aaaaaa",
    cursor="ffff55",
    warning="ff55ff",
    series="55ffff ffff55 55ff55 ff55ff ff5555",
    target="aaaaaa",
    sequential="55ffff",
    negative="5555ff",
    positive="ffff55",
)
_LIGHT_16 = _Roles(
    text="",
    faint="555555",
    cursor="aa0000",
    warning="aa00aa",
    series="0000aa aa0000 00aa00 aa00aa 00aaaa",
    target="555555",
    sequential="00aaaa",
    negative="0000aa",
    positive="aa0000",
)
_NONE = _Roles(text="", faint="", cursor="", warning="", series="", target="")


@lru_cache(maxsize=32)
def palette_for(
    theme: Theme, capabilities: Capabilities, background: str | None = None, foreground: str | None = None
) -> Palette:
    """The palette of a theme on a terminal; `background`, `foreground` (`#1e1e1e`) as in the text around."""
    roles = _roles(theme, capabilities)
    ground = None if capabilities.colors == "none" else _color(background)
    text = Style(color=_color(foreground) if ground else None, bgcolor=ground)

    def role(word: str, *, bold: bool | None = None, dim: bool | None = None) -> Style:
        return text + Style(color=_color(word), bold=bold, dim=dim)

    colorless = True if capabilities.colors == "none" else None
    return Palette(
        theme=theme,
        capabilities=capabilities,
        glyphs=UNICODE_GLYPHS if capabilities.unicode else ASCII_GLYPHS,
        sequential=_sequential(theme, capabilities, roles, text),
        diverging=_diverging(theme, capabilities, roles, text),
        text=text,
        faint=role(roles.faint, dim=colorless),
        strong=role(roles.text, bold=True),
        cursor=role(roles.cursor, bold=True),
        warning=role(roles.warning, bold=True),
        broken=role(roles.warning, bold=True) + Style(reverse=colorless),
        series=tuple(role(word) for word in roles.series.split()) or (role(roles.text, bold=True),),
        target=role(roles.target, dim=colorless),
    )


def _roles(theme: Theme, capabilities: Capabilities) -> _Roles:
    if capabilities.colors == "none":
        return _NONE
    dark = theme == "dark"
    if capabilities.colors == "16":
        return _DARK_16 if dark else _LIGHT_16
    return _DARK if dark else _LIGHT


def _color(word: str | None) -> Color | None:
    return Color.from_triplet(ColorTriplet(*bytes.fromhex(word.lstrip("#")))) if word else None


def _sequential(theme: Theme, capabilities: Capabilities, roles: _Roles, text: Style) -> Ramp:
    if capabilities.blends:
        return _background_ramp(_table(theme, capabilities).sequential, theme)
    shades = ramps.SHADES if capabilities.unicode else ramps.ASCII_SHADES
    return _character_ramp([(shade, roles.sequential) for shade in shades], text)


def _diverging(theme: Theme, capabilities: Capabilities, roles: _Roles, text: Style) -> Ramp:
    if capabilities.blends:
        return _background_ramp(_table(theme, capabilities).diverging, theme)
    if capabilities.colors == "16":
        shades = ramps.SHADES if capabilities.unicode else ramps.ASCII_SHADES
        negative = [(shade, roles.negative) for shade in reversed(shades[1:])]
        return _character_ramp(negative + [(shade, roles.positive) for shade in shades], text)
    signed = ramps.SIGNED_SHADES if capabilities.unicode else ramps.ASCII_SIGNED_SHADES
    return _character_ramp([(shade, "") for shade in signed], text)


def _table(theme: Theme, capabilities: Capabilities) -> ramps.RampColors:
    return (ramps.TRUECOLOR if capabilities.colors == "truecolor" else ramps.CUBE_256)[theme]


def _background_ramp(colors: tuple[ColorTriplet, ...], theme: Theme) -> Ramp:
    return Ramp(
        inks=tuple(Ink(" ", Style(bgcolor=Color.from_triplet(color))) for color in colors),
        masked=tuple(
            Ink(" ", Style(bgcolor=Color.from_triplet(_receding(color, theme)))) for color in colors
        ),
        by_background=True,
    )


def _receding(color: ColorTriplet, theme: Theme) -> ColorTriplet:
    """Two thirds of the way to grey near the background: the level can still be read, but it steps back."""
    ground = 30 if theme == "dark" else 235
    grey = sum(color) / 3
    red, green, blue = (int((part + grey) / 2 * 0.4 + ground * 0.6) for part in color)
    return ColorTriplet(red, green, blue)


def _character_ramp(levels: list[tuple[str, str]], text: Style) -> Ramp:
    styles = {word: text + Style(color=_color(word)) for _, word in levels}
    dim = {word: style + Style(dim=True) for word, style in styles.items()}
    return Ramp(
        inks=tuple(Ink(shade, styles[word]) for shade, word in levels),
        masked=tuple(Ink(shade, dim[word]) for shade, word in levels),
        by_background=False,
    )
