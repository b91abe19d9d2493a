"""Model files made by hand, with json, zipfile and h5py: no Keras, so that these tests take milliseconds."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

Json = dict[str, Any]
Arrays = Mapping[str, Any]


class Craft:
    """Writes configurations as Keras 3 and Keras 2 do, and files around them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def layer(
        self, class_name: str, name: str = "", *, module: str | None = "keras.layers", **config: Any
    ) -> Json:
        """One serialized layer."""
        settings = {"name": name or class_name.lower(), "trainable": True, **config}
        return {"module": module, "class_name": class_name, "config": settings, "registered_name": None}

    def input(self, *shape: int | None, name: str = "x", batch: int | None = None) -> Json:
        """An InputLayer for `(batch, *shape)`."""
        return self.layer("InputLayer", name, batch_shape=[batch, *shape], dtype="float32")

    def sequential(self, *layers: Json, name: str = "model") -> Json:
        """A sequential model of these layers."""
        return self.layer("Sequential", name, module="keras", layers=list(layers))

    def call(self, layer: Json, *tensors: tuple[str, int, int]) -> Json:
        """The layer with one more call, as Keras 3 writes it, on `(layer, node, tensor)`."""
        nodes = [
            {
                "class_name": "__keras_tensor__",
                "config": {"shape": None, "dtype": "float32", "keras_history": list(ref)},
            }
            for ref in tensors
        ]
        called = dict(layer)
        called["name"] = layer["config"]["name"]
        called["inbound_nodes"] = [
            *layer.get("inbound_nodes", []),
            {"args": [nodes[0] if len(nodes) == 1 else nodes], "kwargs": {}},
        ]
        return called

    def functional(self, layers: Sequence[Json], inputs: Any, outputs: Any, name: str = "model") -> Json:
        """A functional model of these called layers."""
        listed = [{"name": layer["config"]["name"], "inbound_nodes": [], **layer} for layer in layers]
        model = self.layer(
            "Functional",
            name,
            module="keras.src.models.functional",
            layers=listed,
            input_layers=inputs,
            output_layers=outputs,
        )
        return {**model, "registered_name": "Functional"}

    def keras(
        self,
        config: Any,
        weights: Arrays | None = None,
        *,
        name: str = "model.keras",
        members: Arrays | None = None,
    ) -> Path:
        """A `.keras` archive; `weights` by path in its HDF5 file, `members` beside or instead of those."""
        contents: dict[str, Any] = {
            "metadata.json": json.dumps({"keras_version": "3.15.1"}),
            "config.json": json.dumps(config),
            "model.weights.h5": self.hdf5_bytes(weights or {}),
            **(members or {}),
        }
        path = self.folder / name
        with zipfile.ZipFile(path, "w") as archive:
            for member, data in contents.items():
                if data is not None:
                    archive.writestr(member, data)
        return path

    def hdf5_bytes(self, arrays: Arrays) -> bytes:
        """An HDF5 file in memory with these arrays."""
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            for path, array in arrays.items():
                file[path] = array
        return buffer.getvalue()

    def h5(
        self, config: Any, weights: Arrays | None = None, *, name: str = "model.h5", **attributes: Any
    ) -> Path:
        """A `.h5` model; `weights` by their path below `model_weights`."""
        path = self.folder / name
        with h5py.File(path, "w") as file:
            if config is not None:
                file.attrs["model_config"] = json.dumps(config)
            for key, value in {"keras_version": "3.15.1", **attributes}.items():
                file.attrs[key] = value
            group = file.create_group("model_weights")
            for weight, array in (weights or {}).items():
                group[weight] = array
        return path

    def lstm_weights(self, group: str, features: int, units: int, *, seed: int = 0) -> dict[str, np.ndarray]:
        """The three weights of an LSTM in a `.keras` file."""
        rng = np.random.default_rng(seed)
        shapes = [(features, 4 * units), (units, 4 * units), (4 * units,)]
        return {
            f"{group}/cell/vars/{index}": rng.normal(size=shape).astype(np.float32)
            for index, shape in enumerate(shapes)
        }

    def small(self) -> tuple[Json, dict[str, np.ndarray]]:
        """A whole small model, LSTM(3) and Dense(1) on `(None, 7, 2)`, with its weights."""
        config = self.sequential(
            self.input(7, 2),
            self.layer("LSTM", "lstm", units=3, return_sequences=False, activation="tanh"),
            self.layer("Dense", "head", units=1, use_bias=True),
        )
        dense = {
            "layers/dense/vars/0": np.ones((3, 1), np.float32),
            "layers/dense/vars/1": np.zeros(1, np.float32),
        }
        return config, {**self.lstm_weights("layers/lstm", 2, 3), **dense}


@pytest.fixture
def craft(tmp_path: Path) -> Craft:
    """A maker of model files in a folder of this test's own."""
    return Craft(tmp_path)
