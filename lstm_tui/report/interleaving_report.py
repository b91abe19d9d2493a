"""What interleavings of sessions came to, as a table that reads well at 80 columns and as JSON.

Sessions are named A, B, C …; a state is told by the call that wrote it, `B reset`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.interleavings import GUARDS, UNTOLD, Guarded, Interleaved, LedgerLine
from lstm_tui.recurrent.recording import Array
from lstm_tui.report.diagnosis import plain

#: What `interleave --json` promises; it changes when a key is renamed or dropped.
VERSION = 1
_WIDTH = 80
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Sessions that are named one by one, and values of an output.
_TOLD, _VALUES = 6, 3
_COLUMNS = "{:<36}{:>19}  {:<13}{:>10}"


def session_name(number: int) -> str:
    """`A`, `B`, …, `Z`, `A1`, …"""
    turn, letter = divmod(number, len(_LETTERS))
    return _LETTERS[letter] + (str(turn) if turn else "")


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
    names = ", ".join(session_name(number) for number in range(min(answer.sessions, _TOLD)))
    more = ", …" if answer.sessions > _TOLD else ""
    lines = [
        f"{one_line(scenario, 60)}: {one_line(model, 60)}",
        *_wrapped(f"{answer.sessions} sessions ({names}{more}), each: {', '.join(answer.calls)}", "  "),
        *_wrapped(_keeps(answer), "  "),
        "",
        _COLUMNS.format("what keeps sessions apart", "orders", "change", "at most").rstrip(),
    ]
    for each in answer.guards:
        lines += _row(each)
    if answer.changes:
        lines += ["", *_wrapped(_whose(answer), "")]
    if answer.shortest:
        lines += [
            "",
            "The shortest that changes a result, of whole calls:",
            *_ledger(answer, answer.shortest),
        ]
    if answer.torn:
        what = "The shortest with a torn call that gives what no order of whole calls gave:"
        lines += ["", what, *_ledger(answer, answer.torn)]
    lines += ["", *(line for told in _verdict(answer) for line in _wrapped(told, ""))]
    lines += [line for note in answer.notes for line in _wrapped(f"note: {one_line(note)}", "")]
    return "\n".join([*lines, f"{answer.runs:,} calls of the model were made"]) + "\n"


def _keeps(answer: Interleaved) -> str:
    layers = ", ".join(one_line(layer, 60) for layer in answer.layers)
    return f"states are kept by {layers}" if layers else "the model keeps no states"


def _row(each: Guarded) -> Iterator[str]:
    if not each.tried:
        yield _COLUMNS.format(GUARDS[each.guard], "–", "", "").rstrip()
    else:
        possible = f"{each.possible:,}" if each.possible < 1e6 else f"{each.possible:.1e}"
        possible = possible if each.possible < UNTOLD else "10¹⁵+"
        tried = f"{each.tried:,}" + (f" of {possible}" if each.possible > each.tried else "")
        changed = f"{each.changed:,}" if each.changed else "none"
        largest = f"{each.largest:.4g}" if each.changed else ""
        yield _COLUMNS.format(GUARDS[each.guard], tried, changed, largest).rstrip()
    if each.note:
        yield from _wrapped(one_line(each.note), "    ")


def _whose(answer: Interleaved) -> str:
    told = []
    for each in answer.guards[:2]:
        by = [(times, number) for number, times in enumerate(each.whose) if times]
        some = ", ".join(f"{session_name(number)} in {times:,}" for times, number in by[:_TOLD])
        told.append(f"with {GUARDS[each.guard]}: {some or 'none'}{', …' if len(by) > _TOLD else ''}")
    return "Whose result changes, " + "; ".join(told) + "."


def _ledger(answer: Interleaved, ledger: tuple[LedgerLine, ...]) -> Iterator[str]:
    for number, line in enumerate(ledger, 1):
        start = f"{number:>3}  {session_name(line.session):<3}{line.name:<9}"
        told = "; ".join(_told(answer, line)) or "changes no state"
        yield from textwrap.wrap(start + told, _WIDTH, subsequent_indent=" " * len(start))


def _told(answer: Interleaved, line: LedgerLine) -> Iterator[str]:
    by: dict[str, list[str]] = {}
    for layer, writer in line.read.items():
        who = f"left by {session_name(writer[0])} {answer.calls[writer[1]]}" if writer else "as found"
        by.setdefault(who, []).append(one_line(layer, 60))
    if by:
        yield "reads " + ", ".join(f"{', '.join(layers)} {who}" for who, layers in by.items())
    if line.written:
        yield "writes " + ", ".join(one_line(layer, 60) for layer in line.written)
    if line.change:
        own = answer.alone[line.call]
        yield f"gives {_values(line.outputs)}, alone {_values(own)}: {line.change:.4g} off"


def _values(outputs: Mapping[str, Array]) -> str:
    """The last few values of the first output."""
    values = next(iter(outputs.values())).reshape(-1)
    some = ", ".join(f"{value:.4g}" for value in values[-_VALUES:])
    return f"… {some}" if values.size > _VALUES else some


def _verdict(answer: Interleaved) -> Iterator[str]:
    by = {each.guard: each for each in answer.guards}
    if not answer.changes:
        yield "No interleaving that was tried changes a result."
        return
    if by["call"].changed:
        yield "A lock round each call does not help: calls come whole, and their order still decides."
    else:
        yield "A lock round each call helps here: only torn calls change a result."
    if by["session"].changed:
        yield "Nor does a lock round all calls of a session: who comes first decides."
    elif by["call"].changed:
        yield "A lock round all calls of a session helps, as long as each begins with a reset."
    kept = [by[guard] for guard in ("state", "stateless") if by[guard].tried and not by[guard].changed]
    helping = [GUARDS[each.guard] for each in kept if not each.note]
    if helping:
        yield f"What helps in every order: {' or '.join(helping)}."


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)
