"""The table of words, and what a line means. A word may be cut short where no other begins like it."""

from __future__ import annotations

from textwrap import wrap

from lstm_tui.command_line import changing, diagnosing, files, moving, questions, running_ahead
from lstm_tui.command_line.word import Said, Word, nearest
from lstm_tui.errors import CommandLineError
from lstm_tui.session.state import Session

#: Longer lines are no commands.
MOST_CHARACTERS = 2000
#: Cells of the column of usages, and of a whole line of help: it reads the same in every window from 60 on.
_USAGE, _HELP = 18, 56


def _help(session: Session, text: str) -> Said:
    del session
    shown = [word_called(text)] if text else WORDS
    return Said(show=lambda _after: "\n".join(_explained(word) for word in shown))


def _explained(word: Word) -> str:
    """Usage and title side by side; a long usage has a line of its own."""
    titles = wrap(word.title, _HELP - _USAGE - 2)
    firsts = [word.usage] if len(word.usage) <= _USAGE else [word.usage, ""]
    rows = [(firsts[-1], titles[0]), *(("", more) for more in titles[1:])]
    return "\n".join([*firsts[:-1], *(f"{usage:<{_USAGE}}  {title}" for usage, title in rows)])


WORDS: tuple[Word, ...] = (
    *moving.WORDS,
    *questions.WORDS,
    *changing.WORDS,
    *diagnosing.WORDS,
    *running_ahead.WORDS,
    *files.WORDS,
    Word("help", "help [WORD]", "All words, or what one takes", _help),
)


def word_called(name: str) -> Word:
    """The word with this name, or the only one that begins so. Raises: CommandLineError."""
    exact = [word for word in WORDS if word.name == name]
    found = exact or [word for word in WORDS if word.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandLineError(
            f"{name} may mean several words", expected=", ".join(word.name for word in found)
        )
    raise nearest(name, (word.name for word in WORDS), "word")


def understood(line: str, session: Session) -> Said:
    """What `line` means; nothing where it is empty or a comment (`# …`).

    Raises: LstmTuiError that says what cannot be understood.
    """
    if len(line) > MOST_CHARACTERS:
        raise CommandLineError(f"the line is {len(line):,} characters long", expected=f"{MOST_CHARACTERS:,}")
    text = line.strip().lstrip(":").strip()
    if not text or text.startswith("#"):
        return Said()
    name, _, rest = text.partition(" ")
    return word_called(name).make(session, rest.strip())
