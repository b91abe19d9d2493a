"""Whether a scenario's model is still the file that was recorded, where the scenario names its SHA-256.

Another one is no mistake: a scenario may be replayed against a newer model on purpose. It is told.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from lstm_tui.plain_text import one_line
from lstm_tui.scenario.scenario import Scenario


def model_note(scenario: Scenario) -> str:
    """A sentence where the model's file is another than the recorded one; else an empty string."""
    if scenario.model_sha256 is None:
        return ""
    found = sha256_of(scenario.model_path)
    if found in (None, scenario.model_sha256):
        return ""
    recorded, now = scenario.model_sha256[:12], str(found)[:12]
    name = one_line(scenario.model_path.name, 80)
    return f"{name} is not the file that was recorded: SHA-256 {now}… instead of {recorded}…"


def sha256_of(path: Path) -> str | None:
    """The digest of a file's content, None where it cannot be read; kept as long as it stays the same."""
    try:
        status = path.stat()
        return _digest(path.absolute(), status.st_mtime_ns, status.st_size)
    except OSError:
        return None


@lru_cache(maxsize=64)
def _digest(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
