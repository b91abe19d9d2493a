"""What the command line names, as values. Imports nothing, for the engine starts before the screen does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Files:
    """Arrays named beside a model."""

    input: Path | None = None
    target: Path | None = None
    reference: Path | None = None


@dataclass(frozen=True)
class Named:
    """A model with its arrays, or scenarios and perhaps the model to use in place of theirs, or nothing.

    follow: a file in which more of the input comes, or a folder in which scenarios come.
    fresh: opened as if for the first time, not as it was left.
    """

    model: Path | None = None
    scenarios: tuple[Path, ...] = ()
    files: Files = Files()
    follow: Path | None = None
    fresh: bool = False
