"""A random input of the right shape, for a model without data at hand; a seed always gives the same."""

from __future__ import annotations

import numpy as np

from lstm_tui.arrays.sizes import Size, check_result, shown_shape
from lstm_tui.errors import InputFileError
from lstm_tui.recurrent.recording import Array, Shape, read_only

DEFAULT_TIMESTEPS = 50


def concrete_shape(shape: Shape, *, batch: int = 1, timesteps: int = DEFAULT_TIMESTEPS) -> Size:
    """`(None, None, features)` with `batch` and `timesteps` filled in; a further free axis becomes 1."""
    filling = (batch, timesteps, *(1 for _ in shape[2:]))
    return tuple(fill if size is None else size for size, fill in zip(shape, filling, strict=False))


def random_input(
    shape: Shape,
    dtype: str = "float32",
    seed: int = 0,
    *,
    batch: int = 1,
    timesteps: int = DEFAULT_TIMESTEPS,
    vocabulary: int | None = None,
) -> Array:
    """Standard normal numbers, or ids below `vocabulary`, in the shape of a model's input.

    vocabulary: how many rows the Embedding behind the input has; ids then come in any dtype, as Keras'
    inputs are
        float32 unless they say otherwise. Without it, an integer input gets the ids 0 and 1, a bool False
        and True.
    """
    size = concrete_shape(shape, batch=batch, timesteps=timesteps)
    kind = np.dtype(dtype)
    if any(axis < 0 for axis in size):
        raise InputFileError(f"{shown_shape(size)} is not a shape.", expected="sizes of zero or more")
    check_result(size, max(kind.itemsize, 8), InputFileError, "A random input", "choose fewer timesteps")
    generator = np.random.RandomState(seed)  # its numbers never change, NumPy promises
    if vocabulary is not None or kind.kind in "iub":
        return read_only(generator.randint(0, max(vocabulary or 2, 1), size=size).astype(kind))
    return read_only(generator.standard_normal(size).astype(kind))
