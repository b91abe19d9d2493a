"""What happens about a file or folder that is followed: more came, it cannot be read; a pause; the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lstm_tui.recurrent.calls import Inputs


@dataclass(frozen=True)
class Follow:
    """Take what comes in this file as input, or open what scenarios come in this folder.

    model: takes the place of the one that each of those scenarios names.
    """

    source: Path
    folder: bool = False
    model: Path | None = None


@dataclass(frozen=True)
class StopFollowing:
    """Leave the input as it is."""


@dataclass(frozen=True)
class PauseFollowing:
    """Take nothing more for now, or go on with what has come since."""


@dataclass(frozen=True, eq=False)
class InputGrew:
    """What the file holds now, whole, by input name; `at` is the time in seconds since 1970."""

    inputs: Inputs
    at: float


@dataclass(frozen=True)
class ScenariosCame:
    """So many scenarios came, and none of them was opened."""

    count: int
    newest: Path
    at: float


@dataclass(frozen=True)
class SourceUnreadable:
    """What is followed has not been readable for a while, and why."""

    why: str


AboutFollowing = Follow | StopFollowing | PauseFollowing | InputGrew | ScenariosCame | SourceUnreadable
