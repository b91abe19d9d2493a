"""All that one call of a layer gave, fetched when somebody looks at it: a recording keeps what is small."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_tui.recurrent.calls import RunPlan
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.stretches import LongPlan, StretchInputs


@dataclass(frozen=True, eq=False)
class FetchPlan:
    """What the layer's call at `path` (`P#2` for the second) gave in the recorded call of a run.

    sample: the only row that is fetched. of: what goes into the window that is looked at, where the call is
    recorded in stretches (`long`).
    """

    run: RunPlan
    path: str
    sample: int
    long: LongPlan | None = None
    of: StretchInputs | None = None


@dataclass(frozen=True, eq=False)
class Fetched:
    """The answer.

    values: of each tensor that the call gave, without the batch axis; in stretches from step `start` on.
    """

    path: str
    values: tuple[Array, ...]
    start: int = 0
