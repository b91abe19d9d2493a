"""Text from files made safe to print: a layer's name or an error message may come from anyone.

Control characters move the cursor, escape sequences write to the clipboard, bidirectional overrides make
a name read as another. All of them are replaced, never interpreted. A terminal that shows nothing but ASCII
gets for each character the one that looks most like it. What this module does not do: markup. Styled text is
built from `rich` objects, never parsed from strings.
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from typing import TextIO

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

#: What stands for a character where only ASCII can be shown: one cell for one cell, so that columns stay.
_LOOKS_LIKE = {
    "·": "-", "…": "~", "→": ">", "←": "<", "↑": "^", "↓": "v", "▸": ">", "▲": "^", "▼": "v", "✗": "x",
    "✓": "+", "×": "x", "–": "-", "—": "-", "−": "-", "‖": "|", "Δ": "d", "Σ": "S", "≡": "=", "±": "~",
    "°": "o", "┄": ".", "‘": "'", "’": "'", "“": '"', "”": '"', "≤": "<", "≥": ">", "≈": "~", "░": ".",
    "▒": "+", "▓": "#",
    "●": "*", "○": "o",
}  # fmt: skip
_LABEL = re.compile(r"[^\W\d_a-z][\w ]{0,20}:\s")


def one_line(text: object, limit: int = 200) -> str:
    """`text` on one line: control characters as `·`, white space folded, at most `limit` characters."""
    folded = " ".join(str(text).split())
    safe = "".join("·" if _is_unsafe(character) else character for character in folded)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def ending(text: str, limit: int) -> str:
    """`text` without its beginning where it is longer than `limit` characters: `…ward_lstm h[10]`."""
    return text if len(text) <= limit else f"…{text[len(text) - limit + 1 :]}"


def many_lines(text: object, limit: int = 4000) -> str:
    """`text` with its line breaks kept and every line made safe, at most `limit` characters in all."""
    lines = (one_line(line.expandtabs(4), limit) for line in str(text).splitlines())
    safe = "\n".join(lines)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def cells(text: str) -> int:
    """Columns that `text` takes in a terminal: East Asian characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in {"W", "F"} for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def aligned_lines(text: str) -> str:
    """`text`, composed here, with its columns kept and every character made safe."""
    return "\n".join(
        "".join("·" if _is_unsafe(character) else character for character in line)
        for line in text.splitlines()
    )


def paragraphs(text: str) -> list[str]:
    """`text` reflowed: lines joined until an empty one, or one that begins like `Why: …`."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if not line.strip() or _LABEL.match(line):
            blocks.append([])
        if line.strip():
            blocks[-1].append(line)
    return [one_line(" ".join(block), 4000) for block in blocks if block]


def _is_unsafe(character: str) -> bool:
    return character in _BIDI or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def in_ascii(text: str) -> str:
    """`text` with every character that is not ASCII replaced, in as many cells: `─` by `-`, `é` by `e`."""
    return text if text.isascii() else text.translate(_ASCII)


class _Ascii(dict[int, str]):
    """By code point, filled as characters come: for `str.translate`."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        self[point] = character if character.isascii() else _nearest_ascii(character)
        return self[point]


_ASCII = _Ascii()


def _nearest_ascii(character: str) -> str:
    """What looks like it, what it is composed of, or `?`; nothing for what takes no cell."""
    known = _LOOKS_LIKE.get(character) or _part_of_a_frame(unicodedata.name(character, ""))
    if known:
        return known
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return ""
    cells = 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
    parts = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return parts if len(parts) == cells else "?" * cells


def _part_of_a_frame(name: str) -> str:
    """ASCII for what frames, rules and scroll bars are drawn with, by Unicode's name of the character."""
    words = set(name.split())
    level, upright = words & {"HORIZONTAL", "LEFT", "RIGHT"}, words & {"VERTICAL", "UP", "DOWN"}
    if name.startswith("BOX DRAWINGS "):
        return "-" if not upright else "|" if not level else "+"
    if not name.endswith(" BLOCK"):
        return ""
    return "|" if level else "_" if "LOWER" in words else "-" if "UPPER" in words else "#"


def let_streams_fall_back(*streams: TextIO) -> None:
    """A character that a stream's encoding has not becomes the ASCII that looks most like it."""
    codecs.register_error("like-it", _like_it)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="like-it")


def _like_it(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return in_ascii(error.object[error.start : error.end]), error.end
