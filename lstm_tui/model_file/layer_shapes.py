"""Output shapes by class of layer: one table, for the layers whose shape the file does not say itself.

A rule takes a layer's configuration and the shapes of its inputs and gives the shapes of its outputs, empty
where it does not know. Layers that hold others (Bidirectional, TimeDistributed, models) are in `propagation`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from lstm_tui.model_file.container import Config
from lstm_tui.model_file.spatial_shapes import SPATIAL_RULES, per_axis
from lstm_tui.model_file.tensors import Shapes, as_shape
from lstm_tui.recurrent.recording import Shape

Rule = Callable[[Config, Shapes], Shapes]

#: What a rule raises when a configuration holds values of the wrong type: then the shape is unknown.
MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)

#: How many state vectors each cell carries.
CELL_STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}


def output_shapes_of(class_name: str, module: str, config: Config, inputs: Shapes) -> Shapes:
    """The output shapes of one call of a layer, empty where they are not known."""
    rule = (OPERATION_RULES if module.startswith("keras.src.ops") else LAYER_RULES).get(class_name)
    if rule is None or (class_name != "InputLayer" and not inputs):
        return ()
    try:
        shapes = rule(config, inputs)
    except MALFORMED:
        return ()
    return shapes if all(_is_shape(shape) for shape in shapes) else ()


def _is_shape(shape: Shape) -> bool:
    return all(size is None or (type(size) is int and size >= 0) for size in shape)


def input_layer_shape(config: Config) -> Shape | None:
    """An InputLayer's `(batch, timesteps, features)`, also as Keras 2 and before wrote it."""
    for key in ("batch_shape", "batch_input_shape"):
        shape = as_shape(config.get(key))
        if shape is not None:
            return shape
    shape = as_shape(config.get("shape"))
    return None if shape is None else (None, *shape)


def state_sizes(cell: Config) -> list[int]:
    """The sizes of the states of a serialized cell, in Keras' order; empty for a cell of another kind."""
    config = cell.get("config")
    if not isinstance(config, dict):
        return []
    if cell.get("class_name") == "StackedRNNCells":
        return [size for inner in config["cells"] for size in state_sizes(inner)]
    kind = str(cell.get("class_name")).removesuffix("Cell")
    return [config["units"]] * CELL_STATES.get(kind, 0)


def _recurrent(config: Config, shape: Shape, units: int, states: list[int]) -> Shapes:
    batch, steps = shape[:2]
    output: Shape = (batch, steps, units) if config.get("return_sequences") else (batch, units)
    return (output, *((batch, size) for size in states)) if config.get("return_state") else (output,)


def _built_in_rnn(n_states: int) -> Rule:
    def rule(config: Config, inputs: Shapes) -> Shapes:
        return _recurrent(config, inputs[0], config["units"], [config["units"]] * n_states)

    return rule


def _rnn(config: Config, inputs: Shapes) -> Shapes:
    cell = config["cell"]
    last = cell["config"]["cells"][-1] if cell.get("class_name") == "StackedRNNCells" else cell
    sizes = state_sizes(last)
    return _recurrent(config, inputs[0], sizes[0], state_sizes(cell)) if sizes else ()


def _same(_config: Config, inputs: Shapes) -> Shapes:
    return inputs[:1]


def _input(config: Config, _inputs: Shapes) -> Shapes:
    shape = input_layer_shape(config)
    return () if shape is None else (shape,)


def _dense(config: Config, inputs: Shapes) -> Shapes:
    return ((*inputs[0][:-1], config["units"]),)


def _embedding(config: Config, inputs: Shapes) -> Shapes:
    return ((*inputs[0], config["output_dim"]),)


def _einsum_dense(config: Config, inputs: Shapes) -> Shapes:
    equation = config["equation"].replace(" ", "")
    if not re.fullmatch(r"(\.\.\.)?[a-zA-Z]+,[a-zA-Z]+->(\.\.\.)?[a-zA-Z]+", equation):
        return ()
    elided = len(inputs[0]) - equation.index(",") + 3 if equation.startswith("...") else 1
    return ((*inputs[0][:elided], *per_axis(config["output_shape"], 1)),)


def einsum_sizes(config: Config, shape: Shape) -> dict[str, int | None]:
    """The size behind each letter of an EinsumDense equation (`abc,cd->abd`, `...x,xy->...y`)."""
    source, _, result = re.split(r",|->", config["equation"].replace(" ", "").replace("...", ""))
    given = per_axis(config["output_shape"], 1)
    sizes = dict(zip(reversed(result), reversed(given), strict=False))
    sizes.update(zip(reversed(source), reversed(shape), strict=False))
    return sizes


def _flatten(_config: Config, inputs: Shapes) -> Shapes:
    batch, *rest = inputs[0]
    known = [size for size in rest if size is not None]
    return ((batch, math.prod(known) if len(known) == len(rest) else None),)


def _reshape(config: Config, inputs: Shapes) -> Shapes:
    batch, *rest = inputs[0]
    target = list(config["target_shape"])
    known = [size for size in rest if size is not None]
    if -1 in target:
        fixed = math.prod(size for size in target if size not in (-1, None))
        full = len(known) == len(rest) and None not in target
        target[target.index(-1)] = math.prod(known) // fixed if full else None
    return ((batch, *target),)


def _permute(config: Config, inputs: Shapes) -> Shapes:
    return ((inputs[0][0], *(inputs[0][axis] for axis in config["dims"])),)


def _repeat_vector(config: Config, inputs: Shapes) -> Shapes:
    return ((inputs[0][0], config["n"], inputs[0][1]),)


def _broadcast(_config: Config, inputs: Shapes) -> Shapes:
    rank = max(map(len, inputs))
    padded = [(1,) * (rank - len(shape)) + shape for shape in inputs]
    return (tuple(_common([shape[axis] for shape in padded]) for axis in range(rank)),)


def _common(sizes: list[int | None]) -> int | None:
    """What an axis becomes when all of `sizes` meet in it: a fixed size above 1 wins over a free one."""
    fixed = [size for size in sizes if size not in (1, None)]
    if fixed:
        return fixed[0]
    return None if None in sizes else 1


def _concatenate(config: Config, inputs: Shapes) -> Shapes:
    axis = config.get("axis", -1)
    first = list(inputs[0])
    along = [shape[axis] for shape in inputs]
    merged = [_first_known([shape[index] for shape in inputs]) for index in range(len(first))]
    merged[axis] = None if None in along else sum(size for size in along if size is not None)
    return (tuple(merged),)


def _first_known(sizes: list[int | None]) -> int | None:
    return next((size for size in sizes if size is not None), None)


def _dot(config: Config, inputs: Shapes) -> Shapes:
    left, right = list(inputs[0]), list(inputs[1])
    axes = config["axes"]
    if isinstance(axes, int):
        axes = [axes % len(left), axes % len(right)] if axes < 0 else [axes, axes]
    left.pop(axes[0])
    right.pop(axes[1])
    shape = left + right[1:]
    return ((*shape, 1) if len(shape) == 1 else tuple(shape),)


def _attention(_config: Config, inputs: Shapes) -> Shapes:
    return ((*inputs[0][:-1], inputs[1][-1]),)


def _multi_head_attention(config: Config, inputs: Shapes) -> Shapes:
    size: Any = config.get("output_shape")
    return (inputs[0],) if not size else ((*inputs[0][:-1], *per_axis(size, 1)),)


def _category_encoding(config: Config, inputs: Shapes) -> Shapes:
    shape, tokens = inputs[0], config["num_tokens"]
    widened = config.get("output_mode") == "one_hot" and (shape[-1] != 1 or len(shape) == 1)
    return ((*shape, tokens) if widened else (*shape[:-1], tokens),)


_SHAPE_KEPT = """
    Activation ActivityRegularization AlphaDropout BatchNormalization Dropout ELU GaussianDropout
    GaussianNoise GroupNormalization Identity LayerNormalization LeakyReLU Masking Normalization PReLU
    RMSNormalization ReLU Rescaling Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D
    UnitNormalization Discretization
"""

LAYER_RULES: dict[str, Rule] = {
    "InputLayer": _input,
    **{kind: _built_in_rnn(states) for kind, states in CELL_STATES.items()},
    "RNN": _rnn,
    **dict.fromkeys(_SHAPE_KEPT.split(), _same),
    "Dense": _dense,
    "Embedding": _embedding,
    "ReversibleEmbedding": _embedding,
    "EinsumDense": _einsum_dense,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat_vector,
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), _broadcast),
    "Concatenate": _concatenate,
    "Dot": _dot,
    "Attention": _attention,
    "AdditiveAttention": _attention,
    "MultiHeadAttention": _multi_head_attention,
    "GroupQueryAttention": _same,
    "CategoryEncoding": _category_encoding,
    **SPATIAL_RULES,
}

_BROADCAST_OPERATIONS = "Add Subtract Multiply Divide TrueDivide Maximum Minimum Power"
_SHAPE_KEEPING_OPERATIONS = """
    Abs Absolute Cast Clip Cos Elu Exp Gelu HardSigmoid LeakyRelu Log LogSoftmax Negative Relu Relu6
    Selu Sigmoid Sign Silu Sin Softmax Softplus Softsign Sqrt Square StopGradient Tanh
"""

#: Operations (`x + y`, `keras.ops.tanh(x)`) appear in functional models beside layers.
OPERATION_RULES: dict[str, Rule] = {
    **dict.fromkeys(_BROADCAST_OPERATIONS.split(), _broadcast),
    **dict.fromkeys(_SHAPE_KEEPING_OPERATIONS.split(), _same),
}
