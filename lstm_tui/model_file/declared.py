"""The layers that a configuration declares, as a tree: nested models, wrappers, cells, and who calls whom.

Reads what Keras 3 writes (`keras_tensor` nodes) and what Keras 2 wrote (nested lists). A configuration
comes from a stranger: whatever is malformed becomes a problem in words, never an exception; only depth and
number are refused outright. Paths are those of `trace`: names joined by `/`, Bidirectional's halves as
`forward_NAME` and `backward_NAME`, cells of a stack as `cell_0`, `cell_1`, ....
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

from lstm_tui.model_file.allowed import LAYERS, OPERATIONS
from lstm_tui.model_file.container import Config
from lstm_tui.model_file.facts import Obstacle
from lstm_tui.model_file.refusals import CorruptModelError
from lstm_tui.model_file.tensors import Shapes, TensorRef, build_shapes, calls, mapping, tensor_list
from lstm_tui.plain_text import one_line

_DEPTH = 32
_LAYERS = 20_000
_KERAS_PACKAGES = ("keras", "tensorflow", "tf_keras")


@dataclass(frozen=True, eq=False)
class DeclaredLayer:
    """One layer as the configuration declares it.

    group: where its weights lie in a `.keras` file's HDF5 (`layers/lstm_1`).
    inner: the layers inside: of a model, a wrapper, or the cells of a stack.
    calls: of a layer in a functional model, the tensors of each call; call number i makes node i.
    build_shapes: the input shapes that the layer was built for, where the file says so.
    inputs, outputs: of a functional model.
    repeated: it is the same object as a layer before it, which Keras will share.
    custom: the class is not one of Keras'. below_custom: a layer around it is not, so that what it really
        holds and where its weights lie is for that class to say.
    """

    path: str
    name: str
    class_name: str
    module: str
    config: Config
    depth: int
    group: str
    inner: tuple[DeclaredLayer, ...] = ()
    calls: tuple[tuple[TensorRef, ...], ...] = ()
    build_shapes: Shapes = ()
    inputs: tuple[TensorRef, ...] = ()
    outputs: tuple[TensorRef, ...] = ()
    trainable: bool = True
    repeated: bool = False
    custom: bool = False
    below_custom: bool = False

    @property
    def kind(self) -> str:
        """The class name if the class is one of Keras', else empty: what rules go by."""
        return "" if self.custom else self.class_name

    @property
    def is_operation(self) -> bool:
        """Whether it is an operation in a graph (`x[:, -1]`, `keras.ops.mean(x)`) and no layer."""
        named = self.class_name in OPERATIONS - LAYERS and not self.custom
        return self.module.startswith("keras.src.ops") or named

    @property
    def is_model(self) -> bool:
        """Whether it is a model of layers: sequential or functional."""
        return isinstance(self.config.get("layers"), list)

    @property
    def is_functional(self) -> bool:
        """Whether its layers form a graph."""
        return self.is_model and "input_layers" in self.config

    def walk(self) -> Iterator[DeclaredLayer]:
        """This layer and all inside it, in the order in which they are listed."""
        yield self
        for layer in self.inner:
            yield from layer.walk()


@dataclass
class _Reading:
    """What is gathered while the tree is read."""

    path: Path
    problems: list[Obstacle] = field(default_factory=list)
    layers: int = 0
    shared: set[int] = field(default_factory=set)

    def problem(self, where: str, what: str) -> None:
        if len(self.problems) < 50:
            todo = "Save the model again from where it works."
            self.problems.append(
                Obstacle("load-corrupt", one_line(where or "the model"), one_line(what), todo)
            )


@dataclass(frozen=True)
class _Place:
    """Where in the tree a layer stands."""

    path: str = ""
    depth: int = -1
    group: str = ""
    trainable: bool = True
    below_custom: bool = False


def declare(config: Config, path: Path) -> tuple[DeclaredLayer, tuple[Obstacle, ...]]:
    """The tree of layers, its root the model itself with an empty path, and what is malformed in it."""
    reading = _Reading(path)
    if not isinstance(config.get("class_name"), str):
        raise CorruptModelError(
            f"{path}: the configuration names no class.",
            expected="class_name and config, as Keras writes them",
        )
    root = _layer(config, _Place(), reading)
    return root, tuple(reading.problems)


def _layer(entry: Config, place: _Place, reading: _Reading, name: str = "") -> DeclaredLayer:
    reading.layers += 1
    if reading.layers > _LAYERS or place.depth > _DEPTH:
        limit = f"{_LAYERS:,} layers" if reading.layers > _LAYERS else f"{_DEPTH} layers inside each other"
        raise CorruptModelError(f"{reading.path}: the configuration declares more than {limit}.")
    class_name = _class_name(entry)
    custom = _is_custom(entry)
    config = _config_of(entry, place, reading)
    own_name = name or str(config.get("name") or entry.get("name") or snake_case(class_name))
    here = _Place(
        path="" if place.depth < 0 else _joined(place.path, own_name),
        depth=place.depth,
        group=place.group,
        trainable=place.trainable and config.get("trainable") is not False,
        below_custom=place.below_custom,
    )
    return DeclaredLayer(
        path=here.path,
        name=own_name,
        class_name=class_name,
        module=str(entry.get("module") or ""),
        config=config,
        depth=here.depth,
        group=here.group,
        inner=tuple(
            _inner(class_name, config, replace(here, below_custom=custom or here.below_custom), reading)
        ),
        calls=calls(entry.get("inbound_nodes")),
        build_shapes=build_shapes(entry.get("build_config")) or _built_for(config),
        inputs=tuple(tensor_list(config.get("input_layers"))),
        outputs=tuple(tensor_list(config.get("output_layers"))),
        trainable=here.trainable,
        repeated=_is_repeated(entry, reading),
        custom=custom,
        below_custom=here.below_custom,
    )


def _is_custom(entry: Config) -> bool:
    """Registered under a name of its own, or from a module that is not Keras'."""
    name, module = str(entry.get("class_name")), entry.get("module")
    foreign = "module" in entry and not str(module).startswith(_KERAS_PACKAGES)
    return ">" in name or foreign or entry.get("registered_name") not in (None, "", name)


def _built_for(config: Config) -> Shapes:
    """A sequential model without an InputLayer says it itself, before Keras 2.3 its first layer did."""
    return build_shapes({"input_shape": config.get("build_input_shape") or config.get("batch_input_shape")})


def _class_name(entry: Config) -> str:
    """`Scale` for `My>Scale`, which is how `.h5` files name registered classes."""
    return str(entry.get("class_name") or "?").rpartition(">")[2]


def _config_of(entry: Config, place: _Place, reading: _Reading) -> Config:
    config = entry.get("config")
    if isinstance(config, dict):
        return config
    if isinstance(config, list) and entry.get("class_name") == "Sequential":  # before Keras 2.2.3
        return {"layers": config}
    reading.problem(place.path, "A layer without a configuration.")
    return {}


def _is_repeated(entry: Config, reading: _Reading) -> bool:
    shared = entry.get("shared_object_id")
    if not isinstance(shared, int):
        return False
    seen = shared in reading.shared
    reading.shared.add(shared)
    return seen


def _inner(class_name: str, config: Config, here: _Place, reading: _Reading) -> Iterator[DeclaredLayer]:
    if isinstance(config.get("layers"), list):
        yield from _model_layers(config["layers"], here, reading)
    elif here.below_custom:
        return  # a wrapper of the user's: what it does with the layers in its configuration is not known
    elif class_name == "Bidirectional":
        yield from _halves(config, here, reading)
    elif _is_entry(config.get("layer")):
        yield _layer(config["layer"], _inside(here, "layer"), reading)
    elif class_name == "RNN" and _is_entry(config.get("cell")):
        yield from _stacked_cells(config["cell"], here, reading)


def _model_layers(entries: Sequence[object], here: _Place, reading: _Reading) -> Iterator[DeclaredLayer]:
    used: dict[str, int] = {}
    names: set[str] = set()
    for entry in entries:
        if not _is_entry(entry):
            reading.problem(here.path, "An entry of `layers` is not a layer.")
            continue
        group = _unique(_group_name(_class_name(entry)), used)
        layer = _layer(entry, _inside(here, f"layers/{group}"), reading)
        if layer.name in names:
            reading.problem(layer.path, "Two layers have this name.")
        names.add(layer.name)
        yield layer


def _halves(config: Config, here: _Place, reading: _Reading) -> Iterator[DeclaredLayer]:
    forward = config.get("layer")
    if not _is_entry(forward):
        reading.problem(here.path, "A Bidirectional without a layer.")
        return
    name = str(mapping(forward.get("config")).get("name") or snake_case(_class_name(forward)))
    forward_name = f"forward_{name.removeprefix('forward_')}"
    yield _layer(forward, _inside(here, "forward_layer"), reading, forward_name)
    backward = config.get("backward_layer")
    if _is_entry(backward):
        yield _layer(backward, _inside(here, "backward_layer"), reading)
    else:  # Keras makes it from the forward layer
        mirrored = {**mapping(forward.get("config"))}
        mirrored["go_backwards"] = not mirrored.get("go_backwards", False)
        made = {**forward, "config": mirrored}
        yield _layer(
            made, _inside(here, "backward_layer"), reading, f"backward_{name.removeprefix('backward_')}"
        )


def _stacked_cells(cell: Config, here: _Place, reading: _Reading) -> Iterator[DeclaredLayer]:
    cells = mapping(cell.get("config")).get("cells")
    if cell.get("class_name") != "StackedRNNCells" or not isinstance(cells, list):
        return
    used: dict[str, int] = {}
    for index, entry in enumerate(cells):
        if not _is_entry(entry):
            reading.problem(here.path, "An entry of `cells` is not a cell.")
            continue
        group = _unique(snake_case(_class_name(entry)), used)
        yield _layer(entry, _inside(here, f"cell/cells/{group}"), reading, f"cell_{index}")


def _inside(here: _Place, group: str) -> _Place:
    return _Place(
        here.path, here.depth + 1, f"{here.group}/{group}".lstrip("/"), here.trainable, here.below_custom
    )


def _joined(path: str, name: str) -> str:
    """The path one step down: names safe to print, and without the `/` that joins them."""
    step = one_line(name).replace("/", "_")
    return f"{path}/{step}" if path else step


def _unique(name: str, used: dict[str, int]) -> str:
    """`lstm`, `lstm_1`, `lstm_2`: how Keras names the groups of equal classes."""
    if name in used:
        used[name] += 1
        return f"{name}_{used[name]}"
    used[name] = 0
    return name


def _group_name(class_name: str) -> str:
    """Keras names groups after the class in its source, which one class exports under another name."""
    return snake_case("GroupedQueryAttention" if class_name == "GroupQueryAttention" else class_name)


def snake_case(name: str) -> str:
    """`TimeDistributed` → `time_distributed`, as Keras names layers and groups."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _is_entry(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and isinstance(value.get("class_name"), str)
