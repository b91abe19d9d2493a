"""Go to a timestep, or a call, by number; negative numbers count from the end."""

from __future__ import annotations

from lstm_tui.errors import UsageError
from lstm_tui.session.commands import GoToStep
from lstm_tui.tui.dialogues.line import LineDialogue


class GoToDialogue(LineDialogue[GoToStep]):
    """Asks for a timestep from 0 to `last`; `what` else there is may be counted from `first` on."""

    def __init__(self, last: int, what: str = "timestep", first: int = 0) -> None:
        super().__init__(f"Go to {what} ({first} to {first + last}, -1 is the last)")
        self._last, self._what, self._first = last, what, first

    def answer_of(self, text: str) -> GoToStep:
        """The step as a command."""
        try:
            step = int(text)
        except ValueError:
            raise UsageError(
                f"{text!r} is not a {self._what}",
                expected=f"a whole number from {self._first} to {self._first + self._last}",
            ) from None
        place = step - self._first if step >= 0 else self._last + 1 + step
        if not 0 <= place <= self._last:
            raise UsageError(
                f"there is no {self._what} {step}",
                expected=f"{self._first} to {self._first + self._last}, or -1 for the last",
            )
        return GoToStep(place if step >= 0 else step)
