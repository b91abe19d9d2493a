"""Try it otherwise: poke a state, clamp a gate, silence units, nudge the input, where the cursor is."""

from __future__ import annotations

from lstm_tui.arrays.opening import nearest
from lstm_tui.errors import EditError
from lstm_tui.performing.typed import typed_edits
from lstm_tui.plain_text import one_line
from lstm_tui.session.edits import Edit
from lstm_tui.session.examples import trials
from lstm_tui.session.state import Session
from lstm_tui.session.trying import TRYING, defaults, trying_offers
from lstm_tui.tui.dialogues.ask import EditDialogue


class TryDialogue(EditDialogue):
    """What is tried is undone like every other change, and nothing of it reaches the model."""

    def __init__(self, session: Session) -> None:
        cursor = session.cursor
        where = f"{one_line(cursor.layer, 40)} {cursor.series}, step {cursor.step}"
        where += f", sample {cursor.sample}" if cursor.sample else ""
        super().__init__(
            session,
            question=f"Try it otherwise: {where}",
            offers=trying_offers(session),
            parse=lambda text: tried_edits(text, session),
            example=trials(session),
        )


def tried_edits(text: str, session: Session) -> tuple[Edit, ...]:
    """What a line like `poke step: 12, to: 0.5` says, what it leaves out taken from the cursor.

    Raises: LstmTuiError that says what cannot be understood.
    """
    word, _, rest = text.strip().partition(" ")
    word = word.rstrip(":")
    if word not in TRYING:
        meant = nearest(word, TRYING)
        asked = f"; did you mean {meant}?" if meant else ""
        raise EditError(
            f"{one_line(word, 40)} is nothing that can be tried{asked}", expected=", ".join(TRYING)
        )
    return typed_edits(rest, word, session.story.folders, defaults=defaults(session, word))
