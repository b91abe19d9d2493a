"""Models for the tests in a pseudo-terminal, from a child: `python -m tests.tui.terminal_models FOLDER`.

One that is measured (two LSTM layers of 128 units), a small one, one that prints wherever it can, and some
that must not be opened or hold nothing to record. The arrays beside them are written by `terminal.py`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import keras
from keras import layers

from benchmarks.models import SMALL
from benchmarks.models import main as write_measured

#: A custom layer that shouts on every way out, at import, while tracing and while running; and that kills its
#: process where a file in the working directory asks for it.
LOUD_MODULE = """
import os
import signal
import sys
from pathlib import Path

import keras
import tensorflow as tf


def shout(where):
    os.write(1, f"LOUD {where} fd 1\\n".encode())
    os.write(2, f"LOUD {where} fd 2\\n".encode())
    print(f"LOUD {where} stdout", flush=True)
    print(f"LOUD {where} stderr", file=sys.stderr, flush=True)


def die_if_asked(when):
    if Path(f"die-{when}").exists():
        os.kill(os.getpid(), signal.SIGKILL)


def on_values(values):
    shout("running")
    die_if_asked("running")
    return values


shout("import")


class Loud(keras.layers.Layer):
    def __init__(self, **options):
        die_if_asked("loading")
        super().__init__(**options)

    def call(self, x):
        shout("tracing")
        tf.print("LOUD tf.print")
        y = tf.numpy_function(on_values, [x], x.dtype)
        y.set_shape(x.shape)
        return y
"""


def small() -> keras.Model:
    """`(batch, timesteps, 3)` to `(batch, 1)`."""
    return keras.Sequential(
        [keras.Input((None, 3), name="x"), layers.LSTM(4, name="lstm"), layers.Dense(1, name="head")]
    )


def no_recurrence() -> keras.Model:
    """Dense alone."""
    return keras.Sequential([keras.Input((4,), name="x"), layers.Dense(3), layers.Dense(1, name="head")])


def with_lambda() -> keras.Model:
    """Its file holds Python bytecode."""
    return keras.Sequential(
        [keras.Input((None, 3), name="x"), layers.Lambda(lambda x: x * 2.0), layers.LSTM(4, name="lstm")]
    )


def loud(folder: Path) -> keras.Model:
    """With the layer of `LOUD_MODULE`, which is left in `folder`."""
    folder.joinpath("loud_layer.py").write_text(LOUD_MODULE, encoding="utf-8")
    sys.path.insert(0, str(folder))
    layer = importlib.import_module("loud_layer").Loud(name="loud")
    return keras.Sequential([keras.Input((None, 3), name="x"), layer, layers.LSTM(4, name="lstm")])


def main(folder: Path) -> None:
    """Write every model into `folder`."""
    write_measured(folder, SMALL)
    keras.utils.set_random_seed(1)
    for build in (small, no_recurrence, with_lambda):
        build().save(folder / f"{build.__name__}.keras")
    loud(folder).save(folder / "loud.keras")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
