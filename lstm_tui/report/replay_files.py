"""Which scenario files a replay is about, and in which order engines take them.

Nothing is validated here. A file's model is looked for at the head of its text, only so that those who share
one come together: an engine keeps the model that it loaded last.
"""

from __future__ import annotations

import glob
import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

SUFFIXES = (".yaml", ".yml")
_HEAD = 64 * 1024
_MODEL = re.compile(rb"^model:[ \t]*(.+?)[ \t]*(?:#.*)?$", re.MULTILINE)
#: Several pieces for each engine, or one would wait for another at the end.
_PIECES = 4

#: A scenario's place in what was asked for, and its file.
Numbered = tuple[int, Path]


def scenario_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Every scenario file once, in the order named, folders sorted. What names nothing stays as it is."""
    seen = set()
    for path in paths:
        for each in _below(path):
            if each.absolute() not in seen:
                seen.add(each.absolute())
                yield each


def _below(path: Path) -> list[Path]:
    if path.is_dir():
        return _in_folder(path) or [path]
    if not path.exists() and glob.has_magic(str(path)):
        # Path.glob takes no absolute pattern.
        matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
        return [each for match in matches for each in (_in_folder(match) if match.is_dir() else [match])] or [
            path
        ]
    return [path]


def _in_folder(folder: Path) -> list[Path]:
    """Scenario files at any depth; hidden folders hold settings, not scenarios."""
    files = (path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return sorted(
        path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


class Work:
    """What is still to be replayed, given out in pieces; any thread may ask for the next one."""

    def __init__(self, files: Sequence[Path], jobs: int) -> None:
        self._pieces = iter(_pieces(files, max(1, -(-len(files) // (jobs * _PIECES)))))
        self._lock = threading.Lock()
        self.stopped = False

    def take(self) -> list[Numbered]:
        """The next scenarios for one engine, all of one model; none after the last, or once stopped."""
        with self._lock:
            return [] if self.stopped else next(self._pieces, [])

    def stop(self) -> None:
        """Give out no more."""
        self.stopped = True


def _pieces(files: Sequence[Path], most: int) -> Iterator[list[Numbered]]:
    """The files by their models, the model named first coming first, at most so many in a piece."""
    groups: dict[str, list[Numbered]] = {}
    for number, path in enumerate(files):
        groups.setdefault(_model_of(path), []).append((number, path))
    for group in groups.values():
        for start in range(0, len(group), most):
            yield group[start : start + most]


def _model_of(path: Path) -> str:
    """What the text seems to name as its model, made absolute; empty where that cannot be seen."""
    try:
        with path.open("rb") as file:
            found = _MODEL.search(file.read(_HEAD))
    except OSError:
        return ""
    name = os.fsdecode(found[1].strip(b"\"'")) if found is not None else ""
    return os.path.normpath(path.parent.absolute() / name) if name else ""
