"""What can happen about the model in another form: written where it predicts the same, or why it was not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lstm_tui.recurrent.forms import Form, Rebuilt


@dataclass(frozen=True)
class RebuildModel:
    """Write the model of the file in this form to `out`, if its outputs stay the same."""

    form: Form
    out: Path


@dataclass(frozen=True)
class ModelRebuilt:
    """What was written to `out` and how it was shown to be the same, or why nothing was."""

    out: Path
    answer: Rebuilt | str


AboutForms = RebuildModel | ModelRebuilt
