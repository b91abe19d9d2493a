"""What a check looks at: the calls as they were made, and a laboratory to try things in.

Whatever a check runs is run on snapshots and put back; what was run once is kept, so that two checks that ask
the same question pay once. Values beside the model (`Subject`) cross the process boundary; the laboratory
lives where Keras is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

import numpy as np

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.checks.measures import rms
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import (
    Alteration,
    Call,
    CallOutcome,
    Inputs,
    Predict,
    Run,
    RunPlan,
    StateReset,
    fingerprint,
)
from lstm_tui.recurrent.gradients import Gradients
from lstm_tui.recurrent.handed_states import HandedStates
from lstm_tui.recurrent.recording import Array, Recording, States

Kept = TypeVar("Kept")

#: Rows of the reference that are looked at: enough for quantiles, few enough for a prediction.
MOST_REFERENCE_ROWS = 256


@dataclass(frozen=True, eq=False)
class Subject:
    """What is known beside the model.

    plan: inputs after the actions, and the calls.
    reference, reference_target: a sample of the training data.
    expected_shape: of the output that is wanted.
    output_rescales: what leads outputs back to the user's units.
    calls_given: the user said what was called; otherwise the plan's one `predict` stands for any use.
    """

    plan: RunPlan
    reference: Inputs = field(default_factory=dict)
    reference_target: Array | None = None
    expected_shape: tuple[int, ...] | None = None
    output_rescales: tuple[Rescale, ...] = ()
    calls_given: bool = False


class Laboratory(Protocol):
    """The model, to try things on: every question leaves it as it was."""

    @property
    def facts(self) -> ModelFacts:
        """The model as Keras built it."""
        ...

    @property
    def runs_own_code(self) -> bool:
        """Whether classes of the user's own are part of the model: their `call` may do anything."""
        ...

    def run(self, plan: RunPlan) -> Run:
        """Make the calls of the plan."""
        ...

    def gradients(
        self, inputs: Inputs, *, output: str | None = None, target: Array | None = None, states: States | None
    ) -> Gradients:
        """Gradients of an output with respect to every input and state."""
        ...

    def weights(self) -> Mapping[str, Array]:
        """Every weight by `layer path/weight name`, for instance `lstm_1/recurrent_kernel`."""
        ...

    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """The configuration of every layer by path, as far as it is plain values (`activation: tanh`)."""
        ...

    def handed_states(self) -> tuple[HandedStates, ...]:
        """States that one layer hands to another as `initial_state`, as far as the model is a graph."""
        ...

    def wiring(self) -> Mapping[str, tuple[str, ...]]:
        """By path of a layer or operation, the paths of what feeds it; empty for a subclassed model."""
        ...

    def altered(
        self, alterations: Sequence[Alteration] = (), weights: Mapping[str, Array] | None = None
    ) -> Laboratory:
        """A laboratory with a copy of the model: other settings, other weights (named as by `weights`).

        Raises EditError where the model cannot be rebuilt so.
        """
        ...


class Case:
    """One subject on one model. Everything that is computed is computed once."""

    def __init__(self, subject: Subject, lab: Laboratory, run: Run) -> None:
        self.subject = subject
        self.lab = lab
        self.run = run
        self._runs: dict[str, Run] = {}
        self._altered: dict[Any, Laboratory] = {}
        self._kept: dict[str, Any] = {}

    # --- what is at hand ------------------------------------------------------------------------

    @property
    def facts(self) -> ModelFacts:
        """The model as Keras built it."""
        return self.lab.facts

    @property
    def plan(self) -> RunPlan:
        """The inputs and calls as they were made."""
        return self.subject.plan

    @property
    def inputs(self) -> Inputs:
        """What went into the recorded call, by input name."""
        call = self.plan.calls[self.plan.record] if self.plan.record < len(self.plan.calls) else None
        own = getattr(call, "inputs", None)
        return self.plan.inputs if own is None else own

    @property
    def recording(self) -> Recording | None:
        """Every step of the recorded call; None where it failed or could not be recorded."""
        return self.run.recording

    @property
    def outcome(self) -> CallOutcome | None:
        """What the recorded call gave, failed calls included."""
        outcomes = self.run.outcomes
        return outcomes[self.plan.record] if self.plan.record < len(outcomes) else None

    @property
    def outputs(self) -> Mapping[str, Array]:
        """Outputs of the recorded call, in the model's own units; empty where it failed."""
        return self.outcome.outputs if self.outcome is not None else {}

    @cached_property
    def reference(self) -> Inputs:
        """A sample of the training data, at most `MOST_REFERENCE_ROWS` rows spread evenly over it."""
        return {name: array[_spread(len(array))] for name, array in self.subject.reference.items()}

    @cached_property
    def reference_target(self) -> Array | None:
        """The labels of those rows."""
        target = self.subject.reference_target
        return None if target is None or not target.ndim else target[_spread(len(target))]

    @property
    def target(self) -> Array | None:
        """What the predictions should have been, in the user's units."""
        return self.plan.target

    def in_user_units(self, output: Array) -> Array:
        """An output after the inverse rescales that the user made."""
        for rescale in self.subject.output_rescales:
            output = rescale.apply(output)
        return output

    def error(self, outputs: Mapping[str, Array]) -> float | None:
        """Root mean square error of the first output that has the target's size, in the user's units; None
        where there is nothing to compare."""
        target = self.target
        if target is None:
            return None
        for output in outputs.values():
            if output.size == target.size and output.dtype.kind == "f":
                said = self.in_user_units(output).astype(np.float64)
                return rms(said.ravel() - target.ravel())
        return None

    def has(self, need: str) -> bool:
        """Whether what a check needs is at hand."""
        match need:
            case "x":
                return bool(self.inputs)
            case "shape":
                return self.subject.expected_shape is not None
            case "reference":
                return bool(self.subject.reference)
            case "reference_target":
                return self.subject.reference_target is not None
            case "target":
                return self.target is not None
            case "calls":
                return self.subject.calls_given
            case "output":
                return bool(self.outputs)
            case "recording":
                return self.recording is not None
        raise ValueError(f"no such need: {need}")

    # --- trying things --------------------------------------------------------------------------

    def predict(self, inputs: Inputs | None = None, lab: Laboratory | None = None) -> Mapping[str, Array]:
        """Outputs of one `predict` from zero states; of the recorded call's inputs where none are given.

        Empty where the call fails.
        """
        outcome = self.calls((Predict(),), inputs, lab).outcomes[0]
        return outcome.outputs

    def calls(
        self, calls: tuple[Call, ...], inputs: Inputs | None = None, lab: Laboratory | None = None
    ) -> Run:
        """These calls from zero states, nothing recorded."""
        plan = RunPlan(
            inputs=self.inputs if inputs is None else inputs,
            resets=self._to_zeros(lab or self.lab),
            calls=calls,
            record=len(calls),
        )
        return self.again(plan, lab)

    def recorded(self, inputs: Inputs | None = None, lab: Laboratory | None = None) -> Recording | None:
        """The recording of one `predict` from zero states; None where it fails."""
        plan = RunPlan(
            inputs=self.inputs if inputs is None else inputs,
            resets=self._to_zeros(lab or self.lab),
            calls=(Predict(),),
        )
        return self.again(plan, lab).recording

    def again(self, plan: RunPlan, lab: Laboratory | None = None) -> Run:
        """A run of any plan on this model, or on an altered one."""
        lab = lab or self.lab
        key = f"{id(lab)} {plan.key}"
        if key not in self._runs:
            self._runs[key] = lab.run(plan)
        return self._runs[key]

    def altered(self, *alterations: Alteration) -> Laboratory:
        """A copy of the model with other settings. Raises EditError where it cannot be rebuilt so."""
        if alterations not in self._altered:
            self._altered[alterations] = self.lab.altered(alterations)
        return self._altered[alterations]

    def once(self, name: str, make: Callable[[Case], Kept]) -> Kept:
        """A measurement that several checks share: made at the first, under a name of its own."""
        if name not in self._kept:
            self._kept[name] = make(self)
        return cast(Kept, self._kept[name])

    def reweighted(self, weights: Mapping[str, Array]) -> Laboratory:
        """A copy of the model with other weights, named as by `weights`. Raises EditError."""
        key = fingerprint(dict(weights))
        if key not in self._altered:
            self._altered[key] = self.lab.altered(weights=weights)
        return self._altered[key]

    def with_calls(self, calls: tuple[Call, ...]) -> RunPlan:
        """The plan with other calls, nothing recorded."""
        return replace(self.plan, calls=calls, record=len(calls))

    @cached_property
    def weights(self) -> Mapping[str, Array]:
        """Every weight by `layer path/weight name`."""
        return self.lab.weights()

    @cached_property
    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """The configuration of every layer by path, as far as it is plain values."""
        return self.lab.settings()

    @cached_property
    def wiring(self) -> Mapping[str, tuple[str, ...]]:
        """By path of a layer or operation, what feeds it; empty for a subclassed model."""
        return self.lab.wiring()

    @cached_property
    def gradients(self) -> Gradients:
        """Of the first output's last step, with respect to every input and state of the recorded call."""
        states = self.recording.states_before if self.recording is not None else None
        return self.lab.gradients(self.inputs, states=states)

    @staticmethod
    def _to_zeros(lab: Laboratory) -> tuple[StateReset, ...]:
        return (StateReset(),) if lab.facts.stateful else ()


def _spread(rows: int) -> slice:
    """Evenly over all rows, in order."""
    return slice(None, None, max(-(-rows // MOST_REFERENCE_ROWS), 1))
