"""Unsaved edits outlive the app: kept on the way out (SIGTERM, SIGHUP, q), offered at the next start.

The scenario lies in the state folder, away from the model: it is opened with the model named beside it.
"""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.errors import ScenarioError
from lstm_tui.session.state import Session
from lstm_tui.tui.saving import save_session
from lstm_tui.tui.settings import state_folder

_MOST_KEPT = 20


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
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    path = _folder() / f"{session.model.path.stem}-{stamp}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        save_session(session, path, copy_model=False)
        note = path.with_suffix(".model")
        note.write_text(str(session.model.path.resolve()), encoding="utf-8")
        return _kept(note)
    except OSError as error:
        raise ScenarioError(f"{path} cannot be written: {error.strerror}") from None


def kept() -> tuple[Kept, ...]:
    """What was kept and not yet opened or thrown away, newest first."""
    try:
        notes = sorted(_folder().glob("*.model"), key=lambda note: note.stat().st_mtime, reverse=True)
        return tuple(_kept(note) for note in notes[:_MOST_KEPT])
    except OSError:
        return ()


def forget(path: Path) -> None:
    """The scenario at `path` was opened or saved elsewhere: it is not offered again."""
    if path.parent == _folder():
        path.with_suffix(".model").unlink(missing_ok=True)


def _kept(note: Path) -> Kept:
    model = note.read_text(encoding="utf-8")
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(note.stat().st_mtime))
    return Kept(
        note.with_suffix(".yaml"), when, f"{shlex.quote(model)} {shlex.quote(str(note.with_suffix('.yaml')))}"
    )


def _folder() -> Path:
    return state_folder() / "unsaved"
