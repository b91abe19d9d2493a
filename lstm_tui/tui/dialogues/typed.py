"""What a typed line means: the words of a scenario's action, `transpose: [0, 2, 1]`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lstm_tui.errors import EditError
from lstm_tui.plain_text import one_line
from lstm_tui.session.edits import Edit


def typed_edits(text: str, kind: str, folders: Sequence[Path]) -> tuple[Edit, ...]:
    """The edit that `text` says, as the body of an action of this `kind` (`reset`, `rescale`, `reshape`).

    folders: where a file that is named is looked for, in order.
    Raises: LstmTuiError that says what cannot be understood.
    """
    from pydantic import ValidationError

    from lstm_tui.scenario.loading import load_action
    from lstm_tui.scenario.scenario import Scenario
    from lstm_tui.scenario.schema import Action

    body = _body(text)
    known = _known_words(Action, kind)
    _refuse_unknown(body, known, kind)
    try:
        words = Action.model_validate({kind: body})
    except ValidationError as error:
        said = [one_line(each["msg"]) for each in error.errors(include_url=False)[:3]]
        raise EditError("\n".join(dict.fromkeys(said)), expected=", ".join(known)) from None
    folder = found_in(_file_named(body), folders)
    return (load_action(words, Scenario(path=folder / "typed line", name="typed", model="")),)


def found_in(name: str, folders: Sequence[Path]) -> Path:
    """The first of `folders` that holds the file `name`; the first of all where none does."""
    return next((folder for folder in folders if name and (folder / name).is_file()), folders[0])


def _file_named(body: Mapping[str, Any]) -> str:
    """`file: NAME` or `to: {file: NAME}`, `` where there is neither."""
    states = body.get("to")
    name = states.get("file") if isinstance(states, Mapping) else body.get("file")
    return name if isinstance(name, str) else ""


def _body(text: str) -> Mapping[str, Any]:
    """The line as a mapping. Raises: EditError."""
    from lstm_tui.scenario.yaml_text import YamlRefused, compose

    try:
        plain = compose(f"{{{text}}}").plain()
    except YamlRefused:
        raise EditError("this is not complete yet", expected="word: value, word: value") from None
    return plain if isinstance(plain, Mapping) else {}


def _known_words(action: Any, kind: str) -> tuple[str, ...]:
    """The words that may stand in an action of this kind, in the order of the format."""
    return tuple(action.model_fields[kind].annotation.__args__[0].model_fields)


def _refuse_unknown(body: Mapping[str, Any], known: tuple[str, ...], kind: str) -> None:
    for word, value in body.items():
        if word not in known:
            close = difflib.get_close_matches(str(word), known, 1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise EditError(f"{one_line(word)} is no word of a {kind}{meant}", expected=", ".join(known))
        if value is None:
            raise EditError(f"{one_line(word)} needs a value", expected=f"{one_line(word)}: value")
