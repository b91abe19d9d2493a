"""What is at a path, before it is read: an ordinary, non-empty file, or one clear refusal.

Refuses directories, devices, pipes and empty files. Opening a pipe would wait forever, a device never ends.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lstm_tui.errors import LstmTuiError
from lstm_tui.plain_text import one_line

#: First bytes of the files that people confuse, and what to call them.
_FIRST_BYTES = (
    (b"\x93NUMPY", "a NumPy .npy file"),
    (b"PK\x03\x04", "a zip archive (as .npz, .keras and .xlsx are)"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x80", "a Python pickle"),
    (b"PAR1", "a Parquet file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"{", "JSON or other text"),
    (b"[", "JSON or other text"),
    (b"<", "XML or HTML"),
)


def checked_size(path: Path, error: type[LstmTuiError], wanted: str) -> int:
    """Size in bytes of the ordinary, non-empty file at `path`; `wanted` names what was expected there."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise error(f"There is no file {shown(path)}.", expected=wanted, todo=_nearest_file(path)) from None
    except (OSError, ValueError) as problem:
        raise error(f"{shown(path)} cannot be opened: {_why(problem)}.", expected=wanted) from None
    if stat.S_ISDIR(status.st_mode):
        raise error(f"{shown(path)} is a directory.", expected=wanted, todo="name a file inside it")
    if not stat.S_ISREG(status.st_mode):
        raise error(f"{shown(path)} is a device or pipe.", expected=wanted, todo="save it to a file first")
    if status.st_size == 0:
        raise error(f"{shown(path)} is empty.", expected=wanted, todo="check that it was written completely")
    return status.st_size


@contextmanager
def reading(path: Path, error: type[LstmTuiError]) -> Iterator[None]:
    """Turn the operating system's refusals while reading `path` into `error`."""
    try:
        yield
    except OSError as problem:
        raise error(f"{shown(path)} cannot be read: {_why(problem)}.") from None


def what_it_is(first: bytes) -> str:
    """What a file is by its first bytes, in words: `an HDF5 file`."""
    return next((words for magic, words in _FIRST_BYTES if first.startswith(magic)), "something else")


def shown(path: Path) -> str:
    """A path as it may be printed."""
    return one_line(path, 160)


def nearest(word: str, words: Iterable[str]) -> str:
    """The word that was probably meant, or an empty string."""
    return next(iter(difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)), "")


def _nearest_file(path: Path) -> str:
    try:
        names = [entry.name for entry in os.scandir(path.parent) if entry.is_file()][:10_000]
    except OSError:
        return "check the folder's name"
    found = nearest(path.name, names)
    return f"did you mean {one_line(path.parent / found)}?" if found else "check the path"


def _why(problem: Exception) -> str:
    return one_line(getattr(problem, "strerror", None) or problem)
