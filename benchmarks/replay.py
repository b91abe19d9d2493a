"""Replaying many scenarios against the plain predicts that they ask for, and what ten thousand of them take.

The models are as small as the bundled ones, and ten scenarios share each. `predict` is timed in a process as
nice as an engine that does nothing but load each model once and predict each input.
`python -m benchmarks.replay COUNT JOBS` replays COUNT scenarios and tells how memory and time go.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.measuring import Figure, Sample, at_most, measured_apart, print_samples, timed
from benchmarks.models import ROOT
from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import EngineReady
from tests.pseudo_terminal import lstm_tui

GOAL = 1.3
_MODULE = "benchmarks.replay"
SCENARIOS, SHARING = 200, 10
_TEXT = "version: 1\nmodel: models/{model}.keras\ninput: inputs/{number}.npy\nexpect: {{shape: [1, 1]}}\n"


def replay(folder: Path, *, quick: bool) -> list[Figure]:
    """`lstm-tui replay` by one engine and by two, without the start of an engine, over all predicts."""
    folder = folder / "replayed"
    write_scenarios(folder, SCENARIOS)
    predicts, ratios, told = [], {1: [], 2: []}, []
    for _ in range(1 if quick else 3):
        predict = measured_apart(_MODULE, "predict", str(folder))["predict"].median
        start = _engine_start()
        predicts.append(predict)
        for jobs, ratio in ratios.items():
            wall = timed(lambda jobs=jobs: _replayed(folder, jobs))
            ratio.append((wall - start) / predict)
            told.append(f"jobs {jobs}: {wall:.1f} s, of that the engine's start {start:.1f} s")
    shares = measured_apart(_MODULE, "processor", str(folder), 1 if quick else 3)
    processor = shares["replay"].over(shares["predict"])
    aside = f"predicts {Sample(tuple(predicts)).words('{:.1f}')} s · {'; '.join(told[:2])}"
    what = f"{SCENARIOS} scenarios without one engine's start, over their predicts, jobs"
    rows = [
        at_most(f"{what} {jobs}", Sample(tuple(each)), GOAL, aside=aside) for jobs, each in ratios.items()
    ]
    return [*rows, at_most("the same as processor time, 40 in one process", processor, GOAL)]


def write_scenarios(folder: Path, count: int) -> None:
    """Scenarios, inputs and models; these by a process of its own."""
    for name in ("models", "inputs"):
        (folder / name).mkdir(parents=True)
    numbers = np.random.default_rng(5)
    for number in range(count):
        model = f"m{number // SHARING}"
        (folder / f"{number:05}.yaml").write_text(_TEXT.format(model=model, number=number), encoding="utf-8")
        np.save(folder / f"inputs/{number}.npy", numbers.normal(size=(1, 30, 4)).astype(np.float32))
    _child("models", str(folder), str(-(-count // SHARING)))


def _child(*words: str) -> None:
    environment = {**os.environ, **tensorflow_environment(EngineOptions())}
    subprocess.run([sys.executable, "-m", _MODULE, *words], env=environment, cwd=ROOT, check=True)


def _build(folder: Path, count: int) -> None:
    import keras

    for number in range(count):
        keras.utils.set_random_seed(number)
        layers = [keras.Input((30, 4), name="x"), keras.layers.LSTM(16), keras.layers.Dense(1)]
        keras.Sequential(layers).save(folder / f"models/m{number}.keras")


def _predict(folder: Path) -> None:
    """Seconds of every `predict`, each model loaded once."""
    import keras

    os.nice(10)
    seconds, count = 0.0, len(list((folder / "inputs").iterdir()))
    for first in range(0, count, SHARING):
        model = keras.saving.load_model(folder / f"models/m{first // SHARING}.keras", compile=False)
        for number in range(first, min(first + SHARING, count)):
            x = np.load(folder / f"inputs/{number}.npy")
            seconds += timed(lambda: model.predict(x, verbose=0))  # noqa: B023
    print_samples({"predict": Sample((seconds,))})


def _processor(folder: Path, rounds: int) -> None:
    """Processor seconds of replaying and of predicting forty scenarios, other ones in each round."""
    import keras

    from lstm_tui.engine.local import LocalEngine
    from lstm_tui.report.replay import Replayer

    replayer = Replayer(LocalEngine().ask)
    files = sorted(folder.glob("*.yaml"))
    replayer.result(files.pop())  # TensorFlow is up
    taken: dict[str, list[float]] = {"replay": [], "predict": []}
    for start in range(0, 40 * rounds, 40):
        began = time.process_time()
        for path in files[start : start + 40]:
            assert replayer.result(path).status == "passed"
        taken["replay"].append(time.process_time() - began)
        seconds = 0.0
        for number in range(start, start + 40):
            if number % SHARING == 0:
                model = keras.saving.load_model(folder / f"models/m{number // SHARING}.keras", compile=False)
            x = np.load(folder / f"inputs/{number}.npy")
            began = time.process_time()
            model.predict(x, verbose=0)
            seconds += time.process_time() - began
        taken["predict"].append(seconds)
    print_samples({name: Sample(tuple(values)) for name, values in taken.items()})


def _engine_start() -> float:
    with EngineProcess() as engine:
        began = time.perf_counter()
        engine.start()
        assert isinstance(engine.next_event(), EngineReady)
        return time.perf_counter() - began


def _replayed(folder: Path, jobs: int) -> None:
    command = [*map(str, lstm_tui("replay", folder, "--jobs", str(jobs)))]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def _many(count: int, jobs: int) -> None:
    """Replay `count` scenarios in this process; memory and time as they go."""
    from lstm_tui.report.replay_engines import replay_in_engines

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "many"
        write_scenarios(folder, count)
        watch = _Memory()
        began = time.perf_counter()
        with watch:
            results = replay_in_engines([folder], EngineOptions(), jobs=jobs).results
        seconds = [each.seconds for each in results]
        tenth = max(len(seconds) // 10, 1)
        passed = sum(each.status == "passed" for each in results)
        print(f"{len(results)} scenarios, {passed} passed, {time.perf_counter() - began:.0f} s, jobs {jobs}")
        for start in range(0, len(seconds), tenth):
            median, mean = (1000 * of(seconds[start : start + tenth]) for of in (np.median, np.mean))
            print(f"  from {start}: median {median:.0f} ms, mean {mean:.0f} ms")
        print(f"  memory in MB over time: this process {watch.own}, all engines {watch.engines}")


class _Memory:
    """Resident megabytes of this process and of its engines, now and then (Linux)."""

    def __init__(self) -> None:
        self.own: list[int] = []
        self.engines: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(10.0):
            self.own.append(_resident(os.getpid()))
            self.engines.append(sum(map(_resident, _descendants(os.getpid()))))


def _resident(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(text.partition("VmRSS:")[2].split()[0]) >> 10 if "VmRSS:" in text else 0


def _descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            children = [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["models", folder, count]:
            _build(Path(folder), int(count))
        case ["predict", folder]:
            _predict(Path(folder))
        case ["processor", folder, rounds]:
            _processor(Path(folder), int(rounds))
        case [count, jobs]:
            _many(int(count), int(jobs))
