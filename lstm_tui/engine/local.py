"""The engine in this very process, for headless commands: the same answers, no second process.

Standard output carries a command's result and standard error what the user is told; TensorFlow writes to both
without asking, so while it works they lead to a log. What it refuses: two at a time. Descriptors 1 and 2
belong to the whole process.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lstm_tui.engine.answering import Answerer, OnProgress, import_adapter, refusal
from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import KERAS_ADAPTER, EngineOptions, Setup
from lstm_tui.engine.protocol import Answer, LoadModel, Request
from lstm_tui.errors import LstmTuiError
from lstm_tui.model_file import read_model_file, refuse_unless_trusted


class LocalEngine:
    """Answers requests like `EngineProcess.ask`; TensorFlow is imported at the first one."""

    def __init__(self, options: EngineOptions | None = None, *, adapter: str = KERAS_ADAPTER) -> None:
        self._setup = Setup(options or EngineOptions(), adapter)
        self._answerer: Answerer | None = None
        self._diverted = _Diversion(self._setup.options.log_path)

    def ask(self, request: Request, on_progress: OnProgress | None = None) -> Answer:
        """The answer to `request`. Raises why there is none, with a bug's own traceback as the cause."""
        with self._diverted.output():
            try:
                return self._ready(request).answer(request, self._diverted.undisturbed(on_progress))
            except LstmTuiError:
                raise
            except (Exception, SystemExit) as error:
                reason, _ = refusal(error)
                raise reason from error

    def _ready(self, request: Request) -> Answerer:
        if self._answerer is None:
            if isinstance(request, LoadModel) and self._setup.adapter == KERAS_ADAPTER:
                _refuse_by_the_file(request.path, self._setup.options)
            os.environ.update(tensorflow_environment(self._setup.options))
            self._answerer = Answerer(import_adapter(self._setup), self._setup.options)
        return self._answerer


def _refuse_by_the_file(path: Path, options: EngineOptions) -> None:
    """What is refused without Keras is refused before it is imported: that takes seconds."""
    custom_objects = bool(options.custom_objects)
    refuse_unless_trusted(read_model_file(path), trust=options.trust, custom_objects=custom_objects)


class _Diversion:
    """Leads descriptors 1 and 2 into a log for a while."""

    def __init__(self, log_path: Path | None) -> None:
        self._log_path = log_path or Path(os.devnull)
        self._outside: tuple[int, int] | None = None

    @contextmanager
    def output(self) -> Iterator[None]:
        """Within, what anything writes to standard output or standard error goes to the log."""
        if self._outside is not None:
            raise RuntimeError("one request at a time: standard output is diverted already")
        self._outside = os.dup(1), os.dup(2)
        log = os.open(self._log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with _crashes_told_to(self._outside[1]):
                _lead_to(log, log)
                yield
        finally:
            _lead_to(*self._outside)
            for descriptor in (log, *self._outside):
                os.close(descriptor)
            self._outside = None

    def undisturbed(self, on_progress: OnProgress | None) -> OnProgress:
        """`on_progress`, with standard output and standard error as they were while it runs."""

        def tell(stage: str, fraction: float | None) -> None:
            if on_progress is None or self._outside is None:
                return
            log = os.dup(1)
            _lead_to(*self._outside)
            try:
                on_progress(stage, fraction)
            finally:
                _lead_to(log, log)
                os.close(log)

        return tell


def _lead_to(out: int, err: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.dup2(out, 1)
    os.dup2(err, 2)


@contextmanager
def _crashes_told_to(descriptor: int) -> Iterator[None]:
    """An abort inside TensorFlow must not be silent only because standard error leads to a log."""
    if faulthandler.is_enabled():
        yield
        return
    faulthandler.enable(file=descriptor, all_threads=False)
    try:
        yield
    finally:
        faulthandler.disable()
