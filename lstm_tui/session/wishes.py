"""What a session asks of the engine beside runs, gradients and checks. Values only, each with its key."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_tui.recurrent.calls import Inputs, RunPlan
from lstm_tui.recurrent.fetching import FetchPlan
from lstm_tui.recurrent.replays import ReplayPlan
from lstm_tui.recurrent.stretches import Keep, LongPlan, StretchInputs
from lstm_tui.session.state import OutputKey, ReplayKey


@dataclass(frozen=True, eq=False)
class OpenLongCall:
    """Ask the engine whether and how this call can be recorded in stretches."""

    key: str
    before: RunPlan
    plan: LongPlan
    head: Inputs


@dataclass(frozen=True, eq=False)
class StartStretch:
    """Ask the engine for a stretch of a long recording: the bins of the next, or all steps of one in view.

    One in view comes first, and a newer one takes the place of an older one.
    """

    key: str
    plan: LongPlan
    of: StretchInputs
    keep: Keep
    predictions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class StartReplay:
    """Ask the engine for this replay; the answer belongs to this key."""

    key: ReplayKey
    plan: ReplayPlan


@dataclass(frozen=True, eq=False)
class StartFetch:
    """Ask the engine for what this call of a layer gave; the answer belongs to this key."""

    key: OutputKey
    plan: FetchPlan


LongWish = OpenLongCall | StartStretch | StartReplay | StartFetch
