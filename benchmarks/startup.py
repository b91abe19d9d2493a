"""How soon something useful is on the screen, against the time that importing TensorFlow takes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Figure, at_most, in_turn
from benchmarks.models import ROOT, Files
from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions
from tests.pseudo_terminal import PseudoTerminal, lstm_tui


def startup(files: Files, own_place: dict[str, str], *, quick: bool) -> list[Figure]:
    """The first frame of the workbench, and `inspect --json`. Medians of rounds; the files are in cache."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each start compiles the house anew, TensorFlow not
    environment = {**os.environ, **tensorflow_environment(EngineOptions()), **own_place}

    def command(words: Sequence[str | Path]) -> None:
        subprocess.run([*map(str, words)], env=environment, cwd=ROOT, check=True, capture_output=True)

    def first_frame() -> None:
        _frame_with_layers(lstm_tui(files.model, "--input", files.input), own_place)

    things = {
        "import": lambda: command([sys.executable, "-c", "import tensorflow"]),
        "frame": first_frame,
        "inspect": lambda: command(lstm_tui("inspect", files.model, "--json")),
    }
    in_turn(things, 1)  # bytecode and files into the cache
    seconds = in_turn(things, 3 if quick else 9)
    told = " · ".join(f"{name} {seconds[name].words('{:.2f}')} s" for name in ("frame", "inspect", "import"))
    return [
        at_most(
            "first frame with the model's layers, against `import tensorflow`",
            seconds["frame"].over(seconds["import"]),
            0.2,
            aside=told,
        ),
        at_most(
            "`inspect --json`, against `import tensorflow`", seconds["inspect"].over(seconds["import"]), 0.1
        ),
    ]


def _frame_with_layers(command: Sequence[str], own_place: dict[str, str]) -> None:
    """From the start of the process until all three layers stand on the screen."""
    terminal = PseudoTerminal(command, environment=own_place, cwd=ROOT)
    try:
        terminal.wait_until(
            lambda: all(name in terminal.text for name in ("lstm_1", "lstm_2", "dense")), "the layers"
        )
    finally:
        # The time that the end takes is not asked here, and SIGKILL ends the engine as well.
        terminal.process.kill()
        terminal.close()
