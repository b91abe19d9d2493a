"""The model run anew on the beginning of a sequence: what it predicts there, where one pass cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lstm_tui.recurrent.calls import RunPlan
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.stretches import LongPlan, StretchInputs


@dataclass(frozen=True, eq=False)
class ReplayPlan:
    """The recorded call of a run on its first `steps` steps, for one sample in its batch.

    of: what goes in from the last border on, where the call is recorded in stretches (`long`).
    """

    run: RunPlan
    steps: int
    sample: int
    long: LongPlan | None = None
    of: StretchInputs | None = None


@dataclass(frozen=True, eq=False)
class Replayed:
    """What came out, by output; of one that is a sequence its last step. Without the batch axis."""

    steps: int
    outputs: Mapping[str, Array]
