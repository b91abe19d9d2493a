"""The one way this workbench draws: widgets that hold finished lines and repaint only those that changed.

Textual sends every dirty region to the terminal; over SSH bytes are lag. `benchmarks/` counts them a step.
"""

from __future__ import annotations

from collections.abc import Sequence

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
        self._lines = fresh
        self._strips = [Strip(line) for line in fresh]
        for y in changed:
            self.refresh(Region(0, y, width, 1))

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
