"""Scenarios replayed by several engines at once: who takes which, who is replaced, and how it is stopped.

The engines are processes apart. A model that exhausts the memory or crashes TensorFlow costs its own scenario
alone: the engine is replaced and goes on. What is stopped in the middle gives what there is by then.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import KERAS_ADAPTER, EngineOptions
from lstm_tui.errors import EngineUnavailable
from lstm_tui.plain_text import one_line
from lstm_tui.report.diagnosing import codes_found
from lstm_tui.report.replay import OnProgress, Replayer, ReplayResult, Replays
from lstm_tui.report.replay_files import Work, scenario_files

#: TensorFlow keeps something of every model and of every function that it ever compiled. An engine that has
#: replayed so many makes room for a new one, which takes 0.1 s.
_MOST_IN_ONE_LIFE = 400


def replay_in_engines(
    paths: Sequence[Path],
    options: EngineOptions,
    *,
    model: Path | None = None,
    jobs: int = 1,
    on_progress: OnProgress | None = None,
    adapter: str = KERAS_ADAPTER,
) -> Replays:
    """The result of every scenario in `paths`, in their order, by at most `jobs` engines.

    model: run them all on this one instead of their own. Ctrl-C ends it: what was not replayed is `left`.

    Raises: EngineUnavailable.
    """
    files = list(scenario_files(paths))
    began = time.perf_counter()
    results = _Engines(files, options, max(1, min(jobs, len(files))), adapter).replayed(model, on_progress)
    left = tuple(path for number, path in enumerate(files) if number not in results)
    ordered = tuple(results[number] for number in sorted(results))
    return Replays(ordered, left, time.perf_counter() - began)


class _Engines:
    """Some engines at work on the same pile."""

    def __init__(self, files: Sequence[Path], options: EngineOptions, jobs: int, adapter: str) -> None:
        self._files = files
        self._work = Work(files, jobs)
        first = EngineProcess(options, adapter=adapter)
        self._engines = [first, *(first.another() for _ in range(jobs - 1))]

    def replayed(self, model: Path | None, on_progress: OnProgress | None) -> dict[int, ReplayResult]:
        """Results by the number of the file."""
        results: dict[int, ReplayResult] = {}
        tally = _Tally(len(self._files), on_progress)
        threads = ThreadPoolExecutor(len(self._engines))
        try:
            jobs = [
                threads.submit(self._take_turns, engine, model, results, tally) for engine in self._engines
            ]
            for job in jobs:
                job.result()
        except KeyboardInterrupt:
            pass  # the results tell
        finally:
            with _undisturbed():
                # Engines close before the threads are waited for: that ends a call which runs away.
                self._work.stop()
                for engine in self._engines:
                    engine.close()
                threads.shutdown()
        return results

    def _take_turns(
        self, engine: EngineProcess, model: Path | None, results: dict[int, ReplayResult], tally: _Tally
    ) -> None:
        replayer = Replayer(engine.ask, model=model, diagnose=codes_found(engine.ask))
        turns = 0
        while piece := self._work.take():
            for number, path in piece:
                try:
                    result = replayer.result(path, tally.of(path))
                except EngineUnavailable:
                    if self._work.stopped:
                        return
                    self._work.stop()  # the others cannot start either
                    raise
                if self._work.stopped:
                    return
                results[number] = result
                tally.add(result)
                turns += 1
                if turns % _MOST_IN_ONE_LIFE == 0:
                    engine.kill()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Within, a further Ctrl-C is not heard: it would cost the report of what there is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


class _Tally:
    """How far all of them are together, told in one line whoever works."""

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self._total = total
        self._tell = on_progress
        self._done = 0
        self._wrong = 0
        self._lock = threading.Lock()

    def of(self, path: Path) -> OnProgress:
        """What an engine tells while it works on the scenario at `path`."""
        name = one_line(path.name, 60)

        def tell(stage: str, _fraction: float | None) -> None:
            with self._lock:
                if self._tell is not None:
                    self._tell(f"{self._words()}, {name}: {stage}", self._done / self._total)

        return tell

    def add(self, result: ReplayResult) -> None:
        """One more is done."""
        with self._lock:
            self._done += 1
            self._wrong += result.status != "passed"
            if self._tell is not None:
                self._tell(self._words(), self._done / self._total)

    def _words(self) -> str:
        wrong = f", {self._wrong} not as expected" if self._wrong else ""
        return f"{self._done} of {self._total} replayed{wrong}"
