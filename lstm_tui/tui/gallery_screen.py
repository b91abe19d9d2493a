"""Scenarios to choose from, each with its story: the bundled ones by question, or those that were named."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from lstm_tui.plain_text import one_line, paragraphs
from lstm_tui.scenario.gallery import GalleryEntry

if TYPE_CHECKING:
    from lstm_tui.performing.opening import Shelf
    from lstm_tui.tui.app import Workbench


class GalleryScreen(Screen[None]):
    """Choose with the arrows, open with Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q", "quit", "Quit", show=False),
        Binding("question_mark,f1", "help", "Help", show=False),
        Binding("escape", "back", "Back", show=False),
        Binding("P", "screenshot", "Picture", show=False),
    ]

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._title = shelf.title
        self._entries: dict[str, GalleryEntry] = {str(entry.path): entry for entry in shelf.entries}

    def compose(self) -> ComposeResult:
        """Title, list and story, keys."""
        back = "Esc back · " if self.workbench.session is not None else ""
        yield Static(
            f"lstm-tui  ·  {self._title}  ·  choose a scenario",
            id="title",
            markup=False,
        )
        with Horizontal(id="body"):
            yield OptionList(*self._options(), id="gallery-list")
            with VerticalScroll(id="gallery-story"):
                yield Static("", id="gallery-text", markup=False)
        yield Static(
            f"Enter opens · Up Down choose · {back}? help · q quit · lstm-tui MODEL opens yours",
            id="hints",
            markup=False,
        )

    def on_mount(self) -> None:
        """The scenario that is open, else the first of the first question."""
        options = self.query_one(OptionList)
        options.focus()
        if self._entries:
            here = str(self.workbench.session.story.path) if self.workbench.session is not None else ""
            options.highlighted = options.get_option_index(here) if here in self._entries else 1
        else:
            self.query_one("#gallery-text", Static).update(
                "No bundled scenarios were found with this installation."
            )

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell the story of the scenario under the bar."""
        entry = self._entries.get(event.option_id or "")
        if entry is not None:
            self.query_one("#gallery-text", Static).update(
                Text.assemble(
                    (one_line(entry.name) + "\n\n", "bold"), "\n\n".join(paragraphs(entry.description))
                )
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open it."""
        if event.option_id in self._entries:
            self.workbench.open_scenario(self._entries[event.option_id].path)

    @property
    def workbench(self) -> Workbench:
        """The app, with its own type."""
        return cast("Workbench", self.app)

    def action_quit(self) -> None:
        """Leave."""
        self.workbench.leave()

    def action_back(self) -> None:
        """Back to the session that is open, if there is one."""
        if self.workbench.session is not None:
            self.dismiss(None)

    def action_help(self) -> None:
        """Keys and words of the workbench."""
        self.workbench.show_help()

    def action_screenshot(self) -> None:
        """A picture of the screen."""
        self.workbench.save_picture()

    def _options(self) -> list[Option]:
        options: list[Option] = []
        heading = ""
        for key, entry in self._entries.items():
            if entry.heading != heading:
                heading = entry.heading
                options.append(Option(Text(one_line(heading)), disabled=True))
            options.append(
                Option(Text("  " + one_line(entry.name), no_wrap=True, overflow="ellipsis"), id=key)
            )
        return options
