"""How long an answer to why takes: two LSTM layers of 128 units over 1,000 steps, nothing kept."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.measuring import Figure, Sample, at_most
from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.recording import LayerTrace, Recording
from lstm_tui.recurrent.why import Made, Question, Why
from lstm_tui.recurrent.why_asking import why

STEPS, UNITS, FEATURES = 1000, 128, 8
GOAL_MILLISECONDS = 50.0
#: From the output back to the input of the first layer.
QUESTIONS = (
    Question("output", "y", STEPS - 1, 0),
    Question("state", "b", STEPS - 1, 17, "h"),
    Question("written", "b", STEPS - 1, 17, "c"),
    Question("state", "a", STEPS - 1, 5, "h"),
    Question("written", "a", STEPS - 1, 5, "c"),
)


def why_answers(*, quick: bool) -> list[Figure]:
    """The slowest of five questions along one trail, in processor time."""
    made, rounds = _made(), 5 if quick else 50
    slowest = [max(_milliseconds(question, made) for question in QUESTIONS) for _ in range(rounds)]
    size = f"{STEPS:,} steps × {UNITS} units × 2 layers"
    what = f"why a value is what it is, {size}, the slowest of five questions"
    return [at_most(what, Sample(tuple(slowest)), GOAL_MILLISECONDS, unit=" ms of CPU")]


def _milliseconds(question: Question, made: Made) -> float:
    began = time.process_time()
    answer = why(question, made)
    took = time.process_time() - began
    assert isinstance(answer, Why), answer
    return took * 1000


def _made() -> Made:
    """Series that are no network's: the arithmetic of the answers costs the same."""
    random = np.random.default_rng(0)

    def series(*shape: int) -> np.ndarray:
        return random.random(shape, np.float32)

    layers = tuple(
        LayerTrace(
            path,
            LSTM,
            {name: series(1, STEPS, UNITS) for name in LSTM.series},
            {name: series(1, UNITS) for name in LSTM.states},
        )
        for path in "ab"
    )
    weights = {"d/kernel": series(UNITS, 1), "d/bias": series(1)}
    for path, width in (("a", FEATURES), ("b", UNITS)):
        weights |= {
            f"{path}/kernel": series(width, 4 * UNITS),
            f"{path}/recurrent_kernel": series(UNITS, 4 * UNITS),
            f"{path}/bias": series(4 * UNITS),
        }
    settings = {"x": {"class_name": "InputLayer"}, "d": {"class_name": "Dense", "activation": "linear"}}
    wiring = {"x": (), "a": ("x",), "b": ("a",), "d": ("b",)}
    x = series(1, STEPS, FEATURES)
    recording = Recording({"x": x}, {"y": series(1, 1)}, layers)
    return Made(recording, Insides(weights, settings, {}, wiring, ("d",)))
