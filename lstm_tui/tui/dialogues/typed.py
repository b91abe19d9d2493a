"""What a typed line means: the words of a scenario's action, `transpose: [0, 2, 1]`."""

from __future__ import annotations

from pathlib import Path

from lstm_tui.errors import EditError
from lstm_tui.session.edits import Edit


def typed_edits(text: str, kind: str) -> tuple[Edit, ...]:
    """The edit that `text` says, as the body of an action of this `kind` (`reset`, `rescale`, `reshape`).

    Raises: LstmTuiError that says what cannot be understood.
    """
    from pydantic import ValidationError

    from lstm_tui.scenario.loading import load_action
    from lstm_tui.scenario.mistakes import mistakes_of
    from lstm_tui.scenario.scenario import Scenario
    from lstm_tui.scenario.schema import Action
    from lstm_tui.scenario.yaml_text import YamlRefused, compose

    try:
        document = compose(f"{{{kind}: {{{text}}}}}")
    except YamlRefused as refused:
        raise EditError(
            f"this cannot be read: {refused.mistake.what}", expected="words: value, words: value"
        ) from None
    plain = document.plain()
    try:
        words = Action.model_validate(plain)
    except ValidationError as error:
        wrong = mistakes_of(error, plain, document)
        raise EditError("\n".join(mistake.what for mistake in wrong[:3])) from None
    return (load_action(words, Scenario(path=Path.cwd() / "typed", name="typed", model="")),)
