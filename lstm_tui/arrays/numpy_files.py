"""Arrays in `.npy` and `.npz` files. Headers are judged before their arrays are read; nothing is unpickled.

A large `.npy` is mapped, not loaded: ten million steps open at once and cost memory only where they are
looked at.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, Literal

import numpy as np

from lstm_tui.arrays.opening import reading, shown, what_it_is
from lstm_tui.arrays.sizes import Size, check_declared, check_numeric, in_words, native
from lstm_tui.errors import InputFileError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

#: From this size on a `.npy` is mapped instead of loaded.
MAP_FROM_BYTES = 64 * 2**20
#: More than NumPy's own limit of 10,000 characters for a header.
_HEADER_BYTES = 16_384
_MAX_MEMBERS = 10_000
_MAGIC = b"\x93NUMPY"
#: A hostile header can make NumPy's literal parser give up in any of these ways.
_HEADER_FAULTS = (ValueError, TypeError, KeyError, SyntaxError, RecursionError, MemoryError, TokenError)


@dataclass(frozen=True)
class _Header:
    shape: Size
    fortran_order: bool
    dtype: np.dtype[Any]
    offset: int


def read_npy(path: Path, size: int, limit: int, *, mapped: bool = True) -> Array:
    """The array of a `.npy` file of `size` bytes; `limit` bounds what it may declare.

    mapped: whether a large one may be left in the file. Who rewrites that changes the array, too.
    """
    where = shown(path)
    with reading(path, InputFileError), path.open("rb") as file:
        header = _header(file.read(_HEADER_BYTES), where)
        count = check_declared(header.shape, header.dtype.itemsize, limit, where)
        _check_present(count, size - header.offset, where)
        if mapped and count >= MAP_FROM_BYTES and header.dtype.isnative:
            return _mapped(path, header)
        file.seek(header.offset)
        return _filled(header, b"", file, where)


def read_npz(path: Path, key: str | None, limit: int) -> dict[str, Array]:
    """The arrays of a `.npz` file by name, or the one that `key` names; `limit` bounds all that are read."""
    with reading(path, InputFileError), _zip_faults(path), zipfile.ZipFile(path) as archive:
        members = _members(archive, shown(path))
        chosen = {key: members[key]} if key in members else members
        arrays: dict[str, Array] = {}
        for name, member in chosen.items():
            arrays[name] = _read_member(archive, member, limit, f"{name} in {shown(path)}")
            limit -= arrays[name].nbytes
        return arrays


def _members(archive: zipfile.ZipFile, where: str) -> dict[str, zipfile.ZipInfo]:
    found = [member for member in archive.infolist() if member.filename.endswith(".npy")]
    if not found or len(found) > _MAX_MEMBERS:
        raise InputFileError(
            f"{where} is a zip archive with {len(found)} arrays in it.",
            expected=f"between 1 and {_MAX_MEMBERS} .npy members, as numpy.savez writes them",
        )
    return {one_line(member.filename.removesuffix(".npy")): member for member in found}


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int, where: str) -> Array:
    with archive.open(member) as file:
        first = file.read(_HEADER_BYTES)
        header = _header(first, where)
        count = check_declared(header.shape, header.dtype.itemsize, limit, where)
        _check_present(count, member.file_size - header.offset, where)
        return _filled(header, first[header.offset :], file, where)


def _header(first: bytes, where: str) -> _Header:
    if not first.startswith(_MAGIC):
        raise InputFileError(
            f"{where} is not a .npy array: by its first bytes it is {what_it_is(first)}.",
            expected="a file written by numpy.save",
        )
    stream = io.BytesIO(first)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 2 headers are read, and nothing may reach the screen
            version = np.lib.format.read_magic(stream)
            parse = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, fortran_order, dtype = parse(stream)
    except _HEADER_FAULTS as problem:
        raise InputFileError(
            f"{where} has a header that cannot be read: {one_line(problem, 120)}.",
            expected="a file written by numpy.save",
        ) from None
    check_numeric(dtype, where)
    return _Header(tuple(int(axis) for axis in shape), fortran_order, dtype, stream.tell())


def _check_present(declared: int, present: int, where: str) -> None:
    if declared > present:
        raise InputFileError(
            f"{where} is truncated: {in_words(max(present, 0))} of {in_words(declared)} are there.",
            expected="a file that was written completely",
            todo="write or copy it again",
        )


def _mapped(path: Path, header: _Header) -> Array:
    order: Literal["C", "F"] = "F" if header.fortran_order else "C"
    mapped = np.memmap(path, header.dtype, mode="r", offset=header.offset, shape=header.shape, order=order)
    return np.asarray(mapped)


def _filled(header: _Header, first: bytes, file: IO[bytes], where: str) -> Array:
    """The array whose data begin with `first` and continue in `file`."""
    flat = np.empty(int(np.prod(header.shape, dtype=np.int64)), dtype=header.dtype)
    buffer = flat.view(np.uint8).data if flat.size else memoryview(bytearray())
    filled = min(len(first), len(buffer))
    buffer[:filled] = first[:filled]
    while filled < len(buffer):
        count = file.readinto(buffer[filled:])  # type: ignore[attr-defined]  # every binary file has it
        if not count:
            _check_present(len(buffer), filled, where)
        filled += count
    shaped = flat.reshape(header.shape[::-1]).T if header.fortran_order else flat.reshape(header.shape)
    return native(shaped)


@contextmanager
def _zip_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as problem:
        raise InputFileError(
            f"{shown(path)} cannot be read as .npz: {one_line(problem, 120)}.",
            expected="a file written by numpy.savez, complete and without a password",
        ) from None
