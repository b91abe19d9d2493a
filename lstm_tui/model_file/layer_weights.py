"""The weights that a layer of each class holds, by name and shape: one table.

From it come the parameter counts of the first screen, the names of weights in statistics, and the test
whether a file really holds what its configuration declares. None where the weights are not known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lstm_tui.model_file.container import Config
from lstm_tui.model_file.declared import DeclaredLayer
from lstm_tui.model_file.layer_shapes import MALFORMED, einsum_sizes
from lstm_tui.model_file.propagation import Flow
from lstm_tui.model_file.spatial_shapes import per_axis, split
from lstm_tui.model_file.tensors import Shapes
from lstm_tui.recurrent.recording import Shape


@dataclass(frozen=True)
class Weight:
    """A weight as the configuration declares it."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


Weights = tuple[Weight, ...]
Rule = Callable[[Config, Shapes], Weights]


def declared_weights(layer: DeclaredLayer, flow: Flow) -> Weights | None:
    """A layer's own weights, without those of the layers inside it; None where they are not known."""
    if layer.is_model or layer.kind in WITHOUT_WEIGHTS or layer.is_operation:
        return ()
    if layer.kind == "RNN":
        return _rnn(layer, flow)
    if layer.kind == "SpectralNormalization" and layer.inner:
        kernel = declared_weights(layer.inner[0], flow)
        return (Weight("vector_u", (1, kernel[0].shape[-1])),) if kernel else None
    inputs = flow.inputs.get(layer.path) or layer.build_shapes
    return _apply(layer.kind, layer.config, inputs)


def _apply(class_name: str, config: Config, inputs: Shapes) -> Weights | None:
    rule = _RULES.get(class_name)
    if rule is None or _is_quantized(config) or (not inputs and class_name != "Embedding"):
        return None
    try:
        weights = rule(config, inputs)
    except MALFORMED:
        return None
    known = all(type(size) is int and size >= 0 for weight in weights for size in weight.shape)
    return weights if known else None


def _is_quantized(config: Config) -> bool:
    """Quantized layers hold packed kernels and scales; only the file says which."""
    policy = config.get("dtype")
    return isinstance(policy, dict) and policy.get("class_name", "DTypePolicy") != "DTypePolicy"


def _rnn(layer: DeclaredLayer, flow: Flow) -> Weights | None:
    if layer.inner:
        return ()
    cell = layer.config.get("cell")
    inputs = flow.inputs.get(layer.path) or layer.build_shapes
    if not isinstance(cell, dict) or not isinstance(cell.get("config"), dict) or not inputs:
        return None
    return _apply(str(cell.get("class_name")), cell["config"], inputs)


def _with_bias(config: Config, kernels: list[Weight], bias: tuple[int, ...]) -> Weights:
    return (*kernels, Weight("bias", bias)) if config.get("use_bias", True) else tuple(kernels)


def _recurrent(n_gates: int) -> Rule:
    def rule(config: Config, inputs: Shapes) -> Weights:
        units = config["units"]
        kernels = [
            Weight("kernel", (_last(inputs), n_gates * units)),
            Weight("recurrent_kernel", (units, n_gates * units)),
        ]
        separate = n_gates == 3 and config.get("reset_after", True)  # GRU: one bias for input, one for h_prev
        bias: tuple[int, ...] = (2, n_gates * units) if separate else (n_gates * units,)
        return _with_bias(config, kernels, bias)

    return rule


def _last(inputs: Shapes) -> Any:
    return inputs[0][-1]


def _dense(config: Config, inputs: Shapes) -> Weights:
    units = config["units"]
    return _with_bias(config, [Weight("kernel", (_last(inputs), units))], (units,))


def _embedding(config: Config, _inputs: Shapes) -> Weights:
    return (Weight("embeddings", (config["input_dim"], config["output_dim"])),)


def _reversible_embedding(config: Config, inputs: Shapes) -> Weights:
    table = _embedding(config, inputs)
    if config.get("tie_weights", True):
        return table
    return (*table, Weight("reverse_embeddings", table[0].shape[::-1]))


def _einsum_dense(config: Config, inputs: Shapes) -> Weights:
    sizes: Any = einsum_sizes(config, inputs[0])
    _, kernel, result = re.split(r",|->", config["equation"].replace(" ", ""))
    weights = (Weight("kernel", tuple(sizes[letter] for letter in kernel)),)
    axes = config.get("bias_axes")
    if not axes:
        return weights
    first = min(result.index(letter) for letter in axes)
    return (*weights, Weight("bias", tuple(sizes[x] if x in axes else 1 for x in result[first:])))


def _channels(config: Config, inputs: Shapes) -> tuple[list[int], Any]:
    spatial, channels = split(config, inputs[0])
    return per_axis(config["kernel_size"], len(spatial)), channels


def _conv(config: Config, inputs: Shapes) -> Weights:
    window, channels = _channels(config, inputs)
    filters = config["filters"]
    kernel = Weight("kernel", (*window, channels // config.get("groups", 1), filters))
    return _with_bias(config, [kernel], (filters,))


def _conv_transpose(config: Config, inputs: Shapes) -> Weights:
    window, channels = _channels(config, inputs)
    filters = config["filters"]
    return _with_bias(config, [Weight("kernel", (*window, filters, channels))], (filters,))


def _depthwise(config: Config, inputs: Shapes) -> Weights:
    window, channels = _channels(config, inputs)
    multiplier = config["depth_multiplier"]
    return _with_bias(config, [Weight("kernel", (*window, channels, multiplier))], (channels * multiplier,))


def _separable(config: Config, inputs: Shapes) -> Weights:
    window, channels = _channels(config, inputs)
    multiplier, filters = config["depth_multiplier"], config["filters"]
    depthwise = Weight("depthwise_kernel", (*window, channels, multiplier))
    pointwise = Weight("pointwise_kernel", (*[1] * len(window), channels * multiplier, filters))
    return _with_bias(config, [depthwise, pointwise], (filters,))


def _conv_lstm(config: Config, inputs: Shapes) -> Weights:
    batch, _, *rest = inputs[0]
    window, channels = _channels(config, ((batch, *rest),))
    filters = config["filters"]
    kernels = [
        Weight("kernel", (*window, channels, 4 * filters)),
        Weight("recurrent_kernel", (*window, filters, 4 * filters)),
    ]
    return _with_bias(config, kernels, (4 * filters,))


def _axes_shape(config: Config, shape: Shape) -> Any:
    """The sizes of the axes that a normalisation keeps apart."""
    axes = sorted(axis % len(shape) for axis in per_axis(config.get("axis", -1), 1))
    return tuple(shape[axis] for axis in axes)


def _scaled(config: Config, shape: Any) -> list[Weight]:
    names = [name for name, key in (("gamma", "scale"), ("beta", "center")) if config.get(key, True)]
    return [Weight(name, shape) for name in names]


def _batch_normalization(config: Config, inputs: Shapes) -> Weights:
    shape = _axes_shape(config, inputs[0])
    return (*_scaled(config, shape), Weight("moving_mean", shape), Weight("moving_variance", shape))


def _layer_normalization(config: Config, inputs: Shapes) -> Weights:
    scaled = _scaled(config, _axes_shape(config, inputs[0]))
    return tuple(scaled[:1]) if config.get("rms_scaling") else tuple(scaled)


def _rms_normalization(config: Config, inputs: Shapes) -> Weights:
    return (Weight("scale", _axes_shape(config, inputs[0])),)


def _normalization(config: Config, inputs: Shapes) -> Weights:
    if config.get("mean") is not None:
        return ()
    axis = config.get("axis", -1)
    shape = () if axis is None or axis == [] else _axes_shape(config, inputs[0])
    return (Weight("mean", shape), Weight("variance", shape), Weight("count", ()))


def _prelu(config: Config, inputs: Shapes) -> Weights:
    shape: Any = list(inputs[0][1:])
    for axis in config.get("shared_axes") or ():
        shape[axis - 1] = 1
    return (Weight("alpha", tuple(shape)),)


def _attention(config: Config, _inputs: Shapes) -> Weights:
    scale = [Weight("scale", ())] if config.get("use_scale") else []
    return (
        (*scale, Weight("concat_score_weight", ())) if config.get("score_mode") == "concat" else tuple(scale)
    )


def _additive_attention(config: Config, inputs: Shapes) -> Weights:
    return (Weight("scale", (_last(inputs),)),) if config.get("use_scale", True) else ()


def _multi_head_attention(config: Config, inputs: Shapes) -> Weights:
    heads, key_dim = config["num_heads"], config["key_dim"]
    value_dim = config.get("value_dim") or key_dim
    query, value, key = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else inputs[1]
    wanted = config.get("output_shape")
    output: Any = per_axis(wanted, 1) if wanted else [query[-1]]
    parts: list[Any] = [
        ("query", (query[-1], heads, key_dim)),
        ("key", (key[-1], heads, key_dim)),
        ("value", (value[-1], heads, value_dim)),
        ("attention_output", (heads, value_dim, *output)),
    ]
    return _projections(config, parts)


def _group_query_attention(config: Config, inputs: Shapes) -> Weights:
    size, heads = config["head_dim"], config["num_query_heads"]
    groups = config["num_key_value_heads"]
    query, value = inputs[0][-1], inputs[1][-1]
    parts: list[Any] = [
        ("query", (query, heads, size)),
        ("key", (value, groups, size)),
        ("value", (value, groups, size)),
        ("attention_output", (heads, size, query)),
    ]
    return _projections(config, parts)


def _projections(config: Config, parts: list[Any]) -> Weights:
    weights = []
    for name, shape in parts:
        weights.append(Weight(f"{name}/kernel", shape))
        if config.get("use_bias", True):
            weights.append(Weight(f"{name}/bias", shape[2:] if name == "attention_output" else shape[1:]))
    return tuple(weights)


def _stft_spectrogram(config: Config, _inputs: Shapes) -> Weights:
    frame = config["frame_length"]
    window = config.get("fft_length") or 2 ** math.ceil(math.log2(frame))
    parts = [part for part in ("real", "imag") if config.get("mode") not in {"real", "imag"} - {part}]
    return tuple(Weight(f"{part}_kernel", (frame, 1, window // 2 + 1)) for part in parts)


_RULES: dict[str, Rule] = {
    **dict.fromkeys(("LSTM", "LSTMCell"), _recurrent(4)),
    **dict.fromkeys(("GRU", "GRUCell"), _recurrent(3)),
    **dict.fromkeys(("SimpleRNN", "SimpleRNNCell"), _recurrent(1)),
    "Dense": _dense,
    "Embedding": _embedding,
    "ReversibleEmbedding": _reversible_embedding,
    "EinsumDense": _einsum_dense,
    **{f"Conv{rank}D": _conv for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _conv_transpose for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": _depthwise for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _separable for rank in (1, 2)},
    **{f"ConvLSTM{rank}D": _conv_lstm for rank in (1, 2, 3)},
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "GroupNormalization": _layer_normalization,
    "RMSNormalization": _rms_normalization,
    "Normalization": _normalization,
    "PReLU": _prelu,
    "Attention": _attention,
    "AdditiveAttention": _additive_attention,
    "MultiHeadAttention": _multi_head_attention,
    "GroupQueryAttention": _group_query_attention,
    "STFTSpectrogram": _stft_spectrogram,
}

_WITHOUT_WEIGHTS = """
    InputLayer Bidirectional TimeDistributed Activation ActivityRegularization Add AlphaDropout Average
    CategoryEncoding Concatenate Discretization Dot Dropout ELU Flatten GaussianDropout GaussianNoise
    Identity LeakyReLU Masking Maximum Minimum Multiply Permute ReLU RepeatVector Rescaling Reshape
    Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D Subtract UnitNormalization UpSampling1D
    UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D
    MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D
    AdaptiveMaxPooling3D AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
    Hashing HashedCrossing IntegerLookup StringLookup TextVectorization
"""

#: Keras' layers that hold no weights, and wrappers whose weights are those of the layers inside.
WITHOUT_WEIGHTS = frozenset(_WITHOUT_WEIGHTS.split())
