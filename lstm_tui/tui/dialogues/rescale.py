"""Rescale the input, or the output back: standard, min-max, robust; fitted, typed or from a scaler file."""

from __future__ import annotations

from lstm_tui.performing.typed import typed_edits
from lstm_tui.session.offers import rescale_offers
from lstm_tui.session.state import Session
from lstm_tui.tui.dialogues.ask import EditDialogue


class RescaleDialogue(EditDialogue):
    """Each method fitted on the reference sample where there is one; a file or parameters can be typed."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            session,
            question="Rescale the input (or, with inverse: true, the output)",
            offers=rescale_offers(session),
            parse=lambda text: typed_edits(text, "rescale", session.story.folders),
            example="file: scaler.json   or   method: standard, mean: [0], scale: [2]",
        )
