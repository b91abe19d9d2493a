"""What interleavings of sessions came to, as a table that reads well at 80 columns and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.interleaving_words import (
    COLUMNS,
    ROW,
    SHORTEST,
    TORN,
    about_words,
    guard_words,
    session_name,
    step_words,
    verdict_words,
    whose_words,
)
from lstm_tui.recurrent.interleavings import UNTOLD, Guarded, Interleaved, Ledger, LedgerLine
from lstm_tui.report.diagnosis import plain
from lstm_tui.report.paragraphs import paragraph

#: What `interleave --json` promises; it changes when a key is renamed or dropped.
VERSION = 1


def interleaving_json(answer: Interleaved, scenario: str, model: str) -> dict[str, Any]:
    """Ready for `json.dumps(..., allow_nan=False)`. `possible` is null where it is too large to be told."""
    return {
        "version": VERSION,
        "scenario": one_line(scenario, 400),
        "model": one_line(model, 400),
        "sessions": [session_name(number) for number in range(answer.sessions)],
        "calls": list(answer.calls),
        "alone": [plain(dict(outputs)) for outputs in answer.alone],
        "layers": [one_line(layer) for layer in answer.layers],
        "changes": answer.changes,
        "guards": [_guard_json(each) for each in answer.guards],
        "shortest": [_line_json(line) for line in answer.shortest],
        "torn": [_line_json(line) for line in answer.torn],
        "runs": answer.runs,
        "notes": [one_line(note) for note in answer.notes],
    }


def _guard_json(each: Guarded) -> dict[str, Any]:
    return {
        "guard": each.guard,
        "tried": each.tried,
        "possible": each.possible if each.possible < UNTOLD else None,
        "changed": each.changed,
        "whose": {session_name(number): times for number, times in enumerate(each.whose) if times},
        "largest": plain(each.largest),
        "note": one_line(each.note),
    }


def _line_json(line: LedgerLine) -> dict[str, Any]:
    return {
        "session": session_name(line.session),
        "call": line.call,
        "name": line.name,
        "part": line.part,
        "parts": line.parts,
        "read": {
            one_line(layer): {"session": session_name(writer[0]), "call": writer[1]} if writer else None
            for layer, writer in line.read.items()
        },
        "written": [one_line(layer) for layer in line.written],
        "outputs": plain(dict(line.outputs)),
        "change": plain(line.change),
    }


def interleaving_text(answer: Interleaved, scenario: str, model: str) -> str:
    """The table, whose result changes, the ledger of the shortest interleaving, and what helps."""
    lines = [
        f"{one_line(scenario, 60)}: {one_line(model, 60)}",
        *(line for told in about_words(answer) for line in paragraph(told, "  ")),
        "",
        ROW.format(*COLUMNS).rstrip(),
    ]
    for each in answer.guards:
        lines += _row(each)
    if answer.changes:
        lines += ["", *paragraph(whose_words(answer))]
    for what, ledger in ((SHORTEST, answer.shortest), (TORN, answer.torn)):
        if ledger:
            lines += ["", f"{what}:", *_ledger(answer, ledger)]
    lines += ["", *(line for told in verdict_words(answer) for line in paragraph(told))]
    lines += [line for note in answer.notes for line in paragraph(f"note: {one_line(note)}")]
    return "\n".join([*lines, f"{answer.runs:,} calls of the model were made"]) + "\n"


def _row(each: Guarded) -> Iterator[str]:
    words = guard_words(each)
    yield ROW.format(words.name, words.orders, words.changed, words.largest).rstrip()
    if words.note:
        yield from paragraph(words.note, "    ")


def _ledger(answer: Interleaved, ledger: Ledger) -> Iterator[str]:
    for number, step in enumerate(ledger, 1):
        start = f"{number:>3}  {session_name(step.session):<3}{step.name:<9}"
        told = "; ".join(step_words(answer, step))
        yield from paragraph(start + told, hanging=" " * len(start))
