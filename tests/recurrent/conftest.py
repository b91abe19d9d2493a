"""How much Python an action takes: what grows with the sequence would be a loop over its steps."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest


@pytest.fixture
def lines_run() -> Callable[[Callable[[], object]], int]:
    """Counts the lines of this package and of NumPy that an action runs."""
    return _lines_run


def _lines_run(action: Callable[[], object]) -> int:
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        # Others may run in between: hypothesis measures the garbage collector.
        if not frame.f_globals.get("__name__", "").startswith(("lstm_tui.", "numpy.")):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count
