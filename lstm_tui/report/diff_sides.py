"""What the command line names as one side of a comparison, and how it is run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from lstm_tui.arrays.assignment import assign
from lstm_tui.arrays.files import read_arrays
from lstm_tui.comparing.running import Engines, OnProgress, Ran, ran
from lstm_tui.errors import UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CALL_NAMES, CallModel, Predict, RunPlan
from lstm_tui.scenario.loading import LoadedScenario, load_scenario
from lstm_tui.scenario.plan import run_plan
from lstm_tui.scenario.reading import read_scenario

TRACE, SCENARIOS = ".npz", {".yaml", ".yml"}


@dataclass(frozen=True)
class Named:
    """What the command line says of one side. call: which call of it, from 1; None for the one that is shown.

    scenario: what a model is run on, where that is a scenario.
    """

    path: Path
    input: Path | None = None
    scenario: Path | None = None
    call: int | None = None

    @property
    def is_trace(self) -> bool:
        """Whether it is a finished trace."""
        return self.path.suffix == TRACE

    @property
    def is_scenario(self) -> bool:
        """Whether it names its own model and calls."""
        return self.path.suffix in SCENARIOS


def ran_as_named(named: Named, engines: Engines, on_progress: OnProgress) -> Ran:
    """Run one side by the engine of its model. Raises: LstmTuiError where it cannot be read or run."""
    scenario = _scenario(named)
    arrays = read_arrays(named.input) if named.input is not None and scenario is None else {}

    def plan_for(facts: ModelFacts) -> RunPlan:
        given = {} if scenario is not None else assign(arrays, facts.inputs)
        return _at_call(RunPlan(inputs=given) if scenario is None else run_plan(scenario, facts), named)

    model = named.path if scenario is None else scenario.scenario.model_path
    return ran(model, plan_for, engines(model), on_progress)


def _scenario(named: Named) -> LoadedScenario | None:
    if named.is_scenario:
        return load_scenario(read_scenario(named.path))
    if named.scenario is not None:
        return load_scenario(read_scenario(named.scenario, model=named.path))
    return None


def _at_call(plan: RunPlan, named: Named) -> RunPlan:
    """The plan with the call that was asked for recorded."""
    if named.call is None:
        return plan
    index = named.call - 1
    if not 0 <= index < len(plan.calls):
        count = len(plan.calls)
        raise UsageError(f"{one_line(named.path)} makes {count} calls, not {named.call}", todo="--call 1 …")
    call = plan.calls[index]
    if not isinstance(call, Predict | CallModel):
        word = CALL_NAMES[type(call)]
        raise UsageError(
            f"call {named.call} of {one_line(named.path)} is a {word}, which is not recorded",
            todo="choose a predict or a call",
        )
    return replace(plan, record=index)
