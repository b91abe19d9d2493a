"""The model that a capture names: the file it was loaded from, by path and SHA-256, copied beside it once.

A scenario can name files in its own folder alone, and a file that is overwritten by the next version would
make yesterday's captures lie. A model that came from no file is saved once, as it is at the first capture.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstm_tui.flight_recorder.folder import SAVING, CaptureFolder
from lstm_tui.plain_text import one_line

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class NamedModel:
    """How a capture names its model: `name` relative to the folder, its SHA-256, and what is said of it."""

    name: str
    sha256: str | None
    note: str
    path: Path | None = None

    @property
    def is_there(self) -> bool:
        """Whether the copy has not been removed meanwhile."""
        return self.path is not None and self.path.is_file()


class ModelCopy:
    """Knows which file belongs to the model that is watched.

    path: the file that it was loaded from; None where there is none.
    copy: whether captures get a copy; else they name the file, and it must be given when they are opened.
    """

    def __init__(self, model: Any, path: Path | None, folder: CaptureFolder, *, copy: bool = True) -> None:
        self._model = model
        self._path = path.absolute() if path is not None else None
        self._folder = folder
        self._copy = copy
        self._at_first = _state_of(self._path)
        self._known: tuple[tuple[int, int] | None, NamedModel] | None = None

    def named(self) -> NamedModel:
        """The model's name for a capture; the copy is made if it is not there. Raises OSError, and whatever
        Keras raises when it saves."""
        now = _state_of(self._path)
        if self._known is None or self._known[0] != now or not self._known[1].is_there:
            self._known = (now, self._find(now))
        named = self._known[1]
        if named.path is not None:
            with contextlib.suppress(OSError):
                os.utime(named.path)  # in use: rotation leaves it
        return named

    def _find(self, now: tuple[int, int] | None) -> NamedModel:
        if self._path is None:
            return saved_model(self._model, self._folder)
        where = one_line(self._path, 300)
        if now is None:
            return NamedModel(self._path.name, None, f"Model: {where}, which is not there any more.")
        note = f"Model: {where}"
        if now != self._at_first:
            note += ", changed since the recorder was made: this may not be the model that ran"
        with self._path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if self._path.parent.resolve() == self._folder.path.resolve():
            return NamedModel(self._path.name, sha256, f"{note}.", self._path)
        if not self._copy:
            return NamedModel(self._path.name, sha256, f"{note}; name it when you open this.")
        name = copy_name(self._path.stem, sha256, self._path.suffix)
        target = self._folder.path / name
        if not target.is_file():
            self._folder.write({name: self._fill})
        return NamedModel(name, sha256, f"{note}.", target)

    def _fill(self, file: Any) -> None:
        assert self._path is not None  # there would be nothing to copy
        import shutil

        with self._path.open("rb") as source:
            shutil.copyfileobj(source, file)


def saved_model(model: Any, folder: CaptureFolder) -> NamedModel:
    """Save a live model beside the captures. Raises OSError, and whatever Keras raises."""
    import tempfile

    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.path, prefix=SAVING) as place:  # for its owner alone
        file = Path(place) / "model.keras"
        model.save(file)
        file.chmod(0o600)
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            os.fsync(content.fileno())
        target = folder.path / copy_name(str(getattr(model, "name", "model")), sha256, ".keras")
        file.replace(target)
    return NamedModel(target.name, sha256, "Model: saved from memory when this was captured.", target)


def copy_name(stem: str, sha256: str, suffix: str) -> str:
    """`model-gold-1f2e3d4c5b6a.keras`."""
    known = suffix if suffix in {".keras", ".h5", ".hdf5"} else ".keras"
    return f"model-{_NO_NAME.sub('-', stem)[:60]}-{sha256[:12]}{known}"


def _state_of(path: Path | None) -> tuple[int, int] | None:
    try:
        status = path.stat() if path is not None else None
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if status is not None else None
