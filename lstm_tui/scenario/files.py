"""The files that a scenario names: beside it or below its folder, never elsewhere.

A scenario may come from anyone, so a name that is absolute, climbs out of the folder or passes through a link
that does is refused before anything is opened.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path, PureWindowsPath

from lstm_tui.arrays.opening import nearest
from lstm_tui.plain_text import one_line

_MOST_NAMES = 2000
#: How the refusals of a file begin that may well be there, only not where a scenario may name it.
OUTSIDE = ("absolute path", "leaves the scenario's folder")


def file_problem(folder: Path, name: str) -> str:
    """Why the scenario in `folder` cannot name this file, or an empty string."""
    if Path(name).is_absolute() or PureWindowsPath(name).drive:
        return "absolute path; files are named relative to the scenario's folder"
    try:
        inside = within(folder, folder / name)
        exists = (folder / name).exists()
    except (OSError, ValueError, RuntimeError) as problem:  # a name too long, a null byte, links in a circle
        return f"cannot be a file's name: {one_line(getattr(problem, 'strerror', None) or problem)}"
    if not inside:
        return "leaves the scenario's folder; put the file beside the scenario or below it"
    if not exists:
        meant = nearest(name, _names_below(folder))
        return f"no such file: {one_line(name)}" + (f"; did you mean {one_line(meant)}?" if meant else "")
    return ""


def within(folder: Path, path: Path) -> bool:
    """Whether `path` lies in `folder`, links followed."""
    return path.resolve().is_relative_to(folder.resolve())


def _names_below(folder: Path) -> list[str]:
    """Names of files as a scenario in `folder` would write them; the first few thousand."""
    found = (
        Path(where, name).relative_to(folder).as_posix()
        for where, _folders, names in os.walk(folder)
        for name in names
    )
    return list(islice(found, _MOST_NAMES))
