"""All series of one step side by side in one row, so that a loop keeps them with a single write per dtype.

Measured on two LSTMs of 128 units, 200 steps: 26 ms with one packed row a step, 36 ms with six writes a step;
the model alone takes 23 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from lstm_tui.recurrent.recording import Array


@dataclass(frozen=True)
class _Slot:
    """Where a series lies: which of the rows, from where to where, and the shape of one sample."""

    row: int
    start: int
    stop: int
    shape: tuple[int, ...]


class Packing:
    """The layout of a row, made from one step's series by name, each `(batch, ...)` with a known rest."""

    def __init__(self, series: Mapping[str, Any]) -> None:
        self.dtypes: list[Any] = []
        self.slots: dict[str, _Slot] = {}
        widths: list[int] = []
        for name, values in series.items():
            if values.dtype not in self.dtypes:
                self.dtypes.append(values.dtype)
                widths.append(0)
            row = self.dtypes.index(values.dtype)
            shape = _sample_shape(name, values)
            stop = widths[row] + int(np.prod(shape, dtype=np.int64))
            self.slots[name] = _Slot(row, widths[row], stop, shape)
            widths[row] = stop

    def pack(self, series: Mapping[str, Any]) -> list[Any]:
        """One row `(batch, width)` for each dtype."""
        parts: list[list[Any]] = [[] for _ in self.dtypes]
        for name, slot in self.slots.items():
            values = series[name]
            flat = values if len(slot.shape) == 1 else tf.reshape(values, (-1, slot.stop - slot.start))
            parts[slot.row].append(flat)
        return [tf.concat(row, axis=-1) if len(row) > 1 else row[0] for row in parts]

    def parts(self, rows: list[Any]) -> dict[str, Any]:
        """Every series of one step from its rows `(batch, width)`."""
        return {
            name: tf.reshape(rows[slot.row][:, slot.start : slot.stop], (-1, *slot.shape))
            for name, slot in self.slots.items()
        }

    def tensor(self, rows: list[Any], name: str) -> Any:
        """A series from stacked rows `(timesteps, batch, width)`, as `(timesteps, batch, ...)`."""
        slot = self.slots[name]
        part = rows[slot.row][..., slot.start : slot.stop]
        if len(slot.shape) == 1:
            return part
        return tf.reshape(part, tf.concat([tf.shape(part)[:2], slot.shape], axis=0))

    def array(self, rows: list[Array], name: str) -> Array:
        """The same from NumPy rows, as `(batch, timesteps, ...)`."""
        slot = self.slots[name]
        part = rows[slot.row][..., slot.start : slot.stop].swapaxes(0, 1)
        return np.ascontiguousarray(part).reshape(*part.shape[:2], *slot.shape)


def _sample_shape(name: str, values: Any) -> tuple[int, ...]:
    shape = tuple(values.shape)[1:] if values.shape.rank else None
    if shape is None or None in shape:
        raise StateShapeError(f"{name.lstrip('/')} has shape {tuple(values.shape)}, not (batch, units)")
    return shape


class StateShapeError(ValueError):
    """A state or gate that is not one row a sample: it cannot be kept side by side with the others."""
