"""The colours of heat maps: levels, lowest first, at most 16 of them so that equal neighbours merge.

Zero (a shut gate, an idle unit) lies near the background and prominence grows with magnitude: towards bright
on a dark screen, towards deep on a light one. Neighbouring levels are equally far apart in OKLab (Ottosson
2020), lightness alone already orders them, and blue against orange stays apart for colour-blind eyes. The
tables were computed; `tests/charts/test_palette.py` holds the measure. With 256 colours there are fewer
levels, taken from the entries that rich keeps on the way through 24-bit colour, which is what Textual sends.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from rich.color_triplet import ColorTriplet

Theme = Literal["dark", "light"]
Kind = Literal["sequential", "diverging"]


class RampColors(NamedTuple):
    """`sequential` from least to most, `diverging` from most negative over zero to most positive."""

    sequential: tuple[ColorTriplet, ...]
    diverging: tuple[ColorTriplet, ...]


def _hex(words: str) -> tuple[ColorTriplet, ...]:
    return tuple(ColorTriplet(*bytes.fromhex(word)) for word in words.split())


def _cube(*indices: int) -> tuple[ColorTriplet, ...]:
    """Entries of the 256-colour table: the 6×6×6 cube from 16, the grey ramp from 232."""
    return tuple(_grey(index) if index >= 232 else _cube_entry(index - 16) for index in indices)


def _grey(index: int) -> ColorTriplet:
    value = 8 + 10 * (index - 232)
    return ColorTriplet(value, value, value)


def _cube_entry(position: int) -> ColorTriplet:
    steps = (0, 95, 135, 175, 215, 255)
    return ColorTriplet(steps[position // 36], steps[position // 6 % 6], steps[position % 6])


TRUECOLOR: dict[Theme, RampColors] = {
    "dark": RampColors(
        _hex(
            "211f2f 2b244a 362c64 3f3b77 3d4d89 356096 2a739f 2286a3"
            " 2b97a3 3ba9a3 46bba3 5ccb9f 80d999 a6e494 ccee93 f0f79b"
        ),
        _hex(
            "aae1f8 74c8f5 53aae4 418ac9 306dab 2b5283 263b59 262629"
            " 542f1c 7b3d19 a1501c c36a2b e0883a f2ac59 f9d28a"
        ),
    ),
    "light": RampColors(
        _hex(
            "f3f6df ddedc4 bfe5b4 a1d9b0 85ccae 6cbead 55afaa 419fa6"
            " 328fa2 2b7fa1 326ea0 3c5c9a 3d4b8e 3b3a80 352971 2c1a62"
        ),
        _hex(
            "193d79 1e569d 2972bc 4190d4 61ade8 8dc7f1 bfdef8 f4f4f4"
            " f8d5b3 f0b67a e7934b ce7536 b35820 934015 702f13"
        ),
    ),
}

CUBE_256: dict[Theme, RampColors] = {
    "dark": RampColors(
        _cube(235, 54, 61, 67, 73, 115, 157, 230),
        _cube(195, 117, 74, 31, 24, 236, 94, 166, 208, 215, 223),
    ),
    "light": RampColors(
        _cube(230, 157, 115, 73, 67, 61, 54, 17),
        _cube(18, 25, 32, 75, 153, 231, 223, 215, 172, 130, 88),
    ),
}

#: Where colours cannot carry a level, lowest first; the first is not a space, so that a page has an edge.
SHADES = "·░▒▓█"
ASCII_SHADES = ".:-=+*#%@"
#: Without any colour the sign has to be in the character, equally dark on both sides of zero: level strokes
#: for negative, crossed ones for positive.
SIGNED_SHADES = "≡=-·+*#"
ASCII_SIGNED_SHADES = "%=-.+*#"
