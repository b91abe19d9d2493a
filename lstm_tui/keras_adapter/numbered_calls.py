"""Calls of a session as a function from states to states and an output, all of them by number.

The model is asked once for each call from each states, however many interleavings lead there. Whatever a call
draws at random is drawn alike each time, so that only states can make a difference. A call is torn where that
was tried: what a layer leaves must not depend on states of layers that are read after it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

import keras
import numpy as np

from lstm_tui.errors import EditError
from lstm_tui.interleaving.machine import Part, Program
from lstm_tui.keras_adapter.calls import largest_difference
from lstm_tui.keras_adapter.failures import FailureWatch
from lstm_tui.keras_adapter.keeping import restore, seeds, snapshot
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.keras_adapter.making import Maker
from lstm_tui.keras_adapter.states import apply_reset, read_states
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Call, CallOutcome, Inputs, Predict, ResetStates, RunPlan, StateReset
from lstm_tui.recurrent.divergence import NOISE
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array, States

#: Rows of a batch where a call names none, as `predict` has it.
_BATCH = 32
Outputs = Mapping[str, Array]
Value = TypeVar("Value")


class NumberedCalls:
    """`calls` on one model. Whoever makes one leaves the model anywhere: it is for the caller to put back."""

    def __init__(self, loaded: LoadedModel, inputs: Inputs, calls: Sequence[Call]) -> None:
        self._calls = calls
        self._watch = FailureWatch(loaded.placed)
        self._maker = Maker(loaded, RunPlan(inputs), self._watch, _no_calls_inside, lambda stage, done: None)
        self._variables = state_variables(loaded.placed)
        self.layers = tuple(dict.fromkeys(state.layer for state in self._variables))
        self._found = snapshot(loaded.model)
        random = {id(variable) for variable in seeds(loaded.model)}
        self._seeds = [(variable, value) for variable, value in self._found if id(variable) in random]
        self._states: _Numbers[States] = _Numbers(_bits)
        self._outputs: _Numbers[Outputs] = _Numbers(_bits)
        self._made: dict[tuple[int, tuple[int, ...]], tuple[int | None, tuple[int, ...]]] = {}
        self._apart: dict[tuple[int, int], float] = {}
        self.runs = 0

    # --- by number

    def make(self, call: int, states: tuple[int, ...]) -> tuple[int | None, tuple[int, ...]]:
        """`interleaving.machine.Make`. Raises: EditError where the call fails."""
        key = (call, states)
        if key not in self._made:
            self._put(states)
            self._made[key] = self._called(call)
        return self._made[key]

    def in_a_row(self, calls: Sequence[int], states: tuple[int, ...]) -> list[int | None]:
        """These calls one after the other, with nothing done to the states in between; their outputs."""
        self._put(states)
        return [self._called(call)[0] for call in calls]

    def states_now(self) -> tuple[int, ...]:
        """By layer, the states that are there."""
        return self._numbered(read_states(self._variables))

    def outputs(self, number: int | None) -> Outputs:
        """The output of that number."""
        return self._outputs.values[number] if number is not None else {}

    def difference(self, one: int, other: int) -> float:
        """The largest |difference|; 0.0 where it is no more than rounding."""
        pair = (min(one, other), max(one, other))
        if pair not in self._apart:
            self._apart[pair] = apart(self.outputs(one), self.outputs(other))
        return self._apart[pair]

    # --- on the model

    def _put(self, states: tuple[int, ...]) -> None:
        saved = {name: value for number in states for name, value in self._states.values[number].items()}
        apply_reset(self._variables, StateReset(to="saved", saved=saved))

    def _called(self, number: int) -> tuple[int | None, tuple[int, ...]]:
        call = self._calls[number]
        restore(self._seeds)
        self.runs += 1
        try:
            with self._watch.on():
                outputs = self._outputs_of(call)
        except Exception as error:
            failure = self._watch.failure(error)
            raise EditError(
                f"call {number + 1} of a session fails: {failure.error_type}: {one_line(failure.message)}",
                todo="lstm-tui diagnose on this scenario explains it",
            ) from error
        return (self._outputs.of(outputs) if outputs else None), self.states_now()

    def _outputs_of(self, call: Call) -> Outputs:
        if isinstance(call, ResetStates) and not self.layers:
            return {}
        if isinstance(call, Predict) and self._batches(call) == 1:
            return self._maker.predictor.predict_on_batch(self._maker.inputs_of(call))
        return self._maker.make(call).outputs

    def _batches(self, call: Predict) -> int:
        rows = max((len(values) for values in self._maker.inputs_of(call).values()), default=0)
        return -(-rows // (call.batch_size or _BATCH))

    def _numbered(self, states: States) -> tuple[int, ...]:
        by_layer: dict[str, dict[str, Array]] = {layer: {} for layer in self.layers}
        for variable in self._variables:
            by_layer[variable.layer][variable.name] = states[variable.name]
        return tuple(map(self._states.of, by_layer.values()))

    def _random(self) -> tuple[int, ...]:
        """States that no call has left."""
        generator = np.random.default_rng(7)
        return self._numbered(
            {
                state.name: generator.uniform(-0.9, 0.9, state.shape).astype(np.float32)
                for state in self._variables
            }
        )

    # --- torn

    def torn(self) -> tuple[Program, tuple[str, ...]]:
        """The calls in the parts that they can be torn in, and why where one cannot."""
        notes: dict[str, None] = {}
        return tuple(self._parts(number, notes) for number in range(len(self._calls))), tuple(notes)

    def _parts(self, number: int, notes: dict[str, None]) -> tuple[Part, ...]:
        call, start = self._calls[number], self._random()
        _, after = self.make(number, start)
        written = tuple(layer for layer, states in enumerate(start) if after[layer] != states)
        if isinstance(call, ResetStates):
            return (Part((), written),)
        if isinstance(call, Predict) and self._batches(call) > 1:
            notes[f"call {number + 1} runs several batches: it is not torn"] = None
            return (Part(written, written),)
        groups: list[tuple[int, ...]] = []
        for layer in written:
            if groups and not self._is_cut(number, start, layer):
                notes[f"call {number + 1} is not torn before {self.layers[layer]}: it feeds back"] = None
                groups[-1] = (*groups[-1], layer)
            else:
                groups.append((layer,))
        return tuple(part for group in groups for part in (Part(group, ()), Part((), group))) or (
            Part((), ()),
        )

    def _is_cut(self, number: int, start: tuple[int, ...], layer: int) -> bool:
        """Whether the layers before this one leave the same, whatever it and those after it hold."""
        others = self.make(number, start)[1]
        states = (*start[:layer], *others[layer:])
        return self.make(number, states)[1][:layer] == others[:layer]

    def moved(self) -> str:
        """What else than states the calls have moved, for instance `a weight of (4,)`; empty if nothing."""
        variables = {id(state.variable) for state in self._variables}
        variables |= {id(variable) for variable, _ in self._seeds}
        for variable, value in self._found:
            now, before = keras.ops.convert_to_numpy(variable), keras.ops.convert_to_numpy(value)
            if id(variable) not in variables and not np.array_equal(now, before, equal_nan=True):
                return one_line(getattr(variable, "path", getattr(variable, "name", "a variable")))
        return ""


class _Numbers(Generic[Value]):
    """Values by number, those that are equal under one."""

    def __init__(self, key: Callable[[Value], Hashable]) -> None:
        self._key = key
        self._known: dict[Hashable, int] = {}
        self.values: list[Value] = []

    def of(self, value: Value) -> int:
        """The number of the value, a new one for a new value."""
        number = self._known.setdefault(self._key(value), len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


def apart(one: Outputs, other: Outputs) -> float:
    """The largest |difference| of two outputs; 0.0 where it is no more than rounding."""
    return max((_apart(values, other[name]) for name, values in one.items()), default=0.0)


def _apart(one: Array, other: Array) -> float:
    largest = largest_difference(one, other)
    size = float(np.max(np.abs(np.nan_to_num(one.astype(np.float64))), initial=1e-12))
    return largest if largest > NOISE * size else 0.0


def _bits(values: Mapping[str, Array]) -> Hashable:
    return tuple((name, array.shape, array.tobytes()) for name, array in values.items())


def _no_calls_inside(call: Call) -> CallOutcome:
    raise EditError(f"calls inside a call of a session are not interleaved: {type(call).__name__}")
