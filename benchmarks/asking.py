"""What a condition costs: over a recording of two layers, and over a million steps from their bins."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.measuring import Figure, Sample, at_most
from lstm_tui.asking.binding import bind_condition
from lstm_tui.asking.bounds import next_bin
from lstm_tui.asking.ground import Far, Ground, ground_of
from lstm_tui.asking.hits import hits
from lstm_tui.asking.reading import read
from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.pyramid import Level
from lstm_tui.recurrent.recording import LayerTrace, Recording

#: Steps and units of each of two layers; steps of the long one, and of its bins.
STEPS, UNITS, LONG_STEPS, BIN = 1000, 128, 1_000_000, 64
GOAL_MS = 50.0
#: Of both layers, with a look back: about as much as fits a line.
CONDITION = "abs(delta(c in lstm_1)) > 0.9 and saturated(f in lstm_1) or abs(c in lstm_2) > 5"
LONG_CONDITION = "abs(c in lstm_1) > 5 or mean(f in lstm_2) < 0.1"


def asking(*, quick: bool) -> list[Figure]:
    """Processor time of a condition, looked for the first time."""
    rounds = 10 if quick else 40
    recording = Recording({}, {}, tuple(_trace(f"lstm_{number}") for number in (1, 2)))
    far = _far(ground_of(recording))
    return [
        at_most(
            f"condition over {STEPS:,} steps × {UNITS} units × 2 layers",
            _milliseconds(lambda: _all_hits(recording), rounds),
            GOAL_MS,
            "{:.1f}",
            " ms",
            aside=f"processor time; `{CONDITION}`",
        ),
        Figure(
            f"condition over {LONG_STEPS:,} steps of the same layers, none of whose bins it can hold in",
            _milliseconds(lambda: _no_bin(ground_of(recording), far), 3 if quick else 10).words("{:.0f} ms"),
            aside=f"processor time, bins of {BIN} steps; `{LONG_CONDITION}`",
        ),
    ]


def _trace(path: str) -> LayerTrace:
    chance = np.random.default_rng(0)
    steps = {name: chance.random((1, STEPS, UNITS), np.float32) for name in LSTM.series}
    return LayerTrace(path, LSTM, steps, {name: np.zeros((1, UNITS), np.float32) for name in LSTM.states})


def _far(ground: Ground) -> Far:
    """Bins in which nothing is loud: every one is looked at."""
    chance, bins = np.random.default_rng(0), LONG_STEPS // BIN
    low = chance.uniform(0.2, 0.5, (bins, UNITS)).astype(np.float32)
    level = Level(BIN, low, low + np.float32(0.4), low + np.float32(0.2))
    return Far(BIN, LONG_STEPS, dict.fromkeys(ground.sources, level))


def _all_hits(recording: Recording) -> None:
    ground = ground_of(recording)
    hits(bind_condition(read(CONDITION), ground), ground)


def _no_bin(ground: Ground, far: Far) -> None:
    assert next_bin(bind_condition(read(LONG_CONDITION), ground), far, 0, 1) is None


def _milliseconds(action: Callable[[], None], rounds: int) -> Sample:
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        action()
        taken.append(1000 * (time.process_time() - began))
    return Sample(tuple(taken))
