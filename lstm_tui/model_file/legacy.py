"""What Keras 2 wrote and Keras 3 no longer takes, or takes and reads differently.

Each rule was tried on Keras 3.15 by editing stored configurations: what is reported as blocking does not load
there. In a `.h5` file a layer without a module is read by the old loader, which still takes some of the old
entries; one with a module, inside a wrapper or an RNN's cell, and all layers of a `.keras` file are read by
the new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from lstm_tui.model_file.allowed import INITIALIZERS, LAYERS, OPERATIONS
from lstm_tui.model_file.container import Config
from lstm_tui.model_file.declared import DeclaredLayer
from lstm_tui.model_file.facts import Obstacle
from lstm_tui.model_file.walking import Found
from lstm_tui.plain_text import one_line

_OPEN_IN_KERAS_2 = (
    "Load it in the Keras 2 that wrote it, rebuild the model without this, and save it as .keras."
)
_TAKE_OUT = "Take the entry out of the stored configuration, or save the model again as .keras with Keras 3."

#: Classes of Keras 2 that are gone, and what they were.
GONE = {
    **dict.fromkeys(
        ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"),
        "It stands for a TensorFlow operation in the graph, which Keras 3 no longer reads.",
    ),
    **dict.fromkeys(
        ("CuDNNLSTM", "CuDNNGRU"), "It is gone from Keras 3; its two biases become one in LSTM or GRU."
    ),
    **dict.fromkeys(("LocallyConnected1D", "LocallyConnected2D"), "It is gone from Keras 3."),
    "ThresholdedReLU": "It is gone from Keras 3; ReLU(threshold=...) does the same.",
    "SyncBatchNormalization": "It is gone from Keras 3; BatchNormalization(synchronized=True) does the same.",
    "DenseFeatures": "Feature columns are gone from Keras 3.",
    "Merge": "It is gone since Keras 2; Concatenate, Add and so on replace it.",
}
_GONE_MODULES = ("keras.engine", "keras.src.engine", "tensorflow", "tf_keras", "keras.saving.legacy")
_RECURRENT = frozenset({"RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
_READ_BY_NEW_LOADER = frozenset({"layer", "backward_layer", "cell", "cells"})
_MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"})


def explains_class(found: Found, file_format: str) -> bool:
    """Whether this module says why the class does not load, so that no other rule need name it."""
    gone = found.class_name in GONE or found.class_name == "Policy" or found.module.startswith(_GONE_MODULES)
    return gone or (file_format == "h5" and _is_operation(found))


def legacy_obstacles(
    found: Found, file_format: Literal["keras", "h5"], keras_version: str
) -> Iterator[Obstacle]:
    """What keeps this object from loading because Keras 2 wrote it."""
    if not found.class_name:
        return
    yield from _gone(found, file_format)
    new_loader = file_format == "keras" or found.key in _READ_BY_NEW_LOADER or "module" in found.entry
    yield from _entries(found, new_loader)
    if file_format == "h5":
        yield from _operations(found)
    if keras_version.startswith(("1.", "2.")):
        yield from _redefined(found)


def first_layer_obstacles(root: DeclaredLayer) -> Iterator[Obstacle]:
    """Sequential models of a `.h5` file without an InputLayer: Keras 3 adds the batch as one more axis."""
    for model in root.walk():
        first = model.inner[0] if model.is_model and not model.is_functional and model.inner else None
        if first and first.class_name != "InputLayer" and "batch_input_shape" in first.config:
            what = (
                "It declares the model's input by `batch_input_shape`, in which Keras 3 adds one more axis."
            )
            yield Obstacle("load-legacy", one_line(first.path), what, _OPEN_IN_KERAS_2)


def _gone(found: Found, file_format: str) -> Iterator[Obstacle]:
    if found.class_name in GONE:
        yield _legacy(found, f"{found.class_name}: {GONE[found.class_name]}")
    elif found.class_name == "Policy":
        yield _legacy(found, "Its dtype is a Keras 2 Policy; Keras 3 writes DTypePolicy.", _TAKE_OUT)
    elif found.module.startswith(_GONE_MODULES) and (file_format == "keras" or found.key):
        yield _legacy(found, f"Its class is in {one_line(found.module, 60)}, which Keras 3 does not have.")


def _entries(found: Found, new_loader: bool) -> Iterator[Obstacle]:
    name, config = found.class_name, found.config
    if "time_major" in config and name in _RECURRENT:
        yield _legacy(found, "`time_major` is not taken by Keras 3.", _TAKE_OUT)
    if name in INITIALIZERS and "dtype" in config:
        yield _legacy(found, f"`dtype` is not taken by the initializer {name}.", _TAKE_OUT)
    if not new_loader:
        return
    if "batch_input_shape" in config and name in LAYERS and name != "InputLayer":
        yield _legacy(found, "`batch_input_shape` is not taken by Keras 3.", _TAKE_OUT)
    if name == "BatchNormalization" and isinstance(config.get("axis"), list):
        yield _legacy(found, "`axis` is a list, as Keras 2 wrote it; Keras 3 takes a number.", _TAKE_OUT)


def _operations(found: Found) -> Iterator[Obstacle]:
    """Keras 3 writes operations into `.h5` files and cannot read them back."""
    name = found.class_name
    todo = "Save the model as .keras, which keeps operations."
    if _is_operation(found):
        yield _legacy(found, f"The operation {name} does not survive in a .h5 file.", todo)
    if name == "Attention" and found.config.get("score_mode") == "dot":
        yield _legacy(
            found, "Keras 3 mistakes its score_mode `dot` in a .h5 file for the layer of that name.", todo
        )


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


def _redefined(found: Found) -> Iterator[Obstacle]:
    for key in ("activation", "recurrent_activation"):
        if found.config.get(key) == "hard_sigmoid":
            what = (
                f"{key} is hard_sigmoid: 0.2x + 0.5 in Keras 2, x/6 + 0.5 in Keras 3, with other predictions."
            )
            todo = "Compare with what the model predicted in Keras 2."
            yield Obstacle("load-activation", one_line(found.where), what, todo, blocking=False)


def _legacy(found: Found, what: str, todo: str = _OPEN_IN_KERAS_2) -> Obstacle:
    return Obstacle("load-legacy", one_line(found.where or "the model"), what, todo)
