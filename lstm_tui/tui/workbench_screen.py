"""The main screen: panes that draw the session, and the keys of the table of actions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from lstm_tui.charts.heat_map import map_columns
from lstm_tui.session.commands import ChooseLens, Command, GoToStep, MakeEdits, MoveStep, Zoom
from lstm_tui.session.comparing_commands import CompareCases
from lstm_tui.session.copying import value_under_cursor
from lstm_tui.session.diagnosing import finding_in_view
from lstm_tui.session.edits import Edit
from lstm_tui.session.question_commands import ToHit
from lstm_tui.session.view import shown_trace
from lstm_tui.session.walks import counted, place
from lstm_tui.session.why_commands import FollowShare
from lstm_tui.tui.actions import ACTIONS, Action, of_workbench
from lstm_tui.tui.dialogues.ask import EditDialogue
from lstm_tui.tui.dialogues.go_to import GoToDialogue
from lstm_tui.tui.dialogues.open_input import OpenInputDialogue
from lstm_tui.tui.dialogues.rebuild import RebuildDialogue
from lstm_tui.tui.dialogues.rescale import RescaleDialogue
from lstm_tui.tui.dialogues.reset import ResetDialogue
from lstm_tui.tui.dialogues.reshape import ReshapeDialogue
from lstm_tui.tui.dialogues.samples import sample_dialogue
from lstm_tui.tui.dialogues.save import SaveDialogue
from lstm_tui.tui.dialogues.want_shape import WantShapeDialogue
from lstm_tui.tui.drawn_screen import bindings_of
from lstm_tui.tui.layout import Layout
from lstm_tui.tui.lines import Lines
from lstm_tui.tui.listening import pause
from lstm_tui.tui.paned_screen import PanedScreen
from lstm_tui.tui.panes import Pane
from lstm_tui.tui.panes.table import PANES
from lstm_tui.tui.reading_screens import FindingScreen, StoryScreen

#: Timesteps a second while running.
_RUN_RATE = 12
#: Stretches of a long recording arrive ten times a second; over a slow link that is too often to draw.
_UNHURRIED_SECONDS = 0.25


class WorkbenchScreen(PanedScreen):
    """Draws `app.session`; every key is an entry of the table of actions."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(of_workbench(ACTIONS))

    def __init__(self, layout: Layout | None = None) -> None:
        super().__init__(layout or Layout())
        self._walking: Timer | None = None
        self._unhurried: Timer | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """All but those of two runs."""
        return self.hinted(of_workbench(self.workbench.actions))

    @property
    def panes(self) -> Mapping[str, Pane]:
        """The layers, what is looked at, the values, the keys."""
        return PANES

    def compose(self) -> ComposeResult:
        """Title, two columns of panes, keys."""
        yield Lines(id="title")
        with Horizontal(id="body"):
            yield Lines(id="left")
            with Vertical(id="right"):
                yield Lines(id="states")
                yield Lines(id="units")
                yield Lines(id="gates")
                yield Lines(id="output")
        yield Lines(id="hints")

    def request_draw_soon(self) -> None:
        """Draw within a moment: more of a recording has come, and will again and again."""
        if self._unhurried is None:
            self._unhurried = self.set_timer(_UNHURRIED_SECONDS, self._draw_unhurried)

    def _draw_unhurried(self) -> None:
        self._unhurried = None
        self.request_draw()

    # --- actions --------------------------------------------------------------------------------

    def send(self, command: Command) -> None:
        """Change the session; who steps by hand does not walk on by itself."""
        if isinstance(command, MoveStep | GoToStep | ToHit):
            self._pause()
        super().send(command)

    def action_run(self) -> None:
        """Walk through the steps by itself, or stop doing so."""
        if self._walking is not None:
            self._pause()
            return
        here, last = place(self.session)
        if here >= last:
            self.workbench.dispatch(GoToStep(0))
        self._walking = self.set_interval(1 / _RUN_RATE, self._run_step)

    def action_zoom_out(self) -> None:
        """More steps a column of the heat map."""
        self._zoom(1)

    def action_zoom_in(self) -> None:
        """Fewer steps a column."""
        self._zoom(-1)

    def _zoom(self, by: int) -> None:
        columns = self.query_one("#states", Lines).size.width
        trace = shown_trace(self.session)
        if trace is not None:
            self.workbench.dispatch(Zoom(by, map_columns(trace.units, columns)))

    def action_go_to_step(self) -> None:
        """Ask for a timestep."""
        _, last = place(self.session)
        if last < 0:
            self.workbench.notify_plainly("there are no steps yet")
            return
        self.app.push_screen(GoToDialogue(last, *counted(self.session)), self._dispatch_if_any)

    def action_samples(self) -> None:
        """List the samples of the batch."""
        dialogue = sample_dialogue(self.session, self.workbench.palette)
        if isinstance(dialogue, str):
            self.workbench.notify_plainly(dialogue)
        else:
            self.app.push_screen(dialogue, self._dispatch_if_any)

    def action_next_hit(self) -> None:
        """To the next step at which a breakpoint holds; without one, ask for one."""
        if self.session.questions.breakpoints:
            self.send(ToHit(1))
        else:
            self.action_breakpoints()

    def action_breakpoints(self) -> None:
        """Ask for conditions, show where they hold."""
        self._ask_about("breakpoints")

    def action_watches(self) -> None:
        """Ask for expressions to watch."""
        self._ask_about("watches")

    def _ask_about(self, what: Literal["breakpoints", "watches"]) -> None:
        from lstm_tui.tui.dialogues.questions import QuestionDialogue  # for who asks

        self.app.push_screen(QuestionDialogue(self.workbench, what), self._dispatch_if_any)

    def action_reset(self) -> None:
        """Ask what to reset, and to what."""
        self._edit_with(ResetDialogue(self.session))

    def action_rescale(self) -> None:
        """Ask how to rescale."""
        self._edit_with(RescaleDialogue(self.session))

    def action_reshape(self) -> None:
        """Ask how to reshape, with what would fit this model first."""
        self._edit_with(ReshapeDialogue(self.session))

    def action_try_otherwise(self) -> None:
        """Ask what to try otherwise where the cursor is."""
        from lstm_tui.tui.dialogues.try_otherwise import TryDialogue  # for who tries

        self._edit_with(TryDialogue(self.session))

    def action_open_input(self) -> None:
        """Ask for an input file or a random sequence."""
        self.app.push_screen(
            OpenInputDialogue(self.session.model, self.session.story.folders), self._dispatch_if_any
        )

    def action_story(self) -> None:
        """All that is known of this scenario, to read."""
        self.app.push_screen(StoryScreen(self.session))

    def action_lesson(self) -> None:
        """The chosen finding, the first, or the one that was tried, to read and to copy."""
        finding = finding_in_view(self.session)
        if finding is None:
            self.workbench.notify_plainly("d runs the checks; what they find is explained here")
            return
        self.app.push_screen(FindingScreen(finding))

    def action_want_shape(self) -> None:
        """Ask which shape of the output is wanted."""
        self.app.push_screen(WantShapeDialogue(self.session.material.expected_shape), self._dispatch_if_any)

    def on_key(self, event: events.Key) -> None:
        """In the view of origins a digit follows that cause; Escape closes the view, as its own key does."""
        if self.session.cursor.lens != "origins":
            return
        if event.key == "escape":
            event.stop()
            self.workbench.dispatch(ChooseLens("origins"))
        elif event.character and event.character in "123456789":
            event.stop()
            self.workbench.dispatch(FollowShare(int(event.character)))

    def action_compare(self) -> None:
        """Ask what to lay side by side."""
        from lstm_tui.session.comparing import offers
        from lstm_tui.tui.dialogues.compare import CompareDialogue

        found = offers(self.session)
        if isinstance(found, str):
            self.workbench.notify_plainly(found)
        else:
            self.app.push_screen(CompareDialogue(self.session, found), self._compare)

    def _compare(self, cases: CompareCases | None) -> None:
        if cases is not None:
            from lstm_tui.tui.sides_screen import SidesScreen

            self.workbench.dispatch(cases)
            self.app.push_screen(SidesScreen())

    def action_save(self) -> None:
        """Ask where to save."""
        self.app.push_screen(SaveDialogue(self.session), self._save_to)

    def action_rebuild(self) -> None:
        """Ask for the form in which to write the model."""
        self.app.push_screen(RebuildDialogue(self.session.model), self._dispatch_if_any)

    def action_command_line(self) -> None:
        """The line at the bottom."""
        from lstm_tui.tui.command_line_screen import CommandLineScreen  # for who types

        self.app.push_screen(CommandLineScreen())

    def action_pause_stream(self) -> None:
        """Take nothing more of what is followed for now, or go on."""
        pause(self.workbench)

    def action_gallery(self) -> None:
        """Back to the gallery of scenarios."""
        self.workbench.show_gallery()

    def action_copy(self) -> None:
        """The value under the cursor to the clipboard (OSC 52), and to a file where that does not arrive."""
        text = value_under_cursor(self.session)
        if text:
            self.workbench.copy_plainly(text)
        else:
            self.workbench.notify_plainly("nothing is recorded yet: there is no value to copy")

    def action_restart_engine(self) -> None:
        """Kill the engine and start another."""
        self.workbench.restart_engine()

    def _edit_with(self, dialogue: EditDialogue) -> None:
        if not self.session.material.inputs:
            self.workbench.notify_plainly("open an input first (o)")
            return
        self.app.push_screen(dialogue, self._make_edits)

    def _make_edits(self, edits: tuple[Edit, ...] | None) -> None:
        if edits:
            self.workbench.dispatch(MakeEdits(edits))

    def _dispatch_if_any(self, command: Command | None) -> None:
        if command is not None:
            self.workbench.dispatch(command)

    def _save_to(self, path: Path | None) -> None:
        if path is not None:
            self.workbench.save(path)

    def _run_step(self) -> None:
        here, last = place(self.session)
        if here >= last:
            self._pause()
        else:
            self.workbench.dispatch(MoveStep(1))

    def _pause(self) -> None:
        if self._walking is not None:
            self._walking.stop()
            self._walking = None
