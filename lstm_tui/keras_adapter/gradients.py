"""Gradients per timestep of what the model gives, with respect to inputs and states, all layers in one pass.

Zeros are added to every state after each step, and one gradient tape gives the derivatives with respect to
them; weights are constants. Float32 loses what is smaller than 1e-45: `lstm_tui.recurrent.horizon` tells lost
from zero, for certain where the gradients were computed in float64 too (`with_float64`, on a copy). The model
is afterwards as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lstm_tui.errors import EditError
from lstm_tui.keras_adapter.failures import keras_words
from lstm_tui.keras_adapter.feeding import as_array, as_tensors, output_names, sequence_length
from lstm_tui.keras_adapter.keeping import left_as_found
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.keras_adapter.recorder.border import Border
from lstm_tui.keras_adapter.recorder.intervening import Intervening
from lstm_tui.keras_adapter.recorder.nudges import NudgedLoop, Nudges
from lstm_tui.keras_adapter.recorder.patches import taking_any_length
from lstm_tui.keras_adapter.recorder.tracing import Wrapping, tape_of
from lstm_tui.keras_adapter.states import apply_reset
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import StateReset, fingerprint
from lstm_tui.recurrent.gradients import Gradients
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array, States, read_only


def gradients(
    loaded: LoadedModel,
    inputs: Mapping[str, Array],
    *,
    output: str | None = None,
    target: Array | None = None,
    states: States | None = None,
    border: States | None = None,
) -> Gradients:
    """Of the sum of an output, the first if none is named; of its squared error where there is a target.

    Of an output `(batch, timesteps, ...)` the last step counts: a sum over all has no end to count back from.
    target: shaped like the output; of one at each step the last counts.
    states: what stateful layers start from, by `path/state`; as the model was loaded where left out.
    border: what every loop over the sequence starts from, where the inputs are the end of a longer one.
    Raises EditError where there is no such output, and where the target does not fit it.
    """
    asked = _Asked(inputs, output, None if target is None else np.asarray(target, np.float64), states, border)
    return _computed(loaded, as_tensors(loaded.model, inputs), asked)


def with_float64(
    loaded: LoadedModel,
    inputs: Mapping[str, Array],
    *,
    output: str | None = None,
    target: Array | None = None,
    states: States | None = None,
    border: States | None = None,
) -> Gradients:
    """The same, with those of a float64 copy beside them, or the reason why there are none."""
    made = gradients(loaded, inputs, output=output, target=target, states=states, border=border)
    if made.value.dtype == np.float64:
        return replace(made, exact=made, exact_note="the model itself computes in float64")
    try:
        copy = loaded.in_float64().tried(loaded.interventions)
        fed = keras.tree.map_structure(_in_float64, as_tensors(loaded.model, inputs))
        goal = None if target is None else np.asarray(target, np.float64)
        exact = _computed(copy, fed, _Asked(inputs, output, goal, states, border))
    except EditError as error:
        return replace(made, exact_note=error.happened)
    except Exception as error:  # noqa: BLE001 - a copy that does not run leaves what the model gave
        why = f"the float64 copy of this model does not run: {one_line(keras_words(error), 300)}"
        return replace(made, exact_note=why)
    return replace(made, exact=exact, exact_note=_agreement(made.value, exact.value))


def _in_float64(tensor: Any) -> Any:
    return tf.cast(tensor, tf.float64) if tensor.dtype.is_floating else tensor


def _agreement(value: Array, exact: Array) -> str:
    """How far rounding has taken the model's own run from that of the copy."""
    apart = float(np.nanmax(np.abs(value - exact), initial=0.0))
    return f"recomputed in float64 on a copy; the value differs by at most {apart:.2g}"


@dataclass(frozen=True, eq=False)
class _Asked:
    """What the gradients are of, and where the call starts."""

    inputs: Mapping[str, Array]
    output: str | None
    target: Array | None
    states: States | None
    border: States | None


def _computed(loaded: LoadedModel, fed: Any, asked: _Asked) -> Gradients:
    signature = tuple((one.shape, one.dtype) for one in keras.tree.flatten(fed))
    goal = None if asked.target is None else asked.target.shape
    tried = (fingerprint(loaded.interventions),) if loaded.interventions else ()
    key = ("gradients", asked.output, goal, asked.border is not None, signature, *tried)
    traced: _Traced = loaded.traces.get_or_make(key, lambda: _traced(loaded, fed, asked))
    if traced.border is not None:
        traced.border.set(asked.border)
    with left_as_found(loaded.model):
        if asked.states:
            apply_reset(state_variables(loaded.placed), StateReset(to="saved", saved=asked.states))
        arrays = [as_array(tensor) for tensor in traced.function(*_arguments(fed, asked.target))]
    return _assembled(traced, asked.inputs, iter(arrays))


@dataclass(frozen=True, eq=False)
class _Traced:
    """function: gives the value a sample, then a gradient an input, then one a row of each loop."""

    function: Callable[..., list[Any]]
    of: str
    loops: list[NudgedLoop]
    missing: Mapping[str, str]
    border: Border | None = None


def _arguments(fed: Any, target: Array | None) -> list[Any]:
    flat = list(keras.tree.flatten(fed))
    return flat if target is None else [*flat, tf.convert_to_tensor(target)]


def _traced(loaded: LoadedModel, fed: Any, asked: _Asked) -> _Traced:
    said: dict[str, Any] = {}
    target = asked.target
    steps = [length for one in keras.tree.flatten(fed) if (length := sequence_length(one)) is not None]
    border = None if asked.border is None else Border(max(steps, default=0))

    def body(*arguments: Any) -> list[Any]:
        flat = list(arguments[:-1] if target is not None else arguments)
        with tf.GradientTape(watch_accessed_variables=False) as watcher:
            watcher.watch([one for one in flat if one.dtype.is_floating])
            tape = tape_of(loaded.model)
            tape.nudges, tape.border = Nudges(watcher.watch), border
            tape.intervening = Intervening(loaded.interventions) if loaded.interventions else None
            any_length = nullcontext() if border is None else taking_any_length(loaded.model)
            with any_length, Wrapping(loaded.model, tape):
                outputs = loaded.model.predict_step((keras.tree.pack_sequence_as(fed, flat),))
            said["of"], value = _value(
                loaded, outputs, asked.output, arguments[-1] if target is not None else None
            )
        said["loops"], said["missing"] = tape.nudges.loops, tape.refused
        sources = [one for one in flat if one.dtype.is_floating] + [
            row for loop in said["loops"] for row in loop.rows
        ]
        return [value, *watcher.gradient(value, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)]

    with left_as_found(loaded.model):
        specs = [tf.TensorSpec(one.shape, one.dtype) for one in _arguments(fed, target)]
        function = tf.function(body, autograph=False).get_concrete_function(*specs)
    return _Traced(function, said["of"], said["loops"], dict(said["missing"]), border)


def _value(loaded: LoadedModel, outputs: Any, output: str | None, target: Any) -> tuple[str, Any]:
    """What the gradients are of, in words and as `(batch,)`."""
    named = dict(zip(output_names(loaded.model, outputs), keras.tree.flatten(outputs), strict=True))
    name = output if output is not None else next(iter(named))
    if name not in named:
        raise EditError(f"the model has no output {name}", expected=", ".join(named))
    values = tf.cast(named[name], tf.float32) if named[name].dtype.size < 4 else named[name]
    last = ""
    if values.shape.rank is not None and values.shape.rank > 2:
        values, last = values[:, -1], "the last step of "
    of = f"sum of {last}output {name}"
    if target is not None:
        values = tf.square(values - tf.cast(_like_output(target, values, name), values.dtype))
        of = f"squared error of {last}output {name}"
    return of, tf.reduce_sum(tf.reshape(values, (tf.shape(values)[0], -1)), axis=-1)


def _like_output(target: Any, values: Any, name: str) -> Any:
    """The target of each sample as the output `values` is shaped; of one at each step that of the last."""
    at_end = target[:, -1] if target.shape.rank > 1 else target[-1:]
    for one in (target, at_end):
        if one.shape.num_elements() == values.shape.num_elements() and values.shape[0] in {1, one.shape[0]}:
            return tf.reshape(one, values.shape)
    raise EditError(
        f"the target {tuple(target.shape)} does not fit output {name}, {tuple(values.shape)} at its end",
        expected="a target for each sample, shaped like the output",
    )


def _assembled(traced: _Traced, inputs: Mapping[str, Array], arrays: Iterator[Array]) -> Gradients:
    value = next(arrays)
    floating = [
        name for name, values in inputs.items() if np.issubdtype(np.asarray(values).dtype, np.floating)
    ]
    of_inputs = {name: read_only(next(arrays)) for name in floating}
    of_states: dict[str, Array] = {}
    for loop in traced.loops:
        rows = [next(arrays) for _ in loop.rows]
        rows = [row[::-1] for row in rows] if loop.go_backwards else rows
        of_states |= {
            f"{loop.path}{name}": read_only(loop.packing.array(rows, name)) for name in loop.packing.slots
        }
    return Gradients(traced.of, read_only(value), of_inputs, of_states, traced.missing)
