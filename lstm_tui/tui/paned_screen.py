"""A screen of panes of which one has the focus: on the whole screen, hidden, shown again, remembered."""

from __future__ import annotations

from dataclasses import replace

from rich.segment import Segment

from lstm_tui.session.commands import ChooseLens, Command, SwitchGoal, SwitchPrecision
from lstm_tui.session.view import shown_trace
from lstm_tui.session.walks import is_walking
from lstm_tui.tui.actions import Action
from lstm_tui.tui.drawn_screen import DrawnScreen
from lstm_tui.tui.layout import (
    NAMES,
    PANES_OF_BODY,
    Layout,
    Placement,
    Room,
    all_shown,
    focus_moved,
    hidden_switched,
    placed,
    seen_to,
    zoom_switched,
)
from lstm_tui.tui.lines import Lines
from lstm_tui.tui.panes import Canvas, Line, Pane

#: A window of fewer columns or rows has no room for the left column, or for gates and output.
NARROW, LOW = 60, 18


class PanedScreen(DrawnScreen):
    """Places its panes as `layout` says. A subclass composes them, each a `Lines` with its name as id."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout_of_panes = layout

    @property
    def placement(self) -> Placement:
        """Where the panes go in this window, for what is looked at."""
        session, size = self.session, self.size
        room = Room(
            narrow=size.width < NARROW,
            low=size.height < LOW,
            whole=is_walking(session),
            nothing=shown_trace(session) is None or session.cursor.lens in ("shapes", "variance", "ahead"),
        )
        return placed(self.layout_of_panes, room)

    def hinted(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        """The way back among the keys of the last line, where panes are not in sight."""
        layout = self.layout_of_panes
        back = "whole_pane" if layout.zoomed else "all_panes" if layout.hidden else ""
        lens = self.session.cursor.lens  # what goes with the view has room before all others
        return tuple(
            replace(each, hint="all panes", lens=lens) if each.id == back else each for each in actions
        )

    def arranged(self) -> bool:
        """Whether panes have just been given another place."""
        placement, changed = self.placement, False
        for pane in PANES_OF_BODY:
            widget = self.query_one(f"#{pane}", Lines)
            before = widget.classes
            widget.set_class(pane not in placement.shown, "-hidden")
            widget.set_class(pane == placement.filling, "-filling")
            changed |= widget.classes != before
        self.query_one("#right").set_class(placement.shown == ("left",), "-hidden")
        return changed

    def drawn_by(self, name: str, pane: Pane, canvas: Canvas) -> list[Line]:
        """The pane, marked where the focus was put on it."""
        lines = super().drawn_by(name, pane, canvas)
        marked = name == self.layout_of_panes.focus and len(self.placement.shown) > 1
        return _marked(lines, canvas) if marked else lines

    def send(self, command: Command) -> None:
        """Change the session; a view that is asked for is seen."""
        if isinstance(command, ChooseLens | SwitchGoal | SwitchPrecision):
            self.take_layout(seen_to(self.layout_of_panes, "states"))
        super().send(command)

    def take_layout(self, layout: Layout) -> None:
        """Place the panes otherwise."""
        if layout != self.layout_of_panes:
            self.layout_of_panes = layout
            self.request_draw()

    # --- actions --------------------------------------------------------------------------------

    def action_next_pane(self) -> None:
        """The focus on the next pane."""
        self.take_layout(focus_moved(self.layout_of_panes, self.placement, 1))

    def action_previous_pane(self) -> None:
        """The focus on the pane before."""
        self.take_layout(focus_moved(self.layout_of_panes, self.placement, -1))

    def action_whole_pane(self) -> None:
        """The pane in focus on the whole screen, or all as before."""
        self.take_layout(zoom_switched(self.layout_of_panes))

    def action_hide_pane(self) -> None:
        """Hide the pane in focus and say how it comes back."""
        pane = self.layout_of_panes.chosen
        layout = hidden_switched(self.layout_of_panes, pane)
        if layout == self.layout_of_panes:
            self.workbench.notify_plainly("this is the last pane: it stays")
            return
        self.take_layout(layout)
        self.workbench.notify_plainly(f"hidden: {NAMES[pane]}; _ shows all panes", seconds=3)

    def action_all_panes(self) -> None:
        """Everything shown as at the first start."""
        self.take_layout(all_shown(self.layout_of_panes))


def _marked(lines: list[Line], canvas: Canvas) -> list[Line]:
    """The first cell of a pane is a rule or blank: there stands the mark."""
    if not lines or not lines[0]:
        return lines
    (text, style, _), *rest = lines[0]
    mark = Segment(canvas.palette.glyphs.selected, canvas.ink.here)
    return [[mark, Segment(text[1:], style), *rest] if len(text) > 1 else [mark, *rest], *lines[1:]]
