"""Reshapes that move, add or drop axes and keep every number: each a value, each with an inverse."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lstm_tui.arrays.sizes import Size, shown_shape
from lstm_tui.errors import EditError
from lstm_tui.recurrent.recording import Array, read_only

_MAX_AXES = 32


@dataclass(frozen=True)
class AddAxis:
    """A new axis of size 1 at `axis`, counted in the result: 0 is a batch axis in front."""

    axis: int = 0

    def result_shape(self, shape: Size) -> Size:
        """The shape that an array of `shape` becomes."""
        rank = len(shape) + 1
        if not -rank <= self.axis < rank or rank > _MAX_AXES:
            raise EditError(
                f"Axis {self.axis} cannot be added to an array of shape {shown_shape(shape)}.",
                expected=f"an axis between {-rank} and {rank - 1}",
            )
        place = self.axis % rank
        return (*shape[:place], 1, *shape[place:])

    def apply(self, array: Array) -> Array:
        """A view of `array` with the new axis."""
        return read_only(array.reshape(self.result_shape(array.shape)))

    def inverse(self, shape: Size) -> DropAxis:
        """What undoes this on an array that had `shape` before."""
        return DropAxis(self.axis % (len(shape) + 1))

    def describe(self) -> str:
        """`add axis 0`."""
        return f"add axis {self.axis}"

    def to_scenario(self) -> dict[str, object]:
        """`{add_axis: 0}`."""
        return {"add_axis": self.axis}


@dataclass(frozen=True)
class DropAxis:
    """Without `axis`, which must have size 1."""

    axis: int = 0

    def result_shape(self, shape: Size) -> Size:
        """The shape that an array of `shape` becomes."""
        check_axis(self.axis, shape)
        if shape[self.axis] != 1:
            raise EditError(
                f"Axis {self.axis} of {shown_shape(shape)} has size {shape[self.axis]} and stays.",
                expected="an axis of size 1",
                todo="choose one entry with `rows` or `select`, or lay the array out anew with `to`",
            )
        place = self.axis % len(shape)
        return shape[:place] + shape[place + 1 :]

    def apply(self, array: Array) -> Array:
        """A view of `array` without the axis."""
        return read_only(array.reshape(self.result_shape(array.shape)))

    def inverse(self, shape: Size) -> AddAxis:
        """What undoes this on an array that had `shape` before."""
        return AddAxis(self.axis % len(shape))

    def describe(self) -> str:
        """`drop axis 0`."""
        return f"drop axis {self.axis}"

    def to_scenario(self) -> dict[str, object]:
        """`{drop_axis: 0}`."""
        return {"drop_axis": self.axis}


@dataclass(frozen=True)
class To:
    """The same numbers in the same row-major order as `shape`; one size may be -1, to be worked out."""

    shape: Size

    def result_shape(self, shape: Size) -> Size:
        """The shape that an array of `shape` becomes."""
        unknown = self.shape.count(-1)
        known = math.prod(size for size in self.shape if size != -1)
        total = math.prod(shape)
        if unknown > 1 or any(size < -1 for size in self.shape) or len(self.shape) > _MAX_AXES:
            raise EditError(
                f"{shown_shape(self.shape)} is not a shape.", expected="sizes of zero or more, at most one -1"
            )
        if (unknown and (known == 0 or total % known)) or (not unknown and known != total):
            raise EditError(
                f"Shape {shown_shape(shape)}, {total} numbers, cannot become {shown_shape(self.shape)}.",
                expected=f"a shape of {total} numbers",
                todo="use `pad`, `last` or `window` to change how many there are",
            )
        return tuple(total // known if size == -1 else size for size in self.shape)

    def apply(self, array: Array) -> Array:
        """`array` in the new shape; a view where its memory allows."""
        return read_only(array.reshape(self.result_shape(array.shape)))

    def inverse(self, shape: Size) -> To:
        """What undoes this on an array that had `shape` before."""
        return To(shape)

    def describe(self) -> str:
        """`to (1, 10, 5)`."""
        return f"to {shown_shape(self.shape)}"

    def to_scenario(self) -> dict[str, object]:
        """`{to: [1, 10, 5]}`."""
        return {"to": list(self.shape)}


@dataclass(frozen=True)
class Transpose:
    """The axes in another order: `(0, 2, 1)` exchanges timesteps and features."""

    axes: tuple[int, ...]

    def result_shape(self, shape: Size) -> Size:
        """The shape that an array of `shape` becomes."""
        if sorted(self.axes) != list(range(len(shape))):
            raise EditError(
                f"The axes {list(self.axes)} do not reorder an array of shape {shown_shape(shape)}.",
                expected=f"each of 0 to {len(shape) - 1} once",
            )
        return tuple(shape[axis] for axis in self.axes)

    def apply(self, array: Array) -> Array:
        """A view of `array` with its axes in the new order."""
        self.result_shape(array.shape)
        return read_only(array.transpose(self.axes))

    def inverse(self, shape: Size) -> Transpose:
        """What undoes this, whatever the `shape` before."""
        del shape
        return Transpose(tuple(int(axis) for axis in np.argsort(self.axes)))

    def describe(self) -> str:
        """`transpose 0 2 1`."""
        return f"transpose {' '.join(str(axis) for axis in self.axes)}"

    def to_scenario(self) -> dict[str, object]:
        """`{transpose: [0, 2, 1]}`."""
        return {"transpose": list(self.axes)}


def check_axis(axis: int, shape: Size) -> None:
    """Refuse an axis that an array of `shape` does not have."""
    if not -len(shape) <= axis < len(shape):
        raise EditError(
            f"An array of shape {shown_shape(shape)} has no axis {axis}.",
            expected=f"an axis between {-len(shape)} and {len(shape) - 1}" if shape else "an array with axes",
        )
