"""Which shape the user wants of the output: the checks of shapes and the view of shapes go by it."""

from __future__ import annotations

from lstm_tui.errors import UsageError
from lstm_tui.session.commands import WantShape
from lstm_tui.tui.dialogues.line import LineDialogue


class WantShapeDialogue(LineDialogue[WantShape]):
    """Asks for sizes with commas between; an empty line takes the wish back."""

    def __init__(self, wanted: tuple[int, ...] | None) -> None:
        super().__init__(
            "Which shape should the output have? (nothing: no wish)",
            value=", ".join(map(str, wanted or ())),
            placeholder="for instance 1, 24, 1",
        )

    def answer_of(self, text: str) -> WantShape:
        """The shape as a command."""
        inside = text.strip("()[] ")
        if not inside:
            return WantShape(None)
        try:
            sizes = tuple(int(part) for part in inside.split(",") if part.strip())
        except ValueError:
            sizes = ()
        if not sizes or min(sizes) < 0:
            raise UsageError(f"{text!r} is no shape", expected="sizes with commas between: 1, 24, 1")
        return WantShape(sizes)
