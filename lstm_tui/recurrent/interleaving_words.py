"""What interleavings of sessions came to, in the words of both `lstm-tui interleave` and the workbench.

Sessions are named A, B, C …; a state is told by the call that wrote it, `B reset`. Of the layout
only the row of the table stands here: lines and colours are for those who show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.interleavings import GUARDS, UNTOLD, Guarded, Interleaved, Ledger, LedgerLine, Writer
from lstm_tui.recurrent.recording import Array

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Sessions that are named one by one, and values of an output.
_TOLD, _VALUES = 6, 3

#: What the columns of the guards are.
COLUMNS: Final = ("what keeps sessions apart", "orders", "change", "at most")
#: A row under them, at 80 columns.
ROW: Final = "{:<36}{:>19}  {:<13}{:>10}"
SHORTEST: Final = "The shortest that changes a result, of whole calls"
TORN: Final = "The shortest with a torn call that gives what no order of whole calls gave"


def session_name(number: int) -> str:
    """`A`, `B`, …, `Z`, `A1`, …"""
    turn, letter = divmod(number, len(_LETTERS))
    return _LETTERS[letter] + (str(turn) if turn else "")


def about_words(answer: Interleaved) -> tuple[str, str]:
    """`2 sessions (A, B), each: reset, predict`, and which layers keep states."""
    names = ", ".join(session_name(number) for number in range(min(answer.sessions, _TOLD)))
    more = ", …" if answer.sessions > _TOLD else ""
    layers = ", ".join(one_line(layer, 60) for layer in answer.layers)
    kept = f"states are kept by {layers}" if layers else "the model keeps no states"
    return f"{answer.sessions} sessions ({names}{more}), each: {', '.join(answer.calls)}", kept


@dataclass(frozen=True)
class GuardWords:
    """A row of the table under `COLUMNS`, and what to know of it."""

    name: str
    orders: str
    changed: str
    largest: str
    note: str


def guard_words(each: Guarded) -> GuardWords:
    """`a lock round each call`, `6`, `4`, `0.4191`; `–` where nothing was tried."""
    note = one_line(each.note)
    if not each.tried:
        return GuardWords(GUARDS[each.guard], "–", "", "", note)
    possible = f"{each.possible:,}" if each.possible < 1e6 else f"{each.possible:.1e}"
    possible = possible if each.possible < UNTOLD else "10¹⁵+"
    tried = f"{each.tried:,}" + (f" of {possible}" if each.possible > each.tried else "")
    changed = f"{each.changed:,}" if each.changed else "none"
    return GuardWords(GUARDS[each.guard], tried, changed, f"{each.largest:.4g}" if each.changed else "", note)


def whose_words(answer: Interleaved) -> str:
    """Whose result changes, and in how many orders."""
    told = []
    for each in answer.guards[:2]:
        by = [(times, number) for number, times in enumerate(each.whose) if times]
        some = ", ".join(f"{session_name(number)} in {times:,}" for times, number in by[:_TOLD])
        told.append(f"with {GUARDS[each.guard]}: {some or 'none'}{', …' if len(by) > _TOLD else ''}")
    return "Whose result changes, " + "; ".join(told) + "."


def writer_words(answer: Interleaved, writer: Writer | None) -> str:
    """`left by B reset`; `as found` where no call of a session had written it."""
    return f"left by {session_name(writer[0])} {answer.calls[writer[1]]}" if writer else "as found"


def step_words(answer: Interleaved, step: LedgerLine) -> tuple[str, ...]:
    """What the step reads and who left that, what it writes, what it gives; `changes no state` if nothing."""
    return tuple(_told(answer, step)) or ("changes no state",)


def _told(answer: Interleaved, step: LedgerLine) -> Iterator[str]:
    by: dict[str, list[str]] = {}
    for layer, writer in step.read.items():
        by.setdefault(writer_words(answer, writer), []).append(one_line(layer, 60))
    if by:
        yield "reads " + ", ".join(f"{', '.join(layers)} {who}" for who, layers in by.items())
    if step.written:
        yield "writes " + ", ".join(one_line(layer, 60) for layer in step.written)
    if step.change:
        own = answer.alone[step.call]
        yield f"gives {_values(step.outputs)}, alone {_values(own)}: {step.change:.4g} off"


def _values(outputs: Mapping[str, Array]) -> str:
    """The last few values of the first output."""
    values = next(iter(outputs.values())).reshape(-1)
    some = ", ".join(f"{value:.4g}" for value in values[-_VALUES:])
    return f"… {some}" if values.size > _VALUES else some


def written_by(answer: Interleaved, ledger: Ledger, steps: int) -> dict[str, Writer | None]:
    """By layer, whose call had written its states when so many steps of the ledger were made."""
    writers: dict[str, Writer | None] = dict.fromkeys(answer.layers)
    for step in ledger[:steps]:
        writers.update(dict.fromkeys(step.written, (step.session, step.call)))
    return writers


def ledger_words(answer: Interleaved, ledger: Ledger) -> tuple[str, ...]:
    """`3 B predict: reads gru left by B reset; writes gru`, a line a step."""
    return tuple(
        f"{number} {session_name(step.session)} {step.name}: {'; '.join(step_words(answer, step))}"
        for number, step in enumerate(ledger, 1)
    )


def verdict_words(answer: Interleaved) -> tuple[str, ...]:
    """What helps and what does not, a sentence each."""
    return tuple(_verdict(answer))


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
