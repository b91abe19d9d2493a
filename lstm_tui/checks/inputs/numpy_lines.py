"""Reshapes as the lines of NumPy to write in one's own program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lstm_tui.arrays.reshape import (
    AddAxis,
    DropAxis,
    Keep,
    Pad,
    Reshape,
    Rows,
    Select,
    To,
    Transpose,
    Window,
)

#: Indices that are written out; more are counted.
_MOST = 8


def numpy_lines(reshapes: Iterable[Reshape], name: str = "x") -> list[str]:
    """One line for each: `x = np.expand_dims(x, 0)`."""
    return [f"{name} = {_expression(reshape, name)}" for reshape in reshapes]


def _expression(reshape: Reshape, x: str) -> str:
    match reshape:
        case AddAxis(axis):
            return f"np.expand_dims({x}, {axis})"
        case DropAxis(axis):
            return f"np.squeeze({x}, {axis})"
        case To(shape):
            return f"{x}.reshape({_listed(shape)})"
        case Transpose(axes):
            return f"{x}.transpose({_listed(axes)})"
        case Keep(steps, side, axis):
            part = f"-{steps}:" if side == "last" else f":{steps}"
            return f"{x}[{part}]" if axis == 0 else f"{x}[:, {part}]"
        case Pad(steps, value, side):
            where = "pre" if side == "before" else "post"
            padded = f'keras.utils.pad_sequences({x}, {steps}, {x}.dtype, padding="{where}"'
            return f"{padded}, value={value:g})"
        case Window(length, stride):
            starts = f"range(0, len({x}) - {length - 1}, {stride})"
            return f"np.stack([{x}[start : start + {length}] for start in {starts}])"
        case Select(features):
            return f"{x}[..., {_indices(features)}]"
        case Rows(rows):
            return f"{x}[{_indices(rows)}]"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _indices(indices: Sequence[int]) -> str:
    """A slice where the indices count up, else a list."""
    if list(indices) == list(range(len(indices))):
        return f":{len(indices)}"
    shown = _listed(indices[:_MOST])
    return f"[{shown}, ...]" if len(indices) > _MOST else f"[{shown}]"
