"""Text from files made safe to print: a layer's name or an error message may come from anyone.

Control characters move the cursor, escape sequences write to the clipboard, bidirectional overrides make
a name read as another. All of them are replaced, never interpreted. What this module does not do: markup.
Styled text is built from `rich` objects, never parsed from strings.
"""

from __future__ import annotations

import re
import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_LABEL = re.compile(r"\w[\w ]{0,20}:\s")


def one_line(text: object, limit: int = 200) -> str:
    """`text` on one line: control characters as `·`, white space folded, at most `limit` characters."""
    folded = " ".join(str(text).split())
    safe = "".join("·" if _is_unsafe(character) else character for character in folded)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def many_lines(text: object, limit: int = 4000) -> str:
    """`text` with its line breaks kept and every line made safe, at most `limit` characters in all."""
    lines = (one_line(line.expandtabs(4), limit) for line in str(text).splitlines())
    safe = "\n".join(lines)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


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
