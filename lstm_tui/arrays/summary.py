"""What an array holds, in a few numbers: shape, range, mean, NaN and inf. One pass, in pieces, any size.

NaN and inf are counted and left out of the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.arrays.sizes import Size
from lstm_tui.recurrent.recording import Array

_ELEMENTS_AT_ONCE = 2**18


@dataclass(frozen=True)
class Summary:
    """minimum, maximum, mean, std: of the finite values; NaN where there are none.

    mean and std are inf where their sums overflow float64. constant: every value is the same finite number.
    """

    shape: Size
    dtype: str
    minimum: float
    maximum: float
    mean: float
    std: float
    nan_count: int
    inf_count: int
    constant: bool

    @property
    def all_finite(self) -> bool:
        """Whether there is neither NaN nor inf."""
        return not self.nan_count and not self.inf_count


@dataclass
class _Moments:
    """Count, mean and sum of squared deviations of what was seen, merged pairwise (Chan et al., 1979)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf

    def add(self, values: Array) -> None:
        if not values.size:
            return
        count, mean = values.size, float(values.mean())
        total, delta = self.count + count, mean - self.mean
        self.squares += float(np.square(values - mean).sum()) + delta * delta * self.count * count / total
        self.mean += delta * count / total
        self.count = total
        self.minimum = min(self.minimum, float(values.min()))
        self.maximum = max(self.maximum, float(values.max()))


def describe(array: Array) -> Summary:
    """The summary of an array of numbers; memory stays small however large, mapped or strided it is."""
    moments, nans, infs = _Moments(), 0, 0
    with np.errstate(over="ignore", invalid="ignore"):
        for values in _pieces(array):
            finite = np.isfinite(values)
            if finite.all():
                moments.add(values)
                continue
            moments.add(values[finite])
            missing = int(np.isnan(values).sum())
            nans, infs = nans + missing, infs + values.size - int(finite.sum()) - missing
        spread = math.sqrt(moments.squares / moments.count) if moments.count else math.nan
    return Summary(
        shape=array.shape,
        dtype=array.dtype.name,
        minimum=moments.minimum if moments.count else math.nan,
        maximum=moments.maximum if moments.count else math.nan,
        mean=moments.mean if moments.count else math.nan,
        std=spread,
        nan_count=nans,
        inf_count=infs,
        constant=moments.count == array.size > 0 and moments.minimum == moments.maximum,
    )


def _pieces(array: Array) -> Iterator[Array]:
    """The numbers as float64, flat, some at a time, in the order in which they lie in memory."""
    if not array.size:
        return
    yield from np.nditer(
        array,
        flags=["external_loop", "buffered"],
        op_dtypes=[np.float64],
        casting="unsafe",
        order="K",
        buffersize=_ELEMENTS_AT_ONCE,
    )
