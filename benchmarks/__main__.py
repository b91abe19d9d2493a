"""`python -m benchmarks [--quick] [--only NAME]`: every figure in one table, ratios taken in one run."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.asking import asking
from benchmarks.checks import checks
from benchmarks.flight import flight
from benchmarks.gradients import gradients
from benchmarks.long import long
from benchmarks.measuring import Figure, table
from benchmarks.models import Files, written
from benchmarks.recording import recording
from benchmarks.replay import replay
from benchmarks.serving import serving
from benchmarks.stalls import stalls
from benchmarks.startup import startup
from benchmarks.stepping import stepping
from benchmarks.why import why_answers
from benchmarks.window import window


@dataclass(frozen=True)
class Place:
    """Where one run of the benchmarks keeps its files, away from the user's settings and unsaved work."""

    folder: Path
    files: Files
    quick: bool

    @property
    def environment(self) -> dict[str, str]:
        """For the app under measurement."""
        return {
            "LSTM_TUI_STATE": str(self.folder / "state"),
            "LSTM_TUI_SETTINGS": str(self.folder / "settings.toml"),
        }


#: In the order of the table.
BENCHMARKS: dict[str, Callable[[Place], list[Figure]]] = {
    "startup": lambda place: startup(place.files, place.environment, quick=place.quick),
    "stalls": lambda place: stalls(place.files, place.environment, place.folder, quick=place.quick),
    "stepping": lambda place: stepping(place.files, place.environment, quick=place.quick),
    "recording": lambda place: recording(quick=place.quick),
    "gradients": lambda place: gradients(quick=place.quick),
    "window": lambda place: window(quick=place.quick),
    "why": lambda place: why_answers(quick=place.quick),
    "checks": lambda place: checks(quick=place.quick),
    "replay": lambda place: replay(place.folder, quick=place.quick),
    "flight": lambda place: flight(quick=place.quick),
    "serving": lambda place: serving(quick=place.quick),
    "asking": lambda place: asking(quick=place.quick),
    "long": lambda place: long(place.folder, quick=place.quick),
}


def main() -> int:
    """Print the table; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and the smaller case alone")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="this part; may be given again")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), written(Path(folder)), chosen.quick)
        for name in chosen.only or BENCHMARKS:
            began = time.perf_counter()
            figures += BENCHMARKS[name](place)
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    print(f"{_machine()}\n\n{table(figures)}")
    return int(any(figure.met is False for figure in figures))


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "textual", "numpy"))
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return (
        f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores, "
        f"load {load:.1f} a core at the end. Median (middle half of the rounds)."
    )


if __name__ == "__main__":
    sys.exit(main())
