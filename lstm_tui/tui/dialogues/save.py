"""Where to save the session as a scenario."""

from __future__ import annotations

from pathlib import Path

from lstm_tui.errors import ScenarioError
from lstm_tui.session.state import Session
from lstm_tui.tui.dialogues.line import LineDialogue
from lstm_tui.tui.saving import default_path


class SaveDialogue(LineDialogue[Path]):
    """Asks for a path; says when a file stands there already."""

    def __init__(self, session: Session) -> None:
        super().__init__("Save as a scenario (YAML, its arrays beside it)", str(default_path(session)))
        self._own_path = session.story.path

    def answer_of(self, text: str) -> Path:
        """The path, with `.yaml` where no suffix was typed."""
        if not text:
            raise ScenarioError("no file name was typed", expected="a path that ends in .yaml")
        path = Path(text).expanduser()
        path = path if path.suffix in {".yaml", ".yml"} else path.with_name(path.name + ".yaml")
        if path.is_dir():
            raise ScenarioError(f"{path} is a directory", expected="a file name that ends in .yaml")
        return path

    def comment_on(self, text: str) -> str:
        """Whether something stands there."""
        path = Path(text).expanduser()
        if path.is_file():
            whose = "this scenario's own file" if path == self._own_path else "another file"
            return f"There is {whose} already: it will be replaced, whole or not at all."
        return "" if path.parent.is_dir() else f"The folder {path.parent} will be made."
