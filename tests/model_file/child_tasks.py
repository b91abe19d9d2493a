"""What the tests of reading in a child let it do; a fresh interpreter imports them from here."""

from __future__ import annotations

import gc
import os
import signal
import time
from pathlib import Path
from typing import Any

from lstm_tui.model_file.refusals import WeightsOnlyError

REFUSAL = WeightsOnlyError("only weights", expected="a model", todo="save it whole")


def answer(_path: Path, *values: Any) -> Any:
    return [*values, os.getpid()]


def refuse(_path: Path) -> None:
    raise REFUSAL


def full(_path: Path) -> None:
    raise OSError(28, "No space left on device")


def die(_path: Path, number: int) -> None:
    os.kill(os.getpid(), number)


def circle(path: Path) -> None:
    with path.open("a") as log:
        log.write(f"{os.getpid()} ")
    while True:
        time.sleep(0.01)


def wait_once(path: Path) -> str:
    """As where a lock was taken over that nobody gives back."""
    if not path.exists():
        path.touch()
        signal.pause()
    return "read"


def mistake(_path: Path) -> Any:
    return {}["missing"]


def much(_path: Path, size: int) -> str:
    return "x" * size


def collecting(_path: Path) -> bool:
    return gc.isenabled()
