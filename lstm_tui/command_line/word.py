"""A word of the command line as a value: what it is called, what it takes, what it means for a session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from lstm_tui.errors import CommandLineError
from lstm_tui.plain_text import one_line
from lstm_tui.session.commands import Command
from lstm_tui.session.state import Session


@dataclass(frozen=True)
class SaveTo:
    """Write the session as a scenario to `path`."""

    path: Path


@dataclass(frozen=True)
class OpenFile:
    """Take the arrays in `path` as input."""

    path: Path


@dataclass(frozen=True)
class FollowSource:
    """Take as input what comes in this file, or open what comes in this folder; with None no longer."""

    path: Path | None


@dataclass(frozen=True)
class Leave:
    """Quit."""


#: What a session cannot do by itself: it reads and writes files, or ends.
Deed = SaveTo | OpenFile | FollowSource | Leave


@dataclass(frozen=True)
class Said:
    """What a line means: commands in order, then perhaps a deed.

    show: what to print of the session afterwards. holds: of an assertion, whether it does.
    """

    commands: tuple[Command, ...] = ()
    deed: Deed | None = None
    show: Callable[[Session], str] | None = None
    holds: Callable[[Session], bool] | None = None


def _nothing(session: Session) -> Iterable[str]:
    del session
    return ()


@dataclass(frozen=True)
class Word:
    """usage: the word with what it takes, for help and errors. make: raises LstmTuiError.

    values: what may stand behind it in this session, for completion; `files` where that is a file; `typing`
    where it depends on what is typed so far.
    """

    name: str
    usage: str
    title: str
    make: Callable[[Session, str], Said]
    values: Callable[[Session], Iterable[str]] = _nothing
    files: bool = False
    typing: Callable[[Session, str], Iterable[str]] | None = None


def nearest(said: str, known: Iterable[str], what: str) -> CommandLineError:
    """The error for a name that is not there, with the nearest that is."""
    names = tuple(known)
    close = get_close_matches(said, names, 1)
    few = ", ".join(one_line(name, 40) for name in names[:12]) + (" …" if len(names) > 12 else "")
    return CommandLineError(
        f"there is no {what} {one_line(said, 60)}",
        expected=few or f"a {what}; there is none here",
        todo=f"did you mean {one_line(close[0], 60)}?" if close else "",
    )


def whole(text: str, what: str, usage: str) -> int:
    """`text` as a whole number. Raises: CommandLineError."""
    try:
        return int(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise CommandLineError(
            f"{what} is a whole number, not {one_line(text, 40) or 'nothing'}", expected=usage
        ) from None


def no_more(text: str, usage: str) -> None:
    """Refuse words behind a word that takes none. Raises: CommandLineError."""
    if text:
        raise CommandLineError(f"nothing is said behind it: {one_line(text, 60)}", expected=usage)


def listed(lines: Sequence[str], nothing: str) -> str:
    """Lines as one text, or that there are none."""
    return "\n".join(lines) or nothing
