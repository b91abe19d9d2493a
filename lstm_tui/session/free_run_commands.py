"""Commands about free runs: the model on its own predictions."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_tui.recurrent.calls import Run


@dataclass(frozen=True)
class LookAhead:
    """Look at so many steps of a free run; None for as many as the data has."""

    steps: int | None = None


@dataclass(frozen=True, eq=False)
class FreeRunArrived:
    """The free run that was asked for under this key, or why there is none."""

    key: str
    run: Run | str


AboutFreeRuns = LookAhead | FreeRunArrived
