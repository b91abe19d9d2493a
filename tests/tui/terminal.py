"""The app as the tests in a pseudo-terminal start it: a place of its own for what it keeps, small files.

Models are built once for all of these tests and all workers, by a child process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions
from tests.built_once import built_once
from tests.pseudo_terminal import PseudoTerminal, lstm_tui

ROOT = Path(__file__).resolve().parents[2]
ESCAPE, ENTER, CTRL_C, CTRL_L, CTRL_R, HOME = "\x1b", "\r", "\x03", "\x0c", "\x12", "0"
#: The smallest window that the app is made for, the usual one, and a large one.
TINY, USUAL, LARGE = (40, 10), (80, 24), (200, 50)


def model_files() -> Path:
    """A folder with the models of `terminal_models.py`, and the arrays below. Nobody writes there."""
    return built_once("terminal", _build_model_files)


def _build_model_files(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tui.terminal_models", str(folder)],
        env={**os.environ, **tensorflow_environment(EngineOptions())},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name, array in arrays().items():
        np.save(folder / f"{name}.npy", array)


def arrays() -> dict[str, np.ndarray[Any, Any]]:
    """Inputs for the small model, `(batch, timesteps, 3)`: one that fits, and those that are wrong."""
    x = np.random.default_rng(3).normal(size=(1, 20, 3)).astype(np.float32)
    spoilt = x.copy()
    spoilt[0, 5, 1], spoilt[0, 9, 0], spoilt[0, 9, 2] = np.nan, np.inf, -np.inf
    return {
        "x": x,
        "no_batch_axis": x[0],
        "an_axis_more": x[None],
        "two_features": x[..., :2],
        "swapped": x.transpose(0, 2, 1).copy(),
        "a_number": np.float32(3.0),
        "no_steps": x[:, :0],
        "no_rows": x[:0],
        "one_step": x[:, :1],
        "spoilt": spoilt,
        "all_nan": np.full_like(x, np.nan),
        "all_inf": np.full_like(x, np.inf),
        "long": np.tile(x, (1, 100, 1)),
    }


def started(
    *arguments: str | Path,
    place: Path,
    size: tuple[int, int] = USUAL,
    environment: Mapping[str, str] | None = None,
    **more: Any,
) -> PseudoTerminal:
    """The app on `arguments`, with settings and state under `place`; TensorFlow is on its way."""
    own = {
        "LSTM_TUI_STATE": str(place / "state"),
        "LSTM_TUI_SETTINGS": str(place / "settings.toml"),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{model_files()}",
    }
    return PseudoTerminal(
        lstm_tui(*arguments),
        columns=size[0],
        rows=size[1],
        environment={**own, **(environment or {})},
        cwd=place,
        **more,
    )


def stepping(terminal: PseudoTerminal, steps: int) -> PseudoTerminal:
    """The app once its first recording of `steps` timesteps is on the screen and the engine rests."""
    terminal.wait_for(f"t 0 of {steps}", 120)
    terminal.wait_for("engine ready", 60)
    terminal.settle()
    return terminal


def leave(terminal: PseudoTerminal) -> None:
    """Escape, and no key right behind it: together they would be one key with Alt."""
    terminal.press(ESCAPE)
    terminal.settle(0.25)


def at_rest(terminal: PseudoTerminal) -> None:
    """Nothing in front, the cursor at the first step: where each test that shares an app begins."""
    leave(terminal)
    terminal.press(HOME)
    terminal.wait_for("t 0 of")
    terminal.settle(0.1)
