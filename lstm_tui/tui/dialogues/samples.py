"""Which sample of the batch to look at: a list of all, those that stand out first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from lstm_tui.charts.lines import Line
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.sample_table import sample_table
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.samples import Standing
from lstm_tui.session.commands import ChooseSample
from lstm_tui.session.samples import sample_standings
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_recording

#: A longer list would take seconds to lay out; what stands out is at its top.
MOST_ROWS = 1000
#: Border, question, head and keys; the meaning of the columns, and from which height on there is room for it.
_OTHER_LINES, _MEANING_LINES, _EXPLAINED_FROM = 6, 4, 16


def sample_dialogue(session: Session, palette: Palette) -> SampleDialogue | str:
    """The list of the samples of what is shown, or why there is none."""
    found = sample_standings(session)
    if session.long is not None and len(found) < 2:
        return "samples that are recorded in stretches are not listed"
    if len(found) < 2:
        return "there is only one sample" if found else "there are no samples yet"
    recording = shown_recording(session)
    output = next(iter(recording.outputs)) if recording is not None else ""
    return SampleDialogue(found, session.cursor.sample, output, palette)


class SampleDialogue(ModalScreen["ChooseSample | None"]):
    """Choose with the arrows; Enter goes to the sample, and to the step where it stands out."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,l", "leave", show=False)]
    DEFAULT_CLASSES = "dialogue"

    def __init__(self, standings: Sequence[Standing], here: int, output: str, palette: Palette) -> None:
        """here: the sample shown now. output: the name of the output that the numbers are about."""
        super().__init__()
        self._standings = standings[:MOST_ROWS]
        self._left_out = len(standings) - len(self._standings)
        self._here, self._output, self._palette = here, output, palette

    def compose(self) -> ComposeResult:
        """Head, rows, what the columns mean, keys."""
        with Vertical():
            yield Static(self._question(), classes="question", markup=False)
            yield Static("", id="sample-head", markup=False)
            yield OptionList(id="sample-rows")
            yield Static("", classes="preview", markup=False)
            yield Static("Enter goes there · Escape leaves", classes="keys", markup=False)

    def on_mount(self) -> None:
        """Start on the sample that stands out most."""
        self.query_one(OptionList).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Rows are drawn for the width that there is, in as many lines as the other parts leave."""
        self.call_after_refresh(self._fill, event.size.height)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to the sample, and to the place where something is wrong with it."""
        chosen = self._standings[event.option_index]
        place = chosen.place
        self.dismiss(
            ChooseSample(chosen.sample)
            if place is None
            else ChooseSample(chosen.sample, place.layer, place.step)
        )

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

    def _question(self) -> str:
        more = f", {self._left_out} that do not are left out" if self._left_out else ""
        return (
            f"Samples of the batch, what stands out first{more}\n"
            f"output {one_line(self._output, 40)} · now at sample {self._here}"
        )

    def _fill(self, height: int) -> None:
        rows = self.query_one(OptionList)
        explained = height >= _EXPLAINED_FROM
        room = height - _OTHER_LINES - (_MEANING_LINES if explained else 0)
        rows.styles.height = rows.styles.max_height = max(min(room, len(self._standings)), 3)
        width = max(self.query_one(Vertical).size.width, 20) - 1  # the scroll bar
        table = sample_table(self._standings, width=width, palette=self._palette)
        self.query_one("#sample-head", Static).update(_text(table.head))
        at = rows.highlighted or 0
        rows.clear_options()
        rows.add_options([Option(_text(line)) for line in table.rows])
        rows.highlighted = at if self._standings else None
        meaning = self.query_one(".preview", Static)
        meaning.display = explained
        meaning.update("\n".join(table.meaning))


def _text(line: Line) -> Text:
    return Text.assemble(*((segment.text, segment.style or "") for segment in line), no_wrap=True)
