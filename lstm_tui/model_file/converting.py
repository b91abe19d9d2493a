"""A copy of a model file in the form that Keras 3 reads; the file itself is only ever read.

`converted_copy` gives the file back where there is nothing to convert. The copy holds the converted
configuration (`modernising`), the functions of Keras 2 under names of their own (`redefined`), the weights of
CuDNN layers in the layout of their successors, and no training setup. It is meant for a temporary folder and
for `keras_adapter`: Keras alone does not know the functions kept. Judge the file first; here sizes and
contents are trusted as far as the judge did.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lstm_tui.model_file.container import CONFIG_MEMBER, open_archive, open_model_file
from lstm_tui.model_file.cudnn_weights import as_plain_weights
from lstm_tui.model_file.guarded import in_child
from lstm_tui.model_file.hdf5 import hdf5_errors
from lstm_tui.model_file.modernising import modernised
from lstm_tui.model_file.redefined import keep_functions, redefined_activations
from lstm_tui.model_file.refusals import CorruptModelError

_WRITING_SECONDS = 600.0


def converted_copy(path: Path, folder: Path) -> Path:
    """The file to hand to Keras: a converted copy in `folder`, or `path` where Keras 3 takes it as it is.

    Raises: ModelFileError where the file cannot be read, OSError where the copy cannot be written.
    """
    stored = open_model_file(path)
    modern = modernised(stored)
    if not modern.changed and not any(redefined_activations(stored)):
        return path
    config = {key: value for key, value in modern.config.items() if key != "compile_config"}
    if any(redefined_activations(stored)):
        keep_functions(config)
    try:
        text = json.dumps(config)
    except RecursionError as error:
        raise CorruptModelError(f"{path}: its configuration is nested too deeply to be a model.") from error
    copy = folder / f"converted.{stored.format}"
    if stored.format == "keras":
        _write_archive(path, copy, text)
    else:
        in_child(copy, _write_hdf5, str(path), text, dict(modern.fused), seconds=_WRITING_SECONDS)
    return copy


def _write_archive(path: Path, copy: Path, text: str) -> None:
    """The archive with another configuration; every other member byte by byte."""
    with open_archive(path) as archive, zipfile.ZipFile(copy, "w") as converted:
        for info in archive.infolist():
            if info.filename == CONFIG_MEMBER:
                converted.writestr(CONFIG_MEMBER, text)
                continue
            with archive.open(info) as source, converted.open(info.filename, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)


def _write_hdf5(copy: Path, path: str, text: str, fused: Mapping[str, str]) -> None:
    import h5py

    shutil.copyfile(path, copy)
    with hdf5_errors(copy), h5py.File(copy, "r+") as file:
        file.attrs["model_config"] = text
        if "training_config" in file.attrs:
            del file.attrs["training_config"]
        for layer, class_name in fused.items():
            _replace_weights(file, layer, class_name, copy)


def _replace_weights(file: Any, layer: str, class_name: str, copy: Path) -> None:
    """The weights of a CuDNN layer, or of both halves of a Bidirectional, in the layout of its successor."""
    top, name = layer.partition("/")[0], layer.rpartition("/")[2]
    group: Any = file["model_weights"].get(top, {}) if "model_weights" in file else {}
    listed = [_text(each) for each in group.attrs.get("weight_names", ())] if group else []
    halves = {name, f"forward_{name}", f"backward_{name}"}
    owned: dict[str, list[str]] = {}
    for each in listed:
        if halves.intersection(each.split("/")):
            owned.setdefault(each.rpartition("/")[0], []).append(each)
    for names in owned.values() or [[]]:
        _replace_three(group, names, f"{copy.name}: {layer}", class_name)


def _replace_three(group: Any, names: list[str], where: str, class_name: str) -> None:
    """Kernel, recurrent kernel and bias, in this order. Raises: CorruptModelError."""
    if len(names) != 3:
        raise CorruptModelError(f"{where}: {len(names)} weights in the file, where a {class_name} has 3.")
    try:
        plain = as_plain_weights(class_name, *(np.asarray(group[name]) for name in names))
    except ValueError as error:
        raise CorruptModelError(f"{where}: {error}.") from error
    for name, values in zip(names, plain, strict=True):
        del group[name]
        group[name] = values


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
