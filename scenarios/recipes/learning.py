"""Training as the recipes need it: small, quiet, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np


def learn(
    model: keras.Model,
    inputs: Any,
    target: Any,
    *,
    epochs: int,
    rate: float = 0.01,
    loss: str = "mse",
    batch_size: int = 32,
    shuffle: bool = True,
) -> keras.Model:
    """Fit `model` with Adam and clipped gradients; returns it."""
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss)
    model.fit(inputs, target, epochs=epochs, batch_size=batch_size, shuffle=shuffle, verbose=0)
    return model


def learn_in_stretches(model: keras.Model, series: Any, *, stretch: int, rounds: int) -> keras.Model:
    """Train a stateful model on `series` `(batch, timesteps, features)`, `stretch` steps a batch.

    The target is the first feature one step later: at each step, or after the stretch where the model gives
    one value. The states are reset where the series begins again and after the last round.
    """
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), "mse")
    each_step = len(model.output_shape) == 3
    for _ in range(rounds):
        reset(model)
        for start in range(0, series.shape[1] - stretch, stretch):
            end = start + stretch
            following = series[:, start + 1 : end + 1, :1]
            model.train_on_batch(series[:, start:end], following if each_step else following[:, -1])
    reset(model)
    return model


def reset(model: keras.Model) -> None:
    """Set every stateful layer to zeros, nested ones too."""
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()


def stack(
    *layers: keras.layers.Layer, inputs: Sequence[int | None], batch: int | None = None
) -> keras.Sequential:
    """A Sequential model for sequences of the shape `inputs`, `(timesteps, features)`."""
    return keras.Sequential([keras.Input(tuple(inputs), batch_size=batch, name="sequence"), *layers])


def rebuilt(model: keras.Model, *, batch: int, **changes: object) -> keras.Sequential:
    """A stateful model of the same weights for `batch` rows, its recurrent layers changed by `changes`."""
    fresh = []
    for layer in model.layers:
        config = layer.get_config()
        if isinstance(layer, keras.layers.RNN):
            config |= {"stateful": True, **changes}
        fresh.append(type(layer).from_config(config))
    copy = stack(*fresh, inputs=model.input_shape[1:], batch=batch)
    copy.set_weights(model.get_weights())
    return copy


def fed_back(model: keras.Model, window: Any, steps: int) -> np.ndarray:
    """`steps` predictions `(batch, steps, 1)`, each pushed into the window `(batch, timesteps, 1)`."""
    made = []
    for _ in range(steps):
        made.append(model.predict(window, verbose=0))
        window = np.concatenate([window[:, 1:], made[-1][:, None]], axis=1)
    return np.stack(made, axis=1)
