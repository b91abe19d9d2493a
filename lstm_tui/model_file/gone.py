"""Classes of Keras 2 that Keras 3 does not have: what they were, and what does the same today.

`BECAME` lists those whose successor gives the same predictions from the same weights (the weights of CuDNN
layers are laid out anew, see `cudnn_weights`). `GONE` says why any of the others does not load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lstm_tui.model_file.container import Config
from lstm_tui.plain_text import one_line

#: CuDNN layers: two biases where LSTM and GRU have one, and their kernels transposed.
FUSED = frozenset({"CuDNNLSTM", "CuDNNGRU"})

_GRAPH = "It stands for a TensorFlow operation in the graph, which Keras 3 no longer reads."
GONE = {
    **dict.fromkeys(
        ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"), _GRAPH
    ),
    **dict.fromkeys(
        ("CuDNNLSTM", "CuDNNGRU"), "It is gone from Keras 3; its two biases become one in LSTM or GRU."
    ),
    **dict.fromkeys(("LocallyConnected1D", "LocallyConnected2D"), "It is gone from Keras 3."),
    "ThresholdedReLU": "It is gone from Keras 3; ReLU(threshold=...) does the same.",
    "SyncBatchNormalization": "It is gone from Keras 3; BatchNormalization does the same at inference.",
    "DenseFeatures": "Feature columns are gone from Keras 3.",
    "Merge": "It is gone since Keras 2; Concatenate, Add and so on replace it.",
}
#: What to write instead of the operations met most often.
_INSTEAD = {
    "math.reduce_mean": "GlobalAveragePooling1D or keras.ops.mean",
    "math.reduce_sum": "keras.ops.sum",
    "math.reduce_max": "GlobalMaxPooling1D or keras.ops.max",
    "__operators__.getitem": "the same slice written in Keras 3",
    "__operators__.add": "Add or +",
    "math.add": "Add or +",
    "math.multiply": "Multiply or *",
    "math.subtract": "Subtract or -",
    "expand_dims": "keras.ops.expand_dims",
    "reshape": "Reshape",
    "concat": "Concatenate",
    "transpose": "Permute",
}

_OF_CONVOLUTIONS = ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
#: Entries that Keras 2 noted for a class without using them.
SURPLUS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D"), _OF_CONVOLUTIONS
    ),
    "MultiHeadAttention": ("query_shape", "key_shape", "value_shape"),
    **{f"SpatialDropout{rank}D": ("trainable", "noise_shape") for rank in (1, 2, 3)},
}

Settings = dict[str, Any]


def what_it_was(entry: Config) -> str:
    """The class and, for an operation of TensorFlow, which one and what to write instead."""
    name = str(entry.get("class_name"))
    config = entry.get("config")
    function = config.get("function") if isinstance(config, dict) else None
    if name == "SlicingOpLambda":
        function = function or "__operators__.getitem"
    if not isinstance(function, str):
        return name
    instead = f", now {_INSTEAD[function]}" if function in _INSTEAD else ""
    return one_line(f"{name} tf.{function}{instead}", 120)


def _recurrent(config: Config, **settings: Any) -> Settings:
    kept = {key: value for key, value in config.items() if key != "time_major"}
    return {**kept, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, **settings}


def _lstm(config: Config) -> tuple[str, Settings]:
    return "LSTM", _recurrent(config)


def _gru(config: Config) -> tuple[str, Settings]:
    return "GRU", _recurrent(config, reset_after=True)


def _relu(config: Config) -> tuple[str, Settings]:
    kept = {key: value for key, value in config.items() if key != "theta"}
    return "ReLU", {**kept, "max_value": None, "negative_slope": 0.0, "threshold": config.get("theta", 1.0)}


def _batch_normalization(config: Config) -> tuple[str, Settings]:
    return "BatchNormalization", dict(config)


#: From the old class and its configuration to the new class and its configuration.
BECAME: dict[str, Callable[[Config], tuple[str, Settings]]] = {
    "CuDNNLSTM": _lstm,
    "CuDNNGRU": _gru,
    "ThresholdedReLU": _relu,
    "SyncBatchNormalization": _batch_normalization,
}
