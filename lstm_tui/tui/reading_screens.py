"""Screens to read: keys and words (`?`), the story of a session (`i`), a finding with its lesson (`L`),
two runs side by side (`i` there).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from lstm_tui.checks.finding import Finding
from lstm_tui.session.state import Session
from lstm_tui.tui.actions import Action, groups, key_word
from lstm_tui.tui.lesson_text import finding_text
from lstm_tui.tui.story import hanging, story_text

if TYPE_CHECKING:
    from lstm_tui.recurrent.sides import Sides
    from lstm_tui.tui.app import Workbench

#: Longer lines are hard to read.
_WIDEST = 110

_WORDS = (
    ("hidden state h", "what a recurrent layer hands to the next layer and to its own next step"),
    ("cell state c", "the LSTM's memory: c = f * c_prev + i * g"),
    ("input gate i", "how much of the candidate g is written into c"),
    ("forget gate f", "how much of the previous c is kept"),
    ("output gate o", "how much of tanh(c) is shown as h"),
    ("update gate z, reset gate r", "the GRU's gates: h = z * h_prev + (1 - z) * g"),
    ("saturated", "a gate below 0.05 or above 0.95: it hardly reacts to the input any more"),
    (
        "shut, open",
        "the share of a layer's units whose gate is saturated so: at this step, then of all steps",
    ),
    ("had the sequence ended here", "the prediction of the model for the steps up to the cursor alone"),
)


class _ReadingScreen(ModalScreen[None]):
    """Text that scrolls; Escape, q or Enter closes it, y copies it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark,i,L", "close", "Close", show=False),
        Binding("y", "copy", "Copy", show=False),
    ]
    DEFAULT_CLASSES = "reading"

    def __init__(self, text: Callable[[int], Text]) -> None:
        """`text`: what to read, in lines of at most so many cells."""
        super().__init__()
        self._text_for = text
        self._text = Text()

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        self._text = self._text_for(min(self.app.size.width - 3, _WIDEST))
        with VerticalScroll():
            yield Static(self._text)

    def action_close(self) -> None:
        """Back to the workbench."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """All of the text to the clipboard and to a file, to send it to somebody."""
        cast("Workbench", self.app).copy_plainly(self._text.plain)


class HelpScreen(_ReadingScreen):
    """All keys from the table of actions, and the words of the field as they are used here."""

    def __init__(self, actions: tuple[Action, ...]) -> None:
        super().__init__(partial(help_text, actions))


class StoryScreen(_ReadingScreen):
    """What the scenario says, the edits made, every call, every layer: all the facts of the session."""

    def __init__(self, session: Session) -> None:
        super().__init__(partial(story_text, session))


class FindingScreen(_ReadingScreen):
    """One finding with the lesson of its check."""

    def __init__(self, finding: Finding) -> None:
        from lstm_tui.checks.catalogue import LESSONS  # all checks, for who reads a lesson

        super().__init__(partial(finding_text, finding, LESSONS.get(finding.code)))


class SidesTextScreen(_ReadingScreen):
    """Two runs side by side in the words of `lstm-tui diff`."""

    def __init__(self, sides: Sides) -> None:
        super().__init__(partial(_sides_text, sides))


def _sides_text(sides: Sides, width: int) -> Text:
    """Each line wrapped below itself."""
    from lstm_tui.recurrent.side_words import sides_text

    text = Text()
    for told in sides_text(sides).splitlines():
        text.append(hanging(told.lstrip(), width, len(told) - len(told.lstrip())))
    return text


def help_text(actions: tuple[Action, ...], width: int) -> Text:
    """The help as styled text: two columns, key and meaning, group by group; then the words."""
    text = Text()
    text.append("Keys", "bold")
    text.append("        (Escape closes, arrows scroll, y copies)\n", "dim")
    for group, members in groups(actions).items():
        text.append(f"\n{group}\n", "bold")
        for action in members:
            keys = " ".join(key_word(key) for key in action.keys)
            text.append(f"  {keys:<16}", "bold cyan")
            text.append(f" {action.title}\n")
    text.append("\nWords\n", "bold")
    for word, meaning in _WORDS:
        text.append(f"  {word}\n", "bold")
        text.append(hanging(meaning, width, 4))
    return text
