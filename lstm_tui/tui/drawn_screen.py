"""What the screens that draw the session share: panes of finished lines, one drawing for many changes, keys.

A drawing is queued behind keys already pressed, so that a held key skips to the latest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from lstm_tui.session.commands import Command
from lstm_tui.session.effects import Announce
from lstm_tui.session.state import Session
from lstm_tui.tui.actions import Action, action_by_id, textual_key
from lstm_tui.tui.ink import ink_for
from lstm_tui.tui.lines import Lines
from lstm_tui.tui.panes import Canvas, Line, Pane
from lstm_tui.tui.reading_screens import HelpScreen

if TYPE_CHECKING:
    from lstm_tui.tui.app import Workbench


class Draw(Message):
    """Draw the session as it is now."""

    def can_replace(self, message: Message) -> bool:
        """One drawing is enough, however many changes asked for it."""
        return isinstance(message, Draw)


class Follower:
    """A screen that is told of every change of the session, also where it lies over the one that draws it."""

    def session_changed(self) -> None:
        """The session is another one now."""
        raise TypeError("a Follower says what a change means for it")

    def told(self, announced: Announce) -> bool:
        """Whether it shows what the session says itself: then nothing else does."""
        del announced
        return False


def bindings_of(actions: tuple[Action, ...]) -> list[BindingType]:
    """The keys of a screen; the palette is the app's own."""
    return [
        Binding(
            ",".join(map(textual_key, action.keys)),
            action.textual_action,
            action.title,
            show=False,
            id=action.id,
        )
        for action in actions
        if action.id != "palette"
    ]


class DrawnScreen(Screen[None]):
    """Draws `app.session`; a subclass says by which panes."""

    def __init__(self) -> None:
        super().__init__()
        self._draw_asked = False
        #: The session as it stands on the screen; behind `session` for a moment after each change.
        self.drawn: Session | None = None

    @property
    def workbench(self) -> Workbench:
        """The app, with its own type."""
        return cast("Workbench", self.app)

    @property
    def session(self) -> Session:
        """The session shown."""
        session = self.workbench.session
        assert session is not None
        return session

    @property
    def actions(self) -> tuple[Action, ...]:
        """What can be done here, by the keys that the settings give."""
        raise TypeError("a DrawnScreen says what can be done on it")

    @property
    def panes(self) -> Mapping[str, Pane]:
        """What draws each widget, by its id."""
        raise TypeError("a DrawnScreen says what draws it")

    def on_mount(self) -> None:
        """The keys as the settings have them."""
        self.app.set_keymap(
            {action.id: ",".join(map(textual_key, action.keys)) for action in self.workbench.actions}
        )
        self.request_draw()

    def on_screen_resume(self) -> None:
        """What changed while another screen lay over it is drawn."""
        if self.drawn is not None:
            self.request_draw()

    def on_lines_resized(self, message: Lines.Resized) -> None:
        """Panes are drawn for their size."""
        message.stop()
        self.request_draw()

    def request_draw(self) -> None:
        """Draw soon; many requests before then are one drawing."""
        if not self._draw_asked:
            self._draw_asked = True
            self.post_message(Draw())

    def draw_afresh(self) -> None:
        """Draw everything, also what is as it was."""
        for name in self.panes:
            self.query_one(f"#{name}", Lines).refresh_all()
        self.request_draw()

    def on_draw(self, message: Draw) -> None:
        """Hand every pane its lines; unchanged lines cost nothing."""
        del message
        self._draw_asked = False
        if self.workbench.session is None or self.arranged():
            return
        palette = self.workbench.palette
        for name, pane in self.panes.items():
            widget = self.query_one(f"#{name}", Lines)
            width, height = widget.size
            if width > 0:
                canvas = Canvas(width, height, palette, ink_for(palette), self.actions)
                widget.show(self.drawn_by(name, pane, canvas))
        self.drawn = self.session

    def drawn_by(self, name: str, pane: Pane, canvas: Canvas) -> list[Line]:
        """What the pane called `name` shows."""
        del name
        return pane(self.session, canvas)

    def arranged(self) -> bool:
        """Whether panes have just been given other sizes: each change of size asks for another drawing."""
        return False

    # --- actions --------------------------------------------------------------------------------

    def action_command(self, action_id: str) -> None:
        """An action that is a command of the session."""
        command = action_by_id(self.workbench.actions, action_id).command
        assert command is not None
        self.send(command)

    def send(self, command: Command) -> None:
        """Change the session."""
        self.workbench.dispatch(command)

    def doer(self, action: Action) -> Callable[[], object]:
        """What the command palette runs for `action`."""
        return lambda: self.run_action(action.textual_action)

    def action_help(self) -> None:
        """Keys and words."""
        self.app.push_screen(HelpScreen(self.workbench.actions))

    def action_screenshot(self) -> None:
        """A picture of the screen."""
        self.workbench.save_picture()

    def action_switch_theme(self) -> None:
        """The next theme, kept for the next start."""
        self.workbench.switch_theme()

    def action_draw_anew(self) -> None:
        """All of the screen, over whatever the terminal shows."""
        self.workbench.draw_anew()

    def action_quit(self) -> None:
        """Leave; unsaved edits are kept."""
        self.workbench.leave()
