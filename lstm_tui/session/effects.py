"""What a Session asks for in return for a command: of the engine, each with its key, or of the user's eyes.

Values only; the app sees to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Finding
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Alteration, Inputs, RunPlan
from lstm_tui.recurrent.fetching import FetchPlan
from lstm_tui.recurrent.forms import Form
from lstm_tui.recurrent.gradients import GradientPlan
from lstm_tui.recurrent.interleavings import InterleavePlan
from lstm_tui.recurrent.replays import ReplayPlan
from lstm_tui.recurrent.stretches import Keep, LongPlan, StretchInputs
from lstm_tui.session.state import OutputKey, ReplayKey

if TYPE_CHECKING:
    from lstm_tui.recurrent.first_order import FirstOrderPlan
    from lstm_tui.session.sides import Case


@dataclass(frozen=True, eq=False)
class StartRun:
    """Ask the engine for this plan."""

    plan: RunPlan


@dataclass(frozen=True)
class Announce:
    """Tell the user; `text` is one to a few lines."""

    text: str
    severity: Literal["information", "warning", "error"] = "information"


@dataclass(frozen=True, eq=False)
class StartGradients:
    """Ask the engine for these gradients; the answer belongs to this key."""

    key: str
    plan: GradientPlan


@dataclass(frozen=True, eq=False)
class StartFirstOrder:
    """Ask the engine for the gradient of one value; the answer belongs to this key."""

    key: str
    plan: FirstOrderPlan


@dataclass(frozen=True)
class StartInsides:
    """Ask the engine what the model is made of, under these settings."""

    key: str
    alterations: tuple[Alteration, ...]


@dataclass(frozen=True, eq=False)
class StartDiagnosis:
    """Ask the engine for all checks on this subject."""

    key: str
    subject: Subject


@dataclass(frozen=True, eq=False)
class StartShapes:
    """Ask the engine what the recurrent layers would give under other settings."""

    key: str
    inputs: Inputs
    alterations: tuple[Alteration, ...]


@dataclass(frozen=True, eq=False)
class StartVariance:
    """Ask the engine to make the call that this plan records again and again."""

    key: str
    plan: RunPlan


@dataclass(frozen=True, eq=False)
class StartFreeRun:
    """Ask the engine for the calls of this plan, of which nothing is recorded."""

    key: str
    plan: RunPlan


@dataclass(frozen=True, eq=False)
class StartFollowing:
    """Ask the engine how far each call of this plan moves weights and states."""

    key: str
    plan: RunPlan


@dataclass(frozen=True, eq=False)
class StartInterleaving:
    """Ask the engine to make the calls of sessions in every order."""

    key: str
    plan: InterleavePlan


@dataclass(frozen=True, eq=False)
class StartShrink:
    """Ask the engine, case by case, for the smallest one that still shows this finding.

    codes: all above info that it shows now.
    """

    key: str
    subject: Subject
    facts: ModelFacts
    finding: Finding
    codes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class StartRebuild:
    """Ask the engine to write the model in another form to `out`, compared on these inputs too."""

    key: str
    form: Form
    inputs: Inputs
    out: Path


@dataclass(frozen=True)
class StopShrink:
    """End that search with the best case so far."""

    key: str


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


@dataclass(frozen=True, eq=False)
class StartComparison:
    """Run both sides, lay them side by side and find why they part, in the place of an older comparison.

    memory: bytes that the recording of each may take.
    """

    key: str
    cases: tuple[Case, Case]
    memory: int


@dataclass(frozen=True)
class StopComparison:
    """Nobody waits for the comparison any more."""


@dataclass(frozen=True)
class Listen:
    """Look again and again at what the session follows."""


LongWish = OpenLongCall | StartStretch | StartReplay | StartFetch
AsideWish = (
    StartInsides | StartFirstOrder | StartGradients | StartShapes | StartVariance | StartFreeRun
    | StartFollowing
    | StartInterleaving | StartRebuild | StartDiagnosis | StartShrink
)  # fmt: skip
OfSides = StartComparison | StopComparison
Effect = StartRun | AsideWish | StopShrink | LongWish | OfSides | Listen | Announce
