"""Small Keras models whose weights are not as initialised, asked every check that there is."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from lstm_tui.checks.catalogue import CHECKS
from lstm_tui.checks.check import Check
from lstm_tui.checks.finding import Finding
from tests.checks.outputs.asking import asked, diagnosed

RNG = np.random.default_rng(5)


def lived_in(*layers: Any, features: int = 1) -> Any:
    """A Sequential of an input `(batch, timesteps, features)` and these layers, weights moved a little."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((None, features), name="x"), *layers])
    rng = np.random.default_rng(3)
    for weight in model.trainable_weights:
        values = np.asarray(weight)
        weight.assign(values + 0.05 * rng.normal(size=values.shape))
    return model


def trained(model: Any, x: Any, y: Any, *, epochs: int = 20, rate: float = 0.02, loss: str = "mse") -> Any:
    """The model after some epochs of Adam."""
    keras.utils.set_random_seed(3)
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
    return model


def first(model: Any, x: Any, **known: Any) -> Finding:
    """What all checks together find first."""
    return diagnosed(CHECKS, model, x, **known).findings[0]


def silent(check: Check, model: Any, x: Any, **known: Any) -> bool:
    """Whether the check finds nothing above info."""
    return all(finding.severity == "info" for finding in asked(check, model, x, **known))


def waves(rows: int, steps: int, features: int = 1) -> Any:
    """Windows `(rows, timesteps, features)` of a wave with noise."""
    time = np.arange(rows + steps)[:, None] / (2 + np.arange(features))
    series = np.sin(time) + 0.1 * np.random.default_rng(2).normal(size=(rows + steps, features))
    starts = np.arange(rows)[:, None] + np.arange(steps)
    return series[starts].astype(np.float32)
