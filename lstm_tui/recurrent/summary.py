"""What there is to say of an array that is too large to be kept: its range, its mean, what is not finite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Summary:
    """Of the finite values, `count` of them; NaN where there are none. broken: how many are not finite."""

    low: float
    high: float
    mean: float
    count: int
    broken: int = 0


def summary_of(values: NDArray[np.generic]) -> Summary:
    """Of an array that is there."""
    numbers = np.asarray(values, np.float64) if values.dtype.kind in "biuf" else np.zeros(0)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return Summary(np.nan, np.nan, np.nan, 0, numbers.size)
    return Summary(
        float(finite.min()),
        float(finite.max()),
        float(finite.mean()),
        finite.size,
        numbers.size - finite.size,
    )


def joined_summaries(parts: Sequence[Summary]) -> Summary:
    """Of several arrays as one."""
    some = [part for part in parts if part.count]
    count, broken = sum(part.count for part in some), sum(part.broken for part in parts)
    if not count:
        return Summary(np.nan, np.nan, np.nan, 0, broken)
    mean = sum(part.mean * part.count for part in some) / count
    return Summary(min(part.low for part in some), max(part.high for part in some), mean, count, broken)
