"""Go to a timestep by number; negative numbers count from the end."""

from __future__ import annotations

from lstm_tui.errors import UsageError
from lstm_tui.session.commands import GoToStep
from lstm_tui.tui.dialogues.line import LineDialogue


class GoToDialogue(LineDialogue[GoToStep]):
    """Asks for a timestep between 0 and `last`."""

    def __init__(self, last: int) -> None:
        super().__init__(f"Go to timestep (0 to {last}, -1 is the last)")
        self._last = last

    def answer_of(self, text: str) -> GoToStep:
        """The step as a command."""
        try:
            step = int(text)
        except ValueError:
            raise UsageError(
                f"{text!r} is not a timestep", expected=f"a whole number from 0 to {self._last}"
            ) from None
        if not -self._last - 1 <= step <= self._last:
            raise UsageError(
                f"there is no timestep {step}", expected=f"0 to {self._last}, or -1 for the last"
            )
        return GoToStep(step)
