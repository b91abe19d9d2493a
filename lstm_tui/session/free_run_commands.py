"""Commands about free runs: the model on its own predictions."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstm_tui.recurrent.calls import Run
from lstm_tui.session.state import Ahead


@dataclass(frozen=True)
class LookAhead:
    """Look at a free run, made like this."""

    wanted: Ahead = field(default_factory=Ahead)


@dataclass(frozen=True, eq=False)
class FreeRunArrived:
    """The free run that was asked for under this key, or why there is none."""

    key: str
    run: Run | str


AboutFreeRuns = LookAhead | FreeRunArrived
