"""What answers a request, in the child and in a headless run alike: the loaded model behind one function.

It keeps the model that was loaded last; a load that fails leaves it. It starts nothing and prints nothing.
"""

from __future__ import annotations

import errno
import importlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis, Finding
from lstm_tui.checks.states.variance import CALLS, VarianceTest, variance_test
from lstm_tui.engine.options import EngineOptions, Setup
from lstm_tui.engine.protocol import (
    Answer,
    ComputeGradients,
    Diagnose,
    ExplainValue,
    ExploreShapes,
    FetchOutput,
    FollowCalls,
    Interleave,
    LoadModel,
    LookInside,
    OpenLong,
    Rebuild,
    RecordStretch,
    RepeatCall,
    ReplayPrefix,
    Request,
    RunCalls,
    RunFreely,
)
from lstm_tui.errors import EngineError, EngineUnavailable, LstmTuiError
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

#: Told what is being done now, and how much of it is done in [0, 1] where that is known.
OnProgress = Callable[[str, float | None], None]
#: Told of each finding of a diagnosis as soon as it is known.
OnFinding = Callable[[Finding], None]
#: Enough of a file's identity to notice that it was written again.
_FileStamp = tuple[Path, int, int]


class LoadedModel(Protocol):
    """A model as `keras_adapter` keeps it."""

    @property
    def facts(self) -> ModelFacts:
        """The model as Keras built it."""
        ...

    def run(self, plan: RunPlan, on_progress: OnProgress) -> Run:
        """Make the calls of the plan and leave the model as it was."""
        ...

    def gradients_of(self, plan: GradientPlan) -> Gradients:
        """Gradients of the first output, or of its error, with respect to every input and state."""
        ...

    def first_order(self, plan: FirstOrderPlan) -> FirstOrder:
        """Gradient times activation of one value, and which inputs would move it."""
        ...

    def explore_shapes(
        self, inputs: Inputs, alterations: tuple[Alteration, ...], on_progress: OnProgress
    ) -> ShapeExploration:
        """What each recurrent layer would give under other settings."""
        ...

    def diagnose(
        self,
        subject: Subject,
        seconds: float | None,
        on_finding: OnFinding,
        on_progress: OnProgress,
        codes: tuple[str, ...] | None = None,
    ) -> Diagnosis:
        """Run the checks, or only these, and leave the model as it was."""
        ...

    def rebuild(self, form: Form, inputs: Inputs, out: Path, on_progress: OnProgress) -> Rebuilt:
        """Write the model in another form, if it predicts the same."""
        ...

    def inside(self, alterations: tuple[Alteration, ...]) -> Insides:
        """Weights, settings and types of the model, or of its copy with other settings."""
        ...

    def open_long(self, before: RunPlan, plan: LongPlan, head: Inputs, on_progress: OnProgress) -> LongCall:
        """Whether and how a call over a long sequence can be recorded."""
        ...

    def record_stretch(
        self, plan: LongPlan, of: StretchInputs, keep: Keep, predictions: tuple[str, ...]
    ) -> Stretch:
        """Some steps of such a call."""
        ...

    def replay(self, plan: ReplayPlan, on_progress: OnProgress) -> Replayed:
        """The recorded call on the beginning of its sequence."""
        ...

    def fetch(self, plan: FetchPlan, on_progress: OnProgress) -> Fetched:
        """What one call of a layer gave."""
        ...

    def interleave(self, plan: InterleavePlan, on_progress: OnProgress) -> Interleaved:
        """Sessions that share the model, under every interleaving of their calls."""
        ...

    def follow(self, plan: RunPlan, on_progress: OnProgress) -> Movements:
        """How far each call of the plan moves weights, states and seeds."""
        ...


class Adapter(Protocol):
    """What the engine needs of `keras_adapter`; importing it imports TensorFlow."""

    def open_model(self, path: Path, options: EngineOptions) -> LoadedModel:
        """Load the file, or say in a `ModelFileError` why not."""
        ...

    def versions(self) -> str:
        """TensorFlow and Keras with their versions."""
        ...


if TYPE_CHECKING:
    from lstm_tui import keras_adapter

    _KERAS_ADAPTER: Adapter = keras_adapter


class Answerer:
    """Answers requests about one model at a time."""

    def __init__(self, adapter: Adapter, options: EngineOptions) -> None:
        self._adapter = adapter
        self._options = options
        self._model: LoadedModel | None = None
        self._stamp: _FileStamp | None = None

    def answer(
        self, request: Request, on_progress: OnProgress, on_finding: OnFinding = lambda finding: None
    ) -> Answer:
        """The answer. Raises an LstmTuiError where there is none, anything else for a bug."""
        if isinstance(request, LoadModel):
            return self._load(request.path, on_progress)
        if self._model is None:
            raise EngineError("No model is loaded in the engine.", todo="Load a model first.")
        if isinstance(request, Diagnose):
            return self._model.diagnose(
                request.subject, request.seconds, on_finding, on_progress, request.codes
            )
        return _answered(self._model, request, on_progress)

    def _load(self, path: Path, on_progress: OnProgress) -> ModelFacts:
        stamp = _stamp(path)
        if self._model is None or stamp is None or stamp != self._stamp:
            on_progress(f"loading {path.name}", None)
            model = self._adapter.open_model(path, self._options)
            self._model, self._stamp = model, stamp
        return self._model.facts


def _answered(model: LoadedModel, request: Request, on_progress: OnProgress) -> Answer:
    """The answer of a model that is loaded."""
    if isinstance(request, ComputeGradients):
        on_progress("gradients in float64" if request.plan.float64 else "gradients", None)
        return model.gradients_of(request.plan)
    if isinstance(request, ExplainValue):
        on_progress("the gradient of one value", None)
        return model.first_order(request.plan)
    if isinstance(request, Rebuild):
        return model.rebuild(request.form, request.inputs, request.out, on_progress)
    if isinstance(request, ExploreShapes):
        return model.explore_shapes(request.inputs, request.alterations, on_progress)
    if isinstance(request, OpenLong):
        return model.open_long(request.before, request.plan, request.head, on_progress)
    if isinstance(request, RecordStretch):
        return model.record_stretch(request.plan, request.of, request.keep, request.predictions)
    if isinstance(request, RepeatCall):
        return _repeated(model, request.plan, on_progress)
    if isinstance(request, LookInside):
        return model.inside(request.alterations)
    if isinstance(request, ReplayPrefix):
        return model.replay(request.plan, on_progress)
    if isinstance(request, FetchOutput):
        return model.fetch(request.plan, on_progress)
    if isinstance(request, Interleave):
        return model.interleave(request.plan, on_progress)
    if isinstance(request, FollowCalls):
        return model.follow(request.plan, on_progress)
    assert isinstance(request, RunCalls | RunFreely)
    return model.run(request.plan, on_progress)


def _repeated(model: LoadedModel, plan: RunPlan, on_progress: OnProgress) -> VarianceTest:
    on_progress(f"the same call {CALLS} times", None)
    return variance_test(
        lambda each: model.run(each, lambda stage, done: None), plan, stateful=model.facts.stateful
    )


def import_adapter(setup: Setup) -> Adapter:
    """The module that answers, with TensorFlow imported. EngineUnavailable where that cannot be done."""
    try:
        return cast(Adapter, importlib.import_module(setup.adapter))
    except ImportError as error:
        raise _unavailable(error) from error


def refusal(error: Exception | SystemExit) -> tuple[LstmTuiError, str]:
    """What the user is told of an exception, and the traceback that `--debug` shows.

    A refusal of our own has none, unless it stands for what Keras or the user's own code raised.
    """
    if isinstance(error, LstmTuiError) and error.__cause__ is None:
        return error, ""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, LstmTuiError):
        return error, details
    if isinstance(error, MemoryError) or getattr(error, "errno", None) in {errno.ENOMEM, errno.ENOSPC}:
        what = "There is not enough memory for this."
        return EngineError(what, todo="Try a shorter sequence or a smaller batch."), details
    return _bug(error), details


def _bug(error: Exception | SystemExit) -> EngineError:
    """An exception that nobody expected, said in a sentence."""
    return EngineError(
        f"The engine met a bug: {type(error).__name__}: {error}",
        todo="Run again with --debug for the traceback, and report it.",
    )


def _unavailable(error: ImportError) -> EngineUnavailable:
    missing = {"tensorflow": "TensorFlow", "keras": "Keras"}.get(error.name or "")
    if missing:
        return EngineUnavailable(
            f"{missing} is not installed for {sys.executable}.",
            expected="TensorFlow 2.16 or later with Keras 3",
            todo="pip install 'lstm-tui[tensorflow]'",
        )
    return EngineUnavailable(
        f"TensorFlow cannot be imported: {error}",
        todo="pip install --force-reinstall 'lstm-tui[tensorflow]'",
    )


def _stamp(path: Path) -> _FileStamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return path.resolve(), status.st_mtime_ns, status.st_size
