"""What each pane draws: functions from a session, a size and colours to finished lines. They hold nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lstm_tui.charts.lines import Line
from lstm_tui.charts.palette import Palette
from lstm_tui.session.state import Session
from lstm_tui.tui.actions import Action
from lstm_tui.tui.ink import Ink

__all__ = ["Canvas", "Line", "Pane"]


@dataclass(frozen=True, eq=False)
class Canvas:
    """What a pane needs to know of where it is drawn: its size in cells, colours, and the keys."""

    width: int
    height: int
    palette: Palette
    ink: Ink
    actions: tuple[Action, ...] = ()


Pane = Callable[[Session, Canvas], list[Line]]
