"""What a file is by its first bytes, for those that are no Keras models: said in words, never opened further.

Formats are recognised by signature, not by name: a `.keras` that is a NumPy array is called a NumPy array.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from lstm_tui.model_file.refusals import CorruptModelError, NotAModelError

ZIP_SIGNATURE = b"PK\x03\x04"
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

_EXPECTED = "a .keras file, or a .h5 file written by model.save()"
_SAVE_AGAIN = "Save the model with model.save('model.keras') and open that."

#: Signature, where it stands, what the file is.
_SIGNATURES: tuple[tuple[bytes, int, str], ...] = (
    (b"\x93NUMPY", 0, "a NumPy array (.npy)"),
    (b"TFL3", 4, "a TensorFlow Lite model"),
    (b"GGUF", 0, "a GGUF model"),
    (b"\x1f\x8b", 0, "a gzip archive"),
    (b"BZh", 0, "a bzip2 archive"),
    (b"\xfd7zXZ", 0, "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7-Zip archive"),
    (b"%PDF", 0, "a PDF document"),
    (b"version https://git-lfs", 0, "a Git LFS pointer: the model itself was not downloaded"),
    (b"<!DOCTYPE", 0, "a web page, perhaps of the site that the model should have come from"),
    (b"<html", 0, "a web page, perhaps of the site that the model should have come from"),
    (b"PK\x05\x06", 0, "an empty zip archive"),
)
_TODO = {
    "a Git LFS pointer: the model itself was not downloaded": "Run `git lfs pull` in the model's repository.",
    "a NumPy array (.npy)": "Give it as --input, and a model file as the first argument.",
}


def not_a_model(path: Path, head: bytes) -> NotAModelError:
    """The error for a file that begins with `head` and is neither a zip archive nor HDF5."""
    kind = _kind(head)
    happened = f"{path} is {kind}, not a Keras model." if kind else f"{path} is not a Keras model."
    return NotAModelError(happened, expected=_EXPECTED, todo=_TODO.get(kind, _SAVE_AGAIN))


def _kind(head: bytes) -> str:
    for signature, offset, kind in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return kind
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return "a Python pickle, as PyTorch and joblib write them"
    if head[:1] == b"\x08" and head[2:3] == b"\x12":  # a protobuf: its version, then who produced it
        return "an ONNX model"
    if head[8:10] == b'{"' and head[7:8] == b"\0":
        return "a safetensors file"
    if head.lstrip()[:1] == b"{":
        return "JSON text (model.to_json() keeps the architecture without its weights)"
    return ""


def directory_instead(path: Path) -> NotAModelError:
    """The error for a directory, with what it seems to hold."""
    if (path / "saved_model.pb").is_file():
        kind = "a TensorFlow SavedModel directory"
        todo = "Load it where it was made and save it with model.save('model.keras'); Keras 3 cannot open it."
    elif (path / "config.json").is_file() and (path / "model.weights.h5").is_file():
        kind = "a .keras model unpacked into a directory"
        members = "metadata.json config.json model.weights.h5"
        todo = f"Pack it again: cd {path.name} && zip -0 ../{path.name}.keras {members}"
    else:
        kind = "a directory"
        todo = "Name the model file in it."
    return NotAModelError(f"{path} is {kind}.", expected=_EXPECTED, todo=todo)


def other_archive(path: Path, names: Collection[str]) -> NotAModelError | CorruptModelError:
    """The error for a zip archive without a `config.json`."""
    kind = _archive_kind(names)
    if kind:
        return NotAModelError(f"{path} is {kind}, not a Keras model.", expected=_EXPECTED, todo=_SAVE_AGAIN)
    if "model.weights.h5" in names:
        return CorruptModelError(
            f"{path} holds weights and no architecture: its config.json is missing.",
            expected="metadata.json, config.json and model.weights.h5 in one archive",
            todo=_SAVE_AGAIN,
        )
    return NotAModelError(
        f"{path} is a zip archive of something else: it has no config.json.",
        expected=_EXPECTED,
        todo=_SAVE_AGAIN,
    )


def _archive_kind(names: Collection[str]) -> str:
    if any(name.rpartition("/")[2] in {"data.pkl", "constants.pkl"} for name in names):
        return "a PyTorch file"
    if names and all(name.endswith(".npy") for name in names):
        return "a NumPy archive (.npz)"
    if any(name.rpartition("/")[2] == "saved_model.pb" for name in names):
        return "a zipped TensorFlow SavedModel"
    if any(name.rpartition("/")[2] == "config.json" for name in names):
        return "an archive with the model in a subfolder"
    if "[Content_Types].xml" in names:
        return "an Office document"
    return ""
