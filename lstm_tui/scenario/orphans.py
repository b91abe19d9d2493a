"""Arrays that were written beside a scenario and that no scenario names any more: found, and removed.

Only what is ours is removed: its name ends in the digest of its content, as `own_name` gives it, and the
content has this digest still. What any scenario in the folder or above it names stays. A file that cannot be
read or removed stays as well: it is in nobody's way.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from lstm_tui.arrays.files import read_arrays
from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.calls import fingerprint
from lstm_tui.scenario.yaml_text import MAX_BYTES

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_OWN_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}-(?P<digest>[0-9a-f]{8})(?:\.\w+)?\Z")


def arrays_folder(scenario: Path) -> Path:
    """Where the arrays of the scenario at this path stand: `bug.arrays` beside `bug.yaml`."""
    return scenario.with_name(f"{scenario.stem}.arrays")


def own_name(stem: str, digest: str, suffix: str) -> str:
    """The name of a file that we write: what it is, and the digest of its content."""
    return f"{_NO_NAME.sub('-', stem)[:60]}-{digest[:8]}{suffix}"


def remove_orphans(scenario: Path, named: Iterable[str]) -> None:
    """Remove our own files beside the scenario at this path that are not `named`, relative to its folder."""
    folder = arrays_folder(scenario)
    kept = {(scenario.parent / name).resolve() for name in named}
    with contextlib.suppress(OSError):
        found = [path for path in folder.iterdir() if path.resolve() not in kept and _is_ours(path)]
        texts = _scenarios_that_reach(folder) if found else []
        for path in found:
            if not any(path.name in text for text in texts):
                path.unlink()
        folder.rmdir()  # where nothing is left in it


def _is_ours(path: Path) -> bool:
    """Whether the content is what the name says."""
    match = _OWN_NAME.match(path.name)
    if match is None or path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest().startswith(match["digest"]):
            return True
    if path.suffix not in {".npy", ".npz"}:
        return False
    try:
        arrays = read_arrays(path)
    except LstmTuiError:
        return False
    value = arrays if path.suffix == ".npz" else next(iter(arrays.values()))
    return fingerprint(value).startswith(match["digest"])


def _scenarios_that_reach(folder: Path) -> list[str]:
    """The YAML files that may name something in `folder`: those beside it and above it."""
    above = folder.resolve().parents
    found = [path for place in above for path in (*place.glob("*.yaml"), *place.glob("*.yml"))]
    return [
        path.read_text(encoding="utf-8", errors="replace")
        for path in found
        if path.is_file() and path.stat().st_size <= MAX_BYTES
    ]
