"""A folder of captures: whole or not at all, bounded, and shared by processes that do not know each other.

Every file is written under another name, flushed to the disk and renamed; the YAML comes last, so what is cut
off by a crash or a full disk is never seen as a capture. Files are readable by their owner alone. Names hold
the time, the process and a random word, so no two writers meet. Only files named like that are ever removed:
the oldest captures beyond the bounds, and after an hour what a crash left behind. No lock can be left over.

Names are plain strings in here: `pathlib` interns every part of a path, and a server under fire makes many.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

#: Fills a file.
Write = Callable[[BinaryIO], object]

_OURS = re.compile(r"(?P<base>\d{8}T\d{6}-\d{6}-[a-z]+-\d+-[0-9a-f]{8})\.(?:yaml|npz|states\.npz)\Z")
_MODEL = re.compile(r"model-.{0,60}-[0-9a-f]{12}\.(?:keras|h5|hdf5)\Z")
_PART = re.compile(r"\..+\.[0-9a-f]{8}\.part\Z")
#: Folders in which Keras saves a model.
SAVING = ".saving-"
#: Seconds after which what is part of no capture was left behind, and is not being written.
_STALE = 3600.0
#: Seconds for which a copy of a model may wait for the capture that names it.
_WAITING = 60.0


@dataclass(frozen=True)
class Bounds:
    """How many captures are kept, and how many bytes they and their models may take."""

    captures: int = 100
    disk_bytes: int = 512 << 20


@dataclass
class _Capture:
    """What is on disk of one capture."""

    paths: list[str] = field(default_factory=list)
    nbytes: int = 0
    newest: float = 0.0
    yaml: str = ""


class CaptureFolder:
    """Where captures go. Every method raises OSError where the disk does not want."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self.path = path
        self._bounds = bounds

    def new_base(self, reason: str) -> str:
        """`20261125T234105-123456-nan-4711-9f3a0c11`: sorts by time, and nobody else has it."""
        now = time.time()
        moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now))
        return f"{moment}-{int(now % 1 * 1e6):06d}-{reason}-{os.getpid()}-{os.urandom(4).hex()}"

    def write(self, files: Mapping[str, Write]) -> Path:
        """Write files by name, the last one being the one that counts; its path. All of them or none."""
        self._make()
        parts: list[tuple[str, str]] = []
        try:
            for name, write in files.items():
                part = os.path.join(self.path, part_name(name))  # noqa: PTH118 - see above
                parts.append((part, os.path.join(self.path, name)))  # noqa: PTH118
                with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                    write(file)
                    file.flush()
                    os.fsync(file.fileno())
            for part, target in parts:
                os.replace(part, target)  # noqa: PTH105
        except BaseException:
            _remove(each for pair in reversed(parts) for each in pair)
            raise
        _flush_names(self.path)
        return Path(parts[-1][1])

    def _make(self) -> None:
        if not self.path.is_dir():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def rotate(self) -> int:
        """Remove the oldest captures beyond the bounds, and what was left behind; how many captures went."""
        captures, models, loose = self._found()
        whole = sorted((base, found) for base, found in captures.items() if found.yaml)
        total = sum(found.nbytes for _, found in whole) + sum(_size(path) for path in models)
        gone = 0
        while len(whole) > 1 and (len(whole) > self._bounds.captures or total > self._bounds.disk_bytes):
            _, oldest = whole.pop(0)
            total -= oldest.nbytes
            gone += 1
            _remove(oldest.paths)
        before = time.time() - _STALE
        cut_off = [found for found in captures.values() if not found.yaml]
        _remove(path for found in cut_off if found.newest < before for path in found.paths)
        _remove(path for path in loose if _changed(path) < before)
        self._remove_models(models, [found.yaml for _, found in whole])
        return gone

    def _found(self) -> tuple[dict[str, _Capture], list[str], list[str]]:
        """Captures by base name, copies of models, and files that are being written."""
        captures: dict[str, _Capture] = {}
        models, loose = [], []
        with os.scandir(self.path) as entries:
            for entry in entries:
                if match := _OURS.match(entry.name):
                    with contextlib.suppress(OSError):  # another process may be rotating too
                        _note(captures.setdefault(match["base"], _Capture()), entry.path, entry.stat())
                elif _MODEL.match(entry.name):
                    models.append(entry.path)
                elif _PART.match(entry.name) or entry.name.startswith(SAVING):
                    loose.append(entry.path)
        return captures, models, loose

    def _remove_models(self, models: list[str], named_by: list[str]) -> None:
        """Copies of models that no capture names any more. A new one may be waiting for its capture."""
        old = [path for path in models if _changed(path) < time.time() - _WAITING]
        if not old:
            return
        texts = [_text(path) for path in named_by]
        names = {os.path.basename(path): path for path in old}  # noqa: PTH119
        _remove(path for name, path in names.items() if not any(name in text for text in texts))


def part_name(name: str) -> str:
    """A name under which a file is written before it has its own."""
    return f".{name}.{os.urandom(4).hex()}.part"


def _note(capture: _Capture, path: str, status: os.stat_result) -> None:
    # the YAML first: without it the rest is no capture
    is_yaml = path.endswith(".yaml")
    capture.paths.insert(0 if is_yaml else len(capture.paths), path)
    capture.nbytes += status.st_size
    capture.newest = max(capture.newest, status.st_mtime)
    if is_yaml:
        capture.yaml = path


def _remove(paths: Iterable[str]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            if os.path.basename(path).startswith(SAVING):  # noqa: PTH119
                import shutil

                shutil.rmtree(path)
            else:
                os.unlink(path)  # noqa: PTH108


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116
    except OSError:
        return float("inf")


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _flush_names(folder: Path) -> None:
    """Make new names durable, where the system lets a folder be flushed."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
