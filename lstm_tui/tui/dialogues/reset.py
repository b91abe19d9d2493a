"""Reset states: all layers or one, once or before each call, to zeros, random or saved values."""

from __future__ import annotations

from lstm_tui.performing.typed import typed_edits
from lstm_tui.session.examples import resets
from lstm_tui.session.offers import reset_offers
from lstm_tui.session.state import Session
from lstm_tui.tui.dialogues.ask import EditDialogue


class ResetDialogue(EditDialogue):
    """What a reset means for this model: nothing where no layer is stateful, and it says so."""

    def __init__(self, session: Session) -> None:
        offers = reset_offers(session)
        question = "Reset the states that stateful layers keep between calls"
        if not offers:
            question = (
                "No layer of this model is stateful: every call starts from zeros, nothing is to be reset.\n"
                "A layer that you name starts each call from what you give."
            )
        super().__init__(
            session,
            question=question,
            offers=offers,
            parse=lambda text: typed_edits(text, "reset", session.story.folders),
            example=resets(session),
        )
