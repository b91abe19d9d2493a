"""The one way this workbench draws: widgets that hold finished lines and repaint only those that changed.

Textual sends every dirty region to the terminal; over SSH bytes are lag. `benchmarks/` counts them a step.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

Line = list[Segment]


class Lines(Widget, can_focus=False):
    """A pane of finished lines. `show` compares with what is on screen and repaints what differs."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._strips: list[Strip] = []

    class Resized(Message):
        """The pane has another size: what it shows was made for the old one."""

    def on_resize(self, event: events.Resize) -> None:
        """Ask for lines of the new size."""
        del event
        self.post_message(self.Resized())

    def show(self, lines: Sequence[Line]) -> None:
        """Put `lines` on the screen, top first; what lies below the last one is blank."""
        width, height = self.size.width, self.size.height
        fresh = [list(line) for line in lines[:height]] if height else [list(line) for line in lines]
        changed = [
            y for y in range(max(len(fresh), len(self._lines)))
            if y >= len(fresh) or y >= len(self._lines) or fresh[y] != self._lines[y]
        ]  # fmt: skip
        regions = [_part(self._lines, fresh, y, width) for y in changed]
        self._lines = fresh
        self._strips = [Strip(line) for line in fresh]
        for region in regions:
            self.refresh(region)

    def refresh_all(self) -> None:
        """Everything once more: colours behind the text have changed."""
        self._lines = []
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Line `y` as Textual wants it."""
        width = self.size.width
        strip = self._strips[y] if y < len(self._strips) else Strip.blank(width, self.rich_style)
        return strip.adjust_cell_length(width, self.rich_style)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as were shown, where the stylesheet says `auto`."""
        return max(len(self._lines), 1)


def _part(before: list[Line], after: list[Line], y: int, width: int) -> Region:
    """Of line `y` what is left without the segments that are as before at one of its ends, the longer way.

    At one end: of a part with more on both sides Textual sends more than it is asked for.
    """
    if y >= len(before) or y >= len(after):
        return Region(0, y, width, 1)
    old, new = before[y], after[y]
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    tail = 0
    while tail < min(len(old), len(new)) - same and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    left, right = _cells(new[:same]), _cells(new[len(new) - tail :])
    if _cells(old) != _cells(new) or left + right >= width:
        return Region(0, y, width, 1)
    return Region(0, y, width - right, 1) if right >= left else Region(left, y, width - left, 1)


def _cells(segments: Sequence[Segment]) -> int:
    return sum(cell_len(segment.text) for segment in segments)
