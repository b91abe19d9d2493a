"""The samples of the recorded batch, those that stand out first: what the chooser lists."""

from __future__ import annotations

from functools import lru_cache

from lstm_tui.recurrent.recording import Recording
from lstm_tui.recurrent.samples import Standing, standings
from lstm_tui.session.edits import Material, Plan
from lstm_tui.session.state import Session
from lstm_tui.session.targets import target_of_call
from lstm_tui.session.view import shown_recording


def sample_standings(session: Session) -> tuple[Standing, ...]:
    """By the first output, in the user's units; empty without a recording, and for one in stretches."""
    recording = shown_recording(session)
    if recording is None or session.plan is None or not recording.outputs or session.long is not None:
        return ()
    return _standings(recording, session.plan, session.material)


@lru_cache(maxsize=2)
def _standings(recording: Recording, plan: Plan, material: Material) -> tuple[Standing, ...]:
    output = plan.folded.output(next(iter(recording.outputs.values())))
    return standings(recording.layers, output, target_of_call(material, plan)) if output.ndim else ()
