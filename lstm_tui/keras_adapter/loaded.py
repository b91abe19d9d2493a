"""A model in memory, with what was compiled for it. The one object that a run works on."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis
from lstm_tui.checks.running import OnFinding
from lstm_tui.errors import EditError, UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Alteration, Inputs, Run, RunPlan
from lstm_tui.recurrent.fetching import Fetched, FetchPlan
from lstm_tui.recurrent.first_order import FirstOrder, FirstOrderPlan
from lstm_tui.recurrent.forms import Form, Rebuilt
from lstm_tui.recurrent.gradients import GradientPlan, Gradients
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.interleavings import Interleaved, InterleavePlan
from lstm_tui.recurrent.interventions import Intervention
from lstm_tui.recurrent.live_layers import Placed, placed_layers
from lstm_tui.recurrent.movements import Movements
from lstm_tui.recurrent.recording import Array, States
from lstm_tui.recurrent.replays import Replayed, ReplayPlan
from lstm_tui.recurrent.shape_options import ShapeExploration
from lstm_tui.recurrent.stretches import Keep, LongCall, LongPlan, Stretch, StretchInputs

Value = TypeVar("Value")

#: Called with what is being done and how far it is, in [0, 1] or None.
OnProgress = Callable[[str, float | None], None]


class Recent(Generic[Value]):
    """The values made last, by key; the oldest goes when there are more than `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get_or_make(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of `key`, made now if it is not there."""
        value = self._values[key] if key in self._values else make()
        self.put(key, value)
        return value

    def put(self, key: Hashable, value: Value) -> None:
        """Keep the value as the newest."""
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._limit:
            self._values.popitem(last=False)

    def pop(self, key: Hashable) -> Value | None:
        """Take the value out, if it is there."""
        return self._values.pop(key, None)


class LoadedModel:
    """A model as loaded from its file, its facts, and the functions compiled for it so far.

    load: how a saved copy of the model is loaded again, with the same trust.
    """

    def __init__(self, model: Any, facts: ModelFacts, load: Callable[[Path], Any]) -> None:
        self.model = model
        self.facts = facts
        self.load = load
        #: Recording functions by input signature.
        self.traces: Recent[Any] = Recent(16)
        #: Keras' own predict functions by input signature.
        self.predict_functions: Recent[Any] = Recent(16)
        #: Copies with other settings, by those settings.
        self._altered: Recent[LoadedModel] = Recent(4)
        #: What is tried inside the loops of every predict and call.
        self.interventions: tuple[Intervention, ...] = ()

    @classmethod
    def in_memory(cls, model: Any) -> LoadedModel:
        """A model that comes from no file: it cannot be trained, since that needs a second copy."""
        from lstm_tui.keras_adapter.facts import model_facts

        def refuse(path: Path) -> Any:
            raise UsageError(f"{path} holds no model: this one exists in memory alone")

        return cls(model, model_facts(model, Path("in memory"), "keras"), refuse)

    @property
    def placed(self) -> tuple[Placed, ...]:
        """Every layer with its path."""
        return placed_layers(self.model)

    def altered(self, alterations: tuple[Alteration, ...]) -> LoadedModel:
        """A copy with other settings, kept for the next run. Raises EditError where it cannot be built."""
        from lstm_tui.keras_adapter.altering import altered

        return self._altered.get_or_make(alterations, lambda: altered(self, alterations))

    def tried(self, interventions: tuple[Intervention, ...]) -> LoadedModel:
        """The same model, with all that was compiled for it, and what is tried inside its loops."""
        if interventions == self.interventions:
            return self
        other = copy.copy(self)
        other.interventions = interventions
        return other

    def _of(self, plan: RunPlan) -> LoadedModel:
        """The model itself or its copy with other settings, and what is tried on it."""
        return (self.altered(plan.alterations) if plan.alterations else self).tried(plan.interventions)

    def diagnose(
        self,
        subject: Subject,
        seconds: float | None,
        on_finding: OnFinding,
        on_progress: OnProgress,
        codes: tuple[str, ...] | None = None,
    ) -> Diagnosis:
        """The checks on this model, or on the copy that the plan wants; it is afterwards as it was.

        They judge the model: what is tried inside its loops is left out.
        codes: only these; None for all.
        """
        from lstm_tui.checks.catalogue import CHECKS
        from lstm_tui.checks.running import diagnose
        from lstm_tui.keras_adapter.laboratory import KerasLaboratory

        working = self.altered(subject.plan.alterations) if subject.plan.alterations else self
        return diagnose(
            replace(subject, plan=replace(subject.plan, alterations=(), interventions=())),
            KerasLaboratory(working),
            [check for check in CHECKS if codes is None or check.code in codes],
            seconds=seconds,
            on_finding=on_finding,
            on_progress=on_progress,
        )

    def explore_shapes(
        self, inputs: Mapping[str, Array], alterations: tuple[Alteration, ...], on_progress: OnProgress
    ) -> ShapeExploration:
        """What each recurrent layer would give under other `return_sequences` and `return_state`."""
        from lstm_tui.keras_adapter.shape_exploring import explore_shapes

        return explore_shapes(self.altered(alterations) if alterations else self, inputs, on_progress)

    def gradients(
        self,
        inputs: Mapping[str, Array],
        *,
        output: str | None = None,
        target: Array | None = None,
        states: States | None = None,
        float64: bool = False,
        border: States | None = None,
    ) -> Gradients:
        """Gradients of an output, or of its squared error, with respect to every input and state.

        float64: also of a copy that computes in float64. border: the states before the first step, where the
        inputs are the end of a longer sequence.
        """
        from lstm_tui.keras_adapter.gradients import gradients, with_float64

        compute = with_float64 if float64 else gradients
        return compute(self, inputs, output=output, target=target, states=states, border=border)

    def gradients_of(self, plan: GradientPlan) -> Gradients:
        """What the plan asks for, of the first output."""
        model = self.altered(plan.alterations) if plan.alterations else self
        found = model.tried(plan.interventions).gradients(
            plan.inputs,
            target=plan.target,
            states=plan.states,
            float64=plan.float64,
            border=plan.border,
        )
        return replace(found, start=plan.start, first_sample=plan.first_sample)

    def first_order(self, plan: FirstOrderPlan) -> FirstOrder:
        """Gradient times activation of one value. Raises EditError where it cannot be reached."""
        from lstm_tui.keras_adapter.first_order import first_order

        model = self.altered(plan.call.alterations) if plan.call.alterations else self
        return first_order(model.tried(plan.call.interventions), plan)

    def in_float64(self) -> LoadedModel:
        """A copy that computes in float64, kept for the next time. Raises EditError that says why not."""
        from lstm_tui.keras_adapter.float64 import float64_copy

        return self._altered.get_or_make("float64", lambda: float64_copy(self))

    def rebuild(self, form: Form, inputs: Mapping[str, Array], out: Path, on_progress: OnProgress) -> Rebuilt:
        """Write the model in another form, if it predicts the same. Raises: EditError."""
        from lstm_tui.keras_adapter.rebuilding import rebuild

        return rebuild(self, form, inputs, out, on_progress)

    def inside(self, alterations: tuple[Alteration, ...]) -> Insides:
        """Weights, settings and types of the model, or of its copy with other settings."""
        from lstm_tui.keras_adapter.laboratory import insides

        return insides(self.altered(alterations) if alterations else self)

    def open_long(self, before: RunPlan, plan: LongPlan, head: Inputs, on_progress: OnProgress) -> LongCall:
        """Find out whether and how a call over a long sequence can be recorded."""
        from lstm_tui.keras_adapter.long_calls import open_long

        return open_long(self._as(plan), before, plan, head, on_progress)

    def record_stretch(
        self, plan: LongPlan, of: StretchInputs, keep: Keep, predictions: tuple[str, ...]
    ) -> Stretch:
        """Some steps of such a call."""
        from lstm_tui.keras_adapter.recorder.stretch import record_stretch

        return record_stretch(self._as(plan), plan, of, keep, predictions)

    def replay(self, plan: ReplayPlan, on_progress: OnProgress) -> Replayed:
        """The recorded call on the beginning of its sequence. Raises EditError where that cannot be run."""
        from lstm_tui.keras_adapter.replaying import replay

        return replay(self._of(plan.run), plan, on_progress)

    def fetch(self, plan: FetchPlan, on_progress: OnProgress) -> Fetched:
        """What one call of a layer gave. Raises EditError where that cannot be had."""
        from lstm_tui.keras_adapter.fetching import fetch

        return fetch(self._of(plan.run), plan, on_progress)

    def interleave(self, plan: InterleavePlan, on_progress: OnProgress) -> Interleaved:
        """Sessions that share the model, under every interleaving. Raises EditError where they cannot be."""
        from lstm_tui.keras_adapter.interleaving import interleave

        if plan.run.interventions:
            raise EditError(
                "sessions that share the model are run as it is, without what is tried inside the loops",
                todo="take poke, clamp, silence and dropout back first",
            )
        alterations = plan.run.alterations
        return interleave(self.altered(alterations) if alterations else self, plan, on_progress)

    def follow(self, plan: RunPlan, on_progress: OnProgress) -> Movements:
        """How far each call of the plan moves weights, states and seeds; the model is left as it was."""
        from lstm_tui.keras_adapter.following import follow

        return follow(self, plan, on_progress)

    def _as(self, plan: LongPlan) -> LoadedModel:
        return self.altered(plan.alterations) if plan.alterations else self

    def run(self, plan: RunPlan, on_progress: OnProgress) -> Run:
        """Make the calls of the plan; the model is afterwards as it was."""
        from lstm_tui.keras_adapter.calls import run

        return run(self, plan, on_progress)
