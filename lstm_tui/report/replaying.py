"""`lstm-tui replay`: scenarios replayed in engines, results on standard output, perhaps JUnit beside.

The engines are processes apart: a model that exhausts the memory or crashes TensorFlow costs its own scenario
alone, and several can work at once. Standard error carries progress.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import UsageError
from lstm_tui.plain_text import one_line
from lstm_tui.report.diagnosing import codes_found
from lstm_tui.report.replay import OnProgress, ReplayResult, exit_status, replay, scenario_files
from lstm_tui.report.replay_report import replay_json, replay_junit, replay_text


def replay_paths(
    paths: Sequence[Path],
    model: Path | None,
    as_json: bool,
    junit: Path | None,
    options: EngineOptions,
    on_progress: OnProgress,
    jobs: int = 1,
) -> int:
    """Replay every scenario in `paths`, print the results, and return the exit status.

    jobs: how many engines work at once.

    Raises: LstmTuiError where no engine can be started or the JUnit file cannot be written.
    """
    results = replay_in_engines(paths, options, model=model, jobs=jobs, on_progress=on_progress)
    on_progress("", None)  # leaves a clean line behind
    if junit is not None:
        _write(junit, replay_junit(results))
    if as_json:
        print(json.dumps(replay_json(results), indent=2, allow_nan=False))
    else:
        print(replay_text(results, width=_width(), color=_wants_color()), end="")
    return exit_status(results)


def replay_in_engines(
    paths: Sequence[Path],
    options: EngineOptions,
    *,
    model: Path | None = None,
    jobs: int = 1,
    on_progress: OnProgress | None = None,
) -> tuple[ReplayResult, ...]:
    """The result of every scenario in `paths`, in their order; each of `jobs` engines takes its share.

    Raises: EngineUnavailable, Cancelled.
    """
    files = list(scenario_files(paths))
    jobs = max(1, min(jobs, len(files)))
    # Engines close before the threads are waited for: Ctrl-C ends a call that runs away.
    with ThreadPoolExecutor(jobs) as threads, ExitStack() as stack:
        first = stack.enter_context(EngineProcess(options))
        engines = [first, *(stack.enter_context(first.another()) for _ in range(jobs - 1))]
        parts = [
            threads.submit(
                replay,
                files[number::jobs],
                engine.ask,
                model=model,
                diagnose=codes_found(engine.ask),
                on_progress=on_progress,
            )
            for number, engine in enumerate(engines)
        ]
        results = {each.path: each for part in parts for each in part.result()}
    return tuple(results[path] for path in files)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the JUnit report cannot be written to {one_line(path)}: {one_line(error.strerror or error)}",
            todo="name a file in a folder that exists and can be written to",
        ) from None


def _width() -> int:
    """The terminal's width; 80 columns where the text goes to a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 80


def _wants_color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
