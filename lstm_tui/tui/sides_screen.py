"""Two runs side by side, walked in step: the panes of the comparison, and the keys that move in both runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from lstm_tui.session.commands import Command, GoToStep, Look
from lstm_tui.session.comparing_commands import LeaveSides, WalkSides
from lstm_tui.session.copying import values_on_both_sides
from lstm_tui.session.sides import sizes
from lstm_tui.tui.actions import ACTIONS, Action, of_sides
from lstm_tui.tui.dialogues.go_to import GoToDialogue
from lstm_tui.tui.drawn_screen import DrawnScreen, bindings_of
from lstm_tui.tui.lines import Lines
from lstm_tui.tui.panes import Pane
from lstm_tui.tui.panes.sides import SIDES_PANES
from lstm_tui.tui.reading_screens import SidesTextScreen


class SidesScreen(DrawnScreen):
    """Draws `app.session.comparing`; Escape leaves it, and ends a comparison that is not finished."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(of_sides(ACTIONS))

    @property
    def actions(self) -> tuple[Action, ...]:
        """Those that move in both runs, and those of the comparison."""
        return of_sides(self.workbench.actions)

    @property
    def panes(self) -> Mapping[str, Pane]:
        """Names, verdict, maps, values, keys."""
        return SIDES_PANES

    def compose(self) -> ComposeResult:
        """One below the other."""
        for name in SIDES_PANES:
            yield Lines(id=name)

    def send(self, command: Command) -> None:
        """What moves the cursor in the workbench moves the place in both runs here."""
        super().send(WalkSides(command) if isinstance(command, Look) else command)

    def action_go_to_step(self) -> None:
        """Ask for a timestep."""
        comparing = self.session.comparing
        if comparing is not None and comparing.pairs:
            _, steps, _ = sizes(comparing)
            self.app.push_screen(GoToDialogue(steps - 1), self._go_to)

    def _go_to(self, command: GoToStep | None) -> None:
        if command is not None:
            self.send(command)

    def action_story(self) -> None:
        """All that `lstm-tui diff` says of it, to read."""
        comparing = self.session.comparing
        if comparing is not None and comparing.sides is not None:
            self.app.push_screen(SidesTextScreen(comparing.sides))
        else:
            failed = comparing is not None and comparing.refusal
            self.workbench.notify_plainly(failed or "the cause is still looked for")

    def action_copy(self) -> None:
        """The values of both to the clipboard and to a file."""
        text = values_on_both_sides(self.session.comparing)
        if text:
            self.workbench.copy_plainly(text)
        else:
            self.workbench.notify_plainly("both sides have to be there first")

    def action_leave_sides(self) -> None:
        """Back to the workbench."""
        self.dismiss(None)
        self.workbench.dispatch(LeaveSides())
