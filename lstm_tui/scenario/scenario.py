"""A scenario as a value: what the file says, nothing loaded. What it names is loaded by `loading`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_tui.errors import ScenarioError
from lstm_tui.plain_text import one_line

if TYPE_CHECKING:  # pydantic and ruamel.yaml are for those who read or write files
    from lstm_tui.scenario.call_words import Call
    from lstm_tui.scenario.schema import Action, Expect, View
    from lstm_tui.scenario.words import AnySource, Sources
    from lstm_tui.scenario.yaml_text import Document, YamlPath


@dataclass(frozen=True)
class Scenario:
    """One scenario file. `model` and the files in sources are as written: relative to the file's folder.

    calls: empty stands for one `predict` of the input.
    model_sha256: of the model's file as it was recorded, where the scenario says so.
    document: the text it was read from, for the place of a mistake that only shows later.
    """

    path: Path
    name: str
    model: str
    description: str = ""
    inputs: Sources | None = None
    reference: Sources | None = None
    reference_target: AnySource | None = None
    target: AnySource | None = None
    actions: tuple[Action, ...] = ()
    calls: tuple[Call, ...] = ()
    expect: Expect | None = None
    breakpoints: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    view: View | None = None
    model_sha256: str | None = None
    document: Document | None = field(default=None, compare=False, repr=False)

    @property
    def folder(self) -> Path:
        """Where the files that it names are looked for."""
        return self.path.parent

    @property
    def model_path(self) -> Path:
        """The model's file."""
        return self.folder / self.model

    @property
    def inputs_at(self) -> YamlPath:
        """Where the file says its inputs: under `input` or `inputs`."""
        keys = self.document.root.keys if self.document is not None else {}
        return ("inputs",) if "inputs" in keys else ("input",)

    def mistake(self, at: YamlPath, what: str) -> ScenarioError:
        """The error that says what is wrong at a path of the file, with its line and column where known."""
        where = one_line(self.path)
        if self.document is not None:
            place = self.document.place(at)
            where = f"{where}:{place.line}:{place.column}"
        return ScenarioError(f"{where}: {dotted(at)}: {what}" if at else f"{where}: {what}")


def dotted(path: YamlPath) -> str:
    """`actions[0].reshape.to`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return one_line(text.removeprefix("."))
