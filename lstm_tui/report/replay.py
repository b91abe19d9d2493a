"""Replays scenarios without a terminal and says of each whether what it expects came out.

    passed       everything that it expects holds
    failed       something does not; `reasons` say what
    not checked  the question could not be asked: a mistake in the file, a model that does not load, an
                 expectation that this version cannot check

How a model is run is not known here: `ask` answers requests as an engine does. Which scenarios there are, and
who takes which, is decided elsewhere (`replay_files`, `replay_engines`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lstm_tui.engine.protocol import Answer, LoadModel, Request, RunCalls
from lstm_tui.errors import (
    Cancelled,
    EditError,
    EngineUnavailable,
    LstmTuiError,
    ModelFileError,
    ScenarioError,
)
from lstm_tui.model_file import read_model_file
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import many_lines, one_line
from lstm_tui.recurrent.calls import Run
from lstm_tui.report.expectations import (
    Difference,
    Evidence,
    Verdict,
    judge,
    last_outputs,
    load_verdict,
    opened_verdict,
)
from lstm_tui.scenario.loading import LoadedScenario, load_scenario
from lstm_tui.scenario.plan import folded_plan
from lstm_tui.scenario.reading import read_scenario
from lstm_tui.scenario.recorded_model import model_note
from lstm_tui.scenario.saved_states import has_saved_states, without_saved_states

OnProgress = Callable[[str, float | None], None]
Ask = Callable[[Request, OnProgress | None], Answer]
#: The codes above info that a diagnosis finds.
Diagnose = Callable[[LoadedScenario, ModelFacts, OnProgress | None], Sequence[str]]
Status = Literal["passed", "failed", "not checked"]


@dataclass(frozen=True)
class ReplayResult:
    """What became of one scenario. `output_shapes`, by name, are those of the last call that gave outputs.

    notes: what does not count, and is to be known: the model is not the file that was recorded.
    """

    path: Path
    name: str
    status: Status
    reasons: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    output_shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    difference: Difference | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Replays:
    """What became of all of them, in the order in which they were named.

    left: those that were not replayed, because somebody stopped it. seconds: from the first to the last.
    """

    results: tuple[ReplayResult, ...]
    left: tuple[Path, ...] = ()
    seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        """0 all as expected, 1 some not, 2 some could not be asked, 130 stopped before the end."""
        return 130 if self.left else exit_status(self.results)


def exit_status(results: Iterable[ReplayResult]) -> int:
    """0 all as expected, 1 some not, 2 some could not be asked."""
    statuses = {result.status for result in results}
    return 2 if "not checked" in statuses or not statuses else int("failed" in statuses)


class Replayer:
    """Asks about one scenario after the other; those that share a model best come together."""

    def __init__(self, ask: Ask, *, model: Path | None = None, diagnose: Diagnose | None = None) -> None:
        """model: run them all on this one instead of their own.

        diagnose: looks for the findings that a scenario expects; without it they are not checked.
        """
        self._ask = ask
        self._model = model
        self._diagnose = diagnose

    def result(self, path: Path, on_progress: OnProgress | None = None) -> ReplayResult:
        """What became of the scenario at `path`.

        Raises: EngineUnavailable, Cancelled.
        """
        began = time.perf_counter()
        try:
            result = self._loaded(load_scenario(read_scenario(path, model=self._model)), on_progress)
        except (EngineUnavailable, Cancelled):
            raise
        except LstmTuiError as error:
            result = ReplayResult(path, path.name, "not checked", (many_lines(error),))
        return replace(result, seconds=time.perf_counter() - began)

    def _loaded(self, scenario: LoadedScenario, on_progress: OnProgress | None) -> ReplayResult:
        note = model_note(scenario.scenario)
        result = self._run(scenario, on_progress)
        return replace(result, notes=(*result.notes, note)) if note else result

    def _run(self, scenario: LoadedScenario, on_progress: OnProgress | None) -> ReplayResult:
        expect = scenario.scenario.expect
        try:
            facts = self._ask(LoadModel(scenario.scenario.model_path), on_progress)
        except ModelFileError as error:
            found = load_findings(scenario.scenario.model_path)
            return _result(scenario, load_verdict(expect, found, str(error)))
        assert isinstance(facts, ModelFacts)
        if expect is not None and (opened := opened_verdict(expect.error, facts)) is not None:
            return _result(scenario, opened)
        notes: tuple[str, ...] = ()
        if self._model is not None and not facts.stateful and has_saved_states(scenario):
            scenario = without_saved_states(scenario)
            notes = (f"{one_line(self._model.name, 80)} keeps no states: the saved ones are not set",)
        result = self._judged(scenario, facts, on_progress)
        return replace(result, notes=(*notes, *result.notes))

    def _judged(
        self, scenario: LoadedScenario, facts: ModelFacts, on_progress: OnProgress | None
    ) -> ReplayResult:
        expect = scenario.scenario.expect
        try:
            plan, folded = folded_plan(scenario, facts)
        except ScenarioError as error:
            return self._unfit(scenario, error)
        bare = replace(plan, record=len(plan.calls))  # outputs alone: a recording would be thrown away
        try:
            run = self._ask(RunCalls(bare), on_progress)
        except EditError as error:
            return self._unfit(scenario, error)
        assert isinstance(run, Run)
        findings = None
        if expect is not None and expect.findings is not None and self._diagnose is not None:
            findings = self._diagnose(scenario, facts, on_progress)
        evidence = Evidence(facts, plan, folded, run, scenario.expected_output, findings)
        result = _result(scenario, judge(expect, evidence), run)
        tried = "; ".join(one.describe() for one in plan.interventions)
        note = f"outputs of the recorder, with {one_line(tried, 300)}; model.predict gives others"
        return replace(result, notes=(note,)) if tried else result

    def _unfit(self, scenario: LoadedScenario, error: LstmTuiError) -> ReplayResult:
        """What does not fit: a mistake of the scenario, but a result where the model is another."""
        if self._model is None:
            raise error
        name = one_line(self._model.name, 80)
        return _result(scenario, Verdict(reasons=(f"does not fit {name}: {many_lines(error)}",)))


def load_findings(model: Path) -> tuple[str, ...]:
    """The codes of the `load-` family that a model's file shows by itself."""
    try:
        return tuple(obstacle.code for obstacle in read_model_file(model).obstacles)
    except ModelFileError as error:
        return (str(getattr(error, "code", "load-format")),)


def _result(scenario: LoadedScenario, verdict: Verdict, run: Run | None = None) -> ReplayResult:
    status: Status = "failed" if verdict.reasons else "not checked" if verdict.not_checked else "passed"
    outputs = last_outputs(run) if run is not None else {}
    return ReplayResult(
        path=scenario.scenario.path,
        name=scenario.scenario.name,
        status=status,
        reasons=verdict.reasons + verdict.not_checked,
        checked=verdict.checked,
        output_shapes=tuple((name, array.shape) for name, array in outputs.items()),
        difference=verdict.difference,
    )
