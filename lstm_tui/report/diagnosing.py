"""`lstm-tui diagnose`: all checks on a model or scenario, in this process; the result on standard output."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from lstm_tui.arrays.assignment import assign
from lstm_tui.arrays.files import read_array, read_arrays
from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis
from lstm_tui.checks.loading.from_file import loading_diagnosis, with_loading_findings
from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import Answer, Diagnose, LoadModel, Request
from lstm_tui.errors import EngineError, ModelFileError, UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Inputs, Predict, RunPlan
from lstm_tui.recurrent.recording import Array
from lstm_tui.report.diagnosis import diagnosis_json, diagnosis_text
from lstm_tui.scenario.loading import LoadedScenario
from lstm_tui.scenario.plan import folded_plan, name_inputs
from lstm_tui.scenario.recorded_model import model_note

OnProgress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Question:
    """What the command line asks. `source` is a model, with files beside it, or a scenario."""

    source: Path
    input: Path | None = None
    reference: Path | None = None
    target: Path | None = None
    expected_shape: tuple[int, ...] | None = None
    seconds: float | None = None

    @cached_property
    def scenario(self) -> LoadedScenario | None:
        """The source where it is a scenario, read once. Raises: ScenarioError."""
        if self.source.suffix not in {".yaml", ".yml"}:
            return None
        from lstm_tui.scenario.loading import load_scenario
        from lstm_tui.scenario.reading import read_scenario

        return load_scenario(read_scenario(self.source))

    @property
    def model(self) -> Path:
        """The model's file. Raises: ScenarioError."""
        return self.source if self.scenario is None else self.scenario.scenario.model_path


def diagnose_and_print(
    question: Question, options: EngineOptions, on_progress: OnProgress, *, as_json: bool
) -> int:
    """Print the diagnosis; the exit status: 0 nothing above info, 1 findings, 2 the model does not load.

    Raises: LstmTuiError where the question cannot be asked.
    """
    model = question.model
    try:
        diagnosis, status = diagnosed(question, options, on_progress), 0
    except ModelFileError as error:
        found = loading_diagnosis(
            model, error, trust=options.trust, custom_objects=bool(options.custom_objects)
        )
        if found is None:
            raise
        diagnosis, status = found, 2
    on_progress("", None)
    if note := recorded_note(question):
        print(f"lstm-tui: {note}", file=sys.stderr)
    if as_json:
        print(json.dumps(diagnosis_json(diagnosis, model.name), indent=2, allow_nan=False))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 80
        print(diagnosis_text(diagnosis, model.name, width), end="")
    return status or int(bool(diagnosis.codes))


def diagnosed(question: Question, options: EngineOptions, on_progress: OnProgress) -> Diagnosis:
    """All checks, by an engine in this process.

    Raises: LstmTuiError where the question cannot be asked, ModelFileError where the model does not load.
    """
    engine = LocalEngine(options)
    subject, facts = subject_of(question, engine, on_progress)
    answer = engine.ask(Diagnose(subject, question.seconds), on_progress)
    assert isinstance(answer, Diagnosis)
    return with_loading_findings(answer, facts)


def subject_of(
    question: Question, engine: LocalEngine, on_progress: OnProgress
) -> tuple[Subject, ModelFacts]:
    """What is asked about, and the model, which the engine has loaded by then. Raises: LstmTuiError."""
    said = question.scenario or _Files.read(question)
    facts = engine.ask(LoadModel(question.model), on_progress)
    assert isinstance(facts, ModelFacts)
    if isinstance(said, LoadedScenario):
        return scenario_subject(said, facts), facts
    return said.subject(facts, question.expected_shape), facts


def recorded_note(question: Question) -> str:
    """What to know where the model's file is not the one that the scenario was recorded with; else empty."""
    return model_note(question.scenario.scenario) if question.scenario is not None else ""


def codes_found(
    ask: Callable[[Request, OnProgress | None], Answer],
) -> Callable[[LoadedScenario, ModelFacts, OnProgress | None], tuple[str, ...]]:
    """What a replay asks for the findings above info of a scenario whose model an engine has loaded."""

    def diagnose(
        scenario: LoadedScenario, facts: ModelFacts, on_progress: OnProgress | None
    ) -> tuple[str, ...]:
        answer = ask(Diagnose(scenario_subject(scenario, facts)), on_progress)
        assert isinstance(answer, Diagnosis)
        if answer.failed:
            told = "; ".join(f"{code}: {why}" for code, why in answer.failed.items())
            raise EngineError(
                f"checks that failed: {told}", todo="lstm-tui diagnose on this scenario shows the others"
            )
        return with_loading_findings(answer, facts).codes

    return diagnose


def scenario_subject(scenario: LoadedScenario, facts: ModelFacts) -> Subject:
    """What a scenario says beside its model, which is judged without what is tried inside its loops.

    Raises: ScenarioError where it does not fit.
    """
    plan, folded = folded_plan(scenario, facts)
    expect = scenario.scenario.expect
    return Subject(
        plan=replace(plan, interventions=()),
        reference=name_inputs(scenario.reference, facts),
        reference_target=scenario.reference_target,
        expected_shape=expect.shape if expect is not None else None,
        output_rescales=folded.output_rescales,
        calls_given=bool(scenario.scenario.calls),
    )


@dataclass(frozen=True, eq=False)
class _Files:
    """The arrays that the command line names, read before the engine is started."""

    input: Inputs
    reference: Inputs
    target: Array | None

    @classmethod
    def read(cls, question: Question) -> _Files:
        def named(path: Path | None) -> Inputs:
            return read_arrays(path) if path is not None else {}

        target = read_array(question.target) if question.target is not None else None
        return cls(named(question.input), named(question.reference), target)

    def subject(self, facts: ModelFacts, expected_shape: tuple[int, ...] | None) -> Subject:
        inputs = assign(self.input, facts.inputs, partly=True) if self.input else {}
        reference = assign(self.reference, facts.inputs) if self.reference else {}
        calls = (Predict(),) if inputs else ()
        plan = RunPlan(inputs=inputs, calls=calls, target=self.target)
        return Subject(plan=plan, reference=reference, expected_shape=expected_shape)


def shape_of(text: str) -> tuple[int, ...]:
    """`1,24,1` as a shape. Raises: UsageError."""
    try:
        sizes = tuple(int(part) for part in text.replace("(", "").replace(")", "").split(",") if part.strip())
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 0:
        raise UsageError(f"{text!r} is no shape.", expected="sizes with commas between, for instance 1,24,1")
    return sizes
