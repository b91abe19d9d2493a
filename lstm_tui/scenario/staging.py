"""Several files that appear together or not at all.

Each is written under another name in the folder where it belongs and flushed to the disk; `commit` then
renames them in the order in which they were added. A disk that fills up, or a folder that cannot be written,
is noticed before the first rename. Leaving without `commit`, or by an error, takes everything new away again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from lstm_tui.errors import ScenarioError
from lstm_tui.plain_text import one_line


class Staging:
    """A context in which files are staged; `what` is named in the error when one cannot be written."""

    def __init__(self, what: Path) -> None:
        self._what = what
        self._staged: list[tuple[Path, Path]] = []
        self._new_folders: list[Path] = []
        self._appeared: list[Path] = []
        self._done = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._done:
            self._take_away()
        if isinstance(error, OSError):
            raise ScenarioError(
                f"{one_line(self._what)} cannot be saved: {one_line(error.strerror or error)}.",
                expected="a folder that can be written, with room in it",
                todo="nothing was changed; save to another place",
            ) from None

    def add(self, target: Path, write: Callable[[BinaryIO], object]) -> None:
        """Stage a file, which `write` fills."""
        self._make_folder(target.parent)
        temporary = target.with_name(f".{os.getpid()}-{len(self._staged)}.part")
        with temporary.open("xb") as file:
            self._staged.append((temporary, target))
            write(file)
            file.flush()
            os.fsync(file.fileno())

    def commit(self) -> None:
        """Give every staged file its name, in order: the last one is the one that counts."""
        for temporary, target in self._staged:
            is_new = not target.exists()
            temporary.replace(target)
            if is_new:
                self._appeared.append(target)
        self._done = True
        for folder in dict.fromkeys(target.parent for _, target in self._staged):
            _flush_names(folder)

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir()
            self._new_folders.append(each)

    def _take_away(self) -> None:
        for path in (*(temporary for temporary, _ in self._staged), *self._appeared):
            with contextlib.suppress(OSError):
                path.unlink()
        for folder in reversed(self._new_folders):
            with contextlib.suppress(OSError):
                folder.rmdir()


def _flush_names(folder: Path) -> None:
    """Make new names durable, where the system lets a folder be flushed."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
