"""Where a condition can hold in a long recording, told from bins: interval arithmetic over their extremes.

Of each bin it is said that the condition cannot hold at any of its steps, may hold at one, or must hold at
all. `cannot` and `must` are certain, since the arithmetic only ever widens; `may` is all that is known where
the extremes of two series do not say whether they were reached at the same step. It never looks at a step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_tui.asking.binding import Bound, Part
from lstm_tui.asking.evaluating import Bools
from lstm_tui.asking.ground import Far, Key
from lstm_tui.recurrent.pyramid import Level
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.saturation import OPEN_ABOVE, SHUT_BELOW
from lstm_tui.recurrent.window import Window

Floats = NDArray[np.float64]
CANNOT, MAY, MUST = 0, 1, 2
#: Sums over units may be added up in another order than those of steps: they are widened by so much.
_ROUNDING = 1e-9
#: Numbers that are looked at together.
_NUMBERS_AT_ONCE = 1 << 17


@dataclass(frozen=True, eq=False)
class Span:
    """Between what the numbers of a bin lie, `(bins, units)`, and whether one may be NaN or not known."""

    low: Floats
    high: Floats
    broken: Bools


@dataclass(frozen=True, eq=False)
class Chance:
    """Whether a condition can hold, can fail, or can do neither, at some step of a bin, `(bins, units)`."""

    true: Bools
    false: Bools
    neither: Bools


def verdicts(bound: Bound, far: Far, bins: Window) -> NDArray[np.int8]:
    """`CANNOT`, `MAY` or `MUST` for these bins, `(bins,)`."""
    with np.errstate(all="ignore"):
        parts = [_verdicts(bound, far, part) for part in _at_once(bound, far, bins)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int8)


def next_bin(bound: Bound, far: Far, first: int, by: int) -> int | None:
    """The next bin from `first` on, forth (`by` 1) or back (-1), in which the condition may hold."""
    wide = _bins_at_once(bound, far)
    while 0 <= first < far.bins:
        part = (
            Window(first, min(first + wide, far.bins))
            if by > 0
            else Window(max(first + 1 - wide, 0), first + 1)
        )
        found = np.flatnonzero(verdicts(bound, far, part) > CANNOT)
        if len(found):
            return part.start + int(found[0 if by > 0 else -1])
        first = part.stop if by > 0 else part.start - 1
    return None


def _bins_at_once(bound: Bound, far: Far) -> int:
    numbers = max((len(part.units) for part in bound.root.walk()), default=1)
    return max(_NUMBERS_AT_ONCE // numbers, 64)


def _at_once(bound: Bound, far: Far, bins: Window) -> list[Window]:
    wide = _bins_at_once(bound, far)
    starts = range(bins.start, bins.stop, wide)
    return [Window(start, min(start + wide, bins.stop)) for start in starts]


def _verdicts(bound: Bound, far: Far, bins: Window) -> NDArray[np.int8]:
    """The bins before these are looked at too, as far as the condition looks back."""
    chance = _bounds(bound.root, far, Window(bins.start - bound.back, bins.stop))
    assert isinstance(chance, Chance)
    true = _any(chance.true)[bound.back :, 0]
    sure = _any(chance.true & ~chance.false & ~chance.neither)[bound.back :, 0]
    return np.where(sure, MUST, np.where(true, MAY, CANNOT)).astype(np.int8)


def _bounds(part: Part, far: Far, bins: Window) -> Span | Chance:
    if part.word == "number":
        return _certain(np.full((len(bins), 1), part.number))
    if part.word == "t":
        starts = np.arange(bins.start, bins.stop, dtype=np.float64)[:, None] * far.size
        return Span(starts, np.minimum(starts + far.size, far.timesteps) - 1, np.zeros_like(starts, bool))
    if part.word == "source":
        assert part.key is not None
        return _of_level(far, part.key, bins, len(part.units))
    of = [_bounds(each, far, bins) for each in part.parts]
    first = of[0]
    if part.word == "units":
        return _picked(first, part.picked)
    if isinstance(first, Chance):
        return _of_conditions(part, [each for each in of if isinstance(each, Chance)])
    return _of_numbers(part, [each for each in of if isinstance(each, Span)])


def _certain(values: Floats) -> Span:
    return Span(values, values, np.zeros(values.shape, bool))


def _anything(like: Bools) -> Span:
    full = np.full(like.shape, np.inf)
    return Span(-full, full, np.ones(like.shape, bool))


def _of_level(far: Far, key: Key, bins: Window, units: int) -> Span:
    """What is not finite, not there, or before the first bin can be anything."""
    level = far.levels.get(key)
    shape = (len(bins), units)
    low, high, broken = np.full(shape, -np.inf), np.full(shape, np.inf), np.ones(shape, bool)
    if level is None:
        return Span(low, high, broken)
    if level.size == 0:  # the same at every step
        values = np.broadcast_to(level.mean.astype(np.float64).reshape(1, units), shape)
        finite = np.isfinite(values)
        return Span(np.where(finite, values, low), np.where(finite, values, high), ~finite)
    first, last = max(bins.start, 0), min(bins.stop, level.bins)
    inside, place = slice(first, last), slice(first - bins.start, max(last, first) - bins.start)
    broken[place] = _is_broken(level, far, inside).reshape(-1, units)
    kept = ~broken[place]
    low[place] = np.where(kept, level.minimum[inside].reshape(-1, units), -np.inf)
    high[place] = np.where(kept, level.maximum[inside].reshape(-1, units), np.inf)
    return Span(low, high, broken)


def _is_broken(level: Level, far: Far, inside: slice) -> Array:
    """Where a bin holds NaN or infinity."""
    if level.count is None:
        return np.zeros(level.minimum[inside].shape, bool)
    starts = np.arange(inside.start, inside.stop) * level.size
    steps = np.minimum(starts + level.size, far.timesteps) - starts
    count = level.count[inside]
    return np.asarray(count < steps.reshape((-1,) + (1,) * (count.ndim - 1)))


def _picked(of: Span | Chance, picked: range) -> Span | Chance:
    units = slice(picked.start, picked.stop, picked.step)
    if isinstance(of, Chance):
        return Chance(of.true[:, units], of.false[:, units], of.neither[:, units])
    return Span(of.low[:, units], of.high[:, units], of.broken[:, units])


# --- conditions -------------------------------------------------------------------------------------


def _of_conditions(part: Part, of: list[Chance]) -> Span | Chance:
    first = of[0]
    match part.word:
        case "not":
            return _turned(first)
        case "and":
            return _all_of(of)
        case "or":
            return _turned(_all_of([_turned(each) for each in of]))
        case "any":
            return Chance(_any(first.true), _every(first.false), _any(first.neither))
        case "all":
            return Chance(_every(first.true), _any(first.false), _any(first.neither))
    surely = (first.true & ~first.false & ~first.neither).astype(np.float64)
    over = np.mean if part.word == "mean" else np.sum
    least, most = (over(each, axis=-1, keepdims=True) for each in (surely, first.true.astype(np.float64)))
    return _widened(Span(least, most, _any(first.neither)))


def _turned(of: Chance) -> Chance:
    return Chance(of.false, of.true, of.neither)


def _all_of(of: list[Chance]) -> Chance:
    true, false, neither = of[0].true, of[0].false, of[0].neither
    for each in of[1:]:
        true, false, neither = true & each.true, false | each.false, neither | each.neither
    return Chance(true, false, neither)


def _any(values: Bools) -> Bools:
    return np.asarray(values.any(axis=-1, keepdims=True))


def _every(values: Bools) -> Bools:
    return np.asarray(values.all(axis=-1, keepdims=True))


# --- numbers ----------------------------------------------------------------------------------------


def _of_numbers(part: Part, of: list[Span]) -> Span | Chance:
    one, other = of[0], of[-1]
    broken = one.broken | other.broken
    if part.word in _COMPARED:
        true, false = _COMPARED[part.word](one, other)
        return Chance(true, false, np.broadcast_to(broken, true.shape))
    if part.word in _COMPUTED:
        return _sound(_COMPUTED[part.word](one, other), broken)
    if part.word in _OVER_UNITS:
        return _sound(_OVER_UNITS[part.word](one, part.parts[0].units), _any(one.broken))
    if part.word in ("prev", "delta", "changed_sign"):
        return _back(part.word, one)
    return _looked_at(part.word, one)


def _looked_at(word: str, of: Span) -> Chance:
    """Of one number: is it NaN, infinite, at an end."""
    if word == "isnan":
        return Chance(of.broken, np.ones_like(of.broken), of.broken)
    if word == "isinf":
        infinite = np.isinf(of.low) | np.isinf(of.high)
        return Chance(infinite, np.ones_like(infinite), of.broken)
    assert word == "saturated", word
    stuck = (of.low < SHUT_BELOW) | (of.high > OPEN_ABOVE)
    free = (of.high >= SHUT_BELOW) & (of.low <= OPEN_ABOVE)
    return Chance(stuck, free, of.broken)


def _back(word: str, of: Span) -> Span | Chance:
    """The step before one of a bin lies in it, or is the last of the bin before."""
    before = Span(
        np.minimum(of.low, _shifted(of.low, -np.inf)),
        np.maximum(of.high, _shifted(of.high, np.inf)),
        of.broken | _shifted(of.broken, True),
    )
    if word == "prev":
        return before
    if word == "delta":
        return _sound(_minus(of, before), before.broken)
    through = ((before.low < 0) & (of.high >= 0)) | ((before.high > 0) & (of.low <= 0))
    return Chance(through, np.ones_like(through), before.broken)


def _shifted(values: Array, first: object) -> Array:
    return np.concatenate([np.full_like(values[:1], first), values[:-1]])


def _sound(found: tuple[Floats, Floats], broken: Bools) -> Span:
    """Where an end is NaN or infinite, the numbers between may be NaN."""
    low, high = found
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    return Span(low, high, broken | np.isinf(low) | np.isinf(high))


def _widened(of: Span) -> Span:
    room = _ROUNDING * np.maximum(np.abs(of.low), np.abs(of.high))
    return Span(of.low - room, of.high + room, of.broken)


def _ends(*candidates: Floats) -> tuple[Floats, Floats]:
    together = np.stack(np.broadcast_arrays(*candidates))
    return together.min(axis=0), together.max(axis=0)


def _minus(one: Span, other: Span) -> tuple[Floats, Floats]:
    return one.low - other.high, one.high - other.low


def _times(one: Span, other: Span) -> tuple[Floats, Floats]:
    return _ends(one.low * other.low, one.low * other.high, one.high * other.low, one.high * other.high)


def _divided(one: Span, other: Span) -> tuple[Floats, Floats]:
    low, high = _ends(one.low / other.low, one.low / other.high, one.high / other.low, one.high / other.high)
    through_zero = (other.low <= 0) & (other.high >= 0)
    return np.where(through_zero, -np.inf, low), np.where(through_zero, np.inf, high)


def _whole(one: Span, other: Span) -> tuple[Floats, Floats]:
    """NumPy's floor division may be one off what the quotient says."""
    low, high = _divided(one, other)
    room = 1 + _ROUNDING * np.maximum(np.abs(low), np.abs(high))
    return np.floor(low - room), np.ceil(high + room)


def _rest(one: Span, other: Span) -> tuple[Floats, Floats]:
    """It lies between 0 and what is divided by; where it cannot wrap, it is the number itself."""
    low, high = np.minimum(other.low, 0.0), np.maximum(other.high, 0.0)
    itself = (one.low >= 0) & (one.high < other.low)
    through_zero = (other.low <= 0) & (other.high >= 0)
    low, high = np.where(itself, one.low, low), np.where(itself, one.high, high)
    return np.where(through_zero, -np.inf, low), np.where(through_zero, np.inf, high)


def _power(one: Span, other: Span) -> tuple[Floats, Floats]:
    """The exponent is a number, the same at every step."""
    exponent = other.low
    low, high = _ends(one.low**exponent, one.high**exponent)
    low = np.where((one.low < 0) & (one.high > 0), np.minimum(low, 0.0), low)
    unclear = ((exponent < 0) | (exponent % 1 != 0)) & (one.low <= 0)
    room = _ROUNDING * np.maximum(np.abs(low), np.abs(high))
    return np.where(unclear, -np.inf, low - room), np.where(unclear, np.inf, high + room)


def _absolute(one: Span, other: Span) -> tuple[Floats, Floats]:
    low, high = _ends(np.abs(one.low), np.abs(one.high))
    return np.where((one.low < 0) & (one.high > 0), 0.0, low), high


_COMPUTED: dict[str, Callable[[Span, Span], tuple[Floats, Floats]]] = {
    "+": lambda one, other: (one.low + other.low, one.high + other.high),
    "-": _minus,
    "*": _times,
    "/": _divided,
    "//": _whole,
    "%": _rest,
    "**": _power,
    "neg": lambda one, other: (-one.high, -one.low),
    "abs": _absolute,
}
_COMPARED: dict[str, Callable[[Span, Span], tuple[Bools, Bools]]] = {
    "<": lambda one, other: (one.low < other.high, one.high >= other.low),
    "<=": lambda one, other: (one.low <= other.high, one.high > other.low),
    ">": lambda one, other: (one.high > other.low, one.low <= other.high),
    ">=": lambda one, other: (one.high >= other.low, one.low < other.high),
    "==": lambda one, other: (_may_meet(one, other), ~_are_one(one, other)),
    "!=": lambda one, other: (~_are_one(one, other), _may_meet(one, other)),
}


def _may_meet(one: Span, other: Span) -> Bools:
    return (one.low <= other.high) & (other.low <= one.high)


def _are_one(one: Span, other: Span) -> Bools:
    """Both the same single number."""
    return np.asarray((one.low == one.high) & (other.low == other.high) & (one.low == other.low), bool)


# --- over the units of a layer ------------------------------------------------------------------------


def _reduced(operation: Callable[..., Floats], of: Span) -> tuple[Floats, Floats]:
    low, high = (operation(each, axis=-1, keepdims=True) for each in (of.low, of.high))
    return low, high


def _added(operation: Callable[..., Floats], of: Span) -> tuple[Floats, Floats]:
    """Widened by what rounding can do to a sum: relative to the sum of absolute values."""
    low, high = _reduced(operation, of)
    size = np.maximum(np.abs(of.low), np.abs(of.high)).sum(axis=-1, keepdims=True)
    room = _ROUNDING * size
    return low - room, high + room


def _deviation(of: Span, units: range) -> tuple[Floats, Floats]:
    """Nothing deviates more than half the distance of the extremes, but for rounding."""
    high, low = of.high.max(axis=-1, keepdims=True), of.low.min(axis=-1, keepdims=True)
    return np.zeros_like(high), (high - low) / 2 + _ROUNDING * np.maximum(np.abs(low), np.abs(high))


def _length(of: Span, units: range) -> tuple[Floats, Floats]:
    low, high = _absolute(of, of)
    least, most = (np.linalg.norm(each, axis=-1, keepdims=True) for each in (low, high))
    return least * (1 - _ROUNDING), most * (1 + _ROUNDING)


def _largest(of: Span, units: range) -> tuple[Floats, Floats]:
    """Numbers of the first and the last unit that may be the largest."""
    candidates = of.high >= of.low.max(axis=-1, keepdims=True)
    numbers = np.broadcast_to(np.asarray(units, np.float64), candidates.shape)
    low = np.where(candidates, numbers, np.inf).min(axis=-1, keepdims=True)
    high = np.where(candidates, numbers, -np.inf).max(axis=-1, keepdims=True)
    return low, high


_OVER_UNITS: dict[str, Callable[[Span, range], tuple[Floats, Floats]]] = {
    "mean": lambda of, units: _added(np.mean, of),
    "sum": lambda of, units: _added(np.sum, of),
    "min": lambda of, units: _reduced(np.min, of),
    "max": lambda of, units: _reduced(np.max, of),
    "std": _deviation,
    "norm": _length,
    "argmax": _largest,
}
