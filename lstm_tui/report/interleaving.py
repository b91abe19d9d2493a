"""`lstm-tui interleave`: the sessions of a scenario under every order of their calls, by an engine in this
process; the result on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import Interleave, LoadModel
from lstm_tui.errors import UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Call
from lstm_tui.recurrent.interleavings import EXAMPLE, MOST, Interleaved, InterleavePlan, sessions_among
from lstm_tui.report.diagnosing import scenario_subject
from lstm_tui.report.interleaving_report import interleaving_json, interleaving_text
from lstm_tui.scenario.loading import load_scenario
from lstm_tui.scenario.reading import read_scenario
from lstm_tui.scenario.recorded_model import model_note

OnProgress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class InterleaveQuestion:
    """What the command line asks. `model`: in place of the scenario's own."""

    source: Path
    most: int = MOST
    seed: int = 0
    model: Path | None = None


def interleave_and_print(
    question: InterleaveQuestion, options: EngineOptions, on_progress: OnProgress, *, as_json: bool
) -> int:
    """Print what came of it. The exit status: 0 where no interleaving changes a result, 1 where one does.

    Raises: LstmTuiError where the question cannot be asked.
    """
    if question.source.suffix not in {".yaml", ".yml"}:
        raise UsageError(f"{one_line(question.source)} is no scenario", expected="a .yaml file")
    opened = load_scenario(read_scenario(question.source, model=question.model))
    index = _sessions_in(opened.calls, question.source)
    model = opened.scenario.model_path
    engine = LocalEngine(options)
    facts = engine.ask(LoadModel(model), on_progress)
    assert isinstance(facts, ModelFacts)
    plan = InterleavePlan(scenario_subject(opened, facts).plan, index, question.most, question.seed)
    answer = engine.ask(Interleave(plan), on_progress)
    assert isinstance(answer, Interleaved)
    on_progress("", None)
    if note := model_note(opened.scenario):
        print(f"lstm-tui: {note}", file=sys.stderr)
    if as_json:
        told = interleaving_json(answer, question.source.name, model.name)
        print(json.dumps(told, indent=2, allow_nan=False))
    else:
        print(interleaving_text(answer, question.source.name, model.name), end="")
    return int(answer.changes)


def _sessions_in(calls: tuple[Call, ...], source: Path) -> int:
    """Where the sessions stand among the calls. Raises: UsageError."""
    found = sessions_among(calls)
    if found is None:
        raise UsageError(
            f"{one_line(source)} has no sessions that could come in several orders",
            expected=f"among its calls `- {EXAMPLE}`, n from 2",
        )
    return found
