"""The Session: everything about the user's work that must survive undo, saving or a new engine.

Scroll positions, focus and half-typed text are not here; they stay in the widgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Run
from lstm_tui.recurrent.fetching import Fetched
from lstm_tui.recurrent.gradients import Gradients
from lstm_tui.recurrent.replays import Replayed
from lstm_tui.session.edits import History, Material, Plan
from lstm_tui.session.inquiry import Inquiry
from lstm_tui.session.keeping import DEFAULT_MEMORY, Keeping
from lstm_tui.session.long_recording import LongRecording
from lstm_tui.session.question_commands import Questions

if TYPE_CHECKING:
    from lstm_tui.recurrent.first_order import FirstOrder
    from lstm_tui.recurrent.insides import Insides
    from lstm_tui.recurrent.why import Question
    from lstm_tui.session.following import Following
    from lstm_tui.session.sides import Comparing
if TYPE_CHECKING:  # pydantic and ruamel.yaml take a tenth of a second that a bare model need not wait for
    from lstm_tui.scenario.loading import LoadedScenario

#: A run by its key, the sample, and how many steps of it are replayed.
ReplayKey = tuple[str, int, int]
#: A run by its key, the call of a layer, the sample, and the first step where only a window is looked at.
OutputKey = tuple[str, str, int, int]
#: How many replays are kept.
KEPT_REPLAYS = 200
#: How many runs are kept for undo and redo, within the memory for recordings.
KEPT_RUNS = 12

EngineStage = Literal["starting", "loading", "ready", "running", "gone"]


@dataclass(frozen=True)
class EngineState:
    """What the engine is doing, for the quiet line at the top. `fraction` in [0, 1] where it is known."""

    stage: EngineStage = "starting"
    text: str = ""
    fraction: float | None = None


#: What is looked at: the states and gates, where a value comes from, how far back the output reaches, what
#: other settings of the recurrent layers would give, what the same call gives again and again, what moved in
#: each call, what sessions that share the model do to each other, or where the model goes on its own
#: predictions.
Lens = Literal[
    "states", "origins", "gradients", "outputs", "shapes", "variance", "history", "sessions", "ahead"
]


@dataclass(frozen=True)
class Reach:
    """What gradients are of: the output, or its squared error against the target; in float64 too."""

    of: Literal["output", "error"] = "output"
    float64: bool = False


@dataclass(frozen=True)
class Walked:
    """Where the user is in views that are walked call by call.

    row, call: of the history of calls. step: of an interleaving. torn: whether that of torn calls is shown.
    """

    row: int = 0
    call: int = 0
    step: int = 0
    torn: bool = False


@dataclass(frozen=True)
class Ahead:
    """How a run on own predictions is wanted; what is None, or empty, is for the data to say.

    steps: how many. into, keep, temperature, seed, stop: of a decoder, as `Decode` has them.
    """

    steps: int | None = None
    into: str = ""
    keep: int | None = None
    temperature: float | None = None
    seed: int = 0
    stop: int | None = None


@dataclass(frozen=True)
class Hop:
    """A place on the trail of why: what was asked there, in which words, and where the cursor was."""

    question: Question | None
    asked: Question | None
    layer: str
    unit: int | None
    step: int


@dataclass(frozen=True)
class Cursor:
    """Where the user looks. `layer` is a path as in the recording; `unit` None means the most active ones.

    finding: index of the chosen finding, None for none. row: of the view of shapes.
    zoom: timesteps in one column of the heat map. output: the call of a layer in the view of outputs.
    asked: what the view of origins is about; None for the state of the unit. trail: how one came there.
    """

    step: int = 0
    layer: str = ""
    series: str = "h"
    unit: int | None = None
    sample: int = 0
    lens: Lens = "states"
    reach: Reach = Reach()
    finding: int | None = None
    row: int = 0
    zoom: int = 1
    output: str = ""
    walked: Walked = Walked()
    ahead: Ahead = Ahead()
    asked: Question | None = None
    trail: tuple[Hop, ...] = ()


@dataclass(frozen=True, eq=False)
class Story:
    """What a scenario says of itself, and where its input came from (a file's name, `random sequence`).

    opened: the scenario as it was read, so that what stays untouched is saved as it was written.
    stamp: time and size of the file at `path` when it was read or written.
    """

    path: Path | None = None
    name: str = ""
    description: str = ""
    input_source: str = ""
    opened: LoadedScenario | None = None
    stamp: tuple[int, int] | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where files that the user names are looked for: the current folder, then the scenario's own."""
        return (Path(), self.path.parent) if self.path is not None else (Path(),)


@dataclass(frozen=True)
class Refusal:
    """Why there is no run. `details` is a traceback, kept only for who asked for it (`--debug`)."""

    reason: str
    details: str = ""


@dataclass(frozen=True, eq=False)
class Session:
    """One model, one input, the edits made, the runs they gave and the place where the user looks.

    plan: what the present edits come to; None while there is no input.
    key: the plan's key, under which its run is kept in `runs`.
    before: key of the run shown before the last edit, for before/after.
    """

    model: ModelFacts
    story: Story = Story()
    material: Material = field(default_factory=Material)
    history: History = field(default_factory=History)
    plan: Plan | None = None
    key: str = ""
    before: str = ""
    runs: Mapping[str, Run] = field(default_factory=dict)
    #: What is kept of the present plan's recording, and that recording where it is made in stretches.
    keeping: Keeping | None = None
    long: LongRecording | None = None
    #: Bytes that recordings may take.
    memory: int = DEFAULT_MEMORY
    #: Gradients of the shown run by `reach.gradients_key`; a text where they cannot be had.
    gradients: Mapping[str, Gradients | str] = field(default_factory=dict)
    #: What the model predicts on the beginning of the sequence; a text where it cannot be run on that.
    replays: Mapping[ReplayKey, Replayed | str] = field(default_factory=dict)
    #: What layers gave, fetched for who looked at it; a text where it cannot be had, empty while on its way.
    fetched: Mapping[OutputKey, Fetched | str] = field(default_factory=dict)
    #: What the model is made of, by the settings it runs under; a text where unknown, empty while on its way.
    insides: Mapping[str, Insides | str] = field(default_factory=dict)
    #: Gradients of single values, by what was asked; a text where unknown, empty while on their way.
    first_orders: Mapping[str, FirstOrder | str] = field(default_factory=dict)
    #: Findings, and shapes under other settings.
    inquiry: Inquiry = field(default_factory=Inquiry)
    #: Breakpoints and watches.
    questions: Questions = field(default_factory=Questions)
    #: Two runs side by side.
    comparing: Comparing | None = None
    #: A file or folder in which more comes.
    following: Following | None = None
    #: What a plan met instead of giving a run, by key; and why the model itself is not loaded.
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    model_refusal: Refusal | None = None
    cursor: Cursor = Cursor()
    #: The call that the user chose to see; None for the last one that can be recorded.
    call: int | None = None
    engine: EngineState = EngineState()
    #: The history at the last save, to know whether something would be lost.
    saved_history: History = field(default_factory=History)

    @property
    def run(self) -> Run | None:
        """The run of the present plan, once it has arrived."""
        return self.runs.get(self.key)

    @property
    def run_before(self) -> Run | None:
        """The run shown before the last edit."""
        return self.runs.get(self.before)

    @property
    def refusal(self) -> Refusal | None:
        """Why the present plan has no run and none is on its way."""
        return None if self.run is not None else self.model_refusal or self.refusals.get(self.key)

    @property
    def unsaved(self) -> bool:
        """Whether edits were made since opening or saving."""
        return self.history.done != self.saved_history.done
