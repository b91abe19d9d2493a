"""The dialogue that reset, rescale and reshape share: offers to choose from, a line to type, a live preview.

It answers with the edits to make, or None. What is offered and what typed words mean comes from outside. An
empty line means the offer under the bar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lstm_tui.errors import LstmTuiError
from lstm_tui.plain_text import one_line
from lstm_tui.session.edits import Edit
from lstm_tui.session.offers import Offer, preview
from lstm_tui.session.state import Session

Edits = tuple[Edit, ...]
#: Of the list, in whatever window.
_FEWEST_ROWS = 2


class EditDialogue(ModalScreen["Edits | None"]):
    """Choose an offer with the arrows or type one's own; Enter does it, Escape leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_with_nothing", "Leave", show=False),
        Binding("down", "focus_offers", show=False),
    ]
    DEFAULT_CLASSES = "dialogue"

    def __init__(
        self,
        session: Session,
        *,
        question: str,
        offers: Sequence[Offer],
        parse: Callable[[str], Edits],
        example: str,
    ) -> None:
        super().__init__()
        self._session = session
        self._question = question
        self._offers = list(offers)
        self._parse = parse
        self._example = example

    def compose(self) -> ComposeResult:
        """Question, offers, the line to type, preview, keys."""
        with Vertical():
            yield Static(self._question, classes="question", markup=False)
            yield OptionList(*(Option(_offer_text(offer)) for offer in self._offers))
            yield Input(placeholder=self._example, select_on_focus=False)
            yield Static("", classes="preview", markup=False)
            keys = "Enter does it · type your own" if self._offers else "type it, Enter does it"
            yield Static(f"{keys} · Escape leaves", classes="keys", markup=False)

    def on_mount(self) -> None:
        """Start on the first offer, which is the most fitting one, or on the line where there are none."""
        options = self.query_one(OptionList)
        if self._offers:
            options.focus()
            options.highlighted = 0
        else:
            options.display = False
            self.query_one(Input).focus()

    def on_resize(self) -> None:
        """The offers take the room that the other parts leave."""
        self.call_after_refresh(self._fit)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Preview the offer under the bar."""
        self._show_preview(self._offers[event.option_index].edits)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do the offer."""
        self.dismiss(self._offers[event.option_index].edits)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Preview what is typed, as it is typed; with an empty line, the offer under the bar."""
        if not event.value.strip():
            self._show_offer()
            return
        try:
            self._show_preview(self._parse(event.value))
        except LstmTuiError as error:
            self._say(Text(str(error), style="dim"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do what was typed, or the offer under the bar; stay where that cannot be."""
        if not event.value.strip():
            if (offer := self._offer) is not None:
                self.dismiss(offer.edits)
            return
        try:
            edits = self._parse(event.value)
        except LstmTuiError as error:
            self._say(Text(str(error), style="bold"))
            return
        if preview(self._session, edits).can_be:
            self.dismiss(edits)
        else:
            self._show_preview(edits)

    def on_key(self, event: events.Key) -> None:
        """Whatever is typed goes to the line, also while the bar stands on an offer."""
        line = self.query_one(Input)
        if event.is_printable and event.character and not line.has_focus:
            event.stop()
            line.focus()
            line.insert_text_at_cursor(event.character)

    def action_dismiss_with_nothing(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

    def action_focus_offers(self) -> None:
        """From the line back to the offers."""
        if self._offers:
            self.query_one(OptionList).focus()
            self._show_offer()

    @property
    def _offer(self) -> Offer | None:
        at = self.query_one(OptionList).highlighted
        return self._offers[at] if at is not None else None

    def _show_offer(self) -> None:
        if (offer := self._offer) is None:
            self._say(Text(""))
        else:
            self._show_preview(offer.edits)

    def _show_preview(self, edits: Edits) -> None:
        shown = preview(self._session, edits)
        theme = self.app.current_theme
        mark = Text("✓ ", f"bold {theme.success}") if shown.fits else Text("✗ ", f"bold {theme.error}")
        verdict, *more = (Text(one_line(each, 400)) for each in shown.verdict)
        facts = (Text(one_line(fact)) for fact in shown.facts)
        self._say(Text("\n").join([*facts, mark + verdict, *more]))

    def _say(self, text: Text) -> None:
        self.query_one(".preview", Static).update(text)
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """As many rows for the offers as there is room for, and no more than they need."""
        listed, frame = self.query_one(OptionList), self.query_one(Vertical)
        others = (each for each in frame.children if each is not listed)
        room = self.size.height - frame.gutter.height - sum(each.outer_size.height for each in others)
        rows = max(min(room, listed.virtual_size.height), _FEWEST_ROWS)
        listed.styles.height = listed.styles.max_height = rows


def _offer_text(offer: Offer) -> Text:
    return Text.assemble(one_line(offer.label), ("  " + one_line(offer.reason), "dim"))
