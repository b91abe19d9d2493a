"""How long a window of a recording takes from the engine's process to the terminal's."""

from __future__ import annotations

import os
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Figure, Sample, at_most
from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.protocol import LoadModel, RunCalls
from lstm_tui.recurrent.calls import Run, RunPlan

#: Steps, series and units of a window.
SHAPE = (1000, 6, 1024)
GOAL_MILLISECONDS = 10.0
REST_SECONDS = 0.05


def window(*, quick: bool) -> list[Figure]:
    """The engine's own channel, answered by `window_adapter`, against pickles through a pipe."""
    rounds = 10 if quick else 40
    ours, copied = (Sample(tuple(values)) for values in zip(*_through_the_engine(rounds), strict=True))
    pickled = Sample(tuple(_through_a_pipe(rounds)))
    beside = (
        f"a plain copy of it in this process: {copied.words('{:.1f}', 1000)} ms; "
        f"`multiprocessing.Pipe`, which pickles: {pickled.words('{:.0f}', 1000)} ms"
    )
    return [
        at_most(
            "window of 1000 × 6 × 1024 floats from engine to screen process",
            Sample(tuple(1000 * value for value in ours.values)),
            GOAL_MILLISECONDS,
            "{:.2g}",
            " ms",
            aside=beside,
        )
    ]


def _through_the_engine(rounds: int) -> list[tuple[float, float]]:
    """Seconds from the request until every number of the answer can be read, and those of a copy of it.

    Between two rounds the engine has as long a rest as between two keys of someone who types fast.
    """
    seconds, copy = [], np.empty(SHAPE, np.float32)
    with EngineProcess(adapter="benchmarks.window_adapter") as engine:
        engine.ask(LoadModel(Path("window")))
        for _ in range(rounds + 3):
            began = time.perf_counter()
            run = engine.ask(RunCalls(RunPlan({})))
            assert isinstance(run, Run)
            values = run.outcomes[0].outputs["window"]
            _look_at(values)
            arrived = time.perf_counter()
            np.copyto(copy, values)
            seconds.append((arrived - began, time.perf_counter() - arrived))
            time.sleep(REST_SECONDS)
    return seconds[3:]


def _through_a_pipe(rounds: int) -> list[float]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_send_windows, args=(there, rounds + 3), daemon=True)
    process.start()
    seconds = []
    for _ in range(rounds + 3):
        began = time.perf_counter()
        here.send_bytes(b"?")
        _look_at(here.recv())
        seconds.append(time.perf_counter() - began)
    process.join()
    return seconds[3:]


def _send_windows(pipe: Connection, rounds: int) -> None:
    values = a_window()
    for _ in range(rounds):
        pipe.recv_bytes()
        pipe.send(values)


def a_window() -> np.ndarray[Any, np.dtype[np.float32]]:
    """`SHAPE` random float32."""
    return np.random.default_rng(os.getpid()).normal(size=SHAPE).astype(np.float32)


def _look_at(values: Any) -> None:
    """One number from every page of memory, or a mapping would only be promised."""
    assert values.reshape(-1)[:: 4096 // 4].sum() != 0.0
