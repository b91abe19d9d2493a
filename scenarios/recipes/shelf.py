"""The shelf on which a scenario's files are laid: `models/`, `inputs/` and `expected/` beside its YAML.

Building twice gives the same bytes: dates, and the memory addresses that Keras writes into a configuration,
are replaced. The YAML itself is written by hand and never touched here.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

#: The moment that every stored file gives as its own, as Keras writes it.
SAVED_AT = "2025-01-01@00:00:00"
FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


class Shelf:
    """Lays the files of one scenario, each called after it: `NAME.keras`, `NAME-VARIANT.npy`, …"""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.laid: list[Path] = []

    def lay_model(self, model: keras.Model, variant: str = "", *, compiled: bool = False) -> None:
        """The model without its optimizer, which a debugger has no use for, unless `compiled`."""
        path = self._place("models", variant, ".keras")
        (model if compiled else uncompiled(model)).save(path)
        _erase_traces(path)

    def lay_old_model(self, model: keras.Model, age: Callable[[dict[str, Any]], None], version: str) -> None:
        """`models/NAME.h5` as a Keras of this version wrote it: `age` changes the configuration."""
        import h5py

        path = self._place("models", "", ".h5")
        uncompiled(model).save(path)
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            age(config)
            file.attrs["model_config"] = json.dumps(_renumbered(config, {}))
            file.attrs["keras_version"] = version

    def lay_weights(self, model: keras.Model) -> None:
        """`models/NAME.h5`: what `save_weights` writes, under the name that people give it."""
        path = self._place("models", "", ".h5")
        model.save_weights(path.with_suffix(".weights.h5"))
        path.with_suffix(".weights.h5").replace(path)

    def lay_cut_model(self, model: keras.Model, share: float) -> None:
        """`models/NAME.keras`, of which only the first part has arrived."""
        self.lay_model(model)
        path = self.laid[-1]
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    def lay_array(self, array: Any, variant: str = "") -> None:
        """`inputs/NAME-VARIANT.npy`."""
        np.save(self._place("inputs", variant, ".npy"), np.ascontiguousarray(array))

    def lay_archive(self, arrays: Mapping[str, Any], variant: str = "") -> None:
        """`inputs/NAME-VARIANT.npz` with an array by key."""
        np.savez(self._place("inputs", variant, ".npz"), **arrays)

    def lay_table(self, columns: Mapping[str, Any], variant: str = "", digits: int = 2) -> None:
        """`inputs/NAME-VARIANT.csv` with a header; a row a timestep."""
        rows = np.stack([np.asarray(column) for column in columns.values()], axis=-1)
        path = self._place("inputs", variant, ".csv")
        np.savetxt(path, rows, fmt=f"%.{digits}f", delimiter=",", header=",".join(columns), comments="")

    def lay_json(self, value: object, variant: str = "") -> None:
        """`inputs/NAME-VARIANT.json`."""
        self._place("inputs", variant, ".json").write_text(json.dumps(value) + "\n", encoding="utf-8")

    def lay_joblib(self, scaler: object, variant: str) -> None:
        """`inputs/NAME-VARIANT.joblib`, as people keep a scikit-learn scaler beside their model."""
        import joblib

        joblib.dump(scaler, self._place("inputs", variant, ".joblib"))

    def lay_expected(self, output: Any) -> None:
        """`expected/NAME.npy`: what the last call of the scenario gives."""
        np.save(self._place("expected", "", ".npy"), np.asarray(output))

    def lay_prediction(self, inputs: Any) -> None:
        """What the stored model predicts, as what the scenario expects; several inputs in a list."""
        given = inputs if isinstance(inputs, list) else np.asarray(inputs)
        predicted = self.stored_model().predict(given, verbose=0)
        self.lay_expected(predicted[0] if isinstance(predicted, list) else predicted)

    def stored_model(self, variant: str = "") -> keras.Model:
        """The model as a reader of the scenario gets it."""
        path = self._path("models", variant, ".keras")
        return keras.saving.load_model(path, compile=False, safe_mode=True)

    def _path(self, kind: str, variant: str, suffix: str) -> Path:
        stem = f"{self.name}-{variant}" if variant else self.name
        return self.folder / kind / (stem + suffix)

    def _place(self, kind: str, variant: str, suffix: str) -> Path:
        path = self._path(kind, variant, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.laid.append(path)
        return path


def uncompiled(model: keras.Model) -> keras.Model:
    """A model of the same form and weights that was never compiled."""
    fresh = model.__class__.from_config(model.get_config())
    fresh.set_weights(model.get_weights())
    return fresh


def _erase_traces(path: Path) -> None:
    """Rewrite a `.keras` file without the date and the memory addresses that differ from build to build."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(members["metadata.json"])
    members["metadata.json"] = json.dumps(metadata | {"date_saved": SAVED_AT}).encode()
    members["config.json"] = json.dumps(_renumbered(json.loads(members["config.json"]), {})).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, FIRST_ZIP_DATE), content)


def _renumbered(node: Any, numbers: dict[int, int]) -> Any:
    """`node` with every `shared_object_id` replaced by the order in which it first appears."""
    if isinstance(node, list):
        return [_renumbered(part, numbers) for part in node]
    if not isinstance(node, dict):
        return node
    return {
        key: numbers.setdefault(part, len(numbers) + 1)
        if key == "shared_object_id"
        else _renumbered(part, numbers)
        for key, part in node.items()
    }
