"""A dialogue of one line: go to a step, save to a path, open a file. It answers with a value or None."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lstm_tui.errors import LstmTuiError
from lstm_tui.plain_text import one_line

Answer = TypeVar("Answer")


class LineDialogue(ModalScreen["Answer | None"], Generic[Answer]):
    """Asks for one line. A subclass says what it means (`answer_of`) and comments on it (`comment_on`)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("down", "focus_choices", show=False),
    ]
    DEFAULT_CLASSES = "dialogue"

    def __init__(
        self, question: str, value: str = "", placeholder: str = "", choices: Sequence[tuple[str, str]] = ()
    ) -> None:
        """`choices`: (label, line) pairs to pick instead of typing the line."""
        super().__init__()
        self._choices = [Option(Text(one_line(label), no_wrap=True), id=text) for label, text in choices]
        self._question = question
        self._value = value
        self._placeholder = placeholder

    def answer_of(self, text: str) -> Answer:
        """What the typed line means. Raises: LstmTuiError, shown in the dialogue."""
        raise TypeError("a LineDialogue says what its line means")

    def comment_on(self, text: str) -> str:
        """A word on what is typed so far."""
        del text
        return ""

    def compose(self) -> ComposeResult:
        """Question, line, choices, comment, keys."""
        with Vertical():
            yield Static(self._question, classes="question", markup=False)
            yield Input(self._value, placeholder=self._placeholder, select_on_focus=False)
            yield OptionList(*self._choices)
            yield Static("", classes="preview", markup=False)
            yield Static(
                "Enter accepts · Down picks · Escape leaves"
                if self._choices
                else "Enter accepts · Escape leaves",
                classes="keys",
                markup=False,
            )

    def on_mount(self) -> None:
        """Start in the line, its end."""
        self.query_one(OptionList).display = bool(self._choices)
        line = self.query_one(Input)
        line.focus()
        line.cursor_position = len(line.value)
        self._say(self.comment_on(line.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Comment on what is typed."""
        self._say(self.comment_on(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept the line."""
        self._accept(event.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Accept the line that was picked."""
        self._accept(event.option_id or "")

    def action_focus_choices(self) -> None:
        """From the line to what can be picked."""
        if self._choices:
            self.query_one(OptionList).focus()

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    def _accept(self, text: str) -> None:
        """Close with the answer, or say what is wrong with the line and stay."""
        try:
            answer = self.answer_of(text.strip())
        except LstmTuiError as error:
            self._say(str(error))
            return
        self.dismiss(answer)

    def _say(self, text: str) -> None:
        self.query_one(".preview", Static).update(Text(text))
