"""`lstm-tui replay`: scenarios replayed in engines, results on standard output, perhaps JUnit beside.

Standard error carries progress, and the word that it was stopped before the end.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import UsageError
from lstm_tui.plain_text import one_line
from lstm_tui.report.replay import OnProgress
from lstm_tui.report.replay_engines import replay_in_engines
from lstm_tui.report.replay_report import replay_json, replay_junit, replay_text, stopped_words


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

    jobs: how many engines work at once. Ctrl-C ends it with a report of what was replayed by then, and 130.

    Raises: LstmTuiError where no engine can be started, `model` is not there, or the JUnit file cannot be
    written.
    """
    if model is not None and not model.is_file():
        raise UsageError(f"there is no file {one_line(model)}", todo="name a model's file with --model")
    replays = replay_in_engines(paths, options, model=model, jobs=jobs, on_progress=on_progress)
    on_progress("", None)  # leaves a clean line behind
    if junit is not None:
        _write(junit, replay_junit(replays))
    if as_json:
        print(json.dumps(replay_json(replays), indent=2, allow_nan=False))
    else:
        print(replay_text(replays, width=_width(), color=_wants_color()), end="")
    if replays.left:
        print(stopped_words(replays), file=sys.stderr)
    return replays.exit_status


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
