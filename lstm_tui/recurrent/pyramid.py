"""A long sequence from afar: minimum, maximum and mean over bins, each level twice as coarse as the last.

A million steps are drawn from some thousand bins in a few milliseconds, and a spike of one step is in the
maximum of its bin at every level: it is not lost, as it would be by taking every n-th step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.recurrent.window import Window

#: Steps in a bin of the finest level. Where more detail is wanted, the steps themselves can be drawn. All
#: levels together take less than a tenth of the room of the steps.
FINEST_BIN = 64


@dataclass(frozen=True, eq=False)
class Level:
    """Arrays `(bins, ...)` over bins of `size` steps, the last of which may be short of steps.

    minimum, maximum: of the finite values; inf and -inf where a bin has none. mean: of the finite values, 0
    where there are none. count: how many are finite; None where all are, which is nearly always so.
    """

    size: int
    minimum: Array
    maximum: Array
    mean: Array
    count: Array | None = None

    @property
    def bins(self) -> int:
        """Number of bins."""
        return len(self.minimum)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.minimum, self.maximum, self.mean, self.count)
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True, eq=False)
class Overview:
    """Bins over a part of a sequence: arrays `(bins, ...)`, each made when it is asked for, since a picture
    of gates needs the mean alone and one of states all but the mean.

    level: what they are made from, `factor` of its bins taken as one. starts: `(bins,)`, the first step of
    each. first, last: `(bins,)`, which of those are in each.
    """

    level: Level
    factor: int
    timesteps: int
    starts: Array
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @cached_property
    def minimum(self) -> Array:
        """Of the finite values, NaN where a bin has none."""
        return self._extreme(np.minimum, self.level.minimum)

    @cached_property
    def maximum(self) -> Array:
        """Of the finite values, NaN where a bin has none."""
        return self._extreme(np.maximum, self.level.maximum)

    @cached_property
    def mean(self) -> Array:
        """Of the finite values, NaN where a bin has none."""
        means = _coarser_mean(self.level, self.timesteps, self.factor).astype(self.level.mean.dtype)
        with np.errstate(all="ignore"):
            return read_only(_reduced(np.add, means * self._counts, self.first, self.last) / self._count)

    @cached_property
    def broken(self) -> Array:
        """Where a bin holds NaN or infinity."""
        if self.level.count is None:
            return read_only(np.zeros((len(self.first), *self.level.minimum.shape[1:]), bool))
        size = self.level.size * self.factor
        steps = np.minimum(self.last * size, self.timesteps) - self.first * size
        return read_only(self._count < _beside(steps, self._count))

    @cached_property
    def _counts(self) -> Array:
        """Finite values in each bin of the coarser level, `(bins, ...)` or, where all are, `(bins, 1, …)`."""
        if self.level.count is not None:
            return _binned(np.add, self.level.count, self.factor, np.int32)
        return _beside(_sizes(self.timesteps, self.level.size * self.factor), self.level.minimum)

    @cached_property
    def _count(self) -> Array:
        """The same in each bin of this one."""
        return _reduced(np.add, self._counts, self.first, self.last)

    def _extreme(self, operation: np.ufunc, values: Array) -> Array:
        found = _reduced(operation, _binned(operation, values, self.factor), self.first, self.last)
        return read_only(found if self.level.count is None else np.where(self._count > 0, found, np.nan))


@dataclass(frozen=True, eq=False)
class Pyramid:
    """All levels of a sequence of `timesteps`, finest first."""

    timesteps: int
    levels: tuple[Level, ...]

    def overview(self, window: Window, bins: int) -> Overview:
        """`window` in `bins` bins of equal width, or one a step where it has fewer steps.

        Borders are rounded outwards to those of a level at least four times as fine, or to those of the
        finest level: a bin narrower than that of the finest level covers the whole of one.
        """
        window = Window(max(window.start, 0), min(window.stop, self.timesteps))
        bins = max(min(bins, len(window)), 0)
        edges = window.start + np.arange(bins + 1, dtype=np.int64) * len(window) // max(bins, 1)
        level, factor = self._level_for(len(window) / max(bins, 1) / 4)
        size = level.size * factor
        first, last = edges[:-1] // size, -(-edges[1:] // size)
        return Overview(level, factor, self.timesteps, read_only(edges[:-1]), first, last)

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest finite value of all; (0, 0) where there is none."""
        top = self.levels[-1]
        low, high = float(np.min(top.minimum, initial=np.inf)), float(np.max(top.maximum, initial=-np.inf))
        return (low, high) if low <= high else (0.0, 0.0)

    def _level_for(self, width: float) -> tuple[Level, int]:
        """The coarsest level with bins no wider than `width`, or the finest; and how many of its bins are no
        wider together, a power of two."""
        level = next((level for level in reversed(self.levels) if level.size <= width), self.levels[0])
        factor = max(int(width) // level.size, 1)
        return level, 1 << (factor.bit_length() - 1)


def pyramid_of(values: Array, finest: int = FINEST_BIN) -> Pyramid:
    """The pyramid of a whole sequence `(timesteps, ...)`."""
    levels = [level_of(values, finest)]
    while levels[-1].bins > 1:
        levels.append(coarser(levels[-1], len(values)))
    return Pyramid(len(values), tuple(levels))


def level_of(values: Array, size: int) -> Level:
    """One level over `(timesteps, ...)`. Numbers of less than 32 bits are kept as float32."""
    kind = np.result_type(values.dtype, np.float32) if values.dtype.kind == "f" else np.dtype(np.float32)
    values = np.asarray(values, kind)
    finite = np.isfinite(values)
    if finite.all():
        sizes = _beside(_sizes(len(values), size), values)
        mean = _binned(np.add, values, size) / sizes
        return Level(
            size, _binned(np.minimum, values, size), _binned(np.maximum, values, size), mean.astype(kind)
        )
    count = _binned(np.add, finite, size, np.int32)
    mean = _binned(np.add, np.where(finite, values, 0), size) / np.maximum(count, 1)
    return Level(
        size=size,
        minimum=_binned(np.minimum, np.where(finite, values, kind.type(np.inf)), size),
        maximum=_binned(np.maximum, np.where(finite, values, kind.type(-np.inf)), size),
        mean=mean.astype(kind),
        count=count,
    )


def coarser(level: Level, timesteps: int, factor: int = 2) -> Level:
    """`factor` bins as one, of a sequence of `timesteps`; at the end there may be fewer."""
    count = level.count
    return Level(
        level.size * factor,
        _binned(np.minimum, level.minimum, factor),
        _binned(np.maximum, level.maximum, factor),
        _coarser_mean(level, timesteps, factor).astype(level.mean.dtype),
        None if count is None else _binned(np.add, count, factor, np.int32),
    )


def _coarser_mean(level: Level, timesteps: int, factor: int) -> Array:
    """Bins of as many steps weigh the same; what is broken or short of steps is weighed by its count."""
    if level.count is not None:
        total = _binned(np.add, level.mean * level.count, factor)
        return total / np.maximum(_binned(np.add, level.count, factor), 1)
    means = _binned(np.add, level.mean, factor) / _beside(_sizes(level.bins, factor), level.mean)
    if timesteps % level.size:
        rest = slice((level.bins - 1) // factor * factor, None)
        weights = _sizes(timesteps, level.size)[rest]
        means[-1] = np.average(level.mean[rest], axis=0, weights=weights)
    return means


def joined(levels: Sequence[Level], timesteps: int) -> Level:
    """Levels of one size that follow one another, each but the last made of whole bins, as one."""
    first = levels[0]
    count = None
    if any(level.count is not None for level in levels):
        sizes = _sizes(timesteps, first.size).astype(np.int32)
        starts = np.cumsum([0, *(level.bins for level in levels)])
        parts = [
            _full(level, sizes[start : start + level.bins])
            for level, start in zip(levels, starts, strict=False)
        ]
        count = np.concatenate(parts)
    return Level(
        first.size,
        np.concatenate([level.minimum for level in levels]),
        np.concatenate([level.maximum for level in levels]),
        np.concatenate([level.mean for level in levels]),
        count,
    )


def _full(level: Level, sizes: Array) -> Array:
    if level.count is not None:
        return level.count
    return np.broadcast_to(_beside(sizes, level.minimum), level.minimum.shape)


def _sizes(timesteps: int, size: int) -> NDArray[np.int64]:
    """Steps in each bin: the last may have fewer."""
    starts = np.arange(0, timesteps, size, dtype=np.int64)
    return np.minimum(starts + size, timesteps) - starts


def _beside(per_bin: Array, like: Array) -> Array:
    """`(bins,)` with as many axes as `like`."""
    return per_bin.reshape((-1,) + (1,) * (like.ndim - 1))


def _binned(operation: np.ufunc, values: Array, size: int, kind: type = np.float64) -> Array:
    """`operation` over every `size` values. Sums are taken in `kind`, extremes keep the type of the values.

    Whole bins lie in an axis of their own, which NumPy reduces several times faster than by `reduceat`.
    """
    wide: dict[str, Any] = {"dtype": kind} if operation is np.add else {}
    if size == 1:
        return np.asarray(values, kind) if operation is np.add else values
    whole = len(values) // size * size
    bins = operation.reduce(values[:whole].reshape(-1, size, *values.shape[1:]), axis=1, **wide)
    if whole == len(values):
        return np.asarray(bins)
    return np.concatenate([bins, operation.reduce(values[whole:], axis=0, keepdims=True, **wide)])


def _reduced(
    operation: np.ufunc, values: Array, first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float64]:
    """`operation` over `values[first:last]` for each pair; no range is empty."""
    if not len(first):
        return np.zeros((0, *values.shape[1:]))
    start, stop = int(first[0]), int(last[-1])
    # reduceat wants every index inside the array: one more row, in no range, lets the last range end.
    padded = np.concatenate([values[start:stop], values[stop - 1 : stop]])
    borders = np.stack([first - start, last - start], axis=1).ravel()
    return np.asarray(operation.reduceat(padded, borders, axis=0)[::2], np.float64)
