"""Reads a scaler file: JSON, `.npz`, or scikit-learn's scalers as `.pkl` or `.joblib`.

Never `pickle.load` or `joblib.load`: a scaler may come from anyone, and `pickled_scalers` builds numbers
alone. Pipelines and other transformers are refused by name, with what to save instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lstm_tui.arrays.compressed import CompressionError, decompressed
from lstm_tui.arrays.files import read_arrays
from lstm_tui.arrays.json_files import load_json
from lstm_tui.arrays.opening import checked_size, reading, shown
from lstm_tui.arrays.pickle_stream import PickleContentError
from lstm_tui.arrays.pickled_scalers import rescale_from_pickle
from lstm_tui.arrays.rescale import Rescale
from lstm_tui.arrays.rescale_words import rescale_from_numbers
from lstm_tui.arrays.sizes import in_words
from lstm_tui.errors import EditError, InputFileError, ScalerFileError
from lstm_tui.plain_text import one_line

#: What a scaler file may weigh, unpacked. A million features take 32 MB.
MAX_SCALER_BYTES = 64 * 2**20
#: Endings of the files that can be read.
SCALER_SUFFIXES = (".json", ".npz", ".pkl", ".pickle", ".joblib")

_WANTED = "a scaler file: .json, .npz, .pkl or .joblib"


def read_scaler(path: Path | str) -> Rescale:
    """The rescale that a scaler file holds.

    `.json` and `.npz` hold the numbers by the names of a scenario (`mean`, `scale`) or of scikit-learn
    (`mean_`).
    """
    path = Path(path)
    size = checked_size(path, ScalerFileError, _WANTED)
    suffix = path.suffix.lower()
    if suffix not in SCALER_SUFFIXES:
        raise ScalerFileError(f"{shown(path)} ends in {one_line(suffix, 20) or 'nothing'}.", expected=_WANTED)
    if size > MAX_SCALER_BYTES:
        raise ScalerFileError(
            f"{shown(path)} is a file of {in_words(size)}.", expected=f"at most {in_words(MAX_SCALER_BYTES)}"
        )
    if suffix in (".json", ".npz"):
        return _named_numbers(path, suffix)
    return _pickled(path)


def _named_numbers(path: Path, suffix: str) -> Rescale:
    try:
        return rescale_from_numbers(_json(path) if suffix == ".json" else _npz(path), shown(path))
    except (EditError, InputFileError) as problem:
        raise ScalerFileError(
            f"{shown(path)}: {problem.happened}",
            expected=problem.expected,
            todo=problem.todo
            or "write {method: standard, mean: [..], scale: [..]} with one number a feature",
        ) from None


def _json(path: Path) -> dict[str, Any]:
    said = load_json(path, ScalerFileError)
    if not isinstance(said, dict):
        raise ScalerFileError(
            f"{shown(path)} holds no mapping.", expected="{method: standard, mean: [..], scale: [..]}"
        )
    return said


def _npz(path: Path) -> dict[str, Any]:
    return dict(read_arrays(path, max_bytes=MAX_SCALER_BYTES))


def _pickled(path: Path) -> Rescale:
    with reading(path, ScalerFileError):
        content = path.read_bytes()
    try:
        return rescale_from_pickle(decompressed(content, MAX_SCALER_BYTES), shown(path))
    except (PickleContentError, CompressionError) as problem:
        raise ScalerFileError(
            f"{shown(path)} is not read: {one_line(problem)}.",
            expected="a fitted StandardScaler, MinMaxScaler, RobustScaler or MaxAbsScaler by itself",
            todo="save the scaler alone, or its numbers as JSON: {method: standard, mean: [..], scale: [..]}",
        ) from None
    except EditError as problem:
        raise ScalerFileError(f"{shown(path)}: {problem.happened}", expected=problem.expected) from None
