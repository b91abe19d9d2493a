"""The door to a terminal that shows nothing but ASCII: whatever is drawn goes through it, frames and all.

Panes, Textual's borders, scroll bars, messages, help: none of them needs to know. Each character is replaced
by one that takes as many cells, so nothing moves. Pictures of the screen (`P`) keep what was meant.
"""

from __future__ import annotations

from textual.driver import Driver

from lstm_tui.plain_text import in_ascii


def ascii_driver(driver: type[Driver]) -> type[Driver]:
    """`driver`, with everything that it writes in ASCII."""

    def write(self: Driver, data: str) -> None:
        driver.write(self, in_ascii(data))

    return type(f"Ascii{driver.__name__}", (driver,), {"write": write, "__doc__": ascii_driver.__doc__})
