"""Reshape the input: what would make it fit this model comes first, with the reason."""

from __future__ import annotations

from lstm_tui.checks.call_failure import mismatch
from lstm_tui.performing.typed import typed_edits
from lstm_tui.session.offers import present_inputs, reshape_offers, shape_words
from lstm_tui.session.state import Session
from lstm_tui.tui.dialogues.ask import EditDialogue


class ReshapeDialogue(EditDialogue):
    """Add, drop or transpose axes, window, pad, select features."""

    def __init__(self, session: Session) -> None:
        now = ", ".join(
            f"{name} {shape_words(array.shape)}" for name, array in present_inputs(session).items()
        )
        wanted = ", ".join(f"{tensor.name} {shape_words(tensor.shape)}" for tensor in session.model.inputs)
        fits = "" if mismatch(session.model, present_inputs(session)) else "   which it fits"
        super().__init__(
            session,
            question=f"Reshape the input\nis     {now}\nmodel  {wanted}{fits}",
            offers=reshape_offers(session),
            parse=lambda text: typed_edits(text, "reshape", session.story.folders),
            example="window: 10 · last: 50 · pad: 20 · select: [0, 1] · transpose: [0, 2, 1]",
        )
