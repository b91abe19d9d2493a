"""`lstm-tui shrink`: the smallest scenario that still shows the finding of a larger one.

The diagnoses are made by an engine apart, so that Ctrl-C ends the one under way and the best case by then is
written. Standard output says what became of it, standard error how far it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis
from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import Diagnose, LoadModel
from lstm_tui.errors import EngineUnavailable, LstmTuiError, UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.report.diagnosing import scenario_subject
from lstm_tui.scenario.loading import LoadedScenario, load_scenario
from lstm_tui.scenario.reading import read_scenario
from lstm_tui.scenario.recorded_model import model_note
from lstm_tui.shrinking.driving import MOST, Shrinking, Shrunk
from lstm_tui.shrinking.search import with_calls
from lstm_tui.shrinking.sizes import features_words, shrunk_words, zeroed
from lstm_tui.shrinking.target import Target, target_of
from lstm_tui.shrinking.words import write_shrunk

OnProgress = Callable[[str, float | None], None]
_SUFFIXES = {".yaml", ".yml"}


@dataclass(frozen=True)
class ShrinkQuestion:
    """What the command line asks. `code`: the finding to keep, empty for the first that is found.

    model: takes the place of the scenario's own.
    """

    source: Path
    out: Path | None = None
    code: str = ""
    most: int = MOST
    model: Path | None = None


def shrink_and_print(question: ShrinkQuestion, options: EngineOptions, on_progress: OnProgress) -> int:
    """Write the smaller scenario and print what was taken away. The exit status: 0, or 130 after Ctrl-C.

    Raises: LstmTuiError where the scenario cannot be read, shows no finding or cannot be written.
    """
    out = _place(question)
    opened = load_scenario(read_scenario(question.source, model=question.model))
    with EngineProcess(options) as engine:
        search = _Engine(engine, opened, on_progress)
        shrunk = search.shrunk(question)
    on_progress("", None)
    write_shrunk(shrunk, opened, search.facts, out)
    print("\n".join(_told(question.source, out, shrunk, search.facts, model_note(opened.scenario))))
    return 130 if shrunk.ended == "stopped" else 0


def _place(question: ShrinkQuestion) -> Path:
    """Where to write. Raises: UsageError."""
    source, out = question.source, question.out
    if source.suffix not in _SUFFIXES:
        raise UsageError(
            f"{one_line(source)} is no scenario",
            expected="a .yaml file",
            todo="open the model, save what fails as a scenario (w), and shrink that",
        )
    if out is None:
        folder = source.parent if os.access(source.parent, os.W_OK) else Path()
        out = folder / f"{source.stem}-small.yaml"
        if out.exists():
            raise UsageError(f"there is {one_line(out)} already", todo="name another with -o, or this one")
    if out.suffix not in _SUFFIXES:
        raise UsageError(f"{one_line(out)} is not the name of a scenario", todo="end it in .yaml")
    if out.exists() and source.exists() and out.samefile(source):
        raise UsageError(f"{one_line(out)} is the scenario itself", todo="name another file with -o")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {one_line(out.parent)}", todo="make it, or name another")
    return out


class _Engine:
    """The diagnoses of one search; a case on which an engine dies, or that fits nowhere, shows nothing."""

    facts: ModelFacts

    def __init__(self, engine: EngineProcess, opened: LoadedScenario, on_progress: OnProgress) -> None:
        self._engine = engine
        self._opened = opened
        self._tell = on_progress
        self._model = opened.scenario.model_path

    def shrunk(self, question: ShrinkQuestion) -> Shrunk:
        """What is left. Raises: LstmTuiError where there is nothing to begin with."""
        self.facts = self._loaded(self._tell)
        start = scenario_subject(self._opened, self.facts)
        start = with_calls(start, start.plan.calls)
        target = self._target(question, start)

        search = Shrinking(start, self.facts, target, most=question.most)
        try:
            while (asked := search.question) is not None:
                less = shrunk_words(start, search.best, self.facts) or "nothing taken away yet"
                self._tell(f"diagnosis {search.diagnoses + 1} of at most {question.most}: {less}", None)
                search.told(self._examined(asked.subject, asked.codes))
        except KeyboardInterrupt:
            pass  # the best so far
        return search.result()

    def _target(self, question: ShrinkQuestion, start: Subject) -> Target:
        answer = self._engine.ask(Diagnose(start), self._tell)
        assert isinstance(answer, Diagnosis)
        source = one_line(question.source)
        if question.code and question.code not in answer.codes:
            listed = ", ".join(answer.codes) or "none above info"
            raise UsageError(f"{source} does not show {one_line(question.code, 60)}", expected=listed)
        target = target_of(answer, [question.code] if question.code else self._expected())
        if target is None:
            raise UsageError(
                f"{source} is healthy: no check finds anything above info, so there is nothing to keep.",
                todo="lstm-tui diagnose on it says what could not be checked, and what that would need",
            )
        return target

    def _expected(self) -> tuple[str, ...]:
        """The findings that the scenario is about, as it says itself."""
        expect = self._opened.scenario.expect
        if expect is None:
            return ()
        return (*(expect.findings or ()), *([expect.error] if expect.error is not None else ()))

    def _loaded(self, on_progress: OnProgress | None = None) -> ModelFacts:
        facts = self._engine.ask(LoadModel(self._model), on_progress)
        assert isinstance(facts, ModelFacts)
        return facts

    def _examined(self, subject: Subject, codes: tuple[str, ...] | None) -> Diagnosis | None:
        try:
            self._loaded()  # a new engine has none; another one has it still
            answer = self._engine.ask(Diagnose(subject, codes=codes))
        except EngineUnavailable:
            raise
        except LstmTuiError:
            return None
        assert isinstance(answer, Diagnosis)
        return answer


def _told(source: Path, out: Path, shrunk: Shrunk, facts: ModelFacts, note: str) -> list[str]:
    finding = shrunk.target.finding
    where = f" in {one_line(finding.layer, 80)}" if finding.layer else ""
    less = shrunk_words(shrunk.start, shrunk.smallest, facts)
    lines = [
        f"{one_line(source)} → {one_line(out)}",
        f"  still shows: {finding.code}{where}",
        f"  {less or 'nothing could be taken away'}",
    ]
    for name, features in zeroed(shrunk.start, shrunk.smallest, facts).items():
        lines.append(f"  set to zero: {features_words(features)} of {one_line(name, 60)}")
    ends = {
        "smallest": "nothing more could be taken away",
        "bound": "there may be less: the diagnoses were used up (--most)",
        "stopped": "stopped by Ctrl-C: the best so far, not yet seen by all checks",
    }
    lines.append(f"  {shrunk.diagnoses} diagnoses; {ends[shrunk.ended]}")
    return [*lines, *([f"  note: {note}"] if note else [])]
