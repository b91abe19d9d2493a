"""Answers made by hand for the views of calls: what moved in six calls; two sessions of a model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstm_tui.recurrent.interleavings import Guarded, Interleaved, LedgerLine
from lstm_tui.recurrent.movements import Followed, FollowedCall, Movements

ROWS = (
    Followed("lstm_1", "kernel", "weight", (2, 16)),
    Followed("lstm_1", "recurrent_kernel", "weight", (4, 16)),
    Followed("lstm_1", "h", "state", (1, 4)),
    Followed("norm", "moving_mean", "fixed", (4,)),
    Followed("drop", "seed", "seed", (2,)),
    Followed("dense", "kernel", "weight", (4, 1)),
    Followed("", "seed", "seed", (2,)),
)
#: 1 predict, 2 call in training mode, 3 reset, 4 fit, 5 predict that fails, 6 predict.
CALLS = (
    FollowedCall("predict"),
    FollowedCall("call"),
    FollowedCall("reset", "reset lstm_1"),
    FollowedCall("fit", "compiled with Adam, mse"),
    FollowedCall("predict", "ValueError: no such rank", failed=True),
    FollowedCall("predict"),
)
MOVED = np.array(
    [
        [0, 0, 0, 0.02, 0, 0],
        [0, 0, 0, 0.01, 0, 0],
        [0.5, 0.25, 0.7, 0.4, 0, 0.125],
        [0, 0.09, 0, 0.08, 0, 0],
        [0, 1, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ],
    np.float64,
)


def movements() -> Movements:
    """Something of every kind."""
    return Movements(ROWS, CALLS, MOVED, np.where(MOVED > 0, 2.0, 0.5))


def predictions(count: int) -> Movements:
    """So many predictions of a stateful layer below a dense one: nothing moves but the state."""
    rows = (ROWS[0], ROWS[2], ROWS[5])
    moved = np.zeros((3, count))
    moved[1] = np.linspace(0.5, 0.1, count)
    return Movements(rows, (FollowedCall("predict"),) * count, moved, np.ones((3, count)))


def interleaved(layers: tuple[str, ...] = ("lstm_1", "gru_1")) -> Interleaved:
    """A lock round each call does not help, a state for each session does; torn calls give something more."""
    alone, other = ({"y": np.array([[value]], np.float32)} for value in (2.6231, 3.0422))
    whole = (
        LedgerLine(0, 0, "reset", written=layers),
        LedgerLine(1, 0, "reset", written=layers),
        LedgerLine(1, 1, "predict", 0, 1, dict.fromkeys(layers, (1, 0)), layers, alone),
        LedgerLine(0, 1, "predict", 0, 1, dict.fromkeys(layers, (1, 1)), layers, other, 0.4191),
    )
    torn = (*whole[:2], replace(whole[2], part=0, parts=2), replace(whole[3], part=1, parts=2))
    guards = (
        Guarded("none", 1000, 3432, 7, (3, 4), 0.4191),
        Guarded("call", 6, 6, 4, (2, 2), 0.4191),
        Guarded("session", 2, 2, 0, (0, 0)),
        Guarded("state", 6, 6, 0, (0, 0)),
        Guarded("stateless", 6, 6, 0, (0, 0), note="alone, a session gets up to 0.02 off"),
    )
    return Interleaved(2, ("reset", "predict"), ({}, alone), layers, guards, whole, torn, 9)
