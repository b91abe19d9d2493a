"""What a terminal can show, read from its environment; nothing is asked of the terminal itself.

The colour depth is decided as rich and Textual decide it, so that the levels chosen here are those that
arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Colors = Literal["truecolor", "256", "16", "none"]


@dataclass(frozen=True)
class Capabilities:
    """`colors` the terminal has, and whether it shows more `unicode` than ASCII (blocks, braille, arrows)."""

    colors: Colors = "truecolor"
    unicode: bool = True

    @property
    def blends(self) -> bool:
        """Whether backgrounds come in enough colours to carry the levels of a heat map by themselves."""
        return self.colors in {"truecolor", "256"}


def capabilities_from(environ: Mapping[str, str], encoding: str | None = None) -> Capabilities:
    """From the environment and the encoding of standard output. Ask before Textual takes NO_COLOR away."""
    return Capabilities(_colors(environ), _unicode(environ, encoding))


def _colors(environ: Mapping[str, str]) -> Colors:
    term = environ.get("TERM", "").strip().lower()
    # Textual takes NO_COLOR as set also where it is empty, and would turn our colours into greys.
    if "NO_COLOR" in environ or term in {"dumb", "unknown"}:
        return "none"
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return "truecolor"
    return "256" if term.rpartition("-")[2] in {"256color", "kitty"} else "16"


def _unicode(environ: Mapping[str, str], encoding: str | None) -> bool:
    # The font of the Linux console has 256 or 512 glyphs: neither braille nor eighths of a block.
    if environ.get("TERM", "").strip().lower() in {"linux", "dumb"}:
        return False
    if encoding is not None and "utf" not in encoding.lower():
        return False
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "UTF-8")
    return "utf" in locale.lower() or ("." not in locale and locale not in {"C", "POSIX"})
