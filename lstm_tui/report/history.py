"""`lstm-tui history`: how far each call moves weights and states, by an engine in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import FollowCalls
from lstm_tui.errors import UsageError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.movements import (
    DEMONSTRATION,
    Kind,
    Movements,
    is_demonstration,
    movement_words,
    with_history,
)
from lstm_tui.report.diagnosing import OnProgress, Question, recorded_note, subject_of
from lstm_tui.report.diagnosis import plain
from lstm_tui.report.paragraphs import paragraph

#: What `history --json` promises; it changes when a key is renamed or dropped.
VERSION = 1
_KINDS: dict[Kind, str] = {"weight": "", "fixed": " not trained", "state": " state", "seed": " seed"}


def history_and_print(
    question: Question, options: EngineOptions, on_progress: OnProgress, *, as_json: bool
) -> int:
    """Print what moved. The exit status: 0 where no call moved a weight, 1 where one did.

    Raises: LstmTuiError where the question cannot be asked.
    """
    engine = LocalEngine(options)
    subject, facts = subject_of(question, engine, on_progress)
    if not subject.plan.calls:
        raise UsageError("there is no input to call the model with", todo="add --input FILE")
    answer = engine.ask(FollowCalls(with_history(subject.plan)), on_progress)
    assert isinstance(answer, Movements)
    on_progress("", None)
    if note := recorded_note(question):
        print(f"lstm-tui: {note}", file=sys.stderr)
    made_up = is_demonstration(subject.plan)
    if as_json:
        told = history_json(answer, facts.path.name, made_up=made_up)
        print(json.dumps(told, indent=2, allow_nan=False))
    else:
        print(history_text(answer, facts.path.name, made_up=made_up), end="")
    return int(answer.weights_moved)


def history_json(answer: Movements, model: str, *, made_up: bool) -> dict[str, Any]:
    """Ready for `json.dumps(..., allow_nan=False)`. `moved` has a number for each call."""
    return {
        "version": VERSION,
        "model": one_line(model, 400),
        "made_up": made_up,
        "answer": list(movement_words(answer)),
        "weights_moved": answer.weights_moved,
        "calls": [
            {"call": one_line(call.name), "ok": not call.failed, "note": one_line(call.note)}
            for call in answer.calls
        ],
        "variables": [
            {
                "layer": one_line(row.layer),
                "name": one_line(row.name),
                "kind": row.kind,
                "shape": list(row.shape),
                "moved": plain(answer.moved[index]),
            }
            for index, row in enumerate(answer.rows)
        ],
    }


def history_text(answer: Movements, model: str, *, made_up: bool) -> str:
    """The answer, what moved at most in which calls, and the layers in which nothing did."""
    lines = [f"{one_line(model, 60)}: {len(answer.calls):,} calls"]
    lines += [line for told in movement_words(answer) for line in paragraph(told)]
    lines += paragraph(DEMONSTRATION) if made_up else []
    lines += ["", *_calls(answer), "", *_moved(answer)]
    still = [one_line(layer, 40) for layer, _ in answer.still if layer]
    lines += paragraph(f"nothing moved in {', '.join(still)}") if still else []
    return "\n".join(lines) + "\n"


def _calls(answer: Movements) -> Iterator[str]:
    """A line a call: how many weights and states it moved, and what to know of it."""
    weights, states = (
        [index for index, row in enumerate(answer.rows) if row.kind in kinds]
        for kinds in (("weight", "fixed"), ("state",))
    )
    for number, call in enumerate(answer.calls):
        told = [
            _counted(answer, rows, number, what) for rows, what in ((weights, "weight"), (states, "state"))
        ]
        start = f"{number + 1:>4}  {one_line(call.name, 18):<9}"
        note = f"{'fails: ' if call.failed else ''}{one_line(call.note)}"
        text = "; ".join([each for each in (*told, note) if each]) or "moves nothing"
        yield from paragraph(start + text, hanging=" " * len(start))


def _counted(answer: Movements, rows: list[int], call: int, what: str) -> str:
    moved = answer.moved[rows, call]
    count = int((moved > 0).sum())
    things = f"{what}{'s' * (len(rows) != 1)}"
    return f"moves {count:,} of {len(rows):,} {things}, by up to {moved.max():.3g}" if count else ""


def _moved(answer: Movements) -> Iterator[str]:
    """A line for each weight and state of layers in which anything moved."""
    if answer.shown:
        yield f"{'what':<48}{'at most':>12}{'in calls':>12}"
    for index in answer.shown:
        row, times = answer.rows[index], answer.times(index)
        path = f"{one_line(row.layer)}/{one_line(row.name)}".lstrip("/")
        shape = ", ".join(map(str, row.shape)) + "," * (len(row.shape) == 1)
        most = "drawn" if row.kind == "seed" else f"{answer.most(index):.3g}"
        name = one_line(f"{path} ({shape}){_KINDS[row.kind]}", 47)
        in_calls = f"{times:,} of {len(answer.calls):,}"
        yield f"{name:<48}{most if times else '·':>12}{in_calls if times else '':>12}".rstrip()
