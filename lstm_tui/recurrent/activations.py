"""Activations by the name that a layer's configuration has for them, in float64.

Those whose formula is the same in every version of Keras 3; of any other it is said that it is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Activation = Callable[[Floats], Floats]


def activation_of(name: Any) -> Activation | None:
    """The function of this name, of a vector; None where it is not known. No name is `linear`."""
    return ACTIVATIONS.get("linear" if name is None else name) if isinstance(name, str | None) else None


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - np.max(values, initial=-np.inf))
    return cast(Floats, powers / powers.sum())


def _sigmoid(values: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(0.5 * values))


def _elu(values: Floats) -> Floats:
    return np.where(values > 0, values, np.expm1(np.minimum(values, 0)))


ACTIVATIONS: dict[str, Activation] = {
    "linear": lambda values: values,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "hard_sigmoid": lambda values: cast(Floats, np.clip(values / 6 + 0.5, 0, 1)),
    "relu": lambda values: np.maximum(values, 0),
    "softmax": _softmax,
    "softplus": lambda values: cast(Floats, np.logaddexp(values, 0)),
    "softsign": lambda values: values / (1 + np.abs(values)),
    "exponential": np.exp,
    "elu": _elu,
    "silu": lambda values: values * _sigmoid(values),
    "swish": lambda values: values * _sigmoid(values),
}
