"""The app: it owns the session and the link to the engine, and hands each change to its screen."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.screen import Screen

from lstm_tui.engine.client import EngineProcess
from lstm_tui.errors import LstmTuiError
from lstm_tui.model_file import not_lifted, what_there_is
from lstm_tui.performing.opening import Opened, Shelf, bundled_shelf, open_scenario
from lstm_tui.performing.saving import save_session, stamp_of
from lstm_tui.plain_text import one_line
from lstm_tui.session.commands import AskAgain, Command, ModelRefused, Saved, StretchArrived
from lstm_tui.session.effects import AsideWish, Effect, Listen, LongWish, OfSides, StartRun, StopShrink
from lstm_tui.session.state import Session
from lstm_tui.session.update import update
from lstm_tui.tui import recovery
from lstm_tui.tui.actions import Action, with_keys
from lstm_tui.tui.comparing_link import ComparingLink, OfComparison
from lstm_tui.tui.drawn_screen import DrawnScreen, Follower
from lstm_tui.tui.engine_link import EngineEvent, EngineLink
from lstm_tui.tui.gallery_screen import GalleryScreen
from lstm_tui.tui.listening import listen
from lstm_tui.tui.memory import Memory, file_of
from lstm_tui.tui.parting_driver import parting_driver
from lstm_tui.tui.reading_screens import HelpScreen
from lstm_tui.tui.settings import Settings, state_folder
from lstm_tui.tui.themed_app import ThemedApp
from lstm_tui.tui.themes import theme_after
from lstm_tui.tui.workbench_screen import WorkbenchScreen

if TYPE_CHECKING:
    from lstm_tui.tui.stream import Stream

#: Signals differ between systems; Windows has no hang-up.
_HANG_UP = getattr(signal, "SIGHUP", signal.SIGTERM)


def _is_more_of_a_recording(command: Command) -> bool:
    return isinstance(command, StretchArrived) and command.stretch.level is not None


class Workbench(ThemedApp):
    """The debugger's window. Everything it knows of the user's work stands in `session`."""

    CSS_PATH = Path(__file__).with_name("workbench.tcss")
    TITLE = "lstm-tui"
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(
        self,
        opened: Opened | None = None,
        *,
        engine: EngineProcess,
        shelf: Shelf | None = None,
        settings: Settings | None = None,
        memory: Memory | None = None,
        debug: bool = False,
    ) -> None:
        """`opened`: what to begin with, a choice from the `shelf` where there is nothing.

        memory: of former sessions.

        debug: the traceback of what the engine refuses can be read (`i`).
        """
        self.settings = settings or Settings()
        self.actions: tuple[Action, ...] = with_keys(self.settings.keys)
        self.memory = memory or Memory()
        super().__init__(self.memory.theme(self.settings.theme))
        self.driver_class = parting_driver(self.driver_class, self._terminal_gone)
        self._opened = opened
        self._shelf = shelf or bundled_shelf()
        self._options = engine.options
        self.link = EngineLink(engine, self.post_message, debug=debug)
        self.comparing = ComparingLink(engine, self.post_message)
        self.session: Session | None = None
        self.stream: Stream | None = None
        self._leaving = False
        self._kept: Session | None = None
        #: To be said in the terminal when the screen is gone.
        self.last_words = ""

    def on_mount(self) -> None:
        """Open what was asked for, else the gallery; listen to the engine, which is on its way already."""
        self._catch_signals()
        if self._opened is not None:
            self.open(self._opened)
        else:
            self.show_gallery()
        self.listen_to_engine()
        self._offer_unsaved()

    def listen_to_engine(self) -> None:
        """Take in what the engine says, starting it if it does not run."""
        try:
            self.link.start()
        except LstmTuiError as error:
            self.notify_plainly(str(error), "error", 20)

    def open(self, opened: Opened) -> None:
        """Show this session; the model is loaded behind it. What the one before it has unsaved is kept."""
        if said := self.keep_unsaved():
            self.notify_plainly(said, "warning", 12)
        self._remember()
        self.comparing.stop()
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.session = opened.session
        self.push_screen(WorkbenchScreen(self.memory.layout(file_of(opened.session))))
        self.link.load(opened.session.model.path, afresh=True)
        self._perform(opened.effects)

    def open_scenario(self, path: Path) -> None:
        """Open a scenario file, or say what is wrong with it."""
        try:
            memory, looked = self.settings.recording_memory, self.memory.place
            self.open(open_scenario(path, self._shelf.model, memory=memory, looked=looked))
        except LstmTuiError as error:
            self.notify_plainly(str(error), "error", 20)

    def dispatch(self, command: Command) -> None:
        """The one way in which the session changes."""
        if self.session is None:
            return
        self.session, effects = update(self.session, command)
        self._perform(effects)
        for each in self.screen_stack:
            if isinstance(each, Follower):
                each.session_changed()
        shown = next((each for each in reversed(self.screen_stack) if isinstance(each, DrawnScreen)), None)
        if isinstance(shown, WorkbenchScreen) and _is_more_of_a_recording(command):
            shown.request_draw_soon()
        elif shown is not None:
            shown.request_draw()

    def on_of_comparison(self, message: OfComparison) -> None:
        """What a comparison says is a command of the session."""
        self.dispatch(message.command)

    def on_engine_event(self, message: EngineEvent) -> None:
        """Events of the engine become commands of the session."""
        for said in self.link.receive(message):
            self.dispatch(self._with_obstacles(said) if isinstance(said, ModelRefused) else said)

    def _with_obstacles(self, refused: ModelRefused) -> ModelRefused:
        """The refusal with all that the file shows and the user's options do not lift: it stands where the
        states would be. Where states stay in sight, of a run that succeeded before, it is told beside them.
        """
        session = self.session
        if session is None:
            return refused
        try:
            facts = what_there_is(session.model.path)
        except LstmTuiError:
            facts = session.model
        left = not_lifted(facts.obstacles, self._options.trust, bool(self._options.custom_objects))
        if session.run is not None or not any(item.blocking for item in left):
            self.notify_plainly(refused.refusal.reason, "error", 30)
        return replace(refused, facts=replace(facts, obstacles=left))

    def save(self, path: Path) -> None:
        """Write the session as a scenario; where that fails nothing has changed and the reason is told."""
        if self.session is None:
            return
        try:
            save_session(self.session, path)
        except LstmTuiError as error:
            self.notify_plainly(str(error), "error", 20)
            return
        if self.session.story.path is not None:
            recovery.forget(self.session.story.path)
        self.dispatch(Saved(path, stamp_of(path)))
        self.notify_plainly(f"saved {path}")

    def copy_plainly(self, text: str) -> None:
        """To the clipboard by OSC 52, and to a file where the terminal does not take that."""
        self.copy_to_clipboard(text)
        path = state_folder() / "copied.txt"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
        except OSError:
            self.notify_plainly(f"copied: {one_line(text, 60)}")
            return
        self.notify_plainly(f"copied, also to {path}\n{one_line(text, 60)}")

    def save_picture(self) -> None:
        """The screen as SVG in the current folder."""
        name = f"lstm-tui-{time.strftime('%Y%m%d-%H%M%S')}.svg"
        try:
            self.notify_plainly(f"saved {self.save_screenshot(name, path=str(Path.cwd()))}")
        except OSError as error:
            self.notify_plainly(f"the picture cannot be saved here: {error.strerror}", "error")

    def restart_engine(self) -> None:
        """Kill the engine, whatever it does, and start a new one; what has no result is asked for again."""
        self.link.restart()
        self.notify_plainly("another engine, as new, is at work")
        if self.session is not None:
            self.link.load(self.session.model.path)
            self.dispatch(AskAgain())

    def show_gallery(self) -> None:
        """The scenarios to choose from over the workbench; Escape comes back."""
        self.push_screen(GalleryScreen(self._shelf))

    def show_help(self) -> None:
        """Keys and words."""
        self.push_screen(HelpScreen(self.actions))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette lists the table of actions, nothing else."""
        if isinstance(screen, DrawnScreen):
            for action in screen.actions:
                if action.id != "palette":
                    yield SystemCommand(action.title, action.group, screen.doer(action))

    def leave(self, status: int = 0) -> None:
        """End the app; unsaved edits are kept for the next start. Done once, however many signals come."""
        if self._leaving:
            return
        self._leaving = True
        self.last_words = self.keep_unsaved()
        self._remember()
        self.comparing.stop()
        self.link.close()
        self.exit(status)

    def keep_unsaved(self) -> str:
        """Keep edits that nobody has saved, once, to be offered at the next start; what to say of it."""
        if self.session is None or not self.session.unsaved or self.session is self._kept:
            return ""
        self._kept = self.session
        try:
            kept = recovery.keep(self.session)
            return f"Unsaved changes are kept. To open them:\nlstm-tui {kept.arguments}"
        except LstmTuiError as error:
            return f"Unsaved changes are lost: {error}"

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, StartRun):
                self.link.run(effect.plan)
            elif isinstance(effect, AsideWish):
                self.link.aside(effect)
            elif isinstance(effect, LongWish):
                self.link.wish(effect)
            elif isinstance(effect, OfSides):
                self.comparing.see_to(effect)
            elif isinstance(effect, StopShrink):
                for said in self.link.end_search(effect.key):
                    self.dispatch(said)
            elif isinstance(effect, Listen):
                listen(self)
            elif not any(each.told(effect) for each in self.screen_stack if isinstance(each, Follower)):
                self.notify_plainly(effect.text, effect.severity)

    def switch_theme(self) -> None:
        """The next theme, also at the next start."""
        if not self.has_colours:
            self.notify_plainly("this terminal has no colours, or NO_COLOR is set")
            return
        self.take_theme(theme_after(self.theme_word))
        self.memory.keep_theme(self.theme_word, self.settings.theme)
        for screen in self.screen_stack:
            if isinstance(screen, DrawnScreen):
                screen.draw_afresh()

    def _remember(self) -> None:
        """How this file is left, for when it is opened again."""
        benches = (each for each in self.screen_stack if isinstance(each, WorkbenchScreen))
        bench = next(benches, None)
        if self.session is not None and bench is not None:
            self.memory.keep(self.session, bench.layout_of_panes)

    def _offer_unsaved(self) -> None:
        kept = recovery.newest()
        if kept is not None:
            words = f"Unsaved work of {kept.when} is kept. To open it:\nlstm-tui {kept.arguments}"
            self.notify_plainly(words, "warning", 12)

    def _terminal_gone(self) -> None:
        self.call_later(self.leave, 128 + _HANG_UP)

    def _catch_signals(self) -> None:
        """SIGINT, SIGTERM and SIGHUP end the app as `q` does: terminal restored, unsaved edits kept."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, _HANG_UP):
            loop.add_signal_handler(number, self.leave, 128 + number)
