"""Which function draws which pane, by the widget's id."""

from __future__ import annotations

from lstm_tui.tui.panes import Pane
from lstm_tui.tui.panes.edges import hints_pane, title_pane
from lstm_tui.tui.panes.gates import gates_pane
from lstm_tui.tui.panes.left import left_pane
from lstm_tui.tui.panes.lens import lens_pane
from lstm_tui.tui.panes.output import output_pane
from lstm_tui.tui.panes.units import units_pane

PANES: dict[str, Pane] = {
    "title": title_pane,
    "left": left_pane,
    "states": lens_pane,
    "units": units_pane,
    "gates": gates_pane,
    "output": output_pane,
    "hints": hints_pane,
}
