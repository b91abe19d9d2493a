"""What the terminal process and the engine say to each other: typed values, one request in flight.

Requests go down, events come up. A request is answered by exactly one `Answered` or `Refused`, after any
number of `Progressed`. There is no request to cancel: the client kills the engine and starts another, which
is the only way that also stops a runaway call inside TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis, Finding
from lstm_tui.checks.states.variance import VarianceTest
from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import EngineUnavailable, LstmTuiError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Alteration, Inputs, Run, RunPlan
from lstm_tui.recurrent.fetching import Fetched, FetchPlan
from lstm_tui.recurrent.first_order import FirstOrder, FirstOrderPlan
from lstm_tui.recurrent.forms import Form, Rebuilt
from lstm_tui.recurrent.gradients import GradientPlan, Gradients
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.interleavings import Interleaved, InterleavePlan
from lstm_tui.recurrent.movements import Movements
from lstm_tui.recurrent.replays import Replayed, ReplayPlan
from lstm_tui.recurrent.shape_options import ShapeExploration
from lstm_tui.recurrent.stretches import Keep, LongCall, LongPlan, Stretch, StretchInputs

__all__ = [
    "Answer",
    "Answered",
    "ComputeGradients",
    "Diagnose",
    "EngineGone",
    "EngineOptions",
    "EngineReady",
    "Event",
    "ExplainValue",
    "ExploreShapes",
    "FetchOutput",
    "FollowCalls",
    "Found",
    "Interleave",
    "LoadModel",
    "LookInside",
    "OpenLong",
    "Progressed",
    "Rebuild",
    "RecordStretch",
    "Refused",
    "RepeatCall",
    "ReplayPrefix",
    "Request",
    "RunCalls",
    "RunFreely",
    "Unserviceable",
]


@dataclass(frozen=True)
class LoadModel:
    """Load this file and keep it. Answered by `ModelFacts` as Keras built it."""

    path: Path


@dataclass(frozen=True, eq=False)
class RunCalls:
    """Make the calls of the plan on the loaded model, leaving it as it was. Answered by `Run`."""

    plan: RunPlan


@dataclass(frozen=True, eq=False)
class RunFreely:
    """Make calls beside those that are shown: a loop on its own predictions. Answered by `Run`."""

    plan: RunPlan


@dataclass(frozen=True, eq=False)
class ComputeGradients:
    """How much each step matters to the output, on the loaded model. Answered by `Gradients`."""

    plan: GradientPlan


@dataclass(frozen=True, eq=False)
class ExplainValue:
    """Gradient times activation of one value, and which inputs would move it. Answered by `FirstOrder`."""

    plan: FirstOrderPlan


@dataclass(frozen=True, eq=False)
class Diagnose:
    """Run the checks on the loaded model. Answered by `Diagnosis`, after a `Found` for each finding.

    seconds: no check is begun later; None for as long as it takes. codes: only these checks; None for all.
    """

    subject: Subject
    seconds: float | None = None
    codes: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Rebuild:
    """Write the loaded model in another form to `out`, if it predicts the same. Answered by `Rebuilt`.

    inputs: the user's own, to compare on beside random ones; may be empty.
    """

    form: Form
    inputs: Inputs
    out: Path


@dataclass(frozen=True, eq=False)
class ExploreShapes:
    """What each recurrent layer would give under other settings. Answered by `ShapeExploration`.

    alterations: settings that are other than in the file by now.
    """

    inputs: Inputs
    alterations: tuple[Alteration, ...] = ()


@dataclass(frozen=True, eq=False)
class OpenLong:
    """Find out whether and how a call over a long sequence can be recorded. Answered by `LongCall`.

    before: the calls that come before it. head: the first `plan.head` steps of its inputs.
    """

    before: RunPlan
    plan: LongPlan
    head: Inputs


@dataclass(frozen=True, eq=False)
class RecordStretch:
    """Record some steps of such a call, from the border before them. Answered by `Stretch`.

    predictions: outputs of which a value for each step is wanted.
    """

    plan: LongPlan
    of: StretchInputs
    keep: Keep
    predictions: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ReplayPrefix:
    """Run the recorded call on the beginning of its sequence. Answered by `Replayed`."""

    plan: ReplayPlan


@dataclass(frozen=True, eq=False)
class FetchOutput:
    """All that one call of a layer gave. Answered by `Fetched`."""

    plan: FetchPlan


@dataclass(frozen=True, eq=False)
class RepeatCall:
    """Make the call that the plan records again and again, without and with a reset in between.

    Answered by `VarianceTest`.
    """

    plan: RunPlan


@dataclass(frozen=True)
class LookInside:
    """What the loaded model is made of, or its copy with these other settings. Answered by `Insides`."""

    alterations: tuple[Alteration, ...] = ()


@dataclass(frozen=True, eq=False)
class Interleave:
    """Run sessions that share the loaded model under every interleaving. Answered by `Interleaved`."""

    plan: InterleavePlan


@dataclass(frozen=True, eq=False)
class FollowCalls:
    """How far each call of the plan moves weights and states. Answered by `Movements`."""

    plan: RunPlan


Request = (
    LoadModel
    | RunCalls
    | ComputeGradients
    | ExplainValue
    | Diagnose
    | Rebuild
    | ExploreShapes
    | OpenLong
    | RecordStretch
    | ReplayPrefix
    | FetchOutput
    | RepeatCall
    | RunFreely
    | LookInside
    | Interleave
    | FollowCalls
)


@dataclass(frozen=True)
class EngineReady:
    """TensorFlow is imported; `versions` names it and Keras.

    log_size: bytes in the log by then; what an engine says later, it says about its work.
    """

    versions: str
    log_size: int = 0


@dataclass(frozen=True)
class Progressed:
    """What the engine is doing now; `fraction` in [0, 1], None where it cannot be known."""

    stage: str
    fraction: float | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """A finding of the diagnosis that runs, as soon as it is known; the answer has the final list."""

    finding: Finding


Answer = (
    ModelFacts
    | Run
    | Gradients
    | FirstOrder
    | Diagnosis
    | Rebuilt
    | ShapeExploration
    | LongCall
    | Stretch
    | Replayed
    | Fetched
    | VarianceTest
    | Insides
    | Interleaved
    | Movements
)


@dataclass(frozen=True, eq=False)
class Answered:
    """The answer to request number `request`."""

    request: int
    value: Answer


@dataclass(frozen=True, eq=False)
class Refused:
    """Request number `request` cannot be answered; the engine lives on.

    `details` is a traceback for `--debug`.
    """

    request: int
    error: LstmTuiError
    details: str = ""


@dataclass(frozen=True)
class Unserviceable:
    """The engine's last message when Keras cannot be imported; the client makes an `EngineGone` of it."""

    error: EngineUnavailable


@dataclass(frozen=True)
class EngineGone:
    """Made by the client: the engine ended. `reason` is one plain sentence (`killed by signal 9`).

    unavailable: set where another start would end the same way (TensorFlow is not installed, for instance).
    """

    reason: str
    last_words: tuple[str, ...] = field(default=())
    unavailable: EngineUnavailable | None = None


Event = EngineReady | Progressed | Found | Answered | Refused | EngineGone
