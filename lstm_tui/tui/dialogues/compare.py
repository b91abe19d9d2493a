"""What to lay side by side: what was changed, the same call again, or another file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lstm_tui.arrays.files import INPUT_SUFFIXES
from lstm_tui.errors import UsageError
from lstm_tui.performing.opening import other_case
from lstm_tui.performing.typed import found_in
from lstm_tui.session.comparing import Offer, present_case
from lstm_tui.session.comparing_commands import CompareCases
from lstm_tui.session.state import Session
from lstm_tui.tui.dialogues.line import LineDialogue

_SUFFIXES = (".keras", ".yaml", ".yml", *INPUT_SUFFIXES)
_MOST_FILES = 200


class CompareDialogue(LineDialogue[CompareCases]):
    """Lists what can be compared and the files at hand; Enter alone takes the first."""

    def __init__(self, session: Session, offered: Sequence[Offer]) -> None:
        files = [(f"{path.name}  {path.parent}".removesuffix("  ."), str(path)) for path in _files(session)]
        super().__init__(
            "Lay two runs side by side: one of these, or what is shown beside a model, an input, a scenario",
            placeholder=f"Enter alone: {offered[0].label}",
            choices=[*((offer.label, offer.word) for offer in offered), *files],
        )
        self._session = session
        self._offered = offered

    def answer_of(self, text: str) -> CompareCases:
        """What was offered under this word, or what is shown against the file."""
        for offer in self._offered:
            if text in {"", offer.word} and (text or offer is self._offered[0]):
                return CompareCases(*offer.cases)
        path = found_in(text, self._session.story.folders) / Path(text).expanduser()
        if not path.is_file():
            raise UsageError(
                f"there is no file {text}",
                expected=f"a model, an input or a scenario; {', '.join(each.word for each in self._offered)}",
            )
        return CompareCases(present_case(self._session), other_case(self._session, path))


def _files(session: Session) -> list[Path]:
    """Models, scenarios and arrays at hand, also in folders called `inputs` and `models`."""
    model, opened = session.model.path, session.story.path
    folders = [*session.story.folders, model.parent]
    places = dict.fromkeys(place for each in folders for place in (each, each / "inputs", each / "models"))
    found = [path for place in places if place.is_dir() for path in sorted(place.iterdir())]
    files = {path.resolve(): path for path in found if path.suffix in _SUFFIXES and path.is_file()}
    for own in (model, opened):
        if own is not None:
            files.pop(own.resolve(), None)
    return list(files.values())[:_MOST_FILES]
