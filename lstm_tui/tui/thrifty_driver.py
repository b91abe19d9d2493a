"""Bytes are lag: styles that the terminal has already are not sent to it again.

Textual ends every piece of text with a reset and begins the next, be it in the same colours on the next line,
with the whole style: some forty bytes a line in all colours, more than the digits that a step changes. Here a
style is sent when text comes that needs it; moves of the cursor need none. Whatever else is written finds the
terminal as Textual meant it.
"""

from __future__ import annotations

import re

from textual.driver import Driver

_STYLE = re.compile(r"\x1b\[([0-9;]*)m")
#: What looks the same in every style: moves to a place, and the ends of lines that Textual moves away from.
_MOVES = re.compile(r"(?:\x1b\[\d+;\d+H|\n)*")


def thrifty(data: str) -> str:
    """The same picture in fewer bytes. The terminal has no style at its beginning, and none at its end."""
    if data.count("\x1b[0m") < 2:
        return data
    written: list[str] = []
    wanted = there = ""
    parts = _STYLE.split(data)
    for index, part in enumerate(parts):
        if index % 2:
            wanted = "" if part in {"", "0"} else part if not wanted else f"{wanted};{part}"
            continue
        moves = _MOVES.match(part)
        assert moves is not None
        written.append(moves.group())
        if text := part[moves.end() :]:
            if wanted != there:
                written.append(_change(there, wanted))
                there = wanted
            written.append(text)
    if there != wanted:
        written.append(_change(there, wanted))
    return "".join(written)


def _change(there: str, wanted: str) -> str:
    """From one style to another; `0;` resets within the same sequence."""
    return f"\x1b[0;{wanted}m" if there and wanted else f"\x1b[{wanted or 0}m"


def thrifty_driver(driver: type[Driver]) -> type[Driver]:
    """`driver`, which writes each style once."""

    def write(self: Driver, data: str) -> None:
        driver.write(self, thrifty(data))

    members = {"write": write, "__doc__": thrifty_driver.__doc__}
    return type(f"Thrifty{driver.__name__}", (driver,), members)
