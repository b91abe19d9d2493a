"""Starts the workbench: the engine first, because TensorFlow takes seconds; the screen is drawn meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lstm_tui.engine.options import EngineOptions, Setup
from lstm_tui.engine.spawn import EngineHost


def start_workbench(
    *,
    model: Path | None,
    scenarios: Sequence[Path],
    input_path: Path | None,
    target_path: Path | None,
    reference_path: Path | None,
    options: EngineOptions,
    debug: bool = False,
) -> None:
    """Open the workbench on what is named, on the gallery where nothing is; ends when the user leaves.

    Raises: LstmTuiError where a file cannot be opened; nothing has been drawn then.
    """
    host = EngineHost(Setup(options))
    host.acquire()
    try:
        host.warm_up()
        status = _run(host, model, scenarios, input_path, target_path, reference_path)
    finally:
        host.release()
    sys.exit(status)


def _run(
    host: EngineHost,
    model: Path | None,
    scenarios: Sequence[Path],
    input_path: Path | None,
    target_path: Path | None,
    reference_path: Path | None,
) -> int:
    from lstm_tui.engine.client import EngineProcess
    from lstm_tui.tui.app import Workbench
    from lstm_tui.tui.opening import Files, open_all
    from lstm_tui.tui.settings import read_settings

    settings = read_settings()
    opened = open_all(model, scenarios, Files(input_path, target_path, reference_path))
    app = Workbench(opened, engine=EngineProcess(host=host), settings=settings)
    return app.run() or 0
