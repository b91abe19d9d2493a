"""The batches that a training was given, in the order in which it took them, wherever they come from.

A callback never sees a batch, and under shuffling its batch number is not that of the data. So the data pass
through here: what the training pulls between the beginning and the end of a step is what the step trained on.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_tui.recurrent.live_layers import flat


@dataclass(frozen=True, eq=False)
class Batch:
    """One batch as the data gave it: `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    number: counted from 1 over the whole training. rows: its samples in the arrays, where that is known.
    """

    number: int
    parts: tuple[Any, ...]
    rows: tuple[int, ...] | None = None

    @property
    def x(self) -> Any:
        """What the model is given."""
        return self.parts[0]

    @property
    def y(self) -> Any:
        """The labels; None where there are none."""
        return self.parts[1] if len(self.parts) > 1 else None


class SeenBatches:
    """The last batches that were pulled."""

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._batches: deque[Batch] = deque(maxlen=most)
        self._count = 0

    def note(self, parts: Any, rows: Sequence[int] | None) -> None:
        """A batch was pulled."""
        whole = parts if isinstance(parts, tuple) else tuple(parts) if isinstance(parts, list) else (parts,)
        with self._lock:
            self._count += 1
            self._batches.append(Batch(self._count, whole, tuple(rows) if rows is not None else None))

    @property
    def count(self) -> int:
        """How many were pulled so far."""
        with self._lock:
            return self._count

    def since(self, count: int) -> list[Batch]:
        """Those that were pulled after the first `count`, as far as they are still here."""
        with self._lock:
            return [batch for batch in self._batches if batch.number > count]

    def last(self) -> list[Batch]:
        """All that are still here, the oldest first."""
        return self.since(0)


class ArrayBatches:
    """Arrays in memory as batches, shuffled anew for each epoch if wanted; each tells its rows.

    parts: x, y and sample weights, each an array or a list or dictionary of arrays, `(samples, ...)`.
    """

    def __init__(
        self, parts: tuple[Any, ...], *, batch_size: int, shuffle: bool, seed: int | None, floatx: str
    ) -> None:
        self._parts = tuple(_mapped(part, lambda values: _as_numbers(values, floatx)) for part in parts)
        self._samples = len(flat(self._parts[0])[0])
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._generator = np.random.default_rng(seed)

    def __len__(self) -> int:
        return (self._samples + self._batch_size - 1) // self._batch_size

    @property
    def equal_sizes(self) -> bool:
        """Whether the last batch is as large as the others."""
        return self._samples % self._batch_size == 0

    def __iter__(self) -> Iterator[tuple[tuple[Any, ...], list[int]]]:
        order = self._generator.permutation(self._samples) if self._shuffle else np.arange(self._samples)
        for start in range(0, self._samples, self._batch_size):
            rows = order[start : start + self._batch_size]
            yield (
                tuple(_mapped(part, lambda values, r=rows: values[r]) for part in self._parts),
                rows.tolist(),
            )


class IndexedBatches:
    """A `keras.utils.PyDataset`, or anything with a length and batches by index."""

    def __init__(self, source: Any, *, shuffle: bool, seed: int | None) -> None:
        self._source = source
        self._shuffle = shuffle
        self._generator = np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[tuple[Any, None]]:
        count = len(self._source)
        for index in self._generator.permutation(count) if self._shuffle else range(count):
            yield self._source[int(index)], None
        if hasattr(self._source, "on_epoch_end"):
            self._source.on_epoch_end()


class IteratedBatches:
    """A `tf.data.Dataset`, a list of batches, or whatever else gives batches when it is iterated."""

    def __init__(self, source: Iterable[Any]) -> None:
        self._source = source

    def __iter__(self) -> Iterator[tuple[Any, None]]:
        for batch in self._source:
            yield batch, None


def _mapped(value: Any, function: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _mapped(each, function) for name, each in value.items()}
    if isinstance(value, list | tuple) and all(hasattr(leaf, "shape") for leaf in flat(value)):
        return tuple(_mapped(each, function) for each in value)
    return function(value)


def _as_numbers(values: Any, floatx: str) -> Any:
    """As `fit` does with arrays: floating point numbers as Keras computes them."""
    array = np.asarray(values)
    return array.astype(floatx) if array.dtype.kind == "f" else array
