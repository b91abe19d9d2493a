"""The word that runs a model on its own predictions: `ahead 12 temperature 0.7 seed 3`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from lstm_tui.command_line.word import Said, Word, nearest, whole
from lstm_tui.errors import CommandLineError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.free_runs import MOST_STEPS
from lstm_tui.session.free_run_commands import LookAhead
from lstm_tui.session.generating import ahead_words, plan_ahead, shown_free_run
from lstm_tui.session.state import Ahead, Session

USAGE = "ahead [STEPS] [into INPUT] [keep N] [temperature T] [seed N] [stop TOKEN]"


def _ahead(session: Session, text: str) -> Said:
    """The run, or why there can be none: the view that would say the same is not opened for it."""
    said = wanted(text, session)
    plan = plan_ahead(replace(session, cursor=replace(session.cursor, ahead=said)))
    if isinstance(plan, str):
        raise CommandLineError(plan)
    return Said((LookAhead(said),), show=_told)


def wanted(text: str, session: Session) -> Ahead:
    """What is said behind the word. Raises: CommandLineError."""
    words = [word.strip(":,") for word in text.split()]
    steps = None
    if words and words[0] not in _READERS:
        steps = _between(words.pop(0), "the number of steps", 1, MOST_STEPS)
    said: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if word not in _READERS:
            raise nearest(word, _READERS, "word")
        if not words:
            raise CommandLineError(f"{word} needs a value", expected=USAGE)
        said[word] = _READERS[word](words.pop(0), session)
    return Ahead(steps, **said)


def _between(text: str, what: str, least: int, most: int) -> int:
    number = whole(text, what, USAGE)
    if not least <= number <= most:
        raise CommandLineError(f"{what} cannot be {number:,}", expected=f"{least:,} to {most:,}")
    return number


def _temperature(text: str, session: Session) -> float:
    del session
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 100:
        raise CommandLineError(
            f"temperature cannot be {one_line(text, 40)}", expected="a number above 0, to 100"
        )
    return value


def _input(text: str, session: Session) -> str:
    names = input_names(session)
    if text not in names:
        raise nearest(text, names, "input")
    return text


def input_names(session: Session) -> tuple[str, ...]:
    """Names of the inputs that went into the model."""
    return tuple(session.plan.run.inputs) if session.plan is not None else ()


_READERS: Mapping[str, Callable[[str, Session], Any]] = {
    "into": _input,
    "keep": lambda text, _session: _between(text, "keep", 1, 2**31),
    "temperature": _temperature,
    "seed": lambda text, _session: _between(text, "seed", 0, 2**31),
    "stop": lambda text, _session: _between(text, "stop", 0, 2**31),
}


def _endings(session: Session, typed: str) -> Iterable[str]:
    """How the line may go on: words that were not said yet, and inputs behind `into`."""
    before, _, last = typed.rpartition(" ")
    said = before.split()
    if said and said[-1] == "into":
        known: Iterable[str] = input_names(session)
    elif said and said[-1] in _READERS:
        known = ()
    else:
        known = (word for word in _READERS if word not in said)
    start = f"{before} " if before else ""
    return (f"{start}{each}" for each in known if each.startswith(last))


def _told(session: Session) -> str:
    run = shown_free_run(session)
    if run is None or isinstance(run, str):
        return run or "running ahead …"
    return "\n".join(ahead_words(run))


WORDS = (
    Word(
        "ahead",
        USAGE,
        "The model on its own predictions, beside the run on the truth",
        _ahead,
        typing=_endings,
    ),
)
