"""How much memory an array may ask for, judged by what is declared, before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lstm_tui.errors import InputFileError, LstmTuiError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

#: A concrete shape: every size known.
Size = tuple[int, ...]

#: What the arrays of one binary file may take. 10 million steps of 50 float64 features are 4 GB.
MAX_BYTES = 8 * 2**30
#: What a text file may weigh: parsed, it takes up to ten times as much for a while.
MAX_TEXT_BYTES = 512 * 2**20
#: What one reshape may make of an array, and what `random_input` may draw.
MAX_RESULT_BYTES = 2 * 2**30

_NUMERIC_KINDS = "biuf"
_KIND_NAMES = {
    "O": "Python objects",
    "S": "text",
    "U": "text",
    "c": "complex numbers",
    "M": "dates",
    "m": "time differences",
    "V": "records",
}


def declared_bytes(shape: Sequence[int], itemsize: int) -> int:
    """Bytes of an array of this shape, however large."""
    return math.prod(int(size) for size in shape) * itemsize


def in_words(count: int) -> str:
    """A number of bytes to read: `144 bytes`, `3.2 GB`, `1.2e+09 TB`."""
    if count < 1000:
        return f"{count} bytes"
    power = min(int(math.log10(count)) // 3, 4)
    return f"{count / 1000**power:.3g} {('', 'kB', 'MB', 'GB', 'TB')[power]}"


def check_declared(shape: Sequence[int], itemsize: int, limit: int, where: str) -> int:
    """Bytes that `where` declares; refused where negative or above `limit`."""
    if any(size < 0 for size in shape):
        raise InputFileError(f"{where} declares a negative size.", expected="sizes of zero or more")
    count = declared_bytes(shape, itemsize)
    if count > limit:
        raise InputFileError(
            f"{where} declares an array of {in_words(count)}, shape {shown_shape(shape)}.",
            expected=f"at most {in_words(limit)}",
            todo="cut the file to the part that is to be looked at",
        )
    return count


def check_text_size(size: int, limit: int, where: str) -> None:
    """Refuse a text file of more than `limit` bytes: it must be parsed whole."""
    if size > limit:
        raise InputFileError(
            f"{where} is a text file of {in_words(size)}.",
            expected=f"at most {in_words(limit)} of text",
            todo="save it as .npy: numpy.save('x.npy', x); that is read in place, however long",
        )


def check_numeric(dtype: np.dtype[np.generic], where: str) -> None:
    """Refuse a dtype that is not a plain number of at most 8 bytes."""
    if dtype.kind in _NUMERIC_KINDS and dtype.itemsize <= 8 and dtype.names is None:
        return
    what = _KIND_NAMES.get(dtype.kind, f"{dtype.itemsize * 8}-bit numbers")
    raise InputFileError(
        f"{where} holds {what} (dtype {one_line(dtype, 60)}), not numbers.",
        expected="floats, integers or booleans of at most 8 bytes each",
        todo="convert it before saving: numpy.save('x.npy', x.astype('float32'))",
    )


def check_result(
    shape: Sequence[int], itemsize: int, error: type[LstmTuiError], what: str, todo: str
) -> None:
    """Refuse to make an array larger than `MAX_RESULT_BYTES`."""
    count = declared_bytes(shape, itemsize)
    if count > MAX_RESULT_BYTES:
        raise error(
            f"{what} would give an array of {in_words(count)}, shape {shown_shape(shape)}.",
            expected=f"at most {in_words(MAX_RESULT_BYTES)}",
            todo=todo,
        )


def shown_shape(shape: Sequence[int | None]) -> str:
    """`(1, 20, 5)`, with `None` for a free axis, at most 12 axes and 12 digits a size."""
    sizes = [one_line(size, 12) for size in list(shape)[:12]] + (["…"] if len(shape) > 12 else [])
    return f"({', '.join(sizes)}{',' if len(shape) == 1 else ''})"


def native(array: Array) -> Array:
    """`array` in the machine's own byte order, copied only where it was not."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
