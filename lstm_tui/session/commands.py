"""What can happen to a Session, and what it asks for in return. Values only; `update` gives them meaning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_tui.checks.finding import Diagnosis, Finding
from lstm_tui.checks.states.variance import VarianceTest
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Inputs, Run
from lstm_tui.recurrent.fetching import Fetched
from lstm_tui.recurrent.gradients import Gradients
from lstm_tui.recurrent.interleavings import Interleaved
from lstm_tui.recurrent.movements import Movements
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.replays import Replayed
from lstm_tui.recurrent.shape_options import ShapeExploration
from lstm_tui.recurrent.stretches import LongCall, Stretch
from lstm_tui.session.comparing_commands import AboutSides
from lstm_tui.session.edits import Edit
from lstm_tui.session.following_commands import AboutFollowing
from lstm_tui.session.form_commands import AboutForms
from lstm_tui.session.free_run_commands import AboutFreeRuns
from lstm_tui.session.question_commands import AboutQuestions
from lstm_tui.session.state import EngineState, Lens, OutputKey, Refusal, ReplayKey
from lstm_tui.session.why_commands import AboutWhy

if TYPE_CHECKING:  # the search is for who asks for it
    from lstm_tui.shrinking.driving import Shrunk

# --- looking around ---------------------------------------------------------------------------


@dataclass(frozen=True)
class MoveStep:
    """The cursor `by` timesteps forth (or back)."""

    by: int


@dataclass(frozen=True)
class GoToStep:
    """The cursor to timestep `step`; negative counts from the end."""

    step: int


@dataclass(frozen=True)
class MoveLayer:
    """The `by`-th next recorded layer."""

    by: int


@dataclass(frozen=True)
class ChooseLayer:
    """The recorded layer at `path`."""

    path: str


@dataclass(frozen=True)
class MoveSeries:
    """The `by`-th next series of the layer: h, c, gates."""

    by: int


@dataclass(frozen=True)
class MoveUnit:
    """The `by`-th next unit; from the most active ones to unit 0."""

    by: int


@dataclass(frozen=True)
class ChooseUnit:
    """This unit; None for the most active ones."""

    unit: int | None


@dataclass(frozen=True)
class MoveSample:
    """The `by`-th next sample of the batch."""

    by: int


@dataclass(frozen=True)
class ChooseSample:
    """This sample of the batch; with a layer and a step also there."""

    sample: int
    layer: str = ""
    step: int | None = None


@dataclass(frozen=True)
class MoveCall:
    """Show the `by`-th next call that has a recording."""

    by: int


@dataclass(frozen=True)
class MoveFinding:
    """Choose the `by`-th next finding and go where it shows."""

    by: int


@dataclass(frozen=True)
class Zoom:
    """The heat map from further away (or nearer), where so many columns show it."""

    by: int
    columns: int


@dataclass(frozen=True)
class ChooseLens:
    """Look through this lens; a second time, back at the states."""

    lens: Lens


@dataclass(frozen=True)
class SwitchGoal:
    """Gradients of the error against the target instead of the output's, and back; opens their view."""


@dataclass(frozen=True)
class SwitchPrecision:
    """Gradients in float64 too, and back; opens their view."""


# --- changing ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class MakeEdits:
    """Make these edits, in order, as one answer to one question."""

    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class TryFix:
    """Make the fix of the chosen finding as an edit."""


@dataclass(frozen=True)
class TakeShapes:
    """Make the settings that are chosen in the view of shapes as an edit."""


@dataclass(frozen=True)
class WantShape:
    """The shape that the user wants of the output; None where that is not said."""

    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class RunChecks:
    """Run all checks on what is shown."""


@dataclass(frozen=True)
class Shrink:
    """Look for the smallest case that still shows the finding, or end the search with the best so far."""


@dataclass(frozen=True)
class Undo:
    """Take the last edit back."""


@dataclass(frozen=True)
class Redo:
    """Make the last undone edit again."""


@dataclass(frozen=True, eq=False)
class OpenInputs:
    """Use these arrays as input, by input name; edits stay."""

    inputs: Inputs
    source: str
    target: Array | None = None


@dataclass(frozen=True)
class ReplayHere:
    """Run the model on the sequence up to the cursor, where one pass does not tell what it predicts there."""


@dataclass(frozen=True)
class ToggleRecording:
    """Stop recording a long sequence, or go on with it."""


@dataclass(frozen=True)
class Saved:
    """The session was written to `path`; `stamp` is the file's time and size."""

    path: Path
    stamp: tuple[int, int] | None = None


@dataclass(frozen=True)
class AskAgain:
    """Ask once more for what the present plan lacks, whatever was said before: there is a new engine."""


# --- from the engine --------------------------------------------------------------------------


@dataclass(frozen=True)
class EngineSaid:
    """What the engine is doing now."""

    state: EngineState


@dataclass(frozen=True)
class ModelLoaded:
    """The model as Keras built it."""

    facts: ModelFacts


@dataclass(frozen=True, eq=False)
class RunArrived:
    """The run of the plan with this key; kept under it, whatever is shown by now."""

    run: Run


@dataclass(frozen=True)
class RunRefused:
    """The engine could not run the plan with this key, and says why."""

    key: str
    refusal: Refusal


@dataclass(frozen=True)
class ModelRefused:
    """The engine could not load the model, and says why.

    facts: what its file shows when every obstacle is looked for; None where nobody looked.
    """

    refusal: Refusal
    facts: ModelFacts | None = None


@dataclass(frozen=True, eq=False)
class LongOpened:
    """What was found out about the long call of the plan with this key."""

    key: str
    call: LongCall


@dataclass(frozen=True, eq=False)
class StretchArrived:
    """The next stretch of the long recording with this key, or one that was looked at."""

    key: str
    stretch: Stretch


@dataclass(frozen=True)
class StretchRefused:
    """The engine could not record a stretch of the plan with this key, and says why."""

    key: str
    refusal: Refusal


@dataclass(frozen=True, eq=False)
class ReplayArrived:
    """What came of the replay that was asked for under this key, or why nothing did."""

    key: ReplayKey
    replayed: Replayed | str


@dataclass(frozen=True, eq=False)
class OutputFetched:
    """What the call of a layer gave that was asked for under this key, or why it cannot be had."""

    key: OutputKey
    fetched: Fetched | str


@dataclass(frozen=True, eq=False)
class GradientsArrived:
    """The gradients that were asked for under this key, or why there are none."""

    key: str
    gradients: Gradients | str


@dataclass(frozen=True)
class FindingArrived:
    """A finding of the checks that run on the question with this key."""

    key: str
    finding: Finding


@dataclass(frozen=True, eq=False)
class DiagnosisArrived:
    """The checks of the question with this key have ended, or why they could not."""

    key: str
    answer: Diagnosis | str


@dataclass(frozen=True)
class ShapesArrived:
    """What each recurrent layer would give under other settings in the plan with this key, or why not."""

    key: str
    shapes: ShapeExploration | str


@dataclass(frozen=True, eq=False)
class VarianceArrived:
    """What identical calls gave in the plan with this key, or why that is not known."""

    key: str
    test: VarianceTest | str


@dataclass(frozen=True, eq=False)
class MovementsArrived:
    """What the calls of the plan with this key moved, or why that is not known."""

    key: str
    movements: Movements | str


@dataclass(frozen=True, eq=False)
class InterleavingArrived:
    """What the sessions of the plan with this key do to each other, or why that is not known."""

    key: str
    answer: Interleaved | str


Look = (
    MoveStep | GoToStep | MoveLayer | ChooseLayer | MoveSeries | MoveUnit | ChooseUnit | MoveSample | MoveCall
    | ChooseSample | MoveFinding | ChooseLens | SwitchGoal | SwitchPrecision | Zoom | ReplayHere
)  # fmt: skip


@dataclass(frozen=True)
class ShrinkProgressed:
    """How far the search for the smallest case is, in words."""

    key: str
    words: str


@dataclass(frozen=True, eq=False)
class ShrinkArrived:
    """The smallest case that was found, or why there is none."""

    key: str
    shrunk: Shrunk | str


Change = MakeEdits | Undo | Redo | OpenInputs | Saved | AskAgain
AboutLong = LongOpened | StretchArrived | StretchRefused | ToggleRecording
Inquire = (
    RunChecks | TryFix | TakeShapes | WantShape
    | FindingArrived | DiagnosisArrived | ShapesArrived | VarianceArrived
    | Shrink | ShrinkProgressed | ShrinkArrived
)  # fmt: skip
FromEngine = ModelLoaded | ModelRefused | RunArrived | RunRefused | GradientsArrived
AboutCalls = MovementsArrived | InterleavingArrived
Command = (
    Look | Change | FromEngine | AboutLong | ReplayArrived | OutputFetched | EngineSaid | Inquire | AboutCalls
    | AboutSides | AboutForms | AboutFreeRuns | AboutQuestions | AboutWhy | AboutFollowing
)  # fmt: skip
