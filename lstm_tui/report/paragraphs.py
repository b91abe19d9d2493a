"""Text of reports in lines that read well in any terminal."""

from __future__ import annotations

import textwrap

_WIDTH = 80


def paragraph(text: str, indent: str = "", *, hanging: str | None = None) -> list[str]:
    """Lines of at most 80 columns. hanging: the indent of all but the first, where that is another."""
    below = indent if hanging is None else hanging
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=below)
