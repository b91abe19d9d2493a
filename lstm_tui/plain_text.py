"""Text from files made safe to print: a layer's name or an error message may come from anyone.

Control characters move the cursor, escape sequences write to the clipboard, bidirectional overrides make
a name read as another. All of them are replaced, never interpreted. What this module does not do: markup.
Styled text is built from `rich` objects, never parsed from strings.
"""

from __future__ import annotations

import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: object, limit: int = 200) -> str:
    """`text` on one line: control characters as a visible `·`, white space folded, at most `limit` characters."""
    folded = " ".join(str(text).split())
    safe = "".join("·" if _is_unsafe(character) else character for character in folded)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def many_lines(text: object, limit: int = 4000) -> str:
    """`text` with its line breaks kept and every line made safe, at most `limit` characters in all."""
    lines = (one_line(line.expandtabs(4), limit) for line in str(text).splitlines())
    safe = "\n".join(lines)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def _is_unsafe(character: str) -> bool:
    return character in _BIDI or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
