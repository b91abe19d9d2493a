"""What can be said of a file that is no model: its first bytes, and the weights in it with their shapes."""

from __future__ import annotations

from pathlib import Path

from lstm_tui.errors import ModelFileError
from lstm_tui.model_file.guarded import in_child
from lstm_tui.model_file.hdf5 import list_file, open_weights
from lstm_tui.model_file.weights_layout import is_weight
from lstm_tui.plain_text import one_line

_BYTES = 8


def first_bytes(path: Path) -> str:
    """The first bytes in hexadecimal, `89 48 44 46`; empty for a directory or what cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_BYTES).hex(" ")
    except OSError:
        return ""


def weights_in(path: Path) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Path and shape of every weight of an HDF5 file; none where it cannot be read."""
    try:
        return tuple((name, tuple(shape)) for name, shape in in_child(path, _listed))
    except ModelFileError:
        return ()


def _listed(path: Path) -> list[list[object]]:
    with open_weights(path, "h5") as file:
        arrays = list_file(file).arrays
    return [[one_line(array.path, 200), list(array.shape)] for array in arrays if is_weight(array.path)]
