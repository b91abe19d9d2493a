"""Reads the arrays of an input file: `.npy`, `.npz`, `.csv`, `.json`, `.h5`.

An input may come from anyone. What a file declares is checked before it is read, nothing is unpickled, and
what cannot be an array of numbers is refused with what was found, what was expected and what to do. NaN and
inf are numbers here: seeing them is what a debugger is for. Integers, booleans and float64 stay what they
are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.arrays.csv_files import read_csv
from lstm_tui.arrays.hdf5_files import read_hdf5
from lstm_tui.arrays.json_files import read_json
from lstm_tui.arrays.numpy_files import read_npy, read_npz
from lstm_tui.arrays.opening import checked_size, nearest, shown
from lstm_tui.arrays.sizes import MAX_BYTES, MAX_TEXT_BYTES
from lstm_tui.errors import InputFileError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array, read_only

#: Endings of the files that can be read, for pickers and messages.
INPUT_SUFFIXES = (".npy", ".npz", ".csv", ".tsv", ".txt", ".json", ".h5", ".hdf5")

_EXPECTED = "an array file: .npy, .npz, .csv, .json or .h5"
#: Those of them that are tables in text: a row a line.
TEXT_TABLES = (".csv", ".tsv", ".txt")
_UNNAMED = (".npy", *TEXT_TABLES)


def read_arrays(
    path: Path | str,
    *,
    key: str | None = None,
    columns: Sequence[str | int] | None = None,
    max_bytes: int | None = None,
    growing: bool = False,
) -> dict[str, Array]:
    """The arrays of a file by name, read-only; `` is the name of one that has none.

    key: read only this one of a `.npz`, `.json` or `.h5`.
    columns: read only these of a `.csv`, by name or by index from 0.
    max_bytes: what the file's arrays (its text, for `.csv` and `.json`) may take, instead of `MAX_BYTES` and
        `MAX_TEXT_BYTES`.
    growing: somebody still writes the file. Of a table in text the lines are read that have their end, and
        nothing is mapped: what was read stays as it was.
    """
    path = Path(path)
    size = checked_size(path, InputFileError, _EXPECTED)
    _check_options(path, key, columns)
    try:
        arrays = _read(path, size, _Wanted(key, columns, max_bytes, growing))
    except MemoryError:
        raise InputFileError(f"{shown(path)} does not fit into the memory of this machine.") from None
    if not arrays:
        raise InputFileError(f"{shown(path)} holds no arrays.", expected="at least one array of numbers")
    chosen = arrays if key is None else {key: _named(arrays, key, path)}
    return {name: read_only(array) for name, array in chosen.items()}


def read_array(
    path: Path | str, *, key: str | None = None, columns: Sequence[str | int] | None = None
) -> Array:
    """The one array of a file; refused where it holds several and `key` names none."""
    arrays = read_arrays(path, key=key, columns=columns)
    if len(arrays) > 1:
        raise InputFileError(
            f"{shown(Path(path))} holds {len(arrays)} arrays: {_listed(arrays)}.",
            expected="one array",
            todo="name one of them with `key`",
        )
    return next(iter(arrays.values()))


@dataclass(frozen=True)
class _Wanted:
    key: str | None
    columns: Sequence[str | int] | None
    max_bytes: int | None
    growing: bool


def _read(path: Path, size: int, wanted: _Wanted) -> dict[str, Array]:
    binary, text = wanted.max_bytes or MAX_BYTES, wanted.max_bytes or MAX_TEXT_BYTES
    match path.suffix.lower():
        case ".npy":
            return {"": read_npy(path, size, binary, mapped=not wanted.growing)}
        case ".npz":
            return read_npz(path, wanted.key, binary)
        case ".h5" | ".hdf5":
            return read_hdf5(path, wanted.key, binary)
        case ".json":
            return read_json(path, size, text)
    return {"": read_csv(path, size, wanted.columns, text, growing=wanted.growing)}


def _check_options(path: Path, key: str | None, columns: Sequence[str | int] | None) -> None:
    suffix = path.suffix.lower()
    if suffix not in INPUT_SUFFIXES:
        raise InputFileError(
            f"{shown(path)} ends in {one_line(suffix, 20) or 'nothing'}.",
            expected=_EXPECTED,
            todo="rename it to what it is, or save it again with numpy.save",
        )
    if columns is not None and suffix not in TEXT_TABLES:
        raise InputFileError(
            f"{shown(path)} has no columns to choose from.",
            expected="`columns` with a .csv alone",
            todo="choose features with a reshape: {select: [0, 1]}",
        )
    if key is not None and suffix in _UNNAMED:
        raise InputFileError(
            f"{shown(path)} holds one array without a name.", expected="`key` with .npz, .json and .h5 alone"
        )


def _named(arrays: dict[str, Array], key: str, path: Path) -> Array:
    if key in arrays:
        return arrays[key]
    meant = nearest(key, arrays)
    raise InputFileError(
        f"{shown(path)} has no array {one_line(key, 60)}.",
        expected=f"one of {_listed(arrays)}",
        todo=f"did you mean {meant}?" if meant else "",
    )


def _listed(arrays: dict[str, Array]) -> str:
    names = [name or "(without a name)" for name in arrays]
    return ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
