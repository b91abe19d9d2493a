"""Reshapes that choose or add numbers: windows, timesteps, features, rows. Each a value.

The time axis is axis 0 of `(timesteps,)` and `(timesteps, features)`, axis 1 of `(batch, timesteps,
features)`; `axis` says otherwise, for instance 1 for token ids `(batch, timesteps)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lstm_tui.arrays.reshape_axes import check_axis
from lstm_tui.arrays.sizes import MAX_RESULT_BYTES, Size, check_result, declared_bytes, shown_shape
from lstm_tui.errors import EditError
from lstm_tui.recurrent.recording import Array, read_only


@dataclass(frozen=True)
class Window:
    """Every window of `length` timesteps, one starting each `stride` steps, in order of time.

    `(timesteps, features)` becomes `(windows, length, features)`, `(timesteps,)` becomes `(windows,
    length)`. `(batch, timesteps, features)` becomes `(batch × windows, length, features)`: all windows of
    the first sample, then all of the second. With windows = (timesteps - length) // stride + 1; a rest too
    short is left out. Without a batch, or with a batch of one, the windows are a view that costs no memory.
    """

    length: int
    stride: int = 1

    def result_shape(self, shape: Size) -> Size:
        """The shape that an array of `shape` becomes."""
        axis = time_axis(shape, None)
        if self.length < 1 or self.stride < 1 or shape[axis] < self.length:
            raise EditError(
                f"Shape {shown_shape(shape)} has {shape[axis]} timesteps: "
                f"no window of {self.length} with stride {self.stride}.",
                expected=f"a window of 1 to {shape[axis]} timesteps and a stride of 1 or more",
                todo="pad shorter sequences first",
            )
        windows = (shape[axis] - self.length) // self.stride + 1
        if axis == 0:
            return (windows, self.length, *shape[1:])
        return (shape[0] * windows, self.length, *shape[2:])

    def apply(self, array: Array) -> Array:
        """The windows of `array`; refused where, written out, they would exceed `MAX_RESULT_BYTES`."""
        result = self.result_shape(array.shape)
        ratio = -(-declared_bytes(result, array.itemsize) // MAX_RESULT_BYTES)
        todo = f"use a stride of {self.stride * ratio} or more, or fewer timesteps"
        check_result(result, array.itemsize, EditError, self.describe(), todo)
        axis = time_axis(array.shape, None)
        windows = np.lib.stride_tricks.sliding_window_view(array, self.length, axis=axis)
        strided = windows[(slice(None),) * axis + (slice(None, None, self.stride),)]
        return read_only(np.moveaxis(strided, -1, axis + 1).reshape(result))

    def inverse(self, shape: Size) -> None:
        """None: overlapping windows do not say where they began."""

    def describe(self) -> str:
        """`window 10` or `window 10 stride 5`."""
        return f"window {self.length}" + (f" stride {self.stride}" if self.stride != 1 else "")

    def to_scenario(self) -> dict[str, object]:
        """`{window: 10, stride: 1}`."""
        return {"window": self.length, "stride": self.stride}


@dataclass(frozen=True)
class Keep:
    """Only the `last` (or `first`) so many timesteps."""

    steps: int
    side: Literal["last", "first"] = "last"
    axis: int | None = None

    def result_shape(self, shape: Size) -> Size:
        """The shape that an array of `shape` becomes."""
        axis = time_axis(shape, self.axis)
        if not 1 <= self.steps <= shape[axis]:
            raise EditError(
                f"Shape {shown_shape(shape)} has {shape[axis]} timesteps, {self.steps} cannot be kept.",
                expected=f"1 to {shape[axis]}",
                todo="use `pad` to make sequences longer",
            )
        return (*shape[:axis], self.steps, *shape[axis + 1 :])

    def apply(self, array: Array) -> Array:
        """A view of the timesteps that are kept."""
        self.result_shape(array.shape)
        axis = time_axis(array.shape, self.axis)
        kept = slice(array.shape[axis] - self.steps, None) if self.side == "last" else slice(self.steps)
        return read_only(array[(slice(None),) * axis + (kept,)])

    def inverse(self, shape: Size) -> None:
        """None: the other timesteps are gone."""

    def describe(self) -> str:
        """`last 10 steps`."""
        return f"{self.side} {self.steps} steps"

    def to_scenario(self) -> dict[str, object]:
        """`{last: 10}`, with `axis` where it is not the usual time axis."""
        return {self.side: self.steps} | ({} if self.axis is None else {"axis": self.axis})


@dataclass(frozen=True)
class Pad:
    """Filled up to `steps` timesteps with `value`, `before` the sequence or `after` it."""

    steps: int
    value: float = 0.0
    side: Literal["before", "after"] = "before"
    axis: int | None = None

    def result_shape(self, shape: Size) -> Size:
        """The shape that an array of `shape` becomes."""
        axis = time_axis(shape, self.axis)
        if self.steps < shape[axis]:
            raise EditError(
                f"Shape {shown_shape(shape)} has {shape[axis]} timesteps already, more than {self.steps}.",
                expected=f"{shape[axis]} timesteps or more",
                todo=f"use {{last: {self.steps}}} or {{window: {self.steps}}} to shorten",
            )
        return (*shape[:axis], self.steps, *shape[axis + 1 :])

    def apply(self, array: Array) -> Array:
        """A longer copy of `array`; refused above `MAX_RESULT_BYTES`, or where its dtype has no `value`."""
        result = self.result_shape(array.shape)
        check_result(result, array.itemsize, EditError, self.describe(), "pad to fewer timesteps")
        axis = time_axis(array.shape, self.axis)
        padded = np.full(result, self._fill(array.dtype), dtype=array.dtype)
        steps = array.shape[axis]
        place = slice(self.steps - steps, None) if self.side == "before" else slice(steps)
        padded[(slice(None),) * axis + (place,)] = array
        return read_only(padded)

    def _fill(self, dtype: np.dtype[Any]) -> Any:
        with np.errstate(all="ignore"):
            fill = np.asarray(self.value).astype(dtype)[()]
        if dtype.kind in "iub" and float(fill) != self.value:
            raise EditError(
                f"An array of {dtype.name} cannot be padded with {self.value}.",
                expected=f"a value that {dtype.name} has",
            )
        return fill

    def inverse(self, shape: Size) -> Keep | None:
        """What undoes this on an array that had `shape` before; None where it had no timesteps."""
        steps = shape[time_axis(shape, self.axis)]
        return Keep(steps, "last" if self.side == "before" else "first", self.axis) if steps else None

    def describe(self) -> str:
        """`pad to 20 steps` or `pad to 20 steps after, with -1`."""
        after = " after" if self.side == "after" else ""
        value = f", with {self.value:g}" if self.value != 0 else ""
        return f"pad to {self.steps} steps{after}{value}"

    def to_scenario(self) -> dict[str, object]:
        """`{pad: 20}`, with `value`, `side` and `axis` where they are not the usual ones."""
        said: dict[str, object] = {"pad": self.steps}
        if self.value != 0:
            said["value"] = self.value
        if self.side != "before":
            said["side"] = self.side
        if self.axis is not None:
            said["axis"] = self.axis
        return said


@dataclass(frozen=True)
class Select:
    """Only these entries of the last axis, the features, in this order."""

    features: tuple[int, ...]

    def result_shape(self, shape: Size) -> Size:
        """The shape that an array of `shape` becomes."""
        check_axis(-1, shape)
        check_indices(self.features, shape, -1, "features")
        return (*shape[:-1], len(self.features))

    def apply(self, array: Array) -> Array:
        """The chosen features: a view where they lie side by side."""
        self.result_shape(array.shape)
        first, count = self.features[0], len(self.features)
        if self.features == tuple(range(first, first + count)) and first >= 0:
            return read_only(array[..., first : first + count])
        return read_only(array[..., list(self.features)])

    def inverse(self, shape: Size) -> Select | None:
        """What undoes this where every feature was kept once, on an array that had `shape` before."""
        order = [feature % shape[-1] for feature in self.features]
        if sorted(order) != list(range(shape[-1])):
            return None
        return Select(tuple(int(place) for place in np.argsort(order)))

    def describe(self) -> str:
        """`select features 0 1`."""
        return f"select features {_listed(self.features)}"

    def to_scenario(self) -> dict[str, object]:
        """`{select: [0, 1]}`."""
        return {"select": list(self.features)}


@dataclass(frozen=True)
class Rows:
    """Only these samples of the first axis, the batch, in this order; an index may come again."""

    rows: tuple[int, ...]

    def result_shape(self, shape: Size) -> Size:
        """The shape that an array of `shape` becomes."""
        check_axis(0, shape)
        check_indices(self.rows, shape, 0, "rows")
        return (len(self.rows), *shape[1:])

    def apply(self, array: Array) -> Array:
        """The chosen rows, copied."""
        result = self.result_shape(array.shape)
        check_result(result, array.itemsize, EditError, self.describe(), "take fewer rows")
        return read_only(array[list(self.rows)])

    def inverse(self, shape: Size) -> Rows | None:
        """What undoes this where every row was kept once, on an array that had `shape` before."""
        order = [row % shape[0] for row in self.rows]
        if sorted(order) != list(range(shape[0])):
            return None
        return Rows(tuple(int(place) for place in np.argsort(order)))

    def describe(self) -> str:
        """`rows 0 1`."""
        return f"rows {_listed(self.rows)}"

    def to_scenario(self) -> dict[str, object]:
        """`{rows: [0, 1]}`."""
        return {"rows": list(self.rows)}


def time_axis(shape: Size, axis: int | None) -> int:
    """The axis of time in an array of `shape`, `axis` itself where given."""
    if axis is None:
        axis = 1 if len(shape) > 2 else 0
    check_axis(axis, shape)
    return axis % len(shape)


def check_indices(indices: tuple[int, ...], shape: Size, axis: int, what: str) -> None:
    """Refuse indices that an array of `shape` does not have along `axis`, and an empty choice."""
    size = shape[axis]
    wrong = [index for index in indices if not -size <= index < size]
    if wrong or not indices:
        raise EditError(
            f"Shape {shown_shape(shape)} has {size} {what}, none with index {wrong[0]}."
            if wrong
            else f"No {what} are chosen.",
            expected=f"indices from 0 to {size - 1}" if size else f"an array with {what}",
        )


def _listed(indices: tuple[int, ...]) -> str:
    return " ".join(str(index) for index in indices[:8]) + (" …" if len(indices) > 8 else "")
