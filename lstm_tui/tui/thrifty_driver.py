"""The door to the terminal: of what Textual draws, only what is not there already goes through it."""

from __future__ import annotations

from textual.driver import Driver

from lstm_tui.tui.terminal_picture import TerminalPicture


def thrifty_driver(driver: type[Driver], picture: TerminalPicture) -> type[Driver]:
    """`driver`, which sends what changes the `picture`, and keeps it."""

    def write(self: Driver, data: str) -> None:
        driver.write(self, picture.changes(data))

    members = {"write": write, "__doc__": thrifty_driver.__doc__}
    return type(f"Thrifty{driver.__name__}", (driver,), members)
