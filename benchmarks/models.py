"""Models and inputs that are measured, from seeds: `python -m benchmarks.models FOLDER` writes them.

Keras is imported inside the functions: who only wants the paths starts no TensorFlow.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions
from lstm_tui.recurrent.recording import Array

ROOT = Path(__file__).resolve().parents[1]
FEATURES = 5


@dataclass(frozen=True)
class Case:
    """Two LSTM layers of `units` on one sequence of `timesteps`."""

    timesteps: int
    units: int

    @property
    def words(self) -> str:
        """`T 200 × 128 units × 2`."""
        return f"T {self.timesteps} × {self.units} units × 2"


#: The sizes that the goals are set for.
SMALL, LARGE = Case(200, 128), Case(1000, 256)


@dataclass(frozen=True)
class Files:
    """A model file and an input for it."""

    model: Path
    input: Path


def stacked_lstm(units: int, *, stateful: bool = False) -> Any:
    """`(batch, timesteps, 5)` to `(batch, 1)` through two LSTM layers."""
    import keras

    keras.utils.set_random_seed(7)
    shape = {"batch_shape": (1, None, FEATURES)} if stateful else {"shape": (None, FEATURES)}
    layers = [
        keras.Input(**shape, name="x"),
        keras.layers.LSTM(units, return_sequences=True, stateful=stateful, name="lstm_1"),
        keras.layers.LSTM(units, stateful=stateful, name="lstm_2"),
        keras.layers.Dense(1, name="dense"),
    ]
    return keras.Sequential(layers, name=f"lstm_{units}")


def sequence(timesteps: int) -> Array:
    """`(1, timesteps, 5)`: walks that wander off and come back, as measured data do."""
    noise = np.random.default_rng(7).normal(size=(1, timesteps, FEATURES))
    walk = noise.cumsum(axis=1) / 5
    return np.asarray(walk - walk.mean(axis=1, keepdims=True), dtype=np.float32)


def written(folder: Path, case: Case = SMALL) -> Files:
    """Model and input as files in `folder`, built by a process of its own."""
    environment = {**os.environ, **tensorflow_environment(EngineOptions())}
    command = [sys.executable, "-m", "benchmarks.models", str(folder), str(case.timesteps), str(case.units)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the model could not be built:\n{done.stderr}")
    return files_of(folder, case)


def files_of(folder: Path, case: Case) -> Files:
    """Where `written` puts them."""
    return Files(folder / f"lstm_{case.units}.keras", folder / f"x_{case.timesteps}.npy")


def main(folder: Path, case: Case) -> None:
    """Write model and input."""
    files = files_of(folder, case)
    stacked_lstm(case.units).save(files.model)
    np.save(files.input, sequence(case.timesteps))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Case(*map(int, sys.argv[2:])))
