"""Arrays in `.h5` files: every dataset of numbers by its path.

Refuses what would read elsewhere or more than it says: soft and external links, external storage, virtual
datasets. h5py is imported on first use: most sessions read no HDF5 input.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lstm_tui.arrays.opening import shown, what_it_is
from lstm_tui.arrays.sizes import check_declared, check_numeric, native
from lstm_tui.errors import InputFileError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

_MAX_OBJECTS = 10_000
_MAX_DEPTH = 16
_MAGIC = b"\x89HDF\r\n\x1a\n"


def read_hdf5(path: Path, key: str | None, limit: int) -> dict[str, Array]:
    """The datasets by path (`group/x`), or the one that `key` names; `limit` bounds all that are read."""
    import h5py

    with path.open("rb") as file:
        first = file.read(len(_MAGIC))
    if first != _MAGIC:
        raise InputFileError(
            f"{shown(path)} is not an HDF5 file: by its first bytes it is {what_it_is(first)}.",
            expected="a file written by h5py or another HDF5 library",
        )
    try:
        with h5py.File(path, "r") as file:
            return _read_all(file, key, limit, shown(path))
    # h5py raises any of these where the file's own structures are damaged.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as problem:
        raise InputFileError(
            f"{shown(path)} cannot be read: {one_line(problem, 120)}.",
            expected="a complete HDF5 file",
            todo="write or copy it again",
        ) from None


def _read_all(file: Any, key: str | None, limit: int, where: str) -> dict[str, Array]:
    datasets: dict[str, Any] = {}
    _collect(file, "", datasets, set(), where)
    chosen = {key: datasets[key]} if key in datasets else datasets
    arrays: dict[str, Array] = {}
    for name, dataset in chosen.items():
        arrays[name] = _read_dataset(dataset, limit, f"{name} in {where}")
        limit -= arrays[name].nbytes
    return arrays


def _collect(group: Any, prefix: str, found: dict[str, Any], seen: set[int], where: str) -> None:
    """Put every dataset below `group` into `found`, by path; `seen` holds addresses: links form rings."""
    import h5py

    seen.add(h5py.h5o.get_info(group.id).addr)
    if prefix.count("/") > _MAX_DEPTH or len(group) + len(found) + len(seen) > _MAX_OBJECTS:
        raise InputFileError(
            f"{where} nests or holds too much.",
            expected=f"groups at most {_MAX_DEPTH} deep, at most {_MAX_OBJECTS} entries in all",
        )
    for name in group:
        path = one_line(f"{prefix}{name}")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise InputFileError(
                f"{path} in {where} is a link to another place or file.",
                expected="datasets stored in this file itself",
                todo="copy the data into the file: h5py's Group.copy with expand_soft and expand_external",
            )
        item = group[name]
        if isinstance(item, h5py.Dataset):
            found[path] = item
        elif isinstance(item, h5py.Group) and h5py.h5o.get_info(item.id).addr not in seen:
            _collect(item, f"{path}/", found, seen, where)


def _read_dataset(dataset: Any, limit: int, where: str) -> Array:
    if dataset.is_virtual or dataset.external:
        raise InputFileError(
            f"{where} keeps its data in other files.",
            expected="datasets stored in this file itself",
            todo="copy the data into the file",
        )
    if dataset.shape is None:
        raise InputFileError(f"{where} is a dataset without data.", expected="an array of numbers")
    check_numeric(dataset.dtype, where)
    check_declared(dataset.shape, dataset.dtype.itemsize, limit, where)
    array: Array = dataset[()]
    return native(array)
