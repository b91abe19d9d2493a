"""`lstm-tui diff`: two runs side by side, where they first part and why; or two finished traces.

Nothing is written, and both models are afterwards as they were.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from lstm_tui.comparing.judging import drawn, judged
from lstm_tui.comparing.running import Engines, OnProgress
from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import UsageError
from lstm_tui.recurrent.divergence import Course, first_divergence, recurrent_only, remarks
from lstm_tui.recurrent.side_causes import Judgement, before, judge_traces
from lstm_tui.recurrent.side_facts import trace_facts
from lstm_tui.recurrent.side_words import sides_text
from lstm_tui.recurrent.sides import Sides, in_recurrent, output_gaps
from lstm_tui.report.diff_report import sides_json
from lstm_tui.report.diff_sides import Named, ran_as_named
from lstm_tui.report.trace_reading import read_trace

Given = TypeVar("Given")


def diff_and_print(
    paths: tuple[Path, Path],
    inputs: Sequence[Path],
    calls: Sequence[int],
    options: EngineOptions,
    on_progress: OnProgress,
    *,
    as_json: bool,
) -> int:
    """Print where the two first part and why: 0 nowhere, 1 somewhere.

    Raises: LstmTuiError where that cannot be asked.
    """
    found = sides(named_sides(paths, inputs, calls), local_engines(options), on_progress)
    on_progress("", None)
    print(json.dumps(sides_json(found), indent=2, allow_nan=False) if as_json else sides_text(found))
    return int(found.divergence is not None)


def local_engines(options: EngineOptions) -> Engines:
    """Engines in this process, one a model, so that neither has to be loaded again and again."""
    engines: dict[Path, LocalEngine] = {}
    return lambda model: engines.setdefault(model.resolve(), LocalEngine(options)).ask


def named_sides(
    paths: tuple[Path, Path], inputs: Sequence[Path], calls: Sequence[int]
) -> tuple[Named, Named]:
    """The two sides that the command line names. Raises: UsageError where a model has nothing to run on.

    A model beside a scenario runs what the scenario says. One `--input` or `--call` is for both.
    """
    for word, times in (("--input", len(inputs)), ("--call", len(calls))):
        if times > 2:
            raise UsageError(f"{word} is given {times} times", expected="once for both, or once for each")
    named = [Named(path, call=_of(calls, number)) for number, path in enumerate(paths)]
    scenario = next((side.path for side in named if side.is_scenario), None)
    models = [side for side in named if not side.is_scenario and not side.is_trace]
    if inputs and not models:
        raise UsageError("--input is for a model, and neither side is one", todo="leave it out")
    if calls and all(side.is_trace for side in named):
        raise UsageError("--call is for a scenario, and both sides are finished traces", todo="leave it out")
    for number, side in enumerate(named):
        if side not in models:
            continue
        given = _of(inputs, number)
        if given is None and scenario is None:
            raise UsageError(
                f"there is no input to run {side.path} on",
                todo=f"lstm-tui diff {paths[0]} {paths[1]} --input x.npy",
            )
        named[number] = replace(side, input=given, scenario=scenario if given is None else None)
    return named[0], named[1]


def _of(given: Sequence[Given], number: int) -> Given | None:
    return given[min(number, len(given) - 1)] if given else None


def sides(named: tuple[Named, Named], engines: Engines, on_progress: OnProgress) -> Sides:
    """Where the two first part and why. Raises: LstmTuiError where a side cannot be read or run."""
    if any(side.is_trace for side in named):
        return _with_a_trace(named, engines, on_progress)
    one, other = (ran_as_named(side, engines, on_progress) for side in named)
    return judged((_name(named[0]), _name(named[1])), one, other)[0]


def _with_a_trace(named: tuple[Named, Named], engines: Engines, on_progress: OnProgress) -> Sides:
    """One side or both are finished: what can be told from gates and states alone."""
    courses, chance = [], None
    for side in named:
        if side.is_trace:
            courses.append(read_trace(side.path))
            continue
        made = ran_as_named(side, engines, on_progress)
        courses.append(made.course)
        chance = drawn(made)[1]
    both = (courses[0], courses[1])
    divergence = first_divergence(*both)
    facts = tuple(trace_facts(*both))
    judgement = Judgement((), "")
    if divergence is not None:
        judgement = judge_traces(divergence, before(facts, divergence, both[0]), chance, both)
    names = (_name(named[0]), _name(named[1]))
    outputs = tuple(output_gaps(*both))
    return Sides(names, divergence, judgement, in_recurrent(*both), facts, (), outputs, _trace_remarks(both))


def _trace_remarks(courses: tuple[Course, Course]) -> tuple[str, ...]:
    """Without the layers that are not recurrent: a trace never has them."""
    return remarks(*(recurrent_only(each) for each in courses))


def _name(named: Named) -> str:
    beside = named.input or named.scenario
    call = f", call {named.call}" if named.call is not None else ""
    return f"{named.path}{f' on {beside}' if beside else ''}{call}"
