"""Breakpoints or watches: a line to type one, completed as it is typed, and the list of those that are set.

The line says at once what is wrong with it, and where. A list changes the session at once; what is picked in
it (a hit, a sample, a place) is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lstm_tui.asking.completing import completions
from lstm_tui.charts.meters import standing_bars
from lstm_tui.charts.palette import Palette
from lstm_tui.errors import LstmTuiError, QuestionError
from lstm_tui.plain_text import cells, one_line
from lstm_tui.session import question_commands as q
from lstm_tui.session.asked_ground import asked_ground
from lstm_tui.session.asked_rows import Standing, Watched, places_of, standings, watched
from lstm_tui.session.commands import Command, GoToStep
from lstm_tui.session.examples import conditions, expressions
from lstm_tui.session.questions import checked, told_of
from lstm_tui.session.state import Session

if TYPE_CHECKING:
    from lstm_tui.tui.app import Workbench

What = Literal["breakpoints", "watches"]
_KEYS = {
    "breakpoints": "Tab completes · line empty: Enter next hit, > sample, Space on/off, Del",
    "watches": "Enter sets · Tab completes · line empty: Del drops · Escape leaves",
}
#: Columns of where the hits are.
_COLUMNS = 24
#: Border, head, line, what is wrong with it, keys.
_OTHER_LINES = 10


@dataclass(frozen=True, eq=False)
class _Row:
    """A line of the list: what is picked with Enter, and which breakpoint or watch it is."""

    text: Text
    answer: Command | None
    index: int | None = None


class _Words(Suggester):
    """The likeliest completion of the last word."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._workbench = workbench

    async def get_suggestion(self, value: str) -> str | None:
        """The whole line with its last word completed."""
        session = self._workbench.session
        if session is None:
            return None
        return next(iter(completions(value, asked_ground(session), session.cursor.layer)), None)


class Line(Input):
    """The line; while nothing is typed, keys that no question begins with are for the list."""

    class Pressed(Message):
        """Such a key: a character, or `drop`."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    async def _on_key(self, event: events.Key) -> None:
        key = "drop" if event.key in ("delete", "backspace") else event.character or ""
        if not self.value and key in ("drop", " ", ">", "<"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Pressed(key))
            return
        await super()._on_key(event)


class QuestionDialogue(ModalScreen["Command | None"]):
    """Type a condition or an expression, or choose among those that are set."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("up", "up", show=False),
        Binding("down", "down", show=False),
        Binding("tab", "complete", show=False, priority=True),
    ]
    DEFAULT_CLASSES = "dialogue"

    def __init__(self, workbench: Workbench, what: What) -> None:
        super().__init__()
        self._workbench, self._what = workbench, what
        self._rows: list[_Row] = []

    @property
    def _session(self) -> Session:
        session = self._workbench.session
        assert session is not None
        return session

    def compose(self) -> ComposeResult:
        """What is asked, the line, what is said of it, the list, keys."""
        with Vertical():
            yield Static(self._head(), classes="question", markup=False)
            yield Line(suggester=_Words(self._workbench), select_on_focus=False)
            yield Static("", classes="preview", markup=False)
            yield OptionList()
            yield Static(_KEYS[self._what], classes="keys", markup=False)

    def _head(self) -> str:
        if self._what == "breakpoints":
            return f"Stop where this holds (any unit): {conditions(self._session)}"
        return f"Watch at every step: {expressions(self._session)}"

    def on_mount(self) -> None:
        """The line keeps the focus: what is typed fast is never taken for a key of the list."""
        self.query_one(OptionList).can_focus = False
        self._fill()
        self.set_focus(self.query_one(Line))

    def on_resize(self, event: events.Resize) -> None:
        """As many rows as the other parts leave room for."""
        self.query_one(OptionList).styles.max_height = max(event.size.height - _OTHER_LINES, 3)

    # --- the line ---------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is wrong, and where; or what it comes to."""
        self._say(self._comment(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Set it and stay, so that one sees where it holds; an empty line goes to what is under the bar."""
        if not event.value.strip():
            self._go(self.query_one(OptionList).highlighted)
            return
        try:
            checked(self._session, event.value, condition=self._what == "breakpoints")
        except LstmTuiError as error:
            self._say(_pointed(error, event.value, "bold"))
            return
        kind = q.AddBreakpoint if self._what == "breakpoints" else q.AddWatch
        self._workbench.dispatch(kind(event.value))
        self.query_one(Line).value = ""
        self._fill()
        self._highlight_last()

    def action_complete(self) -> None:
        """Take the suggestion."""
        line = self.query_one(Line)
        found = completions(line.value, asked_ground(self._session), self._session.cursor.layer)
        if found and line.cursor_position == len(line.value):
            line.value = found[0]
            line.cursor_position = len(line.value)

    def _comment(self, text: str) -> Text:
        if not text.strip():
            return Text("")
        try:
            return Text(told_of(self._session, text, condition=self._what == "breakpoints"))
        except LstmTuiError as error:
            return _pointed(error, text, "dim")

    def _say(self, text: Text) -> None:
        self.query_one(".preview", Static).update(text)

    # --- the list ---------------------------------------------------------------------------------

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go there, by the mouse."""
        self._go(event.option_index)

    def _go(self, at: int | None) -> None:
        """To what is under the bar; a watch leads nowhere."""
        self.dismiss(self._rows[at].answer if at is not None and at < len(self._rows) else None)

    def on_line_pressed(self, message: Line.Pressed) -> None:
        """With an empty line: next sample, on and off, drop."""
        index, points = self._index, self._what == "breakpoints"
        if index is None:
            return
        if message.key in "><" and points:
            self.dismiss(q.ToSampleWithHit(1 if message.key == ">" else -1, index))
            return
        if message.key == " " and points:
            self._workbench.dispatch(q.ToggleBreakpoint(index))
        elif message.key == "drop":
            self._workbench.dispatch(q.DropBreakpoint(index) if points else q.DropWatch(index))
        self._fill()

    @property
    def _index(self) -> int | None:
        """Of the breakpoint or watch under the bar."""
        at = self.query_one(OptionList).highlighted
        return self._rows[at].index if at is not None and at < len(self._rows) else None

    def action_up(self) -> None:
        """The bar up; the line keeps what is typed."""
        self.query_one(OptionList).action_cursor_up()

    def action_down(self) -> None:
        """The bar down."""
        self.query_one(OptionList).action_cursor_down()

    def action_leave(self) -> None:
        """Leave; what was set stays."""
        self.dismiss(None)

    def _fill(self) -> None:
        listed = self.query_one(OptionList)
        at = listed.highlighted or 0
        width = (100 if self.app.size.width >= 120 else min(self.app.size.width, 76)) - 6
        self._rows = _rows(self._session, self._what, width, self._workbench.palette)
        listed.clear_options()
        listed.add_options([Option(row.text) for row in self._rows])
        listed.display = bool(self._rows)
        listed.highlighted = min(at, len(self._rows) - 1) if self._rows else None

    def _highlight_last(self) -> None:
        """The one that has just been set, so that Enter goes to its first hit."""
        indices = [place for place, row in enumerate(self._rows) if row.index is not None]
        listed = self.query_one(OptionList)
        if indices:
            listed.highlighted = indices[-1]


def _pointed(error: LstmTuiError, typed: str, style: str) -> Text:
    """Carets under the line, and what is wrong there."""
    if not isinstance(error, QuestionError) or not error.text:
        return Text(str(error), style=style)
    carets = " " * cells(typed[: len(typed) - len(typed.lstrip())]) + error.pointed[1]
    said = "\n".join(
        each for each in (error.happened, error.expected and f"expected: {error.expected}") if each
    )
    return Text(f"{carets}\n{said}", style=style)


def _rows(session: Session, what: What, width: int, palette: Palette) -> list[_Row]:
    if what == "watches":
        return [_Row(_watch(each, width), None, index) for index, each in enumerate(watched(session))]
    points = standings(session, columns=_COLUMNS)
    rows = [_Row(_point(each, width, palette), q.ToHit(1, index), index) for index, each in enumerate(points)]
    for words, step in places_of(session):
        rows.append(_Row(Text(f"  {words}", style="dim", no_wrap=True), GoToStep(step)))
    return rows


def _point(of: Standing, width: int, palette: Palette) -> Text:
    """`● abs(c) > 5 in lstm_1   12 hits, 3 of 32 samples ▁▅▁`."""
    text = f"{'●' if of.breakpoint.enabled else '○'} {one_line(of.breakpoint.text)}"
    where = ""
    if of.over_time is not None:
        most = max(int(of.over_time.max()), 1)
        where = standing_bars([each / most for each in of.over_time.tolist()], palette).replace(" ", "·")
    facts = f"{of.wrong or _count(of)}  "
    room = max(width - cells(facts) - len(where) - 2, 8)
    return Text.assemble(
        (f"{one_line(text, room):<{room}}  ", "" if of.breakpoint.enabled else "dim"),
        (facts, "bold" if of.hits else "dim"),
        where,
        no_wrap=True,
    )


def _count(of: Standing) -> str:
    if of.may is not None:
        return f"may hold in {of.may[0]:,} of {of.may[1]:,} bins"
    some = f", {of.samples[0]} of {of.samples[1]} samples" if of.samples[1] > 1 else ""
    return f"{of.hits:,} hit{'s' * (of.hits != 1)}{some}"


def _watch(of: Watched, width: int) -> Text:
    value = of.wrong or (f"{of.low:.5g}" if of.low == of.high else f"{of.low:.5g} … {of.high:.5g}")
    room = max(width - cells(value) - 2, 8)
    return Text(f"{one_line(of.text, room):<{room}}  {value}", no_wrap=True)
