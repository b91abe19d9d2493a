"""The gradient of one value with respect to what layers gave or what went in; and the moved inputs run.

What a layer gave is followed from where it leaves the layer: the gradient is that of everything behind, and
not of the layer's own loop. The value is chosen while the compiled function runs, so that another step or
unit compiles nothing. The model is afterwards as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lstm_tui.errors import EditError
from lstm_tui.keras_adapter.failures import keras_words
from lstm_tui.keras_adapter.feeding import as_array, as_tensors, output_names
from lstm_tui.keras_adapter.keeping import left_as_found
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.keras_adapter.recorder.intervening import Intervening
from lstm_tui.keras_adapter.recorder.patches import taking_any_length
from lstm_tui.keras_adapter.recorder.tape import Tape, TapedCall
from lstm_tui.keras_adapter.recorder.tracing import Wrapping, tape_of, tensors_in
from lstm_tui.keras_adapter.states import apply_reset
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Inputs, StateReset, fingerprint
from lstm_tui.recurrent.first_order import FirstOrder, FirstOrderPlan, smallest_move
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.recurrent.sequences import longest


def first_order(loaded: LoadedModel, plan: FirstOrderPlan) -> FirstOrder:
    """What the plan asks for. Raises EditError where the value or what explains it cannot be reached."""
    inputs = _cut_short(plan.call.inputs, plan.steps)
    try:
        found = _computed(loaded, plan, inputs)
        return found if plan.goal is None else _with_moves(loaded, plan, inputs, found)
    except EditError:
        raise
    except Exception as error:
        raise EditError(f"the gradient cannot be computed: {one_line(keras_words(error), 300)}") from error


def _cut_short(inputs: Inputs, steps: int | None) -> dict[str, Array]:
    whole, sequences = longest(inputs)
    if steps is None or steps >= whole:
        return dict(inputs)
    return {name: values[:, :steps] if name in sequences else values for name, values in inputs.items()}


def _with_moves(
    loaded: LoadedModel, plan: FirstOrderPlan, inputs: Mapping[str, Array], found: FirstOrder
) -> FirstOrder:
    """The move that would reach the goal to first order, and what it really reaches."""
    assert plan.goal is not None
    of_inputs = {name: found.gradients[name] for name in plan.inputs if name in found.gradients}
    moves = smallest_move(of_inputs, plan.goal - found.value, plan.deviations)
    if moves is None:
        return replace(found, goal=plan.goal)
    moved = dict(inputs)
    for name, move in moves.items():
        values = np.array(moved[name])
        values[plan.row] = values[plan.row] + move.reshape(values[plan.row].shape)
        moved[name] = values
    reached = _computed(loaded, plan, moved).value
    moves = {name: read_only(move) for name, move in moves.items()}
    return replace(found, goal=plan.goal, moves=moves, reached=reached)


def _computed(loaded: LoadedModel, plan: FirstOrderPlan, inputs: Mapping[str, Array]) -> FirstOrder:
    fed = as_tensors(loaded.model, inputs)
    signature = tuple((tuple(one.shape), one.dtype.name) for one in keras.tree.flatten(fed))
    tried = fingerprint(loaded.interventions) if loaded.interventions else ""
    key = ("first order", plan.output, plan.path, plan.cut, plan.inputs, plan.steps is None, tried, signature)
    traced: _Traced = loaded.traces.get_or_make(key, lambda: _Traced(loaded, fed, plan, tuple(inputs)))
    place = tf.constant([plan.row, plan.step, plan.unit], tf.int32)
    with left_as_found(loaded.model):
        if plan.call.states:
            apply_reset(state_variables(loaded.placed), StateReset(to="saved", saved=dict(plan.call.states)))
        value, *arrays = [as_array(one) for one in traced.function(*keras.tree.flatten(fed), place)]
    half = len(arrays) // 2
    gradients, given = (
        {name: read_only(array) for name, array in zip(traced.names, part, strict=True)}
        for part in (arrays[:half], arrays[half:])
    )
    return FirstOrder(float(value), gradients, given)


class _Traced:
    """function: of the flattened inputs and `(row, step, unit)`; gives value, gradients, what was given."""

    def __init__(self, loaded: LoadedModel, fed: Any, plan: FirstOrderPlan, inputs: tuple[str, ...]) -> None:
        model = loaded.model
        self._model, self._fed, self._plan, self._inputs = model, fed, plan, inputs
        self._tried = loaded.interventions
        self.names: tuple[str, ...] = ()
        specs = [tf.TensorSpec(one.shape, one.dtype) for one in keras.tree.flatten(fed)]
        with left_as_found(model):
            self.function = tf.function(self._body, autograph=False).get_concrete_function(
                *specs, tf.TensorSpec((3,), tf.int32)
            )

    def _body(self, *arguments: Any) -> list[Any]:
        flat, place = list(arguments[:-1]), arguments[-1]
        with tf.GradientTape(watch_accessed_variables=False) as watcher:
            followed = self._followed_inputs(flat)
            watcher.watch(list(followed.values()))
            tape = tape_of(self._model)
            tape.intervening = Intervening(self._tried) if self._tried else None
            tape.on_finished = lambda call: self._follow(call, followed, watcher)
            short = nullcontext() if self._plan.steps is None else taking_any_length(self._model)
            with short, Wrapping(self._model, tape):
                outputs = self._model.predict_step((keras.tree.pack_sequence_as(self._fed, flat),))
            value = _chosen(self._target(tape, outputs), place)
        missing = [name for name in (*self._plan.cut, *self._plan.inputs) if name not in followed]
        if missing:
            raise EditError(f"what {', '.join(missing)} gives cannot be followed in this call")
        self.names = tuple(followed)
        sources = list(followed.values())
        gradients = watcher.gradient(value, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        rows = [each[place[0]] for each in (*gradients, *sources)]
        return [value, *rows]

    def _followed_inputs(self, flat: list[Any]) -> dict[str, Any]:
        """By name; an input of ids has no gradient."""
        return {
            name: one
            for name, one in zip(self._inputs, flat, strict=False)
            if name in self._plan.inputs and one.dtype.is_floating
        }

    def _follow(self, call: TapedCall, followed: dict[str, Any], watcher: tf.GradientTape) -> None:
        tensors = tensors_in(call.outputs)
        if call.path in self._plan.cut and tensors and tensors[0].dtype.is_floating:
            watcher.watch(tensors[0])
            followed[call.path] = tensors[0]

    def _target(self, tape: Tape, outputs: Any) -> Any:
        """What gives the value: a layer's call, or one of the model's outputs."""
        if self._plan.path:
            found = next((call for call in tape.finished if call.path == self._plan.path), None)
            tensors = tensors_in(found.outputs) if found is not None else []
        else:
            names = output_names(self._model, outputs)
            named = dict(zip(names, keras.tree.flatten(outputs), strict=True))
            tensors = [named[self._plan.output]] if self._plan.output in named else []
        if not tensors:
            raise EditError(f"{self._plan.path or self._plan.output} gives nothing in this call")
        return tensors[0]


def _chosen(target: Any, place: Any) -> Any:
    """The value at `(row, step, unit)`; the step counts where there are steps, at most to the last one."""
    own = target[place[0]]
    if target.shape.rank is not None and target.shape.rank > 2:
        own = own[tf.minimum(place[1], tf.shape(own)[0] - 1)]
    return tf.reshape(own, (-1,))[place[2]]
