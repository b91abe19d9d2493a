"""HDF5 from strangers: opened read-only, listed without following links, and read in pieces.

HDF5 can point at other files (external links, external storage, virtual datasets), name filters that are
loaded as plug-ins, and declare sizes that no file could hold. All of that is found while listing, and a
dataset that shows any of it is never read. Whoever opens a file through this module does so inside `guarded`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstm_tui.model_file.container import WEIGHTS_BYTES, WEIGHTS_MEMBER, open_archive, read_member
from lstm_tui.model_file.facts import Obstacle
from lstm_tui.model_file.refusals import CorruptModelError
from lstm_tui.plain_text import one_line

if TYPE_CHECKING:
    import h5py

#: What h5py raises on damaged files; it has no error class of its own.
HDF5_ERRORS = (
    OSError,
    KeyError,
    ValueError,
    TypeError,
    RuntimeError,
    AttributeError,
    IndexError,
    OverflowError,
    MemoryError,
    SystemError,
)

_OBJECTS = 100_000
_EXPANSION = 100
_EXPANSION_FLOOR = 64 * 2**20
#: deflate, shuffle, fletcher32, szip, nbit, scale-offset: built into HDF5. 32000 is LZF, built into h5py.
_BUILT_IN_FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})
_TODO = "Do not load it unless you trust where it comes from; then --trust loads it."


@dataclass(frozen=True)
class StoredArray:
    """A dataset as the file describes it, before anything of it is read.

    dtype: as NumPy names it, and `bfloat16`, which HDF5 stores as two opaque bytes.
    readable: nothing about it is suspicious; only then may it be read.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    readable: bool

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Listing:
    """Everything in an HDF5 file: arrays by path, the names that Keras noted on groups, obstacles."""

    arrays: tuple[StoredArray, ...]
    group_names: dict[str, str]
    obstacles: tuple[Obstacle, ...]

    def to_json(self) -> dict[str, Any]:
        """As it comes through a pipe."""
        arrays = [[array.path, array.shape, array.dtype, array.readable] for array in self.arrays]
        return {
            "arrays": arrays,
            "names": self.group_names,
            "obstacles": [astuple(item) for item in self.obstacles],
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> Listing:
        """What `to_json` made."""
        return Listing(
            tuple(StoredArray(path, tuple(shape), dtype, ok) for path, shape, dtype, ok in value["arrays"]),
            value["names"],
            tuple(Obstacle(*fields) for fields in value["obstacles"]),
        )


@contextmanager
def open_weights(path: Path, file_format: str) -> Iterator[h5py.File]:
    """The HDF5 file with the weights: a `.keras` file's member, or the `.h5` file itself."""
    import h5py

    source: io.BytesIO | Path = path
    if file_format == "keras":
        with open_archive(path) as archive:
            source = io.BytesIO(read_member(archive, path, WEIGHTS_MEMBER, WEIGHTS_BYTES))
    with hdf5_errors(path), h5py.File(source, "r") as file:
        yield file


@contextmanager
def hdf5_errors(path: Path) -> Iterator[None]:
    """What goes wrong inside is the file's fault, and said so."""
    try:
        yield
    except HDF5_ERRORS as error:
        raise CorruptModelError(
            f"{path}: the HDF5 data cannot be read: {one_line(error, 120)}.",
            expected="a whole HDF5 file, as Keras writes it",
            todo="Copy or download the file again.",
        ) from error


def list_file(file: h5py.File) -> Listing:
    """Every dataset with its description; links and whatever else is suspicious as obstacles."""
    import h5py

    arrays: list[StoredArray] = []
    names: dict[str, str] = {}
    obstacles: list[Obstacle] = []
    for path, found in _walk(file, obstacles):
        if isinstance(found, h5py.Dataset):
            reasons = list(_suspicions(found))
            obstacles.extend(_unsafe(path, reason) for reason in reasons)
            arrays.append(StoredArray(path, tuple(found.shape or ()), dtype_name(found), not reasons))
        elif path.rpartition("/")[2] == "vars" and "name" in found.attrs:
            names[path.rpartition("/")[0]] = one_line(found.attrs["name"])
    return Listing(tuple(arrays), names, tuple(obstacles))


def _walk(file: h5py.File, obstacles: list[Obstacle]) -> Iterator[tuple[str, Any]]:
    """Every group and dataset once, by path; links are not followed.

    h5py's own visitors are of no use on damaged files: an error inside their callback becomes a SystemError.
    """
    import h5py

    stack: list[tuple[str, Any]] = [("", file)]
    seen: set[int] = set()
    while stack:
        prefix, group = stack.pop()
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:  # hard links can make a loop
            continue
        seen.add(address)
        if len(seen) > _OBJECTS:
            obstacles.append(_unsafe("the weights", f"They hold more than {_OBJECTS:,} groups."))
            return
        inside = []
        for name in group:
            path = f"{prefix}/{name}".lstrip("/")
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                kind = "another file" if isinstance(link, h5py.ExternalLink) else "another place"
                obstacles.append(_unsafe(path, f"It is a link to {kind}."))
                continue
            found = group[name]
            yield path, found
            if isinstance(found, h5py.Group):
                inside.append((path, found))
        stack.extend(reversed(inside))


def dtype_name(dataset: h5py.Dataset) -> str:
    """The dtype of a dataset as Keras names it."""
    if dataset.attrs.get("dtype") == "bfloat16":
        return "bfloat16"
    return str(dataset.dtype)


def _suspicions(dataset: h5py.Dataset) -> Iterator[str]:
    if dataset.external:
        yield "Its values lie in another file."
    if dataset.is_virtual:
        yield "It is a virtual dataset: its values lie in other datasets or files."
    if dataset.shape is None or (dataset.dtype.kind not in "fiub" and dtype_name(dataset) != "bfloat16"):
        yield f"Its values are {one_line(dataset.dtype, 40)}, not numbers."
    filters = dataset.id.get_create_plist()
    codes = {filters.get_filter(index)[0] for index in range(filters.get_nfilters())}
    if codes - _BUILT_IN_FILTERS:
        yield "It is compressed by a plug-in."
    declared = math.prod(dataset.shape or ()) * dataset.dtype.itemsize
    stored = dataset.id.get_storage_size()
    if declared > max(_EXPANSION_FLOOR, _EXPANSION * stored):
        yield f"It declares {declared:,} bytes, of which {stored:,} are stored."


def _unsafe(where: str, what: str) -> Obstacle:
    return Obstacle("load-unsafe", one_line(where), what, _TODO)
