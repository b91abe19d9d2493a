"""Values as bytes and back: dataclasses, errors and arrays of this project, and nothing that can act.

The engine runs code on files from strangers, so what it sends is read as data, never as instructions. A
pickle is a program for the one who reads it; this is JSON, in which everything beyond numbers, texts and None
is a list that begins with its kind, built by the table at the end of this module. Arrays lie outside the
JSON, each at a multiple of 64 bytes; read back, they are read-only views of the bytes they came in.

    body = counts, array table, JSON, padding, array, padding, array, …

What it refuses, on the way out as on the way in: every class that is no value of this project, arrays of
objects.
"""

from __future__ import annotations

import base64
import importlib
import json
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any, Final

import numpy as np

from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.recording import Array, read_only

_COUNTS = struct.Struct("<QQ")  # bytes of JSON, number of arrays
_PLACE = struct.Struct("<QQ")  # offset and bytes of one array
_ALIGNMENT: Final = 64
#: Far more than any model's facts need: a body may be a file with holes, which costs its sender nothing.
_MOST_JSON: Final = 1 << 26
_MOST_ARRAYS: Final = 1 << 20
#: Numbers, truth values, text, bytes, times: no objects, no records.
_ARRAY_KINDS: Final = frozenset("biufcSUmM")
#: Where the values and errors that may cross are defined.
_VALUE_MODULES: Final = (
    "lstm_tui.errors",
    "lstm_tui.recurrent",
    "lstm_tui.model_file",
    "lstm_tui.arrays",
    "lstm_tui.scenario",
    "lstm_tui.checks",
    "lstm_tui.engine.protocol",
    "lstm_tui.engine.options",
)
_AS_THEY_ARE: Final = frozenset({type(None), bool, int, float, str})

Piece = bytes | memoryview


class MalformedValueError(Exception):
    """Bytes that are no value of this project: damaged, or written by someone who means harm."""


def encode(value: object) -> list[Piece]:
    """`value` as the pieces of a body; arrays are not copied unless they are scattered in memory.

    Raises TypeError for a value that cannot cross, before anything was written anywhere.
    """
    writer = _Writer()
    text = json.dumps(writer.lowered(value), separators=(",", ":")).encode("ascii")
    offset = _COUNTS.size + _PLACE.size * len(writer.arrays) + len(text)
    places: list[Piece] = []
    tail: list[Piece] = []
    for array in writer.arrays:
        padding = -offset % _ALIGNMENT
        places.append(_PLACE.pack(offset + padding, array.nbytes))
        tail += [bytes(padding), _bytes_of(array)]
        offset += padding + array.nbytes
    return [_COUNTS.pack(len(text), len(writer.arrays)), *places, text, *tail]


def decode(body: memoryview) -> Any:
    """The value whose body this is; its arrays are read-only views of `body`."""
    try:
        return _Reader(body).value()
    except MalformedValueError:
        raise
    except Exception as error:  # hostile bytes can raise anything
        raise MalformedValueError(f"{type(error).__name__}: {error}") from error


def _bytes_of(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b"")


class _Writer:
    """Turns a value into what JSON can say, and sets its arrays aside."""

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self._index_of: dict[int, int] = {}

    def lowered(self, value: Any) -> Any:
        kind = type(value)
        if kind in _AS_THEY_ARE:
            return value
        if kind in {tuple, list, set, frozenset}:
            return [kind.__name__, *map(self.lowered, value)]
        if isinstance(value, np.ndarray):
            return ["array", self._index(value), _dtype_name(value.dtype), *value.shape]
        if isinstance(value, Mapping):
            return ["dict", *(self.lowered(part) for pair in value.items() for part in pair)]
        if is_dataclass(kind):
            return self._lowered_dataclass(value)
        return _lowered_leaf(value)

    def _lowered_dataclass(self, value: Any) -> Any:
        kind = type(value)
        _value_class(kind.__module__, kind.__qualname__)
        parts = [(field.name, getattr(value, field.name)) for field in fields(value) if field.init]
        named = (word for name, part in parts for word in (name, self.lowered(part)))
        return ["value", kind.__module__, kind.__qualname__, *named]

    def _index(self, array: Array) -> int:
        """An array that stands in several places crosses once."""
        if id(array) not in self._index_of:
            self._index_of[id(array)] = len(self.arrays)
            self.arrays.append(np.ascontiguousarray(array))
        return self._index_of[id(array)]


def _lowered_leaf(value: Any) -> list[Any]:
    if isinstance(value, np.generic):
        return ["scalar", _dtype_name(value.dtype), _base64(value.tobytes())]
    if isinstance(value, LstmTuiError):
        kind = _error_class(type(value).__module__, type(value).__qualname__)
        return ["error", kind.__module__, kind.__name__, value.happened, value.expected, value.todo]
    if isinstance(value, PurePath):
        return ["path", str(value)]
    if type(value) is bytes:
        return ["bytes", _base64(value)]
    raise TypeError(f"a {type(value).__module__}.{type(value).__qualname__} cannot cross between processes")


class _Reader:
    """Builds the value of one body."""

    def __init__(self, body: memoryview) -> None:
        n_text, n_arrays = _COUNTS.unpack_from(body)
        if n_text > _MOST_JSON or n_arrays > _MOST_ARRAYS:
            raise MalformedValueError("more than any value needs")
        table_end = _COUNTS.size + _PLACE.size * n_arrays
        self._body = body
        self._places = list(_PLACE.iter_unpack(body[_COUNTS.size : table_end]))
        self._text = bytes(body[table_end : table_end + n_text])

    def value(self) -> Any:
        return self._built(json.loads(self._text.decode("ascii")))

    def _built(self, node: Any) -> Any:
        if type(node) in _AS_THEY_ARE:
            return node
        if type(node) is not list or not node:
            raise MalformedValueError("JSON that says nothing here")
        kind, *parts = node
        if kind == "array":
            return self._array(*parts)
        if kind in _CONTAINERS:
            return _CONTAINERS[kind](map(self._built, parts))
        if kind == "value":
            module, name, *named = parts
            return _value_class(module, name)(**dict(_pairs(map(self._built, named))))
        return _LEAVES[kind](*parts)

    def _array(self, index: int, dtype_name: str, *shape: int) -> Array:
        offset, n_bytes = self._places[index]
        dtype = _checked_dtype(dtype_name)
        if n_bytes == 0 and 0 in shape:
            return read_only(np.empty(shape, dtype))
        if offset + n_bytes > len(self._body):
            raise MalformedValueError("an array reaches beyond the end")
        return read_only(np.frombuffer(self._body[offset : offset + n_bytes], dtype).reshape(shape))


@lru_cache(maxsize=256)
def _value_class(module: str, name: str) -> Any:
    """The dataclass of that name, if its values may cross; TypeError otherwise."""
    kind = _own_class(module, name)
    if not is_dataclass(kind):
        raise TypeError(f"a {module}.{name} cannot cross between processes")
    return kind


@lru_cache(maxsize=64)
def _error_class(module: str, name: str) -> type[LstmTuiError]:
    """The error of that name; TypeError if it is none of this project's."""
    kind = _own_class(module, name)
    if not issubclass(kind, LstmTuiError):
        raise TypeError(f"a {module}.{name} cannot cross between processes")
    return kind


def _own_class(module: str, name: str) -> type:
    if any(module == room or module.startswith(f"{room}.") for room in _VALUE_MODULES):
        kind = getattr(importlib.import_module(module), name, None)
        if isinstance(kind, type) and kind.__module__ == module:
            return kind
    raise TypeError(f"a {module}.{name} cannot cross between processes")


def _dtype_name(dtype: np.dtype[Any]) -> str:
    if dtype.kind not in _ARRAY_KINDS:
        raise TypeError(f"an array of {dtype} cannot cross between processes")
    return dtype.str


def _checked_dtype(name: str) -> np.dtype[Any]:
    dtype = np.dtype(name)
    if dtype.kind not in _ARRAY_KINDS:
        raise MalformedValueError(f"an array of {dtype}")
    return dtype


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _scalar(dtype: str, data: str) -> Any:
    return np.frombuffer(base64.b64decode(data), _checked_dtype(dtype))[0]


def _error(module: str, name: str, happened: str, expected: str, todo: str) -> LstmTuiError:
    return _error_class(module, name)(happened, expected=expected, todo=todo)


def _pairs(parts: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    flat = list(parts)
    return zip(flat[::2], flat[1::2], strict=True)


_CONTAINERS: Final[dict[str, Callable[[Iterable[Any]], Any]]] = {
    "tuple": tuple,
    "list": list,
    "set": set,
    "frozenset": frozenset,
    "dict": lambda parts: dict(_pairs(parts)),
}
_LEAVES: Final[dict[str, Callable[..., Any]]] = {
    "scalar": _scalar,
    "error": _error,
    "path": Path,
    "bytes": base64.b64decode,
}
