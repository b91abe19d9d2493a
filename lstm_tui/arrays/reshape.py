"""A reshape of the input as a value: what it makes of a shape and of an array, and how a scenario says it.

`Reshape` is one of nine frozen values; results are read-only, views wherever NumPy can make them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from lstm_tui.arrays.opening import nearest
from lstm_tui.arrays.reshape_axes import AddAxis, DropAxis, To, Transpose
from lstm_tui.arrays.reshape_steps import Keep, Pad, Rows, Select, Window
from lstm_tui.arrays.sizes import Size
from lstm_tui.errors import EditError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

__all__ = [
    "RESHAPE_WORDS",
    "AddAxis",
    "DropAxis",
    "Keep",
    "Pad",
    "Reshape",
    "Rows",
    "Select",
    "To",
    "Transpose",
    "Window",
    "apply_all",
    "reshape_from_scenario",
    "result_of",
]

Reshape = AddAxis | DropAxis | To | Transpose | Window | Keep | Pad | Select | Rows

#: What a scenario may say, with the options that may stand beside each word.
RESHAPE_WORDS: dict[str, tuple[str, ...]] = {
    "add_axis": (),
    "drop_axis": (),
    "to": (),
    "transpose": (),
    "window": ("stride",),
    "last": ("axis",),
    "first": ("axis",),
    "pad": ("value", "side", "axis"),
    "select": (),
    "rows": (),
}


def apply_all(reshapes: Iterable[Reshape], array: Array) -> Array:
    """`array` after all of `reshapes`, in order."""
    for reshape in reshapes:
        array = reshape.apply(array)
    return array


def result_of(reshapes: Iterable[Reshape], shape: Size) -> Size:
    """The shape that all of `reshapes` make of `shape`, in order, without any data."""
    for reshape in reshapes:
        shape = reshape.result_shape(shape)
    return shape


def reshape_from_scenario(mapping: Mapping[str, object]) -> Reshape:
    """The reshape that a scenario spells: `{add_axis: 0}`, `{window: 10, stride: 1}`, …"""
    words = [word for word in RESHAPE_WORDS if word in mapping]
    if len(words) != 1:
        raise _unclear(mapping, words)
    word = words[0]
    for option in mapping:
        if option != word and option not in RESHAPE_WORDS[word]:
            raise _unknown_option(word, str(option))
    return _PARSERS[word](mapping)


def _unclear(mapping: Mapping[str, object], words: list[str]) -> EditError:
    said = ", ".join(one_line(word, 40) for word in list(mapping)[:8]) or "nothing"
    meant = next((found for word in mapping if (found := nearest(str(word), RESHAPE_WORDS))), "")
    return EditError(
        f"A reshape says {said}." if len(words) < 2 else f"A reshape says {' and '.join(words)} at once.",
        expected=f"exactly one of {', '.join(RESHAPE_WORDS)}",
        todo=f"did you mean {meant}?" if meant and not words else "",
    )


def _unknown_option(word: str, option: str) -> EditError:
    options = RESHAPE_WORDS[word]
    return EditError(
        f"The reshape {word} has no option {one_line(option, 40)}.",
        expected=f"{', '.join(options)} beside {word}" if options else f"{word} alone",
    )


def _whole(mapping: Mapping[str, object], word: str, default: int | None = None) -> int:
    value = mapping.get(word, default)
    if type(value) is not int:
        raise _wrong(word, value, "a whole number")
    return value


def _wholes(mapping: Mapping[str, object], word: str) -> tuple[int, ...]:
    value = mapping[word]
    if not isinstance(value, list | tuple) or not all(type(item) is int for item in value):
        raise _wrong(word, value, "a list of whole numbers")
    return tuple(value)


def _axis(mapping: Mapping[str, object]) -> int | None:
    return None if mapping.get("axis") is None else _whole(mapping, "axis")


def _keep(mapping: Mapping[str, object], side: Literal["last", "first"]) -> Keep:
    return Keep(_whole(mapping, side), side, _axis(mapping))


def _pad(mapping: Mapping[str, object]) -> Pad:
    value, side = mapping.get("value", 0.0), mapping.get("side", "before")
    if type(value) not in (int, float):
        raise _wrong("value", value, "a number")
    if side not in ("before", "after"):
        raise _wrong("side", side, "before or after")
    return Pad(_whole(mapping, "pad"), float(value), side, _axis(mapping))  # type: ignore[arg-type]  # both checked above


def _wrong(word: str, value: object, wanted: str) -> EditError:
    shown = one_line(value, 40) if isinstance(value, str | int | float | bool) else type(value).__name__
    return EditError(f"The reshape's {word} is {shown}.", expected=wanted)


_PARSERS: dict[str, Callable[[Mapping[str, Any]], Reshape]] = {
    "add_axis": lambda said: AddAxis(_whole(said, "add_axis")),
    "drop_axis": lambda said: DropAxis(_whole(said, "drop_axis")),
    "to": lambda said: To(_wholes(said, "to")),
    "transpose": lambda said: Transpose(_wholes(said, "transpose")),
    "window": lambda said: Window(_whole(said, "window"), _whole(said, "stride", 1)),
    "last": lambda said: _keep(said, "last"),
    "first": lambda said: _keep(said, "first"),
    "pad": _pad,
    "select": lambda said: Select(_wholes(said, "select")),
    "rows": lambda said: Rows(_wholes(said, "rows")),
}
