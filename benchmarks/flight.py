"""What the flight recorder costs a server: round a `predict`, when it is off, when imported, in a flood.

Everything is asked of a stateful model that was loaded from its file, all conditions on, with an input that
is new at every call, as a server's are. `python -m benchmarks.flight TIMESTEPS UNITS ROUNDS CAPTURES`
measures in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Figure, Sample, at_most, in_turn, measured_apart, print_samples, timed
from benchmarks.models import ROOT, SMALL, Case, sequence, stacked_lstm
from lstm_tui.flight_recorder import FlightRecorder, watch

GOAL = 1.03
#: Threads that make the flood, and captures after which memory must not grow any more, as a share.
_THREADS, _WARM = 4, 0.2
_MEGABYTES = 4.0
_IMPORT = """
import sys, time
began = time.process_time(); import numpy; numpy_took = time.process_time() - began
import dataclasses, hashlib, inspect, json, logging, pathlib, threading  # any server has them
began = time.process_time(); import lstm_tui.flight_recorder; took = time.process_time() - began
began = time.process_time(); lstm_tui.flight_recorder.watch(None); watch_took = time.process_time() - began
print(took, numpy_took, watch_took)
"""


def flight(*, quick: bool) -> list[Figure]:
    """Rows for a call, for a recorder that is off, for the import and for captures in a row."""
    rounds, captures = (30, 1_000) if quick else (150, 10_000)
    found = measured_apart(__name__, SMALL.timesteps, SMALL.units, rounds, captures)
    predict = found["predict"]
    told = f"predict {predict.words('{:.3g}', 1000)} ms"
    against = f"`predict` against a bare one, {SMALL.words}"
    alone, alone_told = found["alone"].over(predict), f"{found['alone'].words('{:.3g}', 1e3)} ms"
    return [
        at_most(f"watched {against}", found["watched"].over(predict), GOAL, "{:.4f}", aside=told),
        at_most(
            "what is done round a call, measured alone, against `predict`",
            alone,
            round(GOAL - 1, 9),
            "{:.4f}",
            aside=alone_told,
        ),
        _unmeasurable(f"with the recorder switched off, {against}", found["off"].over(predict)),
        *_import_figure(5 if quick else 15),
        *_flood_figures(found, captures),
    ]


def _unmeasurable(what: str, ratio: Sample) -> Figure:
    low, high = ratio.middle_half
    return Figure(what, ratio.words("{:.4f}"), "1 lies in the middle half", low <= 1.0 <= high)


def _import_figure(rounds: int) -> list[Figure]:
    """Processor time: a machine under load takes longer for all that touches the disk."""
    lines = [
        subprocess.run(
            [sys.executable, "-c", _IMPORT], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(rounds)
    ]
    took, numpy_took, watch_took = (Sample(tuple(float(line[index]) for line in lines)) for index in range(3))
    told = f"of NumPy {numpy_took.words('{:.3g}', 1000)} ms"
    told += f"; the first `watch` {watch_took.words('{:.3g}', 1000)} ms"
    return [Figure("importing the recorder, processor time", f"{took.words('{:.3g}', 1000)} ms", aside=told)]


def _flood_figures(found: dict[str, Sample], captures: int) -> list[Figure]:
    promised, errors = found["captured"].median, found["errors"].median
    seconds = found["flood"].median / captures * 1000
    whole = promised == captures and errors == 0
    told = f"{seconds:.3g} ms a capture, flushed to the disk; {found['kept'].median:,.0f} kept, as told"
    grown = found["grown"]
    return [
        Figure(
            f"{captures:,} calls in a row from {_THREADS} threads, every one captured",
            f"{promised:,.0f} written, {errors:,.0f} errors",
            "all, none",
            whole,
            told,
        ),
        at_most(f"memory gained over the last {1 - _WARM:.0%} of them", grown, _MEGABYTES, "{:.2f}", " MB"),
    ]


# --- in a process of its own


def measured(case: Case, rounds: int, captures: int) -> dict[str, Sample]:
    """Seconds of each call in turn, and what became of a flood of captures."""
    import keras

    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "stateful.keras"
        stacked_lstm(case.units, stateful=True).save(file)
        model = keras.saving.load_model(file)
        return {**_calls(model, file, case, rounds), **_flood(model, file, captures)}


def _calls(model: Any, file: Path, case: Case, rounds: int) -> dict[str, Sample]:
    x, numbers = sequence(case.timesteps), iter(range(1, 1 << 40))
    answer = model.predict(x, verbose=0)

    def new() -> Any:
        """An input that no call had before."""
        x[0, 0, 0] = next(numbers) * 1e-4
        return x

    flight, off = watch(model, file), watch(model, file)
    off.enabled = False
    watched, unwatched, alone = flight(model.predict), off(model.predict), flight(lambda x: answer)
    things: dict[str, Callable[[], object]] = {
        "predict": lambda: model.predict(new(), verbose=0),
        "watched": lambda: watched(new(), verbose=0),
        "off": lambda: unwatched(new(), verbose=0),
        "alone": lambda: alone(new()),
    }
    in_turn(things, 3)
    found = in_turn(things, rounds)
    assert set(flight.counts) == {"calls"}, flight.counts
    return found


def _flood(model: Any, file: Path, captures: int) -> dict[str, Sample]:
    """Calls from several threads whose output is never a number."""
    folder = file.parent / "captures"
    flight = watch(model, file, folder=folder, spacing=0.0, on_disagreement=False)
    predict, x = flight(lambda x: np.full((1, 1), np.nan, np.float32)), sequence(200)
    errors: list[Exception] = []

    def flood(calls: int) -> None:
        for _ in range(calls // _THREADS):
            try:
                predict(x)
            except Exception as error:  # noqa: BLE001 - that there is none is what is measured
                errors.append(error)

    def from_threads(calls: int) -> None:
        threads = [threading.Thread(target=flood, args=(calls,)) for _ in range(_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    warm = int(captures * _WARM)
    seconds = timed(lambda: from_threads(warm))
    before = _resident()
    seconds += timed(lambda: from_threads(captures - warm))
    counts = _as_told(flight, folder)
    return {
        name: Sample((float(value),))
        for name, value in {
            "flood": seconds,
            "grown": (_resident() - before) / 2**20,
            "errors": len(errors) + counts.get("failed", 0),
            "captured": counts["captured"],
            "kept": len(list(folder.glob("*.yaml"))),
        }.items()
    }


def _as_told(flight: FlightRecorder, folder: Path) -> dict[str, int]:
    """The counts, held against what is on the disk."""
    counts = flight.counts
    assert len(list(folder.glob("*.yaml"))) == counts["captured"] - counts["rotated"], counts
    return counts


def _resident() -> int:
    """Bytes of memory that the process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


if __name__ == "__main__":
    timesteps, units, rounds, captures = map(int, sys.argv[1:])
    print_samples(measured(Case(timesteps, units), rounds, captures))
