"""How long the screen stands still while TensorFlow starts: the worst gap of a 20 ms timer in its process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import Figure, Sample, at_most
from benchmarks.models import ROOT, Files
from tests.pseudo_terminal import PseudoTerminal

WORST_MILLISECONDS = 150.0

#: The same timer in a process that does nothing else: what the machine alone makes of 20 ms.
_BARE_TIMER = """
import time
worst, last = 0.0, time.perf_counter()
while True:
    time.sleep(0.02)
    now = time.perf_counter()
    gap, last = now - last, now
    if gap > worst:
        worst = gap
        print(worst, flush=True)
"""


def stalls(files: Files, own_place: dict[str, str], folder: Path, *, quick: bool) -> list[Figure]:
    """The worst gap until the engine is ready, and until the first recording is on the screen."""
    starting, all_along, bare = [], [], []
    for number in range(3 if quick else 7):
        gaps, idle = _gaps(files, own_place, folder / f"gaps-{number}.json")
        starting.append(1000 * max(gap for stage, gap in gaps if stage == "starting"))
        all_along.append(1000 * max(gap for _, gap in gaps))
        bare.append(1000 * idle)
    alone = f"the same timer in an idle process meanwhile: {Sample(tuple(bare)).words('{:.0f}')} ms"
    return [
        at_most(
            "worst gap of a 20 ms timer while TensorFlow starts",
            Sample(tuple(starting)),
            WORST_MILLISECONDS,
            "{:.0f}",
            " ms",
            aside=alone,
        ),
        Figure(
            "worst gap from the first frame until the recording is drawn",
            Sample(tuple(all_along)).words("{:.0f} ms"),
        ),
    ]


def _gaps(files: Files, own_place: dict[str, str], target: Path) -> tuple[list[tuple[str, float]], float]:
    words = [target, files.model, "--input", files.input]
    command = [sys.executable, "-m", "benchmarks.probed_app", *map(str, words)]
    with (
        subprocess.Popen([sys.executable, "-c", _BARE_TIMER], stdout=subprocess.PIPE, text=True) as bare,
        PseudoTerminal(command, environment=own_place, cwd=ROOT) as terminal,
    ):
        terminal.wait_until(target.exists, "the gaps", 120)
        terminal.settle(0.2)
        bare.kill()
        said = bare.communicate()[0].splitlines()
    return json.loads(target.read_text(encoding="utf-8")), float(said[-1])
