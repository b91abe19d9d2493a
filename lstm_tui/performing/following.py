"""Looks at a file or folder in which more comes, as often as it is asked to; what is not complete is left.

Of a table in text lines count that have their end; any other file is read when nobody writes it. What cannot
be read yet is told as the reason why, and looked at again once it has changed. It never waits.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lstm_tui.arrays.assignment import ModelInput, assign
from lstm_tui.arrays.files import INPUT_SUFFIXES, TEXT_TABLES, read_arrays
from lstm_tui.arrays.opening import checked_size, shown
from lstm_tui.errors import InputFileError, LstmTuiError
from lstm_tui.performing.opening import Opened
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.session.following_commands import Follow

#: What of a file tells that it was written since: time in nanoseconds, size, and which file it is.
Stamp = tuple[int, int, int]

_EXPECTED = f"a file of arrays ({' '.join(INPUT_SUFFIXES)}) or a folder of scenarios"
#: A file that was written less than so many nanoseconds ago may be only half of what is being written.
_WRITTEN_JUST_NOW = 50_000_000


@dataclass(frozen=True)
class Known:
    """What earlier looks found: the file as it was taken, as it could not be read and why, as it was seen;
    the scenarios of a folder by name, None before the first look.
    """

    taken: Stamp | None = None
    failed: Stamp | None = None
    why: str = ""
    seen: Stamp | None = None
    names: frozenset[str] | None = None


@dataclass(frozen=True, eq=False)
class Looked:
    """What a look found: an input; scenarios, the newest last, and that one opened; or why nothing."""

    known: Known
    inputs: Inputs | None = None
    came: tuple[Path, ...] = ()
    opened: Opened | None = None
    why: str = ""


def follow(path: Path, model: Path | None = None) -> Follow:
    """The command that follows this file, or this folder of scenarios with `model` in place of theirs.

    Raises: InputFileError where neither is there.
    """
    if path.is_dir():
        return Follow(path, folder=True, model=model)
    if path.suffix.lower() not in INPUT_SUFFIXES or not path.is_file():
        checked_size(path, InputFileError, _EXPECTED)
        raise InputFileError(f"{shown(path)} is no file that can be followed.", expected=_EXPECTED)
    return Follow(path)


def look_at_file(path: Path, wanted: Sequence[ModelInput], known: Known) -> Looked:
    """What the file holds now, if it has been written since and is complete."""
    stamp = _stamp(path)
    if stamp is not None and stamp == known.taken:
        return Looked(known)
    if stamp is not None and stamp == known.failed:
        return Looked(known, why=known.why)
    is_table = path.suffix.lower() in TEXT_TABLES
    if stamp is not None and not is_table and _is_being_written(stamp, known):
        return Looked(replace(known, seen=stamp))
    try:
        inputs = assign(read_arrays(path, growing=True), wanted)
    except InputFileError as error:
        return Looked(replace(known, failed=stamp, why=str(error)), why=str(error))
    if not is_table and _stamp(path) != stamp:
        return Looked(replace(known, seen=stamp))
    return Looked(Known(taken=stamp), inputs)


def look_into_folder(
    folder: Path, known: Known, own: Path | None, opening: Callable[[Path], Opened] | None
) -> Looked:
    """The scenarios that came since, the newest of them by `opening` where that is given.

    own: the session's own file, which is none that came.
    """
    found = _scenarios(folder)
    if found is None:
        return Looked(known, why=f"The folder {shown(folder)} cannot be read.")
    if known.names is None:
        return Looked(replace(known, names=frozenset(found)))
    fresh = sorted((found[name], name) for name in found.keys() - known.names if folder / name != own)
    if not fresh:
        return Looked(known)
    came = tuple(folder / name for _, name in fresh)
    after = Known(names=known.names | {name for _, name in fresh})
    if opening is None:
        return Looked(after, came=came)
    newest = fresh[-1][0]
    if newest == known.failed:
        return Looked(known, came=came, why=known.why)
    if _is_being_written(newest, known):
        return Looked(replace(known, seen=newest))
    try:
        return Looked(after, came=came, opened=opening(came[-1]))
    except LstmTuiError as error:
        return Looked(replace(known, failed=newest, why=str(error)), came=came, why=str(error))


def without(known: Known, path: Path) -> Known:
    """The scenario at `path` is given up: it is not tried again."""
    return Known(names=(known.names or frozenset()) | {path.name})


def newest_scenario(folder: Path) -> Path | None:
    """The scenario in this folder that was written last."""
    found = _scenarios(folder) or {}
    return folder / max(found, key=lambda name: (found[name], name)) if found else None


def _scenarios(folder: Path) -> dict[str, Stamp] | None:
    """Scenario files by name; hidden ones are still being written."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(".yaml") and entry.name[0] != "."]
    except OSError:
        return None
    stamps = {name: _stamp(folder / name) for name in names}
    return {name: stamp for name, stamp in stamps.items() if stamp is not None}


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _is_being_written(stamp: Stamp, known: Known) -> bool:
    """Whether it was written a moment ago; where clocks differ, whether it changed since the last look."""
    age = time.time_ns() - stamp[0]
    return not age > _WRITTEN_JUST_NOW and stamp != known.seen
