"""Arrays that grow at their end without being copied: what a long recording has so far.

The room for all rows is taken at once (the system gives it page by page, as it is written) and filled from
the front. A value sees only its own rows and those are never written again, so that an older one stays what
it was; adding to it again would write the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import DTypeLike

from lstm_tui.recurrent.pyramid import Level, Pyramid
from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.recurrent.stretches import Border, Track


@dataclass(frozen=True, eq=False)
class Growing:
    """The first `count` rows of `room`."""

    room: Array
    count: int = 0

    @classmethod
    def of(cls, most: int, shape: tuple[int, ...], kind: DTypeLike) -> Growing:
        """No rows yet, room for `most` of this shape and type."""
        return cls(np.empty((most, *shape), kind))

    @property
    def rows(self) -> Array:
        """What there is."""
        return read_only(self.room[: self.count])

    def adding(self, rows: Array) -> Growing:
        """With these rows behind; those for which there is no room are left out."""
        stop = min(self.count + len(rows), len(self.room))
        self.room[self.count : stop] = rows[: stop - self.count]
        return replace(self, count=stop)


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins of every track so far, `most` at most; each track has arrays of its own, to be drawn as they are.

    counts: of the tracks in which something was not finite.
    """

    size: int
    most: int
    tracks: Mapping[str, Track]
    steps: int = 0
    arrays: Mapping[str, tuple[Growing, Growing, Growing]] = field(default_factory=dict)
    counts: Mapping[str, Growing] = field(default_factory=dict)

    def adding(self, level: Level, steps: int) -> Bins:
        """With the bins of the next `steps` steps behind."""
        arrays, counts = dict(self.arrays), dict(self.counts)
        for name, track in self.tracks.items():
            parts = [_cut(values, track) for values in (level.minimum, level.maximum, level.mean)]
            old = arrays.get(name) or self._room(track, parts[0].dtype)
            low, high, mean = (grown.adding(part) for grown, part in zip(old, parts, strict=True))
            broken = level.count is not None and not _is_full(level, track, steps)
            if broken or name in counts:
                counts[name] = self._counts(name, track).adding(_count_of(level, track, steps))
            arrays[name] = (low, high, mean)
        return replace(self, steps=self.steps + steps, arrays=arrays, counts=counts)

    def pyramid(self, name: str) -> Pyramid:
        """Of one track, over the steps so far."""
        low, high, mean = (each.rows for each in self.arrays[name])
        count = self.counts[name].rows if name in self.counts else None
        return Pyramid(self.steps, (Level(self.size, low, high, mean, count),))

    def _room(self, track: Track, kind: DTypeLike) -> tuple[Growing, Growing, Growing]:
        low, high, mean = (Growing.of(self.most, track.shape, kind) for _ in range(3))
        return low, high, mean

    def _counts(self, name: str, track: Track) -> Growing:
        """Those so far; before the first bin that is not full, every bin was."""
        if name in self.counts:
            return self.counts[name]
        room = np.full((self.most, *track.shape), self.size, np.int32)
        return Growing(room, -(-self.steps // self.size))


def _cut(values: Array, track: Track) -> Array:
    return values[:, track.columns].reshape(len(values), *track.shape)


def _sizes(level: Level, steps: int) -> Array:
    starts = np.arange(level.bins, dtype=np.int64) * level.size
    return (np.minimum(starts + level.size, steps) - starts).astype(np.int32)


def _is_full(level: Level, track: Track, steps: int) -> bool:
    assert level.count is not None
    return bool((level.count[:, track.columns] == _sizes(level, steps)[:, None]).all())


def _count_of(level: Level, track: Track, steps: int) -> Array:
    if level.count is not None:
        return _cut(level.count, track)
    sizes = _sizes(level, steps).reshape((-1,) + (1,) * len(track.shape))
    return np.broadcast_to(sizes, (level.bins, *track.shape))


@dataclass(frozen=True, eq=False)
class Borders:
    """States at borders `steps` apart, from the first one after the start; `most` of them at most."""

    steps: int
    most: int
    states: Mapping[str, Growing] = field(default_factory=dict)

    def adding(self, border: Border) -> Borders:
        """With the next border behind."""
        grown = {
            name: (self.states.get(name) or Growing.of(self.most, values.shape, values.dtype)).adding(
                values[None]
            )
            for name, values in border.items()
        }
        return replace(self, states=grown)

    @property
    def count(self) -> int:
        """How many there are."""
        return next((each.count for each in self.states.values()), 0)

    def before(self, step: int) -> tuple[int, Border | None]:
        """The last border at or before `step`: where it is, and its states; None at the start."""
        number = min(step // self.steps, self.count)
        if not number:
            return 0, None
        return number * self.steps, {name: each.rows[number - 1] for name, each in self.states.items()}
