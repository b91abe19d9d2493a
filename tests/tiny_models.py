"""Small models for tests, written by a process of its own: `python tests/tiny_models.py FOLDER`.

Every function gives one model, saved as `NAME.keras`; `lstm` is saved as `lstm.h5` as well. Weights come from
a seed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
from keras import layers


def lstm() -> keras.Model:
    """`(batch, timesteps, 3)` to `(batch, 1)`."""
    return keras.Sequential(
        [layers.Input((None, 3), name="x"), layers.LSTM(4, name="lstm"), layers.Dense(1, name="head")]
    )


def gru() -> keras.Model:
    """A prediction at every step, `(batch, timesteps, 2)`."""
    return keras.Sequential(
        [
            layers.Input((None, 3), name="x"),
            layers.GRU(4, return_sequences=True, name="gru"),
            layers.Dense(2, name="head"),
        ]
    )


def two_layers() -> keras.Model:
    """An LSTM over an LSTM, with a fixed length."""
    return keras.Sequential(
        [
            layers.Input((20, 3), name="x"),
            layers.LSTM(8, return_sequences=True, name="lstm_1"),
            layers.LSTM(4, name="lstm_2"),
            layers.Dense(1, name="head"),
        ]
    )


def stateful() -> keras.Model:
    """Bound to a batch of one; it remembers from call to call."""
    x = keras.Input(batch_shape=(1, None, 3), name="x")
    hidden = layers.LSTM(4, stateful=True, name="lstm")(x)
    return keras.Model(x, layers.Dense(1, name="head")(hidden), name="stateful")


def bidirectional() -> keras.Model:
    """An LSTM each way, `(batch, timesteps, 3)` to `(batch, 1)`."""
    both = layers.Bidirectional(layers.LSTM(4), name="both")
    return keras.Sequential([layers.Input((None, 3), name="x"), both, layers.Dense(1, name="head")])


def main(folder: Path) -> None:
    """Write every model into `folder`."""
    for build in (lstm, gru, two_layers, stateful, bidirectional):
        keras.utils.set_random_seed(1)
        model = build()
        model.save(folder / f"{build.__name__}.keras")
        if build is lstm:
            model.save(folder / "lstm.h5")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
