"""Starts the workbench: the engine first, because TensorFlow takes seconds; the screen is drawn meanwhile."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

from lstm_tui.engine.options import EngineOptions, Setup
from lstm_tui.engine.spawn import EngineHost
from lstm_tui.performing.named import Named


def start_workbench(named: Named, options: EngineOptions, *, debug: bool = False) -> None:
    """Open the workbench on what is named, on the gallery where nothing is; ends when the user leaves.

    debug: tracebacks of what the engine refuses can be read.
    Raises: LstmTuiError where a file cannot be opened; nothing has been drawn then.
    """
    host = EngineHost(Setup(options))
    host.acquire()
    try:
        host.warm_up()
        status = _run(host, named, debug)
    finally:
        host.release()
    sys.exit(status)


def _run(host: EngineHost, named: Named, debug: bool) -> int:
    with _uncollected():
        from lstm_tui.engine.client import EngineProcess
        from lstm_tui.performing.opening import open_named
        from lstm_tui.tui.app import Workbench
        from lstm_tui.tui.memory import Memory
        from lstm_tui.tui.settings import read_settings

        settings, memory = read_settings(), Memory(fresh=named.fresh)
        opened, shelf = open_named(named, memory=settings.recording_memory, looked=memory.place)
        engine = EngineProcess(host=host)
        app = Workbench(opened, engine=engine, shelf=shelf, settings=settings, memory=memory, debug=debug)
    try:
        return app.run() or app.return_code or 0
    finally:
        last_words = app.last_words or app.keep_unsaved()  # where a bug ended it, too
        if last_words:
            with contextlib.suppress(OSError):  # the terminal may be gone
                print(f"lstm-tui: {last_words}", file=sys.stderr)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing that importing makes is garbage: to look for it takes about a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
