"""What several workers of a test run need is built once, by the first that asks; the others wait for it.

The folder of a run is made and removed by `conftest.py`. It is for files that tests only read.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

#: The variable that names the folder of this run.
SHARED = "LSTM_TUI_TESTS_SHARED"


def built_once(name: str, build: Callable[[Path], None]) -> Path:
    """The folder `name`, into which `build` wrote; where it failed, the next who asks tries again."""
    folder = Path(os.environ[SHARED], name)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            unfinished.mkdir(exist_ok=True)
            build(unfinished)
            unfinished.rename(folder)
    return folder
