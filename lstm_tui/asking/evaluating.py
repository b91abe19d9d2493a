"""A question answered at every step of every sample: numbers, or whether a condition holds.

Everything is computed in float64 over arrays `(samples, steps, units)`. A comparison with NaN, or with what
is not known, neither holds nor fails: it is no hit, and `not` makes none of it; `isnan` alone finds NaN.
Division by zero gives infinity or NaN as IEEE 754 has it, without a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_tui.asking.binding import Bound, Part
from lstm_tui.asking.ground import Ground, Source
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.saturation import OPEN_ABOVE, SHUT_BELOW
from lstm_tui.recurrent.window import Window

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Numbers:
    """`(samples or 1, steps, units)`; `known` `(steps,)` is None where there is a value at every step."""

    values: NDArray[np.float64]
    known: Bools | None = None


@dataclass(frozen=True, eq=False)
class Holds:
    """Where a condition holds, and where it fails, `(samples or 1, steps, units)`; elsewhere neither."""

    true: Bools
    false: Bools


Answer = Numbers | Holds


def answer(bound: Bound, ground: Ground, window: Window) -> Answer:
    """The answer at the steps of `window`; where something is not kept there it is not known."""
    with np.errstate(all="ignore"):
        found = _answer(bound.root, ground, Window(window.start - bound.back, window.stop))
    return _from(found, bound.back)


def _from(found: Answer, first: int) -> Answer:
    if isinstance(found, Holds):
        return Holds(found.true[:, first:], found.false[:, first:])
    return Numbers(found.values[:, first:], None if found.known is None else found.known[first:])


def _answer(part: Part, ground: Ground, window: Window) -> Answer:
    if part.word == "number":
        return Numbers(np.full((1, len(window), 1), part.number))
    if part.word == "t":
        return Numbers(np.arange(window.start, window.stop, dtype=np.float64).reshape(1, -1, 1))
    if part.word == "source":
        assert part.key is not None
        return _numbers(ground.sources[part.key], window)
    of = [_answer(each, ground, window) for each in part.parts]
    if part.word == "units":
        return _picked(of[0], part.picked)
    if isinstance(of[0], Holds):
        return _of_conditions(part, [each for each in of if isinstance(each, Holds)])
    return _of_numbers(part, [each for each in of if isinstance(each, Numbers)])


def _numbers(source: Source, window: Window) -> Numbers:
    """The steps of `window`, which may begin before the first one or end after the last that is kept."""
    steps = len(window)
    if source.timesteps is None:
        shape = (source.samples, steps, source.width)
        return Numbers(np.broadcast_to(source.values.astype(np.float64), shape))
    kept = source.kept
    first, last = max(window.start, kept.start), min(window.stop, kept.stop)
    inside = slice(first - kept.start, max(last, first) - kept.start)
    if first == window.start and last == window.stop:
        known = None if source.known is None else source.known[inside]
        return Numbers(source.values[:, inside].astype(np.float64), known)
    values = np.full((source.samples, steps, source.width), np.nan)
    known = np.zeros(steps, bool)
    place = slice(first - window.start, max(last, first) - window.start)
    values[:, place] = source.values[:, inside]
    known[place] = True if source.known is None else source.known[inside]
    before = kept.start - 1 - window.start
    if source.before is not None and 0 <= before < steps:
        values[:, before], known[before] = source.before, True
    return Numbers(values, known)


def _picked(of: Answer, picked: range) -> Answer:
    units = slice(picked.start, picked.stop, picked.step)
    if isinstance(of, Holds):
        return Holds(of.true[..., units], of.false[..., units])
    return Numbers(of.values[..., units], of.known)


# --- conditions -------------------------------------------------------------------------------------


def _of_conditions(part: Part, of: list[Holds]) -> Answer:
    match part.word:
        case "not":
            return Holds(of[0].false, of[0].true)
        case "and":
            return _all_of(of)
        case "or":
            turned = _all_of([Holds(each.false, each.true) for each in of])
            return Holds(turned.false, turned.true)
        case "any":
            return Holds(_over_units(np.any, of[0].true), _over_units(np.all, of[0].false))
        case "all":
            return Holds(_over_units(np.all, of[0].true), _over_units(np.any, of[0].false))
        case "mean" | "sum":
            as_number = np.where(of[0].true, 1.0, np.where(of[0].false, 0.0, np.nan))
            return Numbers(_over_units(np.mean if part.word == "mean" else np.sum, as_number))
    raise AssertionError(part.word)


def _all_of(of: list[Holds]) -> Holds:
    true, false = of[0].true, of[0].false
    for each in of[1:]:
        true, false = true & each.true, false | each.false
    return Holds(true, false)


def _over_units(operation: Callable[..., Array], values: Array) -> Array:
    return operation(values, axis=-1, keepdims=True)


# --- numbers ----------------------------------------------------------------------------------------

_ARITHMETIC: dict[str, Callable[..., Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "//": np.floor_divide, "%": np.mod,
    "**": np.power, "neg": np.negative, "abs": np.abs,
}  # fmt: skip
_OVER_UNITS: dict[str, Callable[..., Array]] = {
    "mean": np.mean, "min": np.min, "max": np.max, "sum": np.sum, "std": np.std,
    "norm": np.linalg.norm,
}  # fmt: skip
_COMPARISONS: dict[str, Callable[..., Bools]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal,
    "!=": np.not_equal,
}  # fmt: skip


def _of_numbers(part: Part, of: list[Numbers]) -> Answer:
    values, known = [each.values for each in of], _both_known(of)
    if part.word in _ARITHMETIC:
        return Numbers(_ARITHMETIC[part.word](*values), known)
    if part.word in _OVER_UNITS:
        return Numbers(_over_units(_OVER_UNITS[part.word], values[0]), known)
    if part.word in _COMPARISONS:
        holds = _COMPARISONS[part.word](*values)
        return _where_known(holds, known, ~(np.isnan(values[0]) | np.isnan(values[1])))
    match part.word:
        case "argmax":
            return Numbers(_argmax(part, values[0]), known)
        case "isnan":
            return _where_known(np.isnan(values[0]), known)
        case "isinf":
            return _where_known(np.isinf(values[0]), known)
        case "saturated":
            stuck = (values[0] < SHUT_BELOW) | (values[0] > OPEN_ABOVE)
            return _where_known(stuck, known, ~np.isnan(values[0]))
        case "prev":
            return _before(of[0])
        case "delta":
            before = _before(of[0])
            return Numbers(values[0] - before.values, _both_known([of[0], before]))
        case "changed_sign":
            return _changed_sign(of[0])
    raise AssertionError(part.word)


def _argmax(part: Part, values: Array) -> Array:
    """The number of the unit, NaN where one of the values is."""
    numbers = np.asarray(part.parts[0].units, np.float64)
    place = np.argmax(values, axis=-1, keepdims=True)
    return np.where(np.isnan(values).any(axis=-1, keepdims=True), np.nan, numbers[place])


def _changed_sign(of: Numbers) -> Holds:
    before = _before(of)
    now, then = of.values, before.values
    through = ((then < 0) & (now >= 0)) | ((then > 0) & (now <= 0))
    return _where_known(through, _both_known([of, before]), ~(np.isnan(now) | np.isnan(then)))


def _before(of: Numbers) -> Numbers:
    """One step earlier; of the first step it is not known."""
    values = np.concatenate([np.full_like(of.values[:, :1], np.nan), of.values[:, :-1]], axis=1)
    known = np.ones(values.shape[1], bool)
    known[1:] = True if of.known is None else of.known[:-1]
    known[:1] = False
    return Numbers(values, known)


def _both_known(of: list[Numbers]) -> Bools | None:
    known: Bools | None = None
    for each in of:
        if each.known is not None:
            known = each.known if known is None else known & each.known
    return known


def _where_known(holds: Bools, known: Bools | None, comparable: Bools | None = None) -> Holds:
    where = (
        comparable if known is None else known[:, None] if comparable is None else comparable & known[:, None]
    )
    if where is None:
        return Holds(holds, ~holds)
    return Holds(holds & where, ~holds & where)
