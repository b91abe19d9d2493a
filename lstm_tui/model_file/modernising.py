"""A configuration of Keras 2 in the words of Keras 3, on a copy, and every change told entry by entry.

Each rule was tried on files that Keras 2.15 wrote: what is changed here gives the predictions that Keras 2
gave (`tests/keras_adapter/test_keras_2_files.py`), and what is reported as blocking does not load in Keras
3.15. What it refuses: an entry whose meaning is gone (`time_major: true`, operations of TensorFlow in the
graph); it is told and the model stays shut. In a `.h5` file a layer without a module is read by Keras' old
loader, which still takes some of the old entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from lstm_tui.model_file.allowed import INITIALIZERS, LAYERS, OPERATIONS, modern_module
from lstm_tui.model_file.container import Config, StoredModel
from lstm_tui.model_file.facts import Obstacle
from lstm_tui.model_file.gone import BECAME, FUSED, GONE, SURPLUS, what_it_was
from lstm_tui.model_file.modern_graph import TAKES_STATES, mended_calls
from lstm_tui.model_file.walking import Found, copied, walk
from lstm_tui.plain_text import one_line

_OPEN_IN_KERAS_2 = (
    "Load it in the Keras 2 that wrote it, rebuild the model without this, and save it as .keras."
)
_REBUILD = "`lstm-tui rebuild` writes the model in the form of Keras 3."
_AS_KERAS = "Save the model as .keras, which keeps operations."

_GONE_MODULES = ("keras.engine", "keras.src.engine", "tensorflow", "tf_keras", "keras.saving.legacy")
_READ_BY_NEW_LOADER = frozenset({"layer", "backward_layer", "cell", "cells"})
_MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"})

Format = Literal["keras", "h5"]


@dataclass(frozen=True, eq=False)
class Modern:
    """The configuration as Keras 3 takes it.

    told: what was changed (not blocking, with the change), and what cannot be (blocking).
    fused: paths of layers that were CuDNN layers, whose stored weights have another layout.
    """

    config: Config
    told: tuple[Obstacle, ...] = ()
    fused: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether Keras 3 would not read the file as it is."""
        return any(item.change for item in self.told)


def modernised(stored: StoredModel) -> Modern:
    """The configuration of a file in the words of Keras 3; the stored one stays as it is."""
    config = copied({key: value for key, value in stored.config.items() if key != "compile_config"})
    fused: dict[str, str] = {}
    told: list[Obstacle] = []
    for found in walk(config):
        if not found.class_name:
            continue
        if stored.format == "h5" and found.class_name in FUSED:
            fused[found.where] = found.class_name
        told += _mended(found, stored)
    return Modern(config, tuple(dict.fromkeys(told)), fused)


def explains_class(found: Found, file_format: str) -> bool:
    """Whether this module says why the class does not load, so that no other rule need name it."""
    gone = found.class_name in GONE or found.module.startswith(_GONE_MODULES)
    return gone or (file_format == "h5" and _is_operation(found))


def _mended(found: Found, stored: StoredModel) -> Iterator[Obstacle]:
    """Change the object in place, as far as it can be; yield what is to be said of it."""
    yield from _class(found, stored.format)
    new_loader = stored.format == "keras" or found.key in _READ_BY_NEW_LOADER or "module" in found.entry
    yield from _first_layer(found)
    for layer, what in mended_calls(found):
        told = f"The {what} stand among its inputs, as Keras 2 wrote them."
        yield Obstacle("load-legacy", _below(found, layer), told, _REBUILD, False, "given by name")
    yield from _entries(found, new_loader)
    if stored.keras_version.startswith(("1.", "2.")):
        yield from _defaults(found)
    if stored.format == "h5":
        yield from _operations(found)


# --- classes that are gone, or have moved -----------------------------------------------------------------


def _class(found: Found, file_format: Format) -> Iterator[Obstacle]:
    name, entry = found.class_name, cast("dict[str, Any]", found.entry)
    became = BECAME.get(name)
    if became is not None and not (name in FUSED and file_format == "keras"):
        successor, settings = became(found.config)
        entry["class_name"], entry["config"] = successor, settings
        if "module" in entry:
            entry["module"] = "keras.layers"
        yield _changed(found, f"{name} is gone from Keras 3.", f"{successor} does the same")
    elif name in GONE:
        yield _blocking(found, f"{what_it_was(found.entry)}: {GONE[name]}")
    elif found.module.startswith(_GONE_MODULES) and (file_format == "keras" or found.key):
        module = modern_module(found.module, name)
        what = f"Its class is in {one_line(found.module, 60)}, which Keras 3 does not have."
        if not module:
            yield _blocking(found, what)
            return
        entry["module"] = module
        yield _changed(found, what, f"{module} has it now")


# --- entries that are gone --------------------------------------------------------------------------------


def _entries(found: Found, new_loader: bool) -> Iterator[Obstacle]:
    name, config = found.class_name, found.entry.get("config")
    if not isinstance(config, dict):
        return
    yield from _time_major(found, name, config)
    if name in INITIALIZERS and "dtype" in config:
        del config["dtype"]
        yield _changed(found, f"`dtype` is not taken by the initializer {name}.", "taken out")
    yield from _policy(found, config)
    yield from _surplus(found, name, config)
    if not new_loader:
        return
    if "batch_input_shape" in config and name in LAYERS and name != "InputLayer":
        del config["batch_input_shape"]
        yield _changed(found, "`batch_input_shape` is not taken by Keras 3.", "taken out")
    yield from _axis(found, name, config)
    yield from _build_shapes(found, name)


def _build_shapes(found: Found, name: str) -> Iterator[Obstacle]:
    """The shapes a layer was built for; it is built anew when the graph calls it."""
    built = found.entry.get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    many = isinstance(shape, list) and any(isinstance(size, list) for size in shape)
    if shape is None or not (name == "MultiHeadAttention" or (many and name in TAKES_STATES)):
        return
    del cast("dict[str, Any]", found.entry)["build_config"]
    yield _changed(found, "The shapes that it was built for stand in the form of Keras 2.", "left out")


def _time_major(found: Found, name: str, config: dict[str, Any]) -> Iterator[Obstacle]:
    if "time_major" not in config or name not in TAKES_STATES:
        return
    if config["time_major"]:
        what = "`time_major` is true: it reads (timesteps, batch, features), which Keras 3 cannot."
        yield _blocking(found, what)
        return
    del config["time_major"]
    yield _changed(found, "`time_major` is not taken by Keras 3.", "taken out; it was false")


def _policy(found: Found, config: dict[str, Any]) -> Iterator[Obstacle]:
    dtype = config.get("dtype")
    if not isinstance(dtype, dict) or str(dtype.get("class_name")) not in {"Policy", "PolicyV1"}:
        return
    inner = dtype.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(name, str):
        yield _blocking(found, "Its dtype is a Keras 2 Policy without a name.")
        return
    config["dtype"] = "float32" if name == "_infer" else name
    yield _changed(found, "Its dtype is a Keras 2 Policy.", f"the dtype {one_line(name, 40)}")


def _surplus(found: Found, name: str, config: dict[str, Any]) -> Iterator[Obstacle]:
    """What Keras 2 noted for layers that never used it, and Keras 3 does not take."""
    extra = [key for key in SURPLUS.get(name, ()) if key in config]
    for key in extra:
        del config[key]
    if extra:
        yield _changed(found, f"{name} does not take {', '.join(extra)}.", "taken out; it had no effect")


def _axis(found: Found, name: str, config: dict[str, Any]) -> Iterator[Obstacle]:
    axis = config.get("axis")
    if name != "BatchNormalization" or not isinstance(axis, list):
        return
    what = "`axis` is a list, as Keras 2 wrote it; Keras 3 takes a number."
    if len(axis) != 1 or type(axis[0]) is not int:
        yield _blocking(found, what)
        return
    config["axis"] = axis[0]
    yield _changed(found, what, f"the number {axis[0]}")


def _first_layer(found: Found) -> Iterator[Obstacle]:
    """A sequential model that says its input in its first layer: it gets an InputLayer for it."""
    config = found.config
    layers = config.get("layers")
    if found.class_name != "Sequential" or not isinstance(layers, list) or not layers:
        return
    first = layers[0]
    settings = first.get("config") if isinstance(first, dict) else None
    if not isinstance(settings, dict) or first.get("class_name") == "InputLayer":
        return
    shape = settings.get("batch_input_shape")
    if not isinstance(shape, list):
        return
    name = str(settings.get("name") or "first")
    dtype = settings.get("dtype")
    given = {"batch_shape": shape, "dtype": dtype if isinstance(dtype, str) else "float32"}
    entry = {"class_name": "InputLayer", "config": {**given, "name": f"{name}_input"}}
    new = {"module": "keras.layers", "registered_name": None} if "module" in first else {}
    layers.insert(0, {**entry, **new})
    del settings["batch_input_shape"]
    what = "It declares the model's input by `batch_input_shape`, which Keras 3 does not read there."
    change = "an InputLayer of that shape before it"
    yield Obstacle("load-legacy", _below(found, name), what, _REBUILD, False, change)


def _defaults(found: Found) -> Iterator[Obstacle]:
    """What old files leave out because it could not be otherwise then, and can now."""
    config = found.entry.get("config")
    if found.class_name in {"GRU", "GRUCell"} and isinstance(config, dict) and "reset_after" not in config:
        config["reset_after"] = False
        what = "`reset_after` is missing: false before Keras 2.1.3, true where left out in Keras 3."
        yield _changed(found, what, "set to false")


# --- operations -------------------------------------------------------------------------------------------


def _operations(found: Found) -> Iterator[Obstacle]:
    """Keras 3 writes operations into `.h5` files and cannot read them back."""
    name = found.class_name
    if _is_operation(found):
        yield _blocking(found, f"The operation {name} does not survive in a .h5 file.", _AS_KERAS)
    config = found.entry.get("config")
    if name == "Attention" and isinstance(config, dict) and config.get("score_mode") == "dot":
        del config["score_mode"]
        what = "Keras 3 mistakes its score_mode `dot` in a .h5 file for the layer of that name."
        yield _changed(found, what, "taken out; it is the default")


def _is_operation(found: Found) -> bool:
    if found.module or "inbound_nodes" not in found.entry:
        return False
    name = found.class_name
    return name in OPERATIONS - LAYERS or (name in _MERGING and _called_on_one(found.entry))


def _called_on_one(entry: Config) -> bool:
    """Merging layers are called on a list; the operation `x + 1.0` on one tensor and a number."""
    match entry.get("inbound_nodes"):
        case [{"args": [dict(), *_]}, *_]:
            return True
    return False


def _below(found: Found, name: str) -> str:
    return one_line(f"{found.where}/{name}" if found.where else name)


def _changed(found: Found, what: str, change: str) -> Obstacle:
    return Obstacle("load-legacy", one_line(found.where or "the model"), what, _REBUILD, False, change)


def _blocking(found: Found, what: str, todo: str = _OPEN_IN_KERAS_2) -> Obstacle:
    return Obstacle("load-legacy", one_line(found.where or "the model"), one_line(what), todo)
