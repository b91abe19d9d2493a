"""Replays scenarios without a terminal and says of each whether what it expects came out.

    passed       everything that it expects holds
    failed       something does not; `reasons` say what
    not checked  the question could not be asked: a mistake in the file, a model that does not load, an
                 expectation that this version cannot check

How a model is run is not known here: `ask` answers requests as an engine does. One scenario that cannot be
asked does not keep the others from it; an engine that cannot be started does.
"""

from __future__ import annotations

import glob
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lstm_tui.engine.protocol import Answer, LoadModel, Request, RunCalls
from lstm_tui.errors import Cancelled, EngineUnavailable, LstmTuiError, ModelFileError
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

OnProgress = Callable[[str, float | None], None]
Ask = Callable[[Request, OnProgress | None], Answer]
#: The codes above info that a diagnosis finds.
Diagnose = Callable[[LoadedScenario, ModelFacts, OnProgress | None], Sequence[str]]
Status = Literal["passed", "failed", "not checked"]

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class ReplayResult:
    """What became of one scenario. `output_shapes`, by name, are those of the last call that gave outputs."""

    path: Path
    name: str
    status: Status
    reasons: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    output_shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    difference: Difference | None = None
    seconds: float = 0.0


def replay(
    paths: Sequence[Path],
    ask: Ask,
    *,
    model: Path | None = None,
    diagnose: Diagnose | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[ReplayResult, ...]:
    """The result of every scenario in `paths`: files, folders that hold them at any depth, or patterns.

    model: run them all on this model instead of their own.
    diagnose: looks for the findings that a scenario expects; without it they are not checked.

    Raises: EngineUnavailable, Cancelled.
    """
    found = list(scenario_files(paths))
    replayer = _Replayer(ask, model, diagnose)
    results = []
    for number, path in enumerate(found, 1):
        began = time.perf_counter()
        result = replayer.result(path, _prefixed(on_progress, f"{number}/{len(found)} {path.name}"))
        results.append(replace(result, seconds=time.perf_counter() - began))
    return tuple(results)


def exit_status(results: Iterable[ReplayResult]) -> int:
    """0 all as expected, 1 some not, 2 some could not be asked."""
    statuses = {result.status for result in results}
    return 2 if "not checked" in statuses or not statuses else int("failed" in statuses)


def scenario_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Every scenario file once, in the order named, folders sorted. What names nothing stays as it is."""
    seen = set()
    for path in paths:
        for each in _below(path):
            if each.absolute() not in seen:
                seen.add(each.absolute())
                yield each


def _below(path: Path) -> list[Path]:
    if path.is_dir():
        return _in_folder(path) or [path]
    if not path.exists() and glob.has_magic(str(path)):
        # Path.glob takes no absolute pattern.
        matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
        return [each for match in matches for each in (_in_folder(match) if match.is_dir() else [match])] or [
            path
        ]
    return [path]


def _in_folder(folder: Path) -> list[Path]:
    """Scenario files at any depth; hidden folders hold settings, not scenarios."""
    files = (path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return sorted(
        path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _prefixed(on_progress: OnProgress | None, prefix: str) -> OnProgress | None:
    if on_progress is None:
        return None
    tell = on_progress
    return lambda stage, fraction: tell(f"{one_line(prefix, 60)}: {stage}", fraction)


class _Replayer:
    """Asks about one scenario after the other; a model that several share is loaded once."""

    def __init__(self, ask: Ask, model: Path | None, diagnose: Diagnose | None) -> None:
        self._ask = ask
        self._model = model
        self._diagnose = diagnose
        self._loaded: tuple[Path, ModelFacts] | None = None

    def result(self, path: Path, on_progress: OnProgress | None) -> ReplayResult:
        """What became of the scenario at `path`."""
        try:
            scenario = load_scenario(read_scenario(path, model=self._model))
            return self._run(scenario, on_progress)
        except (EngineUnavailable, Cancelled):
            raise
        except LstmTuiError as error:
            self._loaded = None  # whatever happened, the next one starts from the file
            return ReplayResult(path, path.name, "not checked", (many_lines(error),))

    def _run(self, scenario: LoadedScenario, on_progress: OnProgress | None) -> ReplayResult:
        expect = scenario.scenario.expect
        try:
            facts = self._facts(scenario.scenario.model_path, on_progress)
        except ModelFileError as error:
            found = load_findings(scenario.scenario.model_path)
            return _result(scenario, load_verdict(expect, found, str(error)))
        if expect is not None and (opened := opened_verdict(expect.error, facts)) is not None:
            return _result(scenario, opened)
        plan, folded = folded_plan(scenario, facts)
        bare = replace(plan, record=len(plan.calls))  # outputs alone: a recording would be thrown away
        run = self._ask(RunCalls(bare), on_progress)
        assert isinstance(run, Run)
        findings = None
        if expect is not None and expect.findings is not None and self._diagnose is not None:
            findings = self._diagnose(scenario, facts, on_progress)
        evidence = Evidence(facts, plan, folded, run, scenario.expected_output, findings)
        return _result(scenario, judge(expect, evidence), run)

    def _facts(self, model: Path, on_progress: OnProgress | None) -> ModelFacts:
        if self._loaded is None or self._loaded[0] != model:
            self._loaded = None
            facts = self._ask(LoadModel(model), on_progress)
            assert isinstance(facts, ModelFacts)
            self._loaded = (model, facts)
        return self._loaded[1]


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
