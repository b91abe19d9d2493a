"""Where to save the session as a scenario."""

from __future__ import annotations

from pathlib import Path

from lstm_tui.errors import ScenarioError
from lstm_tui.performing.saving import default_path, what_saving_costs
from lstm_tui.session.state import Session
from lstm_tui.tui.dialogues.line import LineDialogue
from lstm_tui.tui.settings import unsaved_folder


class SaveDialogue(LineDialogue[Path]):
    """Asks for a path; says when a file stands there already."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            "Save as a scenario (YAML, its arrays beside it)", str(default_path(session, unsaved_folder()))
        )
        self._own_path = session.story.path
        self._costs = what_saving_costs(session, self._own_path) if self._own_path is not None else ""

    def answer_of(self, text: str) -> Path:
        """The path, with `.yaml` where no suffix was typed."""
        if not text:
            raise ScenarioError("no file name was typed", expected="a path that ends in .yaml")
        path = _path(text)
        if path.is_dir():
            raise ScenarioError(f"{path} is a directory", expected="a file name that ends in .yaml")
        return path

    def comment_on(self, text: str) -> str:
        """Whether something stands there, and what of it would be lost."""
        path = _path(text)
        if path == self._own_path and path.is_file():
            return f"The scenario's own file will be replaced, whole or not at all.\n{self._costs}"
        if path.is_file():
            return "There is another file already: it will be replaced, whole or not at all."
        return "" if path.parent.is_dir() else f"The folder {path.parent} will be made."


def _path(text: str) -> Path:
    """What is typed, with `.yaml` where it has no suffix of its own and is no directory."""
    path = Path(text).expanduser()
    return path if path.suffix in {".yaml", ".yml"} or path.is_dir() else path.with_name(path.name + ".yaml")
