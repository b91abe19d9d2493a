"""What the file says is what Keras says after loading it: names, shapes, parameters, obstacles."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_tui.model_file import allowed, read_model_file, refuse_unless_trusted, weight_statistics
from tests.model_file.keras_models import KINDS, NOT_IN_H5

pytestmark = pytest.mark.keras


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind saved in both formats."""
    import keras

    folder = tmp_path_factory.mktemp("zoo")
    for name, build in KINDS.items():
        model = build(keras)
        model.save(folder / f"{name}.keras")
        model.save(folder / f"{name}.h5")
    return folder


@cache
def loaded(path: Path) -> Any:
    """What Keras makes of the file, once for all that is asked about it."""
    import keras

    return keras.models.load_model(path, compile=False)


CASES = [
    (name, suffix)
    for name in KINDS
    for suffix in (".keras", ".h5")
    if suffix == ".keras" or name not in NOT_IN_H5
]
each_file = pytest.mark.parametrize(("name", "suffix"), CASES)


def _children(layer: Any) -> list[tuple[str, Any]]:
    kind = type(layer).__name__
    if kind == "Bidirectional":
        return [(half.name, half) for half in (layer.forward_layer, layer.backward_layer)]
    if kind in {"TimeDistributed", "SpectralNormalization"}:
        return [(layer.layer.name, layer.layer)]
    if kind == "RNN" and hasattr(layer.cell, "cells"):
        return [(f"cell_{index}", cell) for index, cell in enumerate(layer.cell.cells)]
    return [(inner.name, inner) for inner in _layers_of(layer)]


def _tree(layer: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, layer
    for name, inner in _children(layer):
        yield from _tree(inner, f"{path}/{name}")


def _layers_of(model: Any) -> list[Any]:
    """What a model's configuration lists, InputLayers too, which `Sequential.layers` hides."""
    return list(model._layers if hasattr(model, "_functional") else getattr(model, "layers", ()))


def _shapes(layer: Any) -> tuple[tuple[int | None, ...], ...]:
    import keras

    return tuple(tuple(tensor.shape) for tensor in keras.tree.flatten(layer.output))


@each_file
def test_layers_parameters_and_shapes_are_those_of_keras(zoo: Path, name: str, suffix: str) -> None:
    facts = read_model_file(zoo / (name + suffix))
    model = loaded(zoo / (name + suffix))
    wanted = [item for layer in _layers_of(model) for item in _tree(layer, layer.name)]
    assert [layer.path for layer in facts.layers] == [path for path, _ in wanted]
    for layer, (path, built) in zip(facts.layers, wanted, strict=True):
        count = built.count_params() if hasattr(built, "count_params") else 0
        assert (path, layer.parameters) == (path, count)
        assert layer.class_name in {type(built).__name__, "GroupQueryAttention"}
        if "/" not in path:
            assert (path, layer.output_shapes) == (path, _shapes(built))
    assert facts.parameters == model.count_params()
    assert facts.obstacles == ()


@each_file
def test_inputs_and_outputs_are_those_of_keras(zoo: Path, name: str, suffix: str) -> None:
    facts = read_model_file(zoo / (name + suffix))
    model = loaded(zoo / (name + suffix))
    functional = getattr(model, "_functional", None) or model
    assert [(t.name, t.shape, t.dtype) for t in facts.inputs] == [
        (t.name, tuple(t.shape), t.dtype) for t in model.inputs
    ]
    struct = functional._outputs_struct
    names = sorted(struct) if isinstance(struct, dict) else functional.output_names
    assert [t.name.partition("#")[0] for t in facts.outputs] == names
    assert [(t.shape, t.dtype) for t in facts.outputs] == [(tuple(t.shape), t.dtype) for t in model.outputs]
    assert len({tensor.name for tensor in facts.outputs}) == len(model.outputs)


@each_file
def test_shapes_inside_wrappers_and_nested_models_are_known(zoo: Path, name: str, suffix: str) -> None:
    facts = read_model_file(zoo / (name + suffix))
    assert [layer.path for layer in facts.layers if not layer.output_shapes] == []


@each_file
def test_weights_are_found_where_keras_put_them(zoo: Path, name: str, suffix: str) -> None:
    path = zoo / (name + suffix)
    model = loaded(path)
    expected = {
        layer_path: layer for layer in _layers_of(model) for layer_path, layer in _tree(layer, layer.name)
    }
    twice = {path for path, layer in expected.items() if type(layer).__name__ == "SpectralNormalization"}
    statistics = [item for item in weight_statistics(path) if item.layer not in twice]
    assert (
        sum(item.size for item in statistics)
        + sum(
            layer.count_params() - layer.layer.count_params()
            for path, layer in expected.items()
            if path in twice
        )
        == model.count_params()
    )
    for item in statistics:
        of_layer = [
            variable for variable in expected[item.layer].variables if tuple(variable.shape) == item.shape
        ]
        close = [
            v for v in of_layer if np.isclose(float(np.mean(np.asarray(v, "float64"))), item.mean, atol=1e-6)
        ]
        assert close, (item.layer, item.name)
        assert (
            any(variable.name == item.name.rpartition("/")[2] for variable in close)
            or item.name[-1].isdigit()
        )


@each_file
def test_the_first_screen_needs_no_weights(zoo: Path, name: str, suffix: str) -> None:
    quick = read_model_file(zoo / (name + suffix), look_into_weights=False)
    thorough = read_model_file(zoo / (name + suffix))
    assert quick.layers == thorough.layers
    assert quick.parameters == thorough.parameters


def test_recurrent_facts_are_those_of_keras(zoo: Path) -> None:
    for name in KINDS:
        facts = read_model_file(zoo / f"{name}.keras")
        model = loaded(zoo / f"{name}.keras")
        built = {path: layer for top in _layers_of(model) for path, layer in _tree(top, top.name)}
        for layer in facts.recurrent_layers:
            truth = (
                built[layer.path]
                if layer.class_name.endswith("Cell") is False
                else built[layer.path.rpartition("/")[0]]
            )
            assert layer.recurrent is not None
            flags = ("return_sequences", "return_state", "stateful", "go_backwards")
            assert [getattr(layer.recurrent, flag) for flag in flags] == [
                getattr(truth, flag) for flag in flags
            ]
        assert facts.stateful_batch == (4 if name == "stateful" else None)
        recurrent = {
            path
            for path, layer in built.items()
            if hasattr(layer, "cell") and not hasattr(layer.cell, "cells")
        }
        cells = {path for path in built if path.rpartition("/")[2].startswith("cell_")}
        assert {layer.path for layer in facts.recurrent_layers} == recurrent | cells


def test_a_custom_layer_is_an_obstacle_until_its_module_is_named(tmp_path: Path) -> None:
    import keras

    @keras.saving.register_keras_serializable("Mine")
    class Scale(keras.layers.Layer):
        def build(self, shape: tuple[int | None, ...]) -> None:
            self.scale = self.add_weight(shape=(shape[-1],))

        def call(self, x: Any) -> Any:
            return x * self.scale

    layers = keras.layers
    model = keras.Sequential([keras.Input((10, 4)), layers.LSTM(3), Scale(name="scale"), layers.Dense(1)])
    for suffix in (".keras", ".h5"):
        model.save(tmp_path / f"custom{suffix}")
        facts = read_model_file(tmp_path / f"custom{suffix}")
        assert [(item.code, item.where) for item in facts.obstacles] == [("load-custom", "scale")]
        assert facts.parameters == model.count_params()
        refuse_unless_trusted(facts, trust=False, custom_objects=True)


def test_a_subclassed_model_is_listed_from_its_weights(tmp_path: Path) -> None:
    import keras

    @keras.saving.register_keras_serializable("Mine")
    class Forecaster(keras.Model):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.recurrent = keras.layers.Bidirectional(keras.layers.GRU(3, name="steps"), name="both")
            self.heads = [keras.layers.Dense(1, name="low"), keras.layers.Dense(1, name="high")]

        def call(self, x: Any) -> Any:
            state = self.recurrent(x)
            return self.heads[0](state) + self.heads[1](state)

    model = Forecaster()
    model(np.zeros((2, 5, 3), "float32"))
    model.save(tmp_path / "subclassed.keras")
    facts = read_model_file(tmp_path / "subclassed.keras")
    assert [item.code for item in facts.obstacles] == ["load-custom"]
    assert {layer.path: layer.parameters for layer in facts.layers} == {
        "both": 144, "both/forward_steps": 72, "both/backward_steps": 72, "low": 7, "high": 7
    }  # fmt: skip
    assert facts.parameters == model.count_params()
    assert [tensor.shape for tensor in facts.inputs] == [(None, 5, 3)]


def test_lambda_layers_are_refused_like_keras_does(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential(
        [keras.Input((10, 4)), keras.layers.Lambda(lambda x: x * 2), keras.layers.LSTM(3)]
    )
    for suffix in (".keras", ".h5"):
        model.save(tmp_path / f"model{suffix}")
        facts = read_model_file(tmp_path / f"model{suffix}")
        assert [item.code for item in facts.obstacles] == ["load-unsafe"]
        with pytest.raises(ValueError, match=r"Lambda|lambda"):
            keras.models.load_model(tmp_path / f"model{suffix}", compile=False)


def test_a_first_layer_without_an_input_layer_is_what_keras_refuses(zoo: Path, tmp_path: Path) -> None:
    """Keras 3 takes the batch in `batch_input_shape` for one more axis then; on a copy it is put right."""
    import keras

    def without_input_layer(config: Any) -> None:
        first = config["config"]["layers"].pop(0)
        config["config"]["layers"][0]["config"]["batch_input_shape"] = first["config"]["batch_shape"]
        del config["config"]["build_input_shape"]

    path = tmp_path / "old.h5"
    _edit(zoo / "sequence.h5", path, without_input_layer)
    facts = read_model_file(path)
    assert [(item.code, item.blocking) for item in facts.obstacles] == [("load-legacy", False)]
    assert facts.obstacles[0].change
    assert facts.inputs[0].shape == (None, 60, 5)
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=4"):
        keras.models.load_model(path, compile=False)


LEGACY: dict[str, tuple[str, str, dict[str, Any]]] = {
    "time_major": ("sequence", "LSTM", {"time_major": False}),
    "batch_input_shape": ("sequence", "LSTM", {"batch_input_shape": [None, 60, 5]}),
    "inside a wrapper": ("bidirectional", "LSTM", {"batch_input_shape": [None, None, 3]}),
    "dtype policy": (
        "sequence",
        "LSTM",
        {"dtype": {"class_name": "Policy", "config": {"name": "mixed_float16"}}},
    ),
    "axis list": ("text", "BatchNormalization", {"axis": [2]}),
    "initializer dtype": (
        "sequence",
        "LSTM",
        {"kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None, "dtype": "float32"}}},
    ),
    "harmless": ("sequence", "LSTM", {"implementation": 2}),
    "harmless input": ("text", "Embedding", {"input_length": None}),
}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("case", LEGACY)
def test_what_is_called_legacy_is_what_keras_refuses(
    zoo: Path, tmp_path: Path, case: str, suffix: str
) -> None:
    import keras

    name, class_name, changes = LEGACY[case]
    path = tmp_path / f"legacy{suffix}"
    _edit(zoo / (name + suffix), path, lambda config: _update(config, class_name, changes))
    obstacles = read_model_file(path).obstacles
    assert all(item.change and not item.blocking for item in obstacles), "each has its cure"
    codes = {item.code for item in obstacles}
    try:
        keras.models.load_model(path, compile=False)
        refused = False
    except (TypeError, ValueError, AttributeError):
        refused = True
    assert codes == ({"load-legacy"} if refused else set())


def _edit(source: Path, target: Path, change: Callable[[Any], None]) -> None:
    if source.suffix == ".h5":
        import h5py

        target.write_bytes(source.read_bytes())
        with h5py.File(target, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
        return
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member == "config.json":
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            new.writestr(member, data)


def _update(value: Any, class_name: str, changes: dict[str, Any]) -> None:
    if isinstance(value, dict):
        if value.get("class_name") == class_name:
            value["config"].update(changes)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _update(item, class_name, changes)


def test_every_class_of_keras_is_decided_upon() -> None:
    """A new Keras brings new classes: each is allowed or left out on purpose, never by accident."""
    import keras

    decided = allowed.LAYERS | set(allowed.UNSAFE_LAYERS) | {"Layer", "InputSpec", "Wrapper"}
    exported = {name for name in dir(keras.layers) if isinstance(getattr(keras.layers, name), type)}
    aliases = {name for name in exported if getattr(keras.layers, name).__name__ in exported - {name}}
    assert exported - aliases - decided == set()
    known = {getattr(keras.layers, name).__name__ for name in allowed.LAYERS if hasattr(keras.layers, name)}
    assert {name for name in allowed.LAYERS if hasattr(keras.layers, name)} - known <= {"GroupQueryAttention"}


def test_bare_names_are_those_of_keras() -> None:
    from keras.src import activations, constraints, initializers, regularizers

    abstract = {"initializer", "regularizer", "constraint", "Initializer", "Regularizer", "Constraint"}
    for key, module in {
        "activation": activations,
        "_initializer": initializers,
        "_regularizer": regularizers,
        "_constraint": constraints,
    }.items():
        assert set(module.ALL_OBJECTS_DICT) - abstract == set(allowed.BARE_NAMES[key])


def test_every_operation_of_keras_is_decided_upon() -> None:
    import importlib

    takes_functions = {
        "AssociativeScan", "Cond", "ForiLoop", "Map", "Scan", "Switch", "VectorizedMap", "WhileLoop", "JVP"
    }  # fmt: skip
    for part in ("numpy", "nn", "math", "linalg", "image", "core", "einops"):
        module = importlib.import_module(f"keras.src.ops.{part}")
        base = importlib.import_module("keras.src.ops.operation").Operation
        operations = {
            name
            for name, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
        }
        assert operations - takes_functions - allowed.OPERATIONS == set()
        assert all(allowed.is_allowed(module.__name__, name) for name in operations - takes_functions)
