"""A recording of one call, from the states and seeds that the model has now; they are put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from lstm_tui.keras_adapter.keeping import restore, snapshot
from lstm_tui.keras_adapter.naming import as_model_takes, output_names
from lstm_tui.keras_adapter.recorder.assemble import assemble
from lstm_tui.keras_adapter.recorder.tracing import TracedCall, traced_call
from lstm_tui.keras_adapter.states import read_states, state_variables
from lstm_tui.recurrent.recording import Array, Recording

if TYPE_CHECKING:
    from lstm_tui.keras_adapter.loaded import LoadedModel


def record_predict(
    loaded: LoadedModel, inputs: Mapping[str, Array], batch_size: int | None = None
) -> Recording:
    """What `model.predict(inputs, batch_size)` does: each batch from the states that the last one left."""
    rows = len(next(iter(inputs.values())))
    size = batch_size or 32
    batches = [
        {name: values[start : start + size] for name, values in inputs.items()}
        for start in range(0, rows, size)
    ]
    return _recorded(loaded, inputs, batches, "predict", lambda fed: loaded.model.predict_step((fed,)))


def record_call(loaded: LoadedModel, inputs: Mapping[str, Array], training: bool) -> Recording:
    """What `model(inputs, training=training)` does."""
    model = loaded.model
    arguments = {"training": training} if model._call_has_training_arg else {}
    return _recorded(loaded, inputs, [dict(inputs)], f"call {training}", lambda fed: model(fed, **arguments))


def _recorded(
    loaded: LoadedModel,
    inputs: Mapping[str, Array],
    batches: list[dict[str, Array]],
    purpose: str,
    call: Callable[[Any], Any],
) -> Recording:
    before = snapshot(loaded.model)
    variables = state_variables(loaded.placed)
    states_before = read_states(variables)
    try:
        results = []
        for number, batch in enumerate(batches):
            fed = as_tensors(loaded.model, batch)
            same_size = len(next(iter(batch.values()))) == len(next(iter(batches[0].values())))
            traced = _traced(loaded, purpose, call, fed, any_batch=number > 0 and not same_size)
            results.append(
                (traced, [_as_array(tensor) for tensor in traced.function(*keras.tree.flatten(fed))])
            )
        states_after = read_states(variables)
    finally:
        restore(before)
    names = output_names(loaded.model, results[0][0].output_struct)
    return assemble(inputs, names, results, states_before, states_after)


def as_tensors(model: Any, inputs: Mapping[str, Array]) -> Any:
    """Inputs as `predict` converts them: floating point as Keras' `floatx`, other types as they are."""
    return keras.tree.map_structure(_as_tensor, as_model_takes(model, inputs))


def _as_tensor(values: Array) -> Any:
    values = np.asarray(values)
    floating = np.issubdtype(values.dtype, np.floating)
    return tf.convert_to_tensor(values.astype(keras.config.floatx()) if floating else values)


def _traced(
    loaded: LoadedModel, purpose: str, call: Callable[[Any], Any], fed: Any, *, any_batch: bool
) -> TracedCall:
    shapes = tuple((tuple(one.shape), one.dtype.name) for one in keras.tree.flatten(fed))
    key = (purpose, any_batch, tuple((shape[1:] if any_batch else shape, dtype) for shape, dtype in shapes))
    return loaded.traces.get_or_make(key, lambda: traced_call(loaded.model, call, fed, any_batch=any_batch))


def _as_array(tensor: Any) -> Array:
    array = tensor.numpy()
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
