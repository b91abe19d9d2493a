"""The workbench with a 20 ms timer in it, which writes its gaps to a file. `stalls` runs it.

    python -m benchmarks.probed_app GAPS.json MODEL [OPTION...]

A gap is the time between two ticks; on an idle machine 20 ms. Each is told with what the engine did.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

PERIOD = 0.02


def main(gaps: Path) -> None:
    """Start the app as its command line does, with a subclass of it in the place of the app."""
    from lstm_tui import cli
    from lstm_tui.tui import start

    run = start._run

    def run_probed(*arguments: Any) -> int:
        # Not before: the engine starts first, and Textual is imported while TensorFlow is.
        from lstm_tui.tui import app

        app.Workbench = _probed(app.Workbench, gaps)  # type: ignore[misc]
        return run(*arguments)

    start._run = run_probed  # type: ignore[assignment]
    cli.main()


def _probed(workbench: Any, gaps: Path) -> Any:
    class Probed(workbench):  # type: ignore[misc]
        def on_ready(self) -> None:
            """From the first frame on."""
            self._ticking = asyncio.create_task(_tick(self, gaps))

    return Probed


async def _tick(app: Any, gaps: Path) -> None:
    found: list[tuple[str, float]] = []
    last = time.perf_counter()
    while app.session is None or app.session.run is None:
        await asyncio.sleep(PERIOD)
        now = time.perf_counter()
        found.append((app.session.engine.stage if app.session else "", now - last))
        last = now
    gaps.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv.pop(1))
    main(target)
