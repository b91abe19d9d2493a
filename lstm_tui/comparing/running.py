"""One side of a comparison: a run that can be made again with something else put in.

Each side has its engine; two sides of one model share one. What it refuses: to run what cannot be recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from lstm_tui.checks.call_failure import recording_of
from lstm_tui.engine.protocol import Answer, LoadModel, LookInside, Request, RunCalls
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import (
    Alteration,
    CallModel,
    Inputs,
    Predict,
    ResetStates,
    Run,
    RunPlan,
    StateReset,
)
from lstm_tui.recurrent.divergence import Course, course_of
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.interventions import Intervention
from lstm_tui.recurrent.recording import States

OnProgress = Callable[[str, float | None], None]
#: Answers requests, as an engine does; raises LstmTuiError where there is no answer.
Ask = Callable[[Request, OnProgress | None], Answer]
#: What one engine answers; one for each model.
Engines = Callable[[Path], Ask]

#: Equal calls by which chance is found.
MOST_DRAWS = 5


@dataclass(frozen=True, eq=False)
class Ran:
    """One side: what was run, and what came out.

    inputs: of the recorded call. states: before it, by `path/state`. trained: by how much a `fit` before it
    moved the weights. times: what is compared is the last of so many equal calls; 1 unless chance is in them.
    """

    model: Path
    ask: Ask
    on_progress: OnProgress
    plan: RunPlan
    course: Course
    inputs: Inputs
    states: States = field(default_factory=dict)
    insides: Insides = field(default_factory=Insides)
    trained: float = 0.0
    times: int = 1

    @property
    def call(self) -> Predict | CallModel:
        """The call that is compared."""
        call = self.plan.calls[self.plan.record]
        assert isinstance(call, Predict | CallModel)
        return call

    def run(self, plan: RunPlan) -> Course:
        """What the model of this side makes of another plan. Raises: LstmTuiError where it makes nothing."""
        return self._run(plan)[1]

    def drawn_again(self) -> tuple[int, Course]:
        """The call made again from the same states: how often until it gave something else, and the last.

        With few values to draw, two draws may well be equal: it is made a few times.
        """
        plan = self.plan_with(times=MOST_DRAWS)
        run, course = self._run(plan)
        per_call = 2 if self.states else 1
        drawn = [outcome.outputs for outcome in run.outcomes[self.plan.record + per_call - 1 :: per_call]]
        other = [number for number, outputs in enumerate(drawn) if number and not _equal(outputs, drawn[0])]
        if not other or other[-1] == len(drawn) - 1:
            return MOST_DRAWS, course
        times = other[-1] + 1
        return times, self.run(self.plan_with(times=times))

    def _run(self, plan: RunPlan) -> tuple[Run, Course]:
        facts = self.ask(LoadModel(self.model), self.on_progress)
        assert isinstance(facts, ModelFacts)
        run = self.ask(RunCalls(plan), self.on_progress)
        assert isinstance(run, Run)
        return run, course_of(recording_of(run, plan, facts))

    def plan_with(
        self,
        *,
        inputs: Inputs | None = None,
        states: States | None = None,
        call: Predict | CallModel | None = None,
        interventions: Iterable[Intervention] | None = None,
        alterations: Iterable[Alteration] = (),
        times: int | None = None,
    ) -> RunPlan:
        """The plan of this side with other inputs of the recorded call, states before it, or another call.

        interventions: what is tried inside the loops; as in this side's own plan where left out.
        times: make that call so many times from the same states, and record the last.
        """
        made = call or self.call
        fed = inputs if inputs is not None else self.inputs
        made = Predict(fed, made.batch_size) if isinstance(made, Predict) else CallModel(made.training, fed)
        saved = dict(states if states is not None else self.states)
        start = (ResetStates(to=StateReset(to="saved", saved=saved)),) if saved else ()
        once = (*start, made)
        calls = (*self.plan.calls[: self.plan.record], *once)
        calls += once * ((times or self.times) - 1)
        changed = (*self.plan.alterations, *alterations)
        tried = self.plan.interventions if interventions is None else tuple(interventions)
        return replace(
            self.plan, calls=calls, record=len(calls) - 1, alterations=changed, interventions=tried
        )

    def states_from(self, states: States, renamed: Mapping[str, str]) -> States:
        """Another side's states by this side's names; zeros for what it keeps none of.

        renamed: that side's layers by the paths of this one.
        Raises: EditError where this side keeps no states.
        """
        if not self.states and any(np.any(values) for values in states.values()):
            raise EditError("this side keeps no states between calls")
        found = {}
        for name, own in self.states.items():
            layer, _, state = name.rpartition("/")
            found[name] = states.get(f"{renamed.get(layer, layer)}/{state}", np.zeros_like(own))
        return found


def _equal(one: Inputs, other: Inputs) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one if name in other)


def ran(model: Path, plan_for: Callable[[ModelFacts], RunPlan], ask: Ask, on_progress: OnProgress) -> Ran:
    """Run one side. plan_for: what is run, once it is known what the model is.

    Raises: LstmTuiError where it cannot be run.
    """
    facts = ask(LoadModel(model), on_progress)
    assert isinstance(facts, ModelFacts)
    plan = plan_for(facts)
    run = ask(RunCalls(plan), on_progress)
    assert isinstance(run, Run)
    recording = recording_of(run, plan, facts)
    insides = ask(LookInside(plan.alterations), on_progress)
    assert isinstance(insides, Insides)
    trained = (outcome.training.weight_change for outcome in run.outcomes[: plan.record] if outcome.training)
    return Ran(
        model=model,
        ask=ask,
        on_progress=on_progress,
        plan=plan,
        course=course_of(recording),
        inputs=recording.inputs,
        states=run.outcomes[plan.record].states_before,
        insides=insides,
        trained=max(trained, default=0.0),
    )
