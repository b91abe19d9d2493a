"""The line at the bottom (`:`): what is typed changes the session behind it, and is answered above it.

Tab completes, Up and Down go through what was typed before (kept between sessions), Escape closes. An answer
follows the session: what the engine says later stands there as soon as it is said. A long one is scrolled by
pages or, while the line is empty, by the arrows. What the session refuses stands there too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from lstm_tui.command_line.completion import completions, shared_start
from lstm_tui.command_line.reading import understood
from lstm_tui.command_line.word import Deed, FollowSource, Leave, OpenFile, Said, SaveTo
from lstm_tui.errors import CommandLineError, LstmTuiError
from lstm_tui.performing.opening import opened_input
from lstm_tui.plain_text import aligned_lines, one_line
from lstm_tui.session.effects import Announce
from lstm_tui.session.state import Session
from lstm_tui.tui.drawn_screen import Follower
from lstm_tui.tui.settings import state_folder

if TYPE_CHECKING:
    from lstm_tui.tui.app import Workbench

_KEPT_LINES = 200
_MOST_COMPLETIONS = 12
_KEYS = "help · Tab completes · Escape closes"
_SCROLLING = "↓ ↑ PgDn PgUp scroll · Tab completes · Escape closes"


class CommandLineScreen(ModalScreen[None], Follower):
    """One line, and the answer above it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("tab", "complete", show=False, priority=True),
        Binding("up", "older", show=False, priority=True),
        Binding("down", "newer", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
    ]
    DEFAULT_CLASSES = "command-line"

    def __init__(self, value: str = "") -> None:
        """`value`: what stands in the line already."""
        super().__init__()
        self._value = value
        self._typed = _typed_before()
        self._at = len(self._typed)
        self._answer: Said | None = None
        #: What the session says to the commands of this line; None while nothing is being done.
        self._heard: list[Announce] | None = None
        self._remarks = ""

    @property
    def workbench(self) -> Workbench:
        """The app, with its own type."""
        return cast("Workbench", self.app)

    @property
    def _session(self) -> Session:
        session = self.workbench.session
        assert session is not None
        return session

    def compose(self) -> ComposeResult:
        """Answer, line."""
        with Vertical():
            with VerticalScroll(classes="answer", can_focus=False):
                yield Static("", markup=False)
            yield Input(self._value, placeholder=_KEYS, classes="line")

    def on_mount(self) -> None:
        """Start in the line, its end."""
        line = self.query_one(Input)
        line.focus()
        line.cursor_position = len(line.value)
        self._say("")
        self.watch(self.query_one(VerticalScroll), "show_vertical_scrollbar", self._tell_keys)

    def on_key(self, event: events.Key) -> None:
        """What is typed ahead, before the line is there, is not lost."""
        lines = self.query(Input)
        if event.is_printable and event.character and not (lines and lines.first().has_focus):
            event.stop()
            self._value += event.character
            if lines:
                self._take(self._value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """While a word is typed, the words that begin so; what was answered before is gone."""
        self._answer = None
        if event.value:
            self._offer(event.value)
        else:
            self._say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do what the line means; an empty one closes."""
        text = event.value.strip()
        if not text:
            self.action_close()
            return
        _keep(self._typed, text)
        self._at = len(self._typed)
        line = self.query_one(Input)
        with line.prevent(Input.Changed):
            line.value = ""
        try:
            self._carry_out(understood(text, self._session))
        except LstmTuiError as error:
            self._answer = None
            self._say(str(error))

    def _carry_out(self, said: Said) -> None:
        """Do what a line means, and answer. Raises: LstmTuiError where it cannot be done."""
        heard = self._heard = []
        for command in said.commands:
            self.workbench.dispatch(command)
        self._heard = None
        if refusals := [each.text for each in heard if each.severity == "error"]:
            raise CommandLineError("\n".join(refusals))
        if said.deed is not None:
            self._do(said.deed)
        self._answer, self._remarks = said, "\n".join(each.text for each in heard)
        if said.show is not None:
            self.session_changed()
            return
        for each in heard:
            self.workbench.notify_plainly(each.text, each.severity)
        self.action_close()

    def told(self, announced: Announce) -> bool:
        """What is said to the commands of this line is part of its answer."""
        if self._heard is None:
            return False
        self._heard.append(announced)
        return True

    def session_changed(self) -> None:
        """The answer as the session has it now."""
        if self._answer is not None and self._answer.show is not None:
            told = self._answer.show(self._session)
            self._say("\n".join(each for each in (self._remarks, told) if each))

    def action_complete(self) -> None:
        """As far as all that fits agrees."""
        line = self.query_one(Input)
        found = completions(line.value, self._session)
        if len(found) == 1:
            self._take(found[0] + ("" if found[0].endswith("/") or " " in found[0] else " "))
        elif found:
            self._take(max(shared_start(found), line.value, key=len))

    def action_older(self) -> None:
        """What was typed before."""
        if not self._scrolled(-1):
            self._recall(-1)

    def action_newer(self) -> None:
        """What was typed after that."""
        if not self._scrolled(1):
            self._recall(1)

    def action_page(self, by: int) -> None:
        """A page of the answer."""
        room = self.query_one(VerticalScroll)
        room.scroll_relative(y=by * max(room.size.height - 1, 1), animate=False)

    def action_close(self) -> None:
        """Back to the keys."""
        if self.is_current:
            self.dismiss(None)

    def _scrolled(self, by: int) -> bool:
        """Whether the arrows moved the answer: the line is not in use, and there is more that way."""
        room = self.query_one(VerticalScroll)
        more = room.scroll_offset.y > 0 if by < 0 else room.max_scroll_y > 0
        if self.query_one(Input).value or self._at < len(self._typed) or not more:
            return False
        room.scroll_relative(y=by, animate=False)
        return True

    def _recall(self, by: int) -> None:
        self._at = min(max(self._at + by, 0), len(self._typed))
        self._take(self._typed[self._at] if self._at < len(self._typed) else "")

    def _take(self, text: str) -> None:
        line = self.query_one(Input)
        line.value = text
        line.cursor_position = len(text)

    def _offer(self, text: str) -> None:
        found = completions(text, self._session)
        if found == (text.rstrip(),):
            found = ()
        names = [one_line(each.partition(" ")[2] or each, 40) for each in found[:_MOST_COMPLETIONS]]
        self._say("  ".join(names) + ("  …" if len(found) > _MOST_COMPLETIONS else ""))

    def _do(self, deed: Deed) -> None:
        match deed:
            case SaveTo(path):
                self.workbench.save(path)
            case OpenFile(path):
                self.workbench.dispatch(opened_input(self._session, path))
            case FollowSource(path):
                self._follow(path)
            case Leave():
                self.workbench.leave()

    def _follow(self, path: Path | None) -> None:
        from lstm_tui.performing.following import follow
        from lstm_tui.session.following_commands import StopFollowing

        self.workbench.dispatch(StopFollowing() if path is None else follow(path))

    def _say(self, text: str) -> None:
        room = self.query_one(VerticalScroll)
        room.query_one(Static).update(Text(aligned_lines(text)))
        room.display = bool(text)
        room.scroll_home(animate=False)

    def _tell_keys(self, longer: bool) -> None:
        self.query_one(Input).placeholder = _SCROLLING if longer else _KEYS


def _typed_before() -> list[str]:
    try:
        text = (state_folder() / "typed.txt").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return []
    return [one_line(line) for line in text.splitlines()[-_KEPT_LINES:] if line.strip()]


def _keep(typed: list[str], text: str) -> None:
    """The line at the end of those that were typed, once; here and, where that can be, on disk."""
    if typed[-1:] != [text]:
        typed.append(text)
    path = state_folder() / "typed.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(typed[-_KEPT_LINES:]) + "\n", encoding="utf-8")
    except OSError:
        return
