"""A whole model in one `.h5` file: `model.save("x.h5")` of Keras 2, which Keras 3 still writes.

The configuration is an attribute of the file, the weights lie in one group a layer of the top level. A file
without the configuration holds weights alone; what it holds is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lstm_tui.model_file.container import CONFIG_BYTES, Config, StoredModel, name_obstacles, parse_config
from lstm_tui.model_file.guarded import in_child
from lstm_tui.model_file.hdf5 import list_file, open_weights
from lstm_tui.model_file.refusals import CorruptModelError, NotAModelError, WeightsOnlyError
from lstm_tui.plain_text import one_line

if TYPE_CHECKING:
    import h5py

_SHOWN = 6


def open_legacy_hdf5(path: Path) -> StoredModel:
    """Read everything but the weights; raise a `ModelFileError` where the file is no model."""
    texts = in_child(path, _read_texts)
    training: Config = {}
    if texts["training_config"]:
        training = parse_config(texts["training_config"], path, "training_config")
    return StoredModel(
        path=path,
        format="h5",
        config=parse_config(texts["model_config"], path, "model_config"),
        keras_version=one_line(texts["keras_version"], 40),
        training=training,
        weights_bytes=path.stat().st_size,
        obstacles=name_obstacles(path, (".h5", ".hdf5"), "an HDF5 file"),
    )


def _read_texts(path: Path) -> dict[str, str]:
    with open_weights(path, "h5") as file:
        if "model_config" not in file.attrs:
            raise _no_architecture(path, file)
        return {
            name: _attribute(file, name, path)
            for name in ("model_config", "training_config", "keras_version")
        }


def _attribute(file: h5py.File, name: str, path: Path) -> str:
    """A text attribute; empty where it is missing."""
    if name not in file.attrs:
        return ""
    value = file.attrs[name]
    if not isinstance(value, str | bytes):
        raise CorruptModelError(
            f"{path}: {name} is not a text.", expected="the configuration of a Keras model"
        )
    if len(value) > CONFIG_BYTES:
        raise CorruptModelError(
            f"{path}: {name} is larger than {CONFIG_BYTES:,} bytes.", expected="a Keras model"
        )
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _no_architecture(path: Path, file: h5py.File) -> NotAModelError | WeightsOnlyError:
    arrays = list_file(file).arrays
    if not _looks_like_weights(file):
        return NotAModelError(
            f"{path} is an HDF5 file of something else, not a Keras model.",
            expected="a .keras file, or a .h5 file written by model.save()",
        )
    shown = ", ".join(f"{array.path} {array.shape}" for array in arrays[:_SHOWN])
    more = f" and {len(arrays) - _SHOWN} more" if len(arrays) > _SHOWN else ""
    return WeightsOnlyError(
        f"{path} holds weights without an architecture: {shown}{more}.",
        expected="a whole model, as model.save() writes it; save_weights() writes the weights alone",
        todo="Build the model in Python, load_weights() into it, and save it with model.save('model.keras').",
    )


def _looks_like_weights(file: h5py.File) -> bool:
    """Keras 3 writes `layers` and `vars` groups, Keras 2 the attribute `layer_names`."""
    groups = set(file)
    return bool(groups & {"layers", "vars", "_layer_checkpoint_dependencies", "model_weights"}) or (
        "layer_names" in file.attrs or "layer_names0" in file.attrs
    )
