"""The weights of CuDNN layers in the layout of LSTM and GRU, as Keras 2 itself converted them.

cuDNN keeps every gate's kernel transposed and two biases a gate, one for the input and one for the state
before. An LSTM adds its two biases; a GRU that resets after the product keeps both, as rows. Source:
`_convert_rnn_weights` of Keras 2.15.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
_GATES = {"CuDNNLSTM": 4, "CuDNNGRU": 3}


def as_plain_weights(class_name: str, kernel: Values, recurrent: Values, bias: Values) -> tuple[Values, ...]:
    """Kernel `(features, gates × units)`, recurrent kernel `(units, gates × units)` and bias.

    The bias goes from `(2 × gates × units,)` to `(4 × units,)` for an LSTM, `(2, 3 × units)` for a GRU.
    Raises: ValueError where the shapes are not those of the class.
    """
    gates = _GATES[class_name]
    if kernel.ndim != 2 or recurrent.ndim != 2 or bias.shape != (2 * kernel.shape[1],):
        raise ValueError(
            f"not the weights of a {class_name}: {kernel.shape}, {recurrent.shape}, {bias.shape}"
        )
    inputs = [part.T.reshape(part.shape, order="F") for part in np.hsplit(kernel, gates)]
    states = [part.T for part in np.hsplit(recurrent, gates)]
    both = bias.reshape(2, -1)
    summed = both.sum(axis=0) if class_name == "CuDNNLSTM" else both
    return np.hstack(inputs), np.hstack(states), summed


def fused_bias(class_name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in a CuDNN layer of what is a bias of this shape in its successor."""
    return (2 * shape[0],) if class_name == "CuDNNLSTM" else (shape[0] * shape[1],)
