"""Lines of styled text: exactly as wide as asked, every segment with a style, equal neighbours merged.

Bytes are lag over SSH: each change of style costs some 20 bytes, so segments that look the same become one.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

#: One line of the screen.
Line = list[Segment]

#: Looks like whatever surrounds it. Never None: Textual crashes on that under NO_COLOR.
PLAIN = Style()


def styled(text: str, style: Style = PLAIN) -> Segment:
    """A segment that always has a style."""
    return Segment(text, style)


def merged(segments: Iterable[Segment]) -> Line:
    """The same line with neighbours of equal style made one and empty segments left out."""
    line: Line = []
    for segment in segments:
        if not segment.text:
            continue
        if line and (line[-1].style is segment.style or line[-1].style == segment.style):
            line[-1] = Segment(line[-1].text + segment.text, segment.style)
        else:
            line.append(segment)
    return line


def fitted(segments: Iterable[Segment], width: int, fill: Style = PLAIN) -> Line:
    """The segments as one line of exactly `width` cells: cut at the right, or filled up with spaces."""
    line: Line = []
    left = max(width, 0)
    for text, style, _ in segments:
        cells = cell_len(text)
        if cells > left:
            line.append(Segment(set_cell_size(text, left), style or PLAIN))
            left = 0
            break
        line.append(Segment(text, style or PLAIN))
        left -= cells
    line.append(Segment(" " * left, fill))
    return merged(line)


def blank(width: int, fill: Style = PLAIN) -> Line:
    """A line of spaces."""
    return fitted((), width, fill)


def stacked(lines: Iterable[Line], width: int, height: int, fill: Style = PLAIN) -> list[Line]:
    """Exactly `height` lines: the rest left out, or filled up with blank ones."""
    kept = list(lines)[: max(height, 0)]
    return kept + [blank(width, fill) for _ in range(height - len(kept))]


def plain_text(line: Line) -> str:
    """What a line says without its styles."""
    return "".join(segment.text for segment in line)
