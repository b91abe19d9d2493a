"""The model does not load: files that Keras made, then damaged, aged or renamed as it happens to people.

A twin is the file before that happened to it. The files live in a folder that goes with the process.
"""

from __future__ import annotations

import atexit
import json
import pickle
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import layers

from benchmarks.faults import own_layers
from benchmarks.faults.draws import Draw, used
from benchmarks.faults.specimen import HealthyRecipe, Pair, Recipe, Specimen

Json = dict[str, Any]
_FOLDER = Path(tempfile.mkdtemp(prefix="load-faults-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
_OWN = ("benchmarks.faults.own_layers",)


def _path(draw: Draw, name: str) -> Path:
    folder = _FOLDER / f"{draw.name}-{draw.split}-{draw.index}"
    folder.mkdir(exist_ok=True)
    return folder / name


def _saved(draw: Draw, name: str, model: Any = None) -> Path:
    path = _path(draw, name)
    (model or draw.model(layers.Dense(1, name="head"))).save(path)
    return path


def _input(draw: Draw) -> dict[str, Any]:
    return {"x": draw.series(draw.timesteps)[None]}


def _edited(path: Path, name: str, edit: Callable[[Json], None], version: str = "") -> Path:
    """A copy with another configuration and, where it is named, another version of Keras."""
    copy = path.with_name(name)
    if path.suffix == ".h5":
        shutil.copyfile(path, copy)
        with h5py.File(copy, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            edit(config)
            file.attrs["model_config"] = json.dumps(config)
            file.attrs["keras_version"] = version or file.attrs["keras_version"]
        return copy
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    config = json.loads(members["config.json"])
    edit(config)
    members["config.json"] = json.dumps(config).encode()
    if version:
        members["metadata.json"] = json.dumps({"keras_version": version}).encode()
    _write(copy, members)
    return copy


def _write(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)


def _layers(config: Json) -> list[Json]:
    """Every layer of the configuration, those in wrappers too."""
    found, stack = [], [config]
    while stack:
        entry = stack.pop()
        settings = entry.get("config", {})
        found.append(entry)
        stack += settings.get("layers", [])
        stack += [settings[key] for key in ("layer", "backward_layer") if isinstance(settings.get(key), dict)]
    return found


def _recurrent(config: Json) -> list[Json]:
    return [entry for entry in _layers(config) if entry["class_name"] in {"LSTM", "GRU", "SimpleRNN"}]


def _pair(draw: Draw, code: str, faulty: Path, healthy: Path, **more: Any) -> Pair:
    x = _input(draw)
    return Pair(Specimen(faulty, x, code, **more), Specimen(healthy, x))


# --- Keras 2 ----------------------------------------------------------------------------------------------


def _legacy(draw: Draw) -> Pair:
    suffix = ".keras" if draw.index % 2 else ".h5"
    path = _saved(draw, f"model{suffix}")

    def aged(config: Json) -> None:
        for entry in _recurrent(config):
            entry["config"]["time_major"] = False
        inside = config["config"]["layers"]
        shape = inside[0]["config"]["batch_shape"]
        inside[1]["config"]["batch_input_shape"] = shape
        if draw.index % 4 >= 2:  # as Keras 2 wrote it where no InputLayer was given
            del inside[0]
        if draw.index % 4 == 3:  # and a policy
            policy = {
                "module": "keras.mixed_precision",
                "class_name": "Policy",
                "config": {"name": "float32"},
            }
            inside[-1]["config"]["dtype"] = policy

    return _pair(draw, "load-legacy", _edited(path, f"old{suffix}", aged, "2.15.0"), path)


def _operation(draw: Draw) -> Pair:
    """A TensorFlow operation in the graph: it cannot be converted."""
    x = keras.Input((draw.timesteps, draw.features), name="x")
    path = _saved(draw, "model.keras", used(keras.Model(x, layers.Dense(1)(_last(draw, x))), draw.seed))

    def aged(config: Json) -> None:
        entry = config["config"]["layers"][-1]
        entry.update(class_name="TFOpLambda", module="keras.src.layers.core.tf_op_layer")
        entry["config"] = {"name": entry["name"], "function": "math.multiply"}

    return _pair(draw, "load-legacy", _edited(path, "old.keras", aged, "2.15.0"), path)


def _last(draw: Draw, x: Any) -> Any:
    for layer in draw.recurrent():
        x = layer(x)
    return x


def _activation(draw: Draw) -> Pair:
    """The twin says the same name and means Keras 3's function."""
    suffix = ".h5" if draw.index % 2 else ".keras"
    kind = layers.GRU if draw.split == "tune" else layers.LSTM
    keras.utils.set_random_seed(draw.seed % 2**31)
    recurrent = kind(draw.units, recurrent_activation="hard_sigmoid")
    wrapped = layers.Bidirectional(recurrent) if draw.index > 1 else recurrent
    shape = keras.Input((draw.timesteps, draw.features), name="x")
    model = keras.Sequential([shape, wrapped, layers.Dense(1)])
    x, y = draw.windows(128)
    path = _saved(draw, f"model{suffix}", draw.trained(model, x, y, epochs=3))
    if suffix == ".keras":  # without the training setup, which is another matter
        keras.models.load_model(path, compile=False).save(path)
    else:
        _uncompiled(path)
    return _pair(draw, "load-activation", _edited(path, f"old{suffix}", lambda _: None, "2.4.0"), path)


def _uncompiled(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        if "training_config" in file.attrs:
            del file.attrs["training_config"]


# --- other formats ----------------------------------------------------------------------------------------


def _format(draw: Draw) -> Pair:
    path = _saved(draw, "model.h5")
    makers = {
        "tune": (_as_hdf5, _as_folder, _as_pickle, _as_tflite),
        "report": (_as_onnx, _as_torch, _as_tensors, _as_zip),
    }
    made = makers[draw.split][draw.index % 4](draw, path)
    return _pair(draw, "load-format", made, path)


def _as_hdf5(draw: Draw, path: Path) -> Path:
    return Path(shutil.copyfile(path, _path(draw, "renamed.keras")))


def _as_folder(draw: Draw, path: Path) -> Path:
    folder = _path(draw, "saved_model")
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"\x08\x01\x12\x04")
    return folder


def _as_pickle(draw: Draw, path: Path) -> Path:
    made = _path(draw, "model.pkl")
    made.write_bytes(pickle.dumps({"weights": [1.0, 2.0]}, protocol=4))
    return made


def _as_tflite(draw: Draw, path: Path) -> Path:
    made = _path(draw, "model.tflite")
    made.write_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(200))
    return made


def _as_onnx(draw: Draw, path: Path) -> Path:
    made = _path(draw, "model.onnx")
    made.write_bytes(b"\x08\x08\x12\x07pytorch\x1a\x052.1.0" + bytes(100))
    return made


def _as_torch(draw: Draw, path: Path) -> Path:
    made = _path(draw, "model.pt")
    _write(made, {"archive/data.pkl": b"\x80\x02}q\x00.", "archive/version": b"3\n"})
    return made


def _as_tensors(draw: Draw, path: Path) -> Path:
    made = _path(draw, "model.safetensors")
    header = b'{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    made.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    return made


def _as_zip(draw: Draw, path: Path) -> Path:
    return Path(shutil.copyfile(_saved(draw, "whole.keras"), _path(draw, "renamed.h5")))


def _weights_only(draw: Draw) -> Pair:
    model = draw.model(layers.Dense(1))
    path = _saved(draw, "model.keras", model)
    alone = _path(draw, "model.weights.h5")
    if draw.index % 2:
        model.save_weights(alone)
    else:  # as Keras 2 wrote them
        old = _saved(draw, "old.h5", model)
        with h5py.File(old) as source, h5py.File(alone, "w") as target:
            for name in source["model_weights"]:
                source.copy(f"model_weights/{name}", target)
            target.attrs["layer_names"] = list(source["model_weights"].attrs["layer_names"])
    return _pair(draw, "load-weights-only", alone, path)


# --- what the file names ------------------------------------------------------------------------------------


def _compile(draw: Draw) -> Pair:
    model = draw.model(layers.Dense(1))
    if draw.index % 2:
        model.compile("adam", "mse")
        faulty = _saved(draw, "compiled.h5", model)
    else:
        model.compile("adam", own_layers.own_loss)
        faulty = _saved(draw, "compiled.keras", model)
    model.compile("adam", keras.losses.MeanSquaredError())
    return _pair(draw, "load-compile", faulty, _saved(draw, f"plain{faulty.suffix}", model))


def _custom(draw: Draw) -> Pair:
    path = _saved(draw, f"model{'.h5' if draw.index % 2 else '.keras'}", _with_own_layer(draw))
    x = _input(draw)
    return Pair(Specimen(path, x, "load-custom"), Specimen(path, x, custom_objects=_OWN))


def _with_own_layer(draw: Draw) -> Any:
    return draw.model(own_layers.Halved(), layers.Dense(1))


def _unsafe(draw: Draw) -> Pair:
    path = _saved(draw, "model.keras")
    evil = (
        {
            "module": "subprocess",
            "class_name": "Popen",
            "config": {},
            "registered_name": None,
        },
        {"module": "os", "class_name": "function", "config": "system", "registered_name": "function"},
    )[draw.index % 2]

    def armed(config: Json) -> None:
        config["config"]["layers"][1]["config"]["kernel_regularizer"] = evil

    if draw.index > 1:
        doubled = layers.Lambda(lambda x: x * 2.0, name="doubled")
        faulty = _saved(draw, "armed.keras", draw.model(doubled, layers.Dense(1)))
    else:
        faulty = _edited(path, "armed.keras", armed)
    return _pair(draw, "load-unsafe", faulty, path)


def _corrupt(draw: Draw) -> Pair:
    path = _saved(draw, "model.keras")
    damaged = _path(draw, "damaged.keras")
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    kind = draw.index % 4
    if kind == 0:  # a download that stopped
        damaged.write_bytes(path.read_bytes()[: -(300 + 100 * len(draw.split))])
    elif kind == 1:  # without its weights
        _write(damaged, {name: data for name, data in members.items() if not name.endswith(".h5")})
    elif kind == 2:  # wider than its weights
        return _pair(draw, "load-corrupt", _edited(path, damaged.name, _wider), path)
    else:  # bytes changed on a disk
        data = bytearray(members["model.weights.h5"])
        data[40:400] = np.random.default_rng(draw.seed).bytes(360)
        _write(damaged, {**members, "model.weights.h5": bytes(data)})
    return _pair(draw, "load-corrupt", damaged, path)


def _wider(config: Json) -> None:
    _recurrent(config)[0]["config"]["units"] += 3


RECIPES = (
    Recipe("load-legacy", _legacy),
    Recipe("load-legacy", _operation, draws=2),
    Recipe("load-activation", _activation),
    Recipe("load-format", _format),
    Recipe("load-weights-only", _weights_only),
    Recipe("load-compile", _compile),
    Recipe("load-custom", _custom),
    Recipe("load-unsafe", _unsafe),
    Recipe("load-corrupt", _corrupt),
)


# --- files that load ----------------------------------------------------------------------------------------


def _file(name: str, *, version: str = "", **options: Any) -> Callable[[Draw], Specimen]:
    """A whole model under this name, as another release of Keras 3 would have written it."""

    def make(draw: Draw) -> Specimen:
        path = _saved(draw, name, draw.model(layers.Dense(1), **options))
        if version:
            path = _edited(path, f"other-{name}", lambda _: None, version)
        return Specimen(path, _input(draw))

    return make


def _half_precision(draw: Draw) -> Specimen:
    model = draw.model(layers.Dense(1, dtype="float32"), dtype="mixed_bfloat16")
    return Specimen(_saved(draw, "half.keras", model), _input(draw))


def _large(draw: Draw) -> Specimen:
    inside = [layers.LSTM(384, return_sequences=True), layers.LSTM(256), layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, draw.features), name="x"), *inside])
    x, y = draw.windows(32)
    return Specimen(_saved(draw, "large.keras", draw.trained(model, x, y, epochs=2)), _input(draw))


def _own_and_allowed(draw: Draw) -> Specimen:
    path = _saved(draw, "own.keras", _with_own_layer(draw))
    return Specimen(path, _input(draw), custom_objects=_OWN)


def _trained_and_kept(draw: Draw) -> Specimen:
    """Optimizer, metrics and their state are in the file, and all of them are Keras' own."""
    x, y = draw.windows(64)
    model = draw.model(layers.Dense(1))
    model.compile(
        keras.optimizers.AdamW(0.003), keras.losses.Huber(), metrics=[keras.metrics.MeanAbsoluteError()]
    )
    model.fit(x, y, epochs=2, verbose=0)
    return Specimen(_saved(draw, f"kept{'.h5' if draw.index % 2 else '.keras'}", model), _input(draw))


HEALTHY = (
    HealthyRecipe("file-h5", _file("model.h5")),
    HealthyRecipe("file-hdf5", _file("model.hdf5")),
    HealthyRecipe("file-3.0", _file("model.keras", version="3.0.5")),
    HealthyRecipe("file-h5-3.3", _file("model.h5", version="3.3.3")),
    HealthyRecipe("file-half", _half_precision),
    HealthyRecipe("file-large", _large, draws=2),
    HealthyRecipe("file-own-allowed", _own_and_allowed),
    HealthyRecipe("file-trained", _trained_and_kept),
)
