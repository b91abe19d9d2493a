"""What goes into a model and what comes out, by name: arrays as tensors and tensors as arrays.

Names that occur twice (an LSTM with `return_state` gives three outputs of one name) continue as `lstm#2`,
`lstm#3`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lstm_tui.model_file import distinct_names
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.live_layers import layer_name
from lstm_tui.recurrent.recording import Array, read_only


def functional_of(model: Any) -> Any:
    """The functional graph of a Functional or Sequential model, or None (a subclassed one)."""
    functional = getattr(model, "_functional", None) if isinstance(model, keras.Sequential) else model
    return functional if getattr(functional, "_inputs_struct", None) is not None else None


def input_names(model: Any, given: int = 1) -> tuple[str, ...]:
    """Names in the model's order; `input`, `input#2` … for a subclassed model, `given` of them."""
    functional = functional_of(model)
    if functional is None:
        return distinct_names(["input"] * given)
    struct = functional._inputs_struct
    if isinstance(struct, dict):  # Keras flattens dicts in the order of their keys
        return tuple(one_line(key).replace("/", "_") for key in sorted(struct))
    return distinct_names([layer_name(tensor._keras_history.operation) for tensor in functional.inputs])


def output_names(model: Any, outputs: Any) -> tuple[str, ...]:
    """Names of the flattened `outputs`, which is what a call gave."""
    flat = keras.tree.flatten(outputs)
    if isinstance(outputs, dict):
        return distinct_names([one_line(key).replace("/", "_") for key in sorted(outputs)][: len(flat)])
    functional = functional_of(model)
    if functional is not None and len(functional.outputs) == len(flat):
        return distinct_names([layer_name(tensor._keras_history.operation) for tensor in functional.outputs])
    return distinct_names(["output"] * len(flat))


def as_model_takes(model: Any, inputs: Mapping[str, Array]) -> Any:
    """The arrays in the form that the model is called with: one array, a list, or a dictionary."""
    functional = functional_of(model)
    struct = functional._inputs_struct if functional is not None else None
    if isinstance(struct, dict):
        return (
            dict(zip(sorted(struct), inputs.values(), strict=False))
            if set(struct) != set(inputs)
            else dict(inputs)
        )
    if len(inputs) == 1:
        return next(iter(inputs.values()))
    names = input_names(model, len(inputs))
    in_order = [inputs[name] for name in names if name in inputs]
    return in_order if len(in_order) == len(inputs) else list(inputs.values())


def training_argument(model: Any, training: bool | None) -> dict[str, bool]:
    """`training=...` as the model is called with it; nothing where none is given or the model takes none."""
    return {"training": training} if training is not None and model._call_has_training_arg else {}


def as_tensors(model: Any, inputs: Mapping[str, Array]) -> Any:
    """Inputs as `predict` converts them: floating point as Keras' `floatx`, other types as they are."""
    return keras.tree.map_structure(_as_tensor, as_model_takes(model, inputs))


def _as_tensor(values: Array) -> Any:
    values = np.asarray(values)
    floating = np.issubdtype(values.dtype, np.floating)
    return tf.convert_to_tensor(values.astype(keras.config.floatx()) if floating else values)


def by_name(model: Any, outputs: Any) -> dict[str, Array]:
    """Outputs of a call as NumPy arrays by output name; bfloat16, which NumPy lacks, as float32."""
    names = output_names(model, outputs)
    return {
        name: read_only(as_array(value))
        for name, value in zip(names, keras.tree.flatten(outputs), strict=True)
    }


def as_array(value: Any) -> Array:
    """A tensor or array as one that any NumPy can read and save."""
    array = np.asarray(keras.ops.convert_to_numpy(value))
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def sequence_length(value: Any) -> int | None:
    """Timesteps of `(batch, timesteps, ...)` or of token ids `(batch, timesteps)`; None of any other."""
    shape = value.shape
    is_sequence = len(shape) > 2 or (len(shape) == 2 and tf.as_dtype(value.dtype).is_integer)
    return shape[1] if is_sequence else None
