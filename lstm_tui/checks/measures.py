"""Measures that checks of several families share: root mean squares of arrays and of changed outputs."""

from __future__ import annotations

import numpy as np

from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array


def rms(difference: Array) -> float:
    """Root mean square, in float64; 0 of nothing."""
    return float(np.sqrt(np.mean(np.square(difference.astype(np.float64))))) if difference.size else 0.0


def change(before: Inputs, after: Inputs, *, otherwise: float) -> float:
    """Root mean square change of the outputs that both have in one shape; `otherwise` if there are none."""
    squares = [
        np.mean(np.square(before[key].astype(np.float64) - after[key]))
        for key in before
        if key in after and before[key].shape == after[key].shape
    ]
    return float(np.sqrt(np.mean(squares))) if squares else otherwise
