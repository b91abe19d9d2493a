"""An adapter without Keras, for tests of the process around it: what it does is decided by the file's name.

It is imported in the engine's process only. `run` gives back the plan's inputs as outputs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import ModelFileError
from lstm_tui.model_file.facts import ModelFacts, TensorFacts
from lstm_tui.recurrent.calls import CallOutcome, Run, RunPlan


class StandIn:
    """A model that echoes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def facts(self) -> ModelFacts:
        text = TensorFacts("x", (None, None, 1))
        return ModelFacts(
            self._path, self._path.stem, "keras", "3.0", (text,), (text,), (), parameters=os.getpid()
        )

    def run(self, plan: RunPlan, on_progress: Callable[[str, float | None], None]) -> Run:
        on_progress("echoing", 0.5)
        if self._path.stem.startswith("run-"):
            act(self._path.stem.removeprefix("run-"))
        return Run(plan.key, (CallOutcome("predict", dict(plan.inputs)),))


def open_model(path: Path, options: EngineOptions) -> StandIn:
    """Do what the name of the file says, then load."""
    del options
    if not path.stem.startswith("run-"):
        act(path.stem)
    return StandIn(path)


def act(deed: str) -> None:
    """One misdeed of a model."""
    if deed in DEEDS:
        DEEDS[deed]()


def refuse() -> None:
    raise ModelFileError("The file is cut short.", todo="Copy it again.")


def stumble() -> None:
    raise ZeroDivisionError("nobody thought of this")


def make_noise() -> None:
    print("NOISE through print")
    for descriptor in (1, 2):
        os.write(descriptor, b"NOISE through the descriptor\n")
    os.system("echo NOISE of a child; echo NOISE of a child >&2")


def write_garbage() -> None:
    """What a compromised engine could do: bytes of its own choice into every socket it has."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\xff" * 64)
        except OSError:
            continue
    time.sleep(60)


def hang_up() -> None:
    """Close every socket and live on."""
    os.closerange(3, 64)
    time.sleep(60)


def clear_the_screen() -> None:
    raise RuntimeError("\x1b[2J")


def leave() -> None:
    print("last words", file=sys.stderr)
    os._exit(3)


DEEDS: dict[str, Callable[[], object]] = {
    "refuse": refuse,
    "stumble": stumble,
    "memory": lambda: np.empty(1 << 60, np.uint8),
    "noise": make_noise,
    "sleep": lambda: time.sleep(60),
    "abort": os.abort,
    "garbage": write_garbage,
    "leave": leave,
    "escape": clear_the_screen,
    "hang-up": hang_up,
    "exit": lambda: sys.exit(3),
}


def versions() -> str:
    return "a stand-in"
