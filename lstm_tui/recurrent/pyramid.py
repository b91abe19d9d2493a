"""A long sequence from afar: minimum, maximum and mean over bins, each level twice as coarse as the last.

A million steps are drawn from some thousand bins in half a millisecond, and a spike of one step is in the
maximum of its bin at every level: it is not lost, as it would be by taking every n-th step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.recurrent.window import Window

#: Steps in a bin of the finest level. Where more detail is wanted, the steps themselves can be drawn. All
#: levels together take less than a fifth of the room of the steps in float32.
FINEST_BIN = 64


@dataclass(frozen=True, eq=False)
class Level:
    """Arrays `(bins, ...)` over bins of `size` steps: extremes, sum and number of the finite values."""

    size: int
    minimum: Array
    maximum: Array
    total: Array
    count: Array


@dataclass(frozen=True, eq=False)
class Overview:
    """Arrays `(bins, ...)`: extremes and mean of the finite values, NaN where a bin has none.

    broken: where a bin holds NaN or infinity. starts: `(bins,)`, the first step of each bin.
    """

    starts: Array
    minimum: Array
    maximum: Array
    mean: Array
    broken: Array


class PyramidBuilder:
    """Takes the sequence chunk by chunk, as it is computed, and keeps only bins of it."""

    def __init__(self) -> None:
        self._timesteps = 0
        self._bins: list[Level] = []
        self._rest: Array | None = None

    def add(self, chunk: Array) -> None:
        """The next steps, `(steps, ...)`; only what does not fill a bin yet is kept as it is."""
        self._timesteps += len(chunk)
        values = chunk if self._rest is None else np.concatenate([self._rest, chunk])
        whole = len(values) // FINEST_BIN * FINEST_BIN
        if whole:
            self._bins.append(_binned(values[:whole]))
        self._rest = np.array(values[whole:])

    def pyramid(self) -> Pyramid:
        """Of everything added so far; more can be added after."""
        bins = list(self._bins)
        if self._rest is not None and (len(self._rest) or not bins):
            bins.append(_binned(self._rest))
        if not bins:
            bins = [_binned(np.zeros((0,)))]
        levels = [_joined(bins)]
        while len(levels[-1].count) > 1:
            levels.append(_coarser(levels[-1]))
        return Pyramid(self._timesteps, tuple(levels))


@dataclass(frozen=True, eq=False)
class Pyramid:
    """All levels of a sequence of `timesteps`, finest first. Built by `PyramidBuilder` or `pyramid_of`."""

    timesteps: int
    levels: tuple[Level, ...]

    def overview(self, window: Window, bins: int) -> Overview:
        """`window` in `bins` bins of equal width, or one a step where it has fewer steps.

        Borders are rounded outwards to those of a level at least four times as fine, or to those of the
        finest level: a bin narrower than `FINEST_BIN` covers the whole of one.
        """
        window = Window(max(window.start, 0), min(window.stop, self.timesteps))
        bins = max(min(bins, len(window)), 0)
        edges = window.start + np.arange(bins + 1, dtype=np.int64) * len(window) // max(bins, 1)
        level = self._level_for(len(window) / max(bins, 1) / 4)
        first = edges[:-1] // level.size
        last = -(-edges[1:] // level.size)
        count = _reduced(np.add, level.count, first, last)
        steps = np.minimum(last * level.size, self.timesteps) - first * level.size
        with np.errstate(all="ignore"):
            mean = _reduced(np.add, level.total, first, last) / count
        return Overview(
            starts=read_only(edges[:-1]),
            minimum=read_only(_known(_reduced(np.minimum, level.minimum, first, last), count)),
            maximum=read_only(_known(_reduced(np.maximum, level.maximum, first, last), count)),
            mean=read_only(mean),
            broken=read_only(count < steps.reshape((-1,) + (1,) * (count.ndim - 1))),
        )

    def _level_for(self, width: float) -> Level:
        """The coarsest level with bins no wider than `width`, else the finest."""
        return next((level for level in reversed(self.levels) if level.size <= width), self.levels[0])


def pyramid_of(values: Array) -> Pyramid:
    """The pyramid of a whole sequence `(timesteps, ...)`."""
    builder = PyramidBuilder()
    builder.add(values)
    return builder.pyramid()


def _binned(values: Array) -> Level:
    """The finest level; the last bin may be short of steps."""
    starts = np.arange(0, len(values), FINEST_BIN)
    finite = np.isfinite(values)
    return Level(
        size=FINEST_BIN,
        minimum=np.minimum.reduceat(np.where(finite, values, np.inf), starts, axis=0),
        maximum=np.maximum.reduceat(np.where(finite, values, -np.inf), starts, axis=0),
        total=np.add.reduceat(np.where(finite, values, 0.0), starts, axis=0, dtype=np.float64),
        count=np.add.reduceat(finite, starts, axis=0, dtype=np.int64),
    )


def _joined(parts: list[Level]) -> Level:
    return Level(
        FINEST_BIN,
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("minimum", "maximum", "total", "count")
        ),
    )


def _coarser(level: Level) -> Level:
    """Two bins as one; a last one without a partner stays as it is."""
    starts = np.arange(0, len(level.count), 2)
    return Level(
        level.size * 2,
        np.minimum.reduceat(level.minimum, starts, axis=0),
        np.maximum.reduceat(level.maximum, starts, axis=0),
        np.add.reduceat(level.total, starts, axis=0),
        np.add.reduceat(level.count, starts, axis=0),
    )


def _reduced(
    operation: np.ufunc, values: Array, first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float64]:
    """`operation` over `values[first:last]` for each pair; no range is empty."""
    if not len(first):
        return np.zeros((0, *values.shape[1:]))
    # reduceat wants every index inside the array: one more row, in no range, lets the last range end.
    padded = np.concatenate([values, values[-1:]])
    borders = np.stack([first, last], axis=1).ravel()
    return np.asarray(operation.reduceat(padded, borders, axis=0)[::2], np.float64)


def _known(values: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(count > 0, values, np.nan)
