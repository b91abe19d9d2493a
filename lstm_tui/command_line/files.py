"""Words about files and the session itself."""

from __future__ import annotations

from pathlib import Path

from lstm_tui.command_line.word import FollowSource, Leave, OpenFile, Said, SaveTo, Word, no_more
from lstm_tui.errors import CommandLineError
from lstm_tui.performing.typed import found_in
from lstm_tui.session.state import Session

_FOLLOW = "follow FILE|FOLDER, or follow off"


def _open(session: Session, text: str) -> Said:
    if not text:
        raise CommandLineError("no file is named", expected="open x.npy")
    return Said(deed=OpenFile(found_in(text, session.story.folders) / Path(text).expanduser()))


def _save(session: Session, text: str) -> Said:
    path = Path(text).expanduser() if text else session.story.path
    if path is None:
        raise CommandLineError("no file is named, and the session has none", expected="save case.yaml")
    if path.suffix not in (".yaml", ".yml"):
        raise CommandLineError(f"{path.name} is no scenario's name", expected="a name that ends in .yaml")
    return Said(deed=SaveTo(path))


def _follow(session: Session, text: str) -> Said:
    if text == "off":
        if session.following is None:
            raise CommandLineError("nothing is followed", expected=_FOLLOW)
        return Said(deed=FollowSource(None))
    if not text:
        raise CommandLineError("no file or folder is named", expected=_FOLLOW)
    return Said(deed=FollowSource(found_in(text, session.story.folders) / Path(text).expanduser()))


def _quit(session: Session, text: str) -> Said:
    del session
    no_more(text, "quit")
    return Said(deed=Leave())


WORDS = (
    Word("open", "open FILE", "Take the arrays of this file as input", _open, files=True),
    Word("save", "save [FILE.yaml]", "Save as a scenario", _save, files=True),
    Word(
        "follow",
        "follow FILE|FOLDER, follow off",
        "Take in what comes there, timestep by timestep or scenario by scenario",
        _follow,
        files=True,
    ),
    Word("quit", "quit", "Quit", _quit),
)
