"""The app's looks: its theme, switched while it runs; what the terminal shows; a still cursor; messages."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Literal

from textual import events
from textual.app import App
from textual.filter import LineFilter
from textual.widgets import Input

from lstm_tui.charts.capabilities import Capabilities, capabilities_from
from lstm_tui.charts.palette import Palette, palette_for
from lstm_tui.tui.ascii_driver import ascii_driver
from lstm_tui.tui.terminal_picture import TerminalPicture
from lstm_tui.tui.themes import MONO, THEMES, Colourless
from lstm_tui.tui.thrifty_driver import thrifty_driver

Severity = Literal["information", "warning", "error"]


class ThemedApp(App[int]):
    """An app in one of the three themes; sizes of windows are called as the stylesheet calls them."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-tiny"),
        (60, "-normal"),
        (120, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-flat"),
        (18, "-short"),
        (36, "-tall"),
    ]

    def __init__(self, theme: str) -> None:
        """`theme`: `dark`, `light` or `mono`, which it is in any case where the terminal has no colours."""
        # Asked before Textual starts: it removes NO_COLOR from the environment.
        self._capabilities = capabilities_from(os.environ, sys.stdout.encoding)
        super().__init__()
        self._picture = TerminalPicture()
        if sys.platform != "win32":  # there Textual writes a picture in pieces that begin anywhere
            self.driver_class = thrifty_driver(self.driver_class, self._picture)
        if not self._capabilities.unicode:
            self.driver_class = ascii_driver(self.driver_class)
        self._colourless = Colourless()
        for each in THEMES:
            self.register_theme(each)
        self.take_theme(theme)

    @property
    def has_colours(self) -> bool:
        """Whether the terminal can and may show any."""
        return self._capabilities.colors != "none"

    @property
    def theme_word(self) -> str:
        """`dark`, `light` or `mono`."""
        return self.theme.removeprefix("lstm-")

    def take_theme(self, word: str) -> None:
        """Another theme, at once."""
        word = word if self.has_colours else "mono"
        self.no_color = word == "mono"  # what the stylesheets call `:nocolor`
        self.theme = f"lstm-{word}"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and in the theme without colour one that takes colours away."""
        filters = super().get_line_filters()
        return [*filters, self._colourless] if self.theme == MONO.name else filters

    @property
    def palette(self) -> Palette:
        """Colours for charts: what the terminal can show, on the present theme."""
        theme = self.current_theme
        if theme is MONO:
            return palette_for("dark", Capabilities("none", self._capabilities.unicode))
        shade: Literal["dark", "light"] = "dark" if theme.dark else "light"
        return palette_for(shade, self._capabilities, theme.background, theme.foreground)

    def on_resize(self) -> None:
        """A terminal of another size may show anything; Textual draws all of it again."""
        self._picture.forget()

    def draw_anew(self) -> None:
        """Send the whole screen, whatever the terminal shows: another program may have written to it."""
        self._picture.forget()
        self.refresh()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The cursor of a line to type stands still."""
        if isinstance(event.widget, Input):
            event.widget.cursor_blink = False

    def notify_plainly(self, text: str, severity: Severity = "information", seconds: float = 6) -> None:
        """A message to the user; text from files is never read as markup."""
        self.notify(text, severity=severity, timeout=seconds, markup=False)
