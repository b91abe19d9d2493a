"""What makes an array fit an input of the model: where its shape departs, and what mends it, likeliest first.

Judges shapes alone: no data is read, nothing is changed. What cannot fit honestly (features that are missing)
gets no suggestion.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

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
    result_of,
)
from lstm_tui.arrays.reshape_steps import time_axis
from lstm_tui.arrays.sizes import Size
from lstm_tui.errors import EditError
from lstm_tui.recurrent.recording import Shape

#: Where a shape departs from the wanted one; the first that holds, in this order.
Misfit = Literal["empty", "rank", "axes-swapped", "features", "length", "batch"]

_MOST = 6
_MAX_RANK = 6


@dataclass(frozen=True)
class Suggestion:
    """Reshapes that together make the input fit: why, in one plain sentence, and the shape that results."""

    reshapes: tuple[Reshape, ...]
    reason: str
    result: Size


@dataclass(frozen=True)
class Wanted:
    """An input of the model, `(batch, timesteps, features)` with None where free.

    tokens: a 2-D input is token ids `(batch, timesteps)`, not `(batch, features)`.
    """

    shape: Shape
    tokens: bool = False

    @property
    def time(self) -> int | None:
        """The axis of time, None where there is none."""
        return 1 if len(self.shape) > 2 or (self.tokens and len(self.shape) == 2) else None

    @property
    def features(self) -> int | None:
        """The axis of features, None for token ids."""
        return None if len(self.shape) < 2 or (self.tokens and len(self.shape) == 2) else len(self.shape) - 1

    def takes(self, shape: Size) -> bool:
        """Whether an array of `shape` fits as it is."""
        return len(shape) == len(self.shape) and not self.wrong_axes(shape) and 0 not in shape

    def wrong_axes(self, shape: Size) -> list[int]:
        """The axes of a shape of equal rank whose sizes differ."""
        pairs = enumerate(zip(shape, self.shape, strict=True))
        return [axis for axis, (size, wanted) in pairs if wanted is not None and size != wanted]


def wanted_input(
    shape: Shape, *, dtype: DTypeLike = "float32", bound_batch: int | None = None, tokens: bool | None = None
) -> Wanted:
    """The wanted shape with the batch size that a stateful model is bound to.

    tokens: whether a 2-D input holds token ids; None takes integer `dtype` to mean so.
    """
    if shape and bound_batch is not None:
        shape = (bound_batch, *shape[1:])
    return Wanted(shape, np.dtype(dtype).kind in "iu" if tokens is None else tokens)


def misfit(shape: Size, wanted: Wanted) -> Misfit | None:
    """Where `shape` departs from what is wanted; None where it fits."""
    if 0 in shape:
        return "empty"
    if len(shape) != len(wanted.shape):
        return "rank"
    wrong = wanted.wrong_axes(shape)
    if not wrong:
        return None
    inner = [axis for axis in wrong if axis != 0]
    if len(shape) == 3 and inner and set(wanted.wrong_axes((shape[0], shape[2], shape[1]))) <= {0}:
        return "axes-swapped"
    if wanted.features in wrong:
        return "features"
    return "length" if inner else "batch"


def suggestions(
    shape: Size,
    wanted: Shape,
    *,
    dtype: DTypeLike = "float32",
    bound_batch: int | None = None,
    tokens: bool | None = None,
) -> tuple[Suggestion, ...]:
    """Reshapes, or chains of them, that make an array of `shape` fit an input, likeliest first, at most six.

    wanted: `(batch, timesteps, features)`, None where free.
    dtype: an integer one, of array or input, tells that a 2-D input holds token ids.
    bound_batch: the batch size that a stateful model is bound to.
    tokens: see `wanted_input`.
    """
    target = wanted_input(wanted, dtype=dtype, bound_batch=bound_batch, tokens=tokens)
    if not shape or 0 in shape or target.takes(shape):
        return ()
    if not 2 <= len(wanted) <= _MAX_RANK or len(shape) > _MAX_RANK:
        return ()
    found: dict[Size, Suggestion] = {}
    mended = [mend for start in _starts(shape, target) for mend in _mended(start, shape, target)]
    for chain in _likely(mended):
        result = result_of(chain.reshapes, shape)
        if target.takes(result):
            found.setdefault(result, Suggestion(chain.reshapes, chain.reason, result))
    return tuple(found.values())[:_MOST]


def _likely(chains: list[_Chain]) -> list[_Chain]:
    """Those that lose little more than the best: cheapest first, then shortest, then by the rules' order."""
    ordered = sorted(chains, key=lambda chain: (chain.cost, len(chain.reshapes)))
    return [chain for chain in ordered if chain.cost <= ordered[0].cost + 1]


@dataclass(frozen=True)
class _Chain:
    """Reshapes with their reason. cost: 0 keeps every number, 1 and more give some up or make some up."""

    reshapes: tuple[Reshape, ...]
    because: tuple[str, ...]
    cost: int = 0

    @property
    def reason(self) -> str:
        sentence = "; ".join(self.because)
        return f"{sentence[:1].upper()}{sentence[1:]}."

    def then(self, reshape: Reshape, because: str, cost: int) -> _Chain:
        return _Chain((*self.reshapes, reshape), (*self.because, because), self.cost + cost)


def _starts(shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    """Chains that bring `shape` to the wanted rank, whatever the sizes."""
    missing = len(wanted.shape) - len(shape)
    if missing == 0:
        yield _Chain((), ())
        yield from _transposed(shape, wanted)
    elif missing == 1:
        yield from _one_axis_short(shape, wanted)
    elif missing == 2 and len(shape) == 1:
        yield from _two_axes_short(shape, wanted)
    elif missing < 0:
        yield from _too_many_axes(shape, wanted)
    yield from _laid_out_anew(shape, wanted)


#: Orders of axes that occur, with what they mean.
_ORDERS = (
    ((0, 2, 1), "timesteps and features are exchanged"),
    ((1, 0, 2), "time comes first here, the batch second"),
    ((0, 1, 3, 2), "channels come before the last axis"),
    ((0, 1, 3, 4, 2), "channels come first in each timestep"),
)


def _transposed(shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    for axes, because in _ORDERS:
        if len(axes) == len(shape) and wanted.takes(tuple(shape[axis] for axis in axes)):
            yield _Chain((Transpose(axes),), (because,))


def _one_axis_short(shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    length = wanted.shape[1] if wanted.time is not None else None
    one = f"one sequence of {_count(shape[0], 'timestep')}" if wanted.time is not None else "one sample"
    yield _Chain((AddAxis(0),), (f"the batch axis is missing: this is {one}",))
    if length is not None and length > 1:
        yield from _windows(_Chain((), ()), shape, length)
    if len(shape) == 2 and shape[0] == wanted.shape[-1]:
        because = f"features come first and the batch axis is missing: {_count(shape[1], 'timestep')}"
        yield _Chain((Transpose((1, 0)), AddAxis(0)), (because,))
    if wanted.features is not None and wanted.shape[-1] in (1, None):
        yield _Chain((AddAxis(-1),), ("the features axis is missing: one feature a timestep",))
    if len(wanted.shape) == 3:
        because = f"{_count(shape[0], 'sequence')} of one timestep each"
        yield _Chain((AddAxis(1),), (because,), cost=0 if length in (None, 1) else 2)


def _two_axes_short(shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    (size,) = shape
    sequence = (f"one sequence of {_count(size, 'timestep')} with one feature",)
    step = (f"one timestep of {_count(size, 'feature')}",)
    yield _Chain((AddAxis(1), AddAxis(0)), sequence)
    yield _Chain((AddAxis(0), AddAxis(0)), step)
    length = wanted.shape[1]
    if length is not None and 1 < length < size:
        windows = _Chain((Window(length),), (f"every window of {length} timesteps, of one feature",), cost=1)
        yield windows.then(AddAxis(-1), "with a features axis", 0)


def _too_many_axes(shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    """Drop axes of size 1 until the rank fits, from the front first: a batch axis too many is commonest."""
    surplus = len(shape) - len(wanted.shape)
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    if wanted.tokens:  # token ids have no features axis: that one goes first
        ones = ones[::-1]
    for axes in _choices(ones, surplus):
        drops = tuple(DropAxis(axis) for axis in sorted(axes, reverse=True))
        yield _Chain(drops, (f"{'axes' if surplus > 1 else 'axis'} {_joined(axes)} of size 1 too many",))
    inner = shape[surplus + 1 :]
    if len(shape) > 3 and 1 not in shape[: surplus + 1]:
        merged = (math.prod(shape[: surplus + 1]), *inner)
        yield _Chain((To(merged),), ("the leading axes together are the batch",))


def _choices(axes: list[int], count: int) -> Iterator[tuple[int, ...]]:
    if count == 0:
        yield ()
    for place, axis in enumerate(axes):
        for rest in _choices(axes[place + 1 :], count - 1) if count else ():
            yield (axis, *rest)


def _laid_out_anew(shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    """`(batch, timesteps × features)` or `(timesteps × features,)`: numbers that were flattened."""
    if wanted.features is None or len(wanted.shape) != 3 or len(shape) > 2:
        return
    features, length = wanted.shape[2], wanted.shape[1]
    flat = shape[-1]
    if features is None or features == 1 or flat % features or flat == features:
        return
    steps = flat // features
    if length in (None, steps):
        layout = (shape[0] if len(shape) == 2 else 1, steps, features)
        yield _Chain(
            (To(layout),), (f"{_count(steps, 'timestep')} of {features} features lie side by side",), 1
        )


def _mended(chain: _Chain, shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    """The chain with what its result still lacks: features, then timesteps, then rows."""
    try:
        result = result_of(chain.reshapes, shape)
    except EditError:
        return
    if len(result) != len(wanted.shape):
        return
    for narrowed in _features_mended(chain, result, wanted):
        for timed in _time_mended(narrowed, result_of(narrowed.reshapes, shape), wanted):
            yield from _rows_mended(timed, result_of(timed.reshapes, shape), wanted)


def _features_mended(chain: _Chain, shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    size = wanted.shape[wanted.features] if wanted.features is not None else None
    if size is None or shape[-1] == size:
        yield chain
    elif shape[-1] > size:
        because = f"{shape[-1]} features where {_is(size)} wanted: the first {size}"
        yield chain.then(Select(tuple(range(size))), because, 3)


def _time_mended(chain: _Chain, shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    size = wanted.shape[wanted.time] if wanted.time is not None else None
    if size is None or shape[1] == size:
        yield chain
        return
    axis = 1 if len(shape) == 2 else None
    if shape[1] < size:
        because = f"{_count(shape[1], 'timestep')} where {_is(size)} wanted: zeros before them"
        yield chain.then(Pad(size, axis=axis), because, 2)
        return
    because = f"{shape[1]} timesteps where {_is(size)} wanted: the last {size}"
    yield chain.then(Keep(size, axis=axis), because, 1)
    if axis is None:
        yield from _windows(chain, shape, size)


def _windows(chain: _Chain, shape: Size, length: int) -> Iterator[_Chain]:
    steps = shape[time_axis(shape, None)]
    if steps > length:
        yield chain.then(Window(length), f"{steps} timesteps: every window of {length}", 1)


def _rows_mended(chain: _Chain, shape: Size, wanted: Wanted) -> Iterator[_Chain]:
    bound = wanted.shape[0]
    if bound is None or shape[0] == bound:
        yield chain
    elif shape[0] > bound:
        which = "the first" if bound == 1 else f"the first {bound}"
        because = f"{_count(shape[0], 'sequence')} where a batch of {bound} is wanted: {which}"
        yield chain.then(Rows(tuple(range(bound))), because, 1)
    else:
        because = f"{_count(shape[0], 'sequence')} where a batch of {bound} is wanted: repeated"
        yield chain.then(Rows(tuple(row % shape[0] for row in range(bound))), because, 1)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _is(number: int) -> str:
    return f"{number} is" if number == 1 else f"{number} are"


def _joined(axes: tuple[int, ...]) -> str:
    return " and ".join(str(axis) for axis in axes)
