"""Lines of exactly one pane's width from pieces of styled text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from lstm_tui.charts.lines import Line, fitted
from lstm_tui.plain_text import one_line

Piece = tuple[str, Style]


def line(pieces: Sequence[Piece], width: int) -> Line:
    """The pieces side by side, filled to `width` cells or cut there with an ellipsis."""
    segments = []
    left = width
    for text, style in pieces:
        size = cell_len(text)
        if size <= left:
            segments.append(Segment(text, style))
        elif left > 0:
            segments.append(Segment(set_cell_size(text, left - 1) + "…", style))
        left -= min(size, left)
    return fitted(segments, width, pieces[-1][1] if pieces else Style())


def two_ends(left: Sequence[Piece], right: Sequence[Piece], width: int, fill: Style) -> Line:
    """`left` at the left end and `right` at the right end; the left gives way where both do not fit."""
    room = width - sum(cell_len(text) for text, _ in right)
    if room < 4:
        return line([*left, (" ", fill), *right], width)
    return fitted(
        [*line([*left, ("", fill)], room - 1), Segment(" ", fill), *(Segment(*piece) for piece in right)],
        width,
        fill,
    )


def heading(
    title: str, aside: str | Sequence[str], width: int, title_style: Style, rule_style: Style
) -> Line:
    """`── title  aside ─────`: the top of a pane. Of several asides the first that fits, else the last."""
    pieces = [("── ", rule_style), (title, title_style)]
    room = width - cell_len(title) - 5
    asides = [aside] if isinstance(aside, str) else list(aside)
    chosen = next((each for each in asides if cell_len(each) <= room), asides[-1])
    if chosen:
        pieces.append((f"  {chosen}", rule_style))
    used = sum(cell_len(text) for text, _ in pieces)
    return line([*pieces, (" " + "─" * max(width - used - 1, 0), rule_style)], width)


def wrapped(text: str, style: Style, width: int, most_lines: int, indent: int = 0) -> list[Line]:
    """`text` in at most `most_lines` lines of `width`, the last with an ellipsis where it is cut.

    indent: of the lines after the first.
    """
    lines = textwrap.wrap(
        one_line(text, 1000),
        max(width, 8),
        max_lines=max(most_lines, 1),
        placeholder=" …",
        subsequent_indent=" " * indent,
    )
    return [line([(part, style)], width) for part in lines]
