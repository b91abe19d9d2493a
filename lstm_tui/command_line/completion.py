"""How a line that is half typed may go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from lstm_tui.command_line.reading import WORDS, word_called
from lstm_tui.command_line.word import Word
from lstm_tui.errors import CommandLineError
from lstm_tui.session.state import Session

MOST = 50


def completions(line: str, session: Session) -> tuple[str, ...]:
    """Whole lines that begin like `line`, in the order of the table; none where nothing fits."""
    name, gap, rest = line.lstrip().partition(" ")
    if not gap:
        return tuple(word.name for word in WORDS if word.name.startswith(name))
    try:
        word = word_called(name)
    except CommandLineError:
        return ()
    if word.files:
        ends = _files(rest, session)
    else:
        ends = word.typing(session, rest) if word.typing is not None else _values(word, rest, session)
    return tuple(f"{word.name} {end}" for end in ends)[:MOST]


def shared_start(lines: Sequence[str]) -> str:
    """How far all of `lines` agree, letter by letter."""
    shortest = min(lines, key=len, default="")
    ends = (at for at, letter in enumerate(shortest) if any(line[at] != letter for line in lines))
    return shortest[: next(ends, len(shortest))]


def _values(word: Word, rest: str, session: Session) -> Iterable[str]:
    return (each for each in word.values(session) if each.startswith(rest))


def _files(rest: str, session: Session) -> Iterable[str]:
    """Files and folders whose path begins like `rest`, in the current folder or beside the scenario."""
    start, _, last = rest.rpartition("/")
    for folder in session.story.folders:
        try:
            inside = sorted((folder / Path(start).expanduser()).iterdir())
        except OSError:
            continue
        for path in inside:
            if path.name.startswith(last) and (last or not path.name.startswith(".")):
                name = f"{start}/{path.name}" if start else path.name
                yield f"{name}/" if path.is_dir() else name
