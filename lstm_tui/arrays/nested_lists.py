"""Arrays out of nested lists of numbers, as JSON and YAML give them: regular, numeric, nothing else.

`null` becomes NaN. Ragged lists, text and mappings are refused with the first place that offends, as
`[3][0]`.
"""

from __future__ import annotations

import numpy as np

from lstm_tui.arrays.sizes import Size
from lstm_tui.errors import InputFileError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

_MAX_AXES = 32
_NUMBERS: frozenset[type] = frozenset({int, float, bool, type(None)})


def array_from_lists(value: object, where: str) -> Array:
    """The array that `value`, a number or nested lists of numbers, spells; `where` names it in a refusal.

    Booleans alone stay bool, integers alone int64; anything else becomes float64.
    """
    kinds: set[type] = set()
    _check(value, _leading_shape(value, where), (), kinds, where)
    try:
        return np.array(value, dtype=_dtype(kinds))
    except OverflowError:
        return np.array(value, dtype=np.float64)  # integers beyond 64 bits


def _dtype(kinds: set[type]) -> type[np.generic]:
    if kinds == {bool}:
        return np.bool_
    return np.int64 if kinds and kinds <= {int, bool} else np.float64


def _leading_shape(value: object, where: str) -> Size:
    """The shape that the first element at every depth promises."""
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        if len(shape) > _MAX_AXES:
            raise InputFileError(
                f"{where} nests deeper than {_MAX_AXES} lists.", expected="(batch, timesteps, features)"
            )
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _check(value: object, shape: Size, place: tuple[int, ...], kinds: set[type], where: str) -> None:
    """Refuse the first place where `value` departs from `shape`; gather the types of its numbers."""
    if not shape:
        if type(value) not in _NUMBERS:
            raise _misplaced(value, place, where)
        kinds.add(type(value))
    elif not isinstance(value, list):
        raise _misplaced(value, place, where)
    elif len(value) != shape[0]:
        raise InputFileError(
            f"{where} is ragged: {_spelled(place)} has {_entries(len(value))}.",
            expected=f"{_entries(shape[0])}, as in the first list at that depth",
            todo="pad the sequences to one length, or open them one at a time",
        )
    elif len(shape) == 1 and _NUMBERS.issuperset(types := set(map(type, value))):
        kinds |= types
    else:
        for index, item in enumerate(value):
            _check(item, shape[1:], (*place, index), kinds, where)


def _misplaced(value: object, place: tuple[int, ...], where: str) -> InputFileError:
    if isinstance(value, list):
        what = "a list where a number was expected"
    elif isinstance(value, str):
        what = f"text ({one_line(repr(value[:60]), 40)}), not a number"
    elif isinstance(value, dict):
        what = "a mapping, not a number"
    elif type(value) in _NUMBERS:
        what = f"the number {one_line(value, 40)} where a list was expected"
    else:
        what = f"of type {type(value).__name__}, not a number"
    return InputFileError(
        f"{where}: {_spelled(place)} is {what}.", expected="nested lists of numbers, all of one shape"
    )


def _spelled(place: tuple[int, ...]) -> str:
    return "".join(f"[{index}]" for index in place) or "the value itself"


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
