"""What a typed line means: the words of a scenario's action or call, `transpose: [0, 2, 1]`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lstm_tui.errors import EditError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Call
from lstm_tui.session.edits import Edit

if TYPE_CHECKING:  # pydantic and ruamel.yaml are for who types
    from pydantic import ValidationError

    from lstm_tui.scenario.scenario import Scenario
    from lstm_tui.scenario.words import Words

Form = TypeVar("Form", bound="Words")

#: Of every unit, of every sample: what leaving the word out means in a file.
_ALL = "all"
#: How there comes to be something that a scaler can be fitted on.
_REFERENCE = "give the training data as the reference: `reference:` in the scenario, or --reference FILE"


def typed_edits(
    text: str, kind: str, folders: Sequence[Path], *, defaults: Mapping[str, Any] | None = None
) -> tuple[Edit, ...]:
    """The edit that `text` says, as the body of an action of this `kind` (`reset`, `rescale`, `reshape`).

    folders: where a file that is named is looked for, in order. defaults: what is meant by a word that is
    left out; then `all` is said for what a file leaves out. A unit that is meant is one of the layer that is
    meant: where a layer is named, all of its units are.
    Raises: LstmTuiError that says what cannot be understood.
    """
    from lstm_tui.scenario.loading import load_action
    from lstm_tui.scenario.schema import Action

    body = _body(text)
    if defaults is not None:
        meant = {word: value for word, value in defaults.items() if not (word == "unit" and "layer" in body)}
        body = {word: value for word, value in {**meant, **body}.items() if value != _ALL}
    words = _valid(Action, kind, body)
    return (load_action(words, _beside(body, folders)),)


def typed_call(text: str, kind: str, folders: Sequence[Path]) -> Call:
    """The call that `text` says, as the body of a call of this `kind` (`predict`, `generate`, `fit`, …).

    Raises: LstmTuiError that says what cannot be understood.
    """
    from lstm_tui.scenario.call_words import Call as CallWords
    from lstm_tui.scenario.loading import load_call

    body = _body(text)
    words = _valid(CallWords, kind, body)
    return load_call(words, _beside(body, folders))


def _valid(form: type[Form], kind: str, body: Mapping[str, Any]) -> Form:
    """The words, checked as those of a file are. Raises: EditError."""
    from pydantic import ValidationError

    known = _known_words(form, kind)
    _refuse_unknown(body, known, kind)
    try:
        return form.model_validate({kind: body})
    except ValidationError as error:
        raise _refused(error, kind, body, known) from None


def _refused(error: ValidationError, kind: str, body: Mapping[str, Any], known: tuple[str, ...]) -> EditError:
    """The error that names each word that is wrong, and what it takes."""
    from lstm_tui.scenario.mistakes import phrases_of

    found = phrases_of(error, {kind: dict(body)})[:3]
    words = [str(path[1]) if len(path) > 1 else kind for path, _ in found]
    said = [f"{one_line(word)}: {phrase}" for word, (_, phrase) in zip(words, found, strict=True)]
    return EditError(
        "\n".join(dict.fromkeys(said)),
        expected=", ".join(known) if kind in words else "",
        todo=_REFERENCE if "fit" in words else "",
    )


def _beside(body: Mapping[str, Any], folders: Sequence[Path]) -> Scenario:
    """A scenario in whose folder the file that is named lies."""
    from lstm_tui.scenario.scenario import Scenario

    folder = found_in(_file_named(body), folders)
    return Scenario(path=folder / "typed line", name="typed", model="")


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
        plain = compose(f"{{{text} }}").plain()
    except YamlRefused:
        raise EditError("this is not complete yet", expected="word: value, word: value") from None
    return plain if isinstance(plain, Mapping) else {}


def _known_words(action: Any, kind: str) -> tuple[str, ...]:
    """The words that may stand in an action of this kind, in the order of the format."""
    fields = action.model_fields
    field = fields.get(kind) or next(each for each in fields.values() if each.alias == kind)
    inside = field.annotation.__args__[0].model_fields
    return tuple(each.alias or name for name, each in inside.items())


def _refuse_unknown(body: Mapping[str, Any], known: tuple[str, ...], kind: str) -> None:
    for word, value in body.items():
        if word not in known:
            close = difflib.get_close_matches(str(word), known, 1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise EditError(f"{one_line(word)} is no word of a {kind}{meant}", expected=", ".join(known))
        if value is None:
            raise EditError(f"{one_line(word)} needs a value", expected=f"{one_line(word)}: value")
