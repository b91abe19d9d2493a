"""Which runs are kept for undo and redo: the newest, within a number and within the memory for recordings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lstm_tui.recurrent.calls import Run
from lstm_tui.session.state import KEPT_RUNS


def kept_runs(runs: Mapping[str, Run], newest: str, memory: int) -> Mapping[str, Run]:
    """The most recently arrived runs within the bounds, `newest` always among them."""
    older = [key for key in reversed(list(runs)) if key != newest]
    by_age = [newest, *older][:KEPT_RUNS]
    sizes = np.cumsum([_bytes(runs[key]) for key in by_age])
    kept = [key for key, size in zip(by_age, sizes, strict=True) if key == newest or size <= memory]
    return {key: runs[key] for key in reversed(kept)}


def _bytes(run: Run) -> int:
    """Bytes held by the arrays of a run, roughly: the recorded series, which are nearly all of it."""
    if run.recording is None:
        return 0
    return sum(
        array.nbytes
        for trace in run.recording.layers
        for array in trace.steps.values()
        if isinstance(array, np.ndarray)
    )
