"""Unsaved edits outlive the app: kept on the way out (SIGTERM, SIGHUP, q), offered at the next start.

The scenario lies in the state folder, away from the model: it is opened with the model named beside it.
"""

from __future__ import annotations

import itertools
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.errors import ScenarioError
from lstm_tui.performing.saving import save_session
from lstm_tui.session.state import Session
from lstm_tui.tui.settings import unsaved_folder

#: What is older than a week, in seconds, stays where it is but is not offered at every start.
_OFFERED_FOR = 7 * 24 * 3600


@dataclass(frozen=True)
class Kept:
    """One kept scenario: when it was kept, and the words after `lstm-tui` that open it."""

    path: Path
    when: str
    arguments: str


def keep(session: Session) -> Kept:
    """Write the session's scenario to the state folder.

    Raises: ScenarioError where that cannot be written either.
    """
    stem = f"{session.model.path.stem}-{time.strftime('%Y-%m-%d-%H%M%S')}"
    paths = (unsaved_folder() / f"{stem}-{number}.yaml" for number in itertools.count(1))
    path = next(path for path in paths if not path.exists())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        save_session(session, path, copy_model=False)
        note = path.with_suffix(".model")
        note.write_text(str(session.model.path.resolve()), encoding="utf-8")
        if session.story.path is not None:
            forget(session.story.path)  # what was opened from here and changed further
        return _kept(note)
    except OSError as error:
        raise ScenarioError(f"{path} cannot be written: {error.strerror}") from None


def newest() -> Kept | None:
    """What was kept last, in the past week, and not saved since."""
    try:
        notes = [(note.stat().st_mtime, note) for note in unsaved_folder().glob("*.model")]
        age, note = max(notes, default=(0.0, None))
        return _kept(note) if note is not None and time.time() - age < _OFFERED_FOR else None
    except OSError:
        return None


def forget(path: Path) -> None:
    """The scenario at `path` was opened or saved elsewhere: it is not offered again."""
    if path.parent == unsaved_folder():
        path.with_suffix(".model").unlink(missing_ok=True)


def _kept(note: Path) -> Kept:
    model = note.read_text(encoding="utf-8")
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(note.stat().st_mtime))
    return Kept(
        note.with_suffix(".yaml"), when, f"{shlex.quote(model)} {shlex.quote(str(note.with_suffix('.yaml')))}"
    )
