"""What a kind of model in the zoo is: a model with random weights and an input that fits, from a seed.

Weights are random with lively gates: freshly initialised ones would hide a bias that is added twice or a
state that is never read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import Input, Sequential, layers

BATCH, STEPS, FEATURES = 2, 6, 3


@dataclass(frozen=True, eq=False)
class Specimen:
    """A model with an input that fits it.

    rounding: 0.0 where the recording's output must be equal to that of `predict` to the bit; else how far
    they may
        lie apart, for the reason given where it is set.
    unrecorded: paths of recurrent layers that cannot be recorded.
    half: whether the arithmetic is in half precision.
    """

    model: keras.Model
    inputs: Mapping[str, np.ndarray]
    rounding: float = 0.0
    unrecorded: tuple[str, ...] = ()
    half: bool = False
    custom: bool = field(default=False)


def build(kind: Callable[[], Specimen]) -> Specimen:
    """The specimen with the same weights and input every time."""
    seed = zlib.crc32(kind.__name__.encode()) % 2**31
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    specimen = kind()
    enliven(specimen.model, seed)
    return specimen


def enliven(model: keras.Model, seed: int) -> None:
    """Random weights of ordinary size in every layer, biases too; statistics stay positive."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed" in weight.path:
            continue
        values = generator.normal(0.0, 0.5, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)


def sequence(*shape: int, seed: int = 1) -> np.ndarray:
    """Random numbers, `(batch, timesteps, features)` unless said otherwise."""
    shape = shape or (BATCH, STEPS, FEATURES)
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def chain(*stages: layers.Layer, stateful: bool = False, steps: int | None = None, **kwargs) -> Specimen:
    """A sequential model on the usual input."""
    batch = BATCH if stateful else None
    return Specimen(
        Sequential([Input(batch_shape=(batch, steps, FEATURES)), *stages]), {"x": sequence()}, **kwargs
    )


def padded(*, left: int = 0, right: int = 0) -> np.ndarray:
    """The usual input with masked (zero) steps in the first sample."""
    x = sequence()
    x[0, :left] = 0.0
    x[0, STEPS - right :] = 0.0
    return x


def masked(x: np.ndarray, *stages: layers.Layer, **kwargs) -> Specimen:
    """A chain behind a Masking layer."""
    return Specimen(Sequential([Input((None, FEATURES)), layers.Masking(), *stages]), {"x": x}, **kwargs)
