"""One call of a model traced with its layers wrapped, and the compiled function that remains.

Each layer's `call` is wrapped on the instance: patching the class misses what TimeDistributed runs, walking
the graph misses subclassed models. `Layer.__call__` is watched too, only to wrap layers that nobody could
find before they were called. Everything is undone when the trace is done, also after an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import keras
import tensorflow as tf

from lstm_tui.keras_adapter.keeping import left_as_found
from lstm_tui.keras_adapter.recorder.border import Border
from lstm_tui.keras_adapter.recorder.folding import Folded, Folding, NotFoldable, fold
from lstm_tui.keras_adapter.recorder.hand_stepped import HandStepped
from lstm_tui.keras_adapter.recorder.intervening import Intervening
from lstm_tui.keras_adapter.recorder.loop import recorded_loop
from lstm_tui.keras_adapter.recorder.packing import StateShapeError
from lstm_tui.keras_adapter.recorder.patches import Patches, taking_any_length
from lstm_tui.keras_adapter.recorder.summarising import summarised
from lstm_tui.keras_adapter.recorder.tape import Tape
from lstm_tui.recurrent.interventions import Intervention
from lstm_tui.recurrent.live_cells import cells_of, is_cell, is_stack
from lstm_tui.recurrent.live_layers import placed_layers

#: What a recording has of the outputs of a layer: a loop of TensorFlow's own lets nothing out.
Kept = Literal["values", "shapes", "nothing"]
#: Values of a layer's output are kept up to this size each, and up to this size all together.
_SMALL = 2**16
_SMALL_IN_ALL = 2**21


@dataclass(frozen=True, eq=False)
class TracedCall:
    """A call of the model as a compiled function of its flattened inputs, and the tape of what it gives.

    function: gives one flat list of tensors: the model's outputs, the folded ones, then for each loop its
    rows,
        initial states and mask, then the kept layer outputs.
    output_struct: the model's outputs, as it structures them.
    folded: the outputs as they would be had the sequence ended at each step, or why there are none.
    kept: by index in `tape.finished`, what is given of that call's outputs.
    """

    function: Callable[..., list[Any]]
    tape: Tape
    output_struct: Any
    folded: Folded
    kept: tuple[Kept, ...]


def traced_call(
    model: Any,
    call: Callable[[Any], Any],
    inputs: Any,
    *,
    any_batch: bool = False,
    with_prefix: bool,
    border: Border | None = None,
    keep: str = "",
    interventions: Sequence[Intervention] = (),
) -> TracedCall:
    """Trace `call(inputs)`.

    any_batch: leave the batch axis open, as `predict` does for a second size.
    with_prefix: trace the prefix predictions too, where they are defined.
    border: the call is a stretch of a longer one; then no input is too short for the model.
    keep: path of the only call of a layer whose values are kept, however large; empty for all that are small.
    interventions: what is tried inside the loops. Raises InterventionError where something finds no place.
    """
    tried = tuple(interventions)
    trace = _Trace(
        model, call, inputs, tried, with_prefix=with_prefix and not any_batch, border=border, keep=keep
    )
    specs = [_spec(one, any_batch) for one in keras.tree.flatten(inputs)]
    with left_as_found(model):
        function = trace.compiled(specs)
    if trace.folded.moves_state:
        why_not = trace.folded.why_not
        trace = _Trace(model, call, inputs, tried, with_prefix=False, why_not=why_not, border=border)
        with left_as_found(model):
            function = trace.compiled(specs)
    if trace.tape.intervening is not None:
        trace.tape.intervening.raise_problems(trace.tape.refused, [loop.path for loop in trace.tape.loops])
    return TracedCall(function, trace.tape, trace.struct, trace.folded, tuple(trace.kept))


def _spec(values: Any, any_batch: bool) -> tf.TensorSpec:
    shape = tuple(values.shape)
    return tf.TensorSpec((None, *shape[1:]) if any_batch and shape else shape, values.dtype)


class _Trace:
    """The tracing of one call; then `tape`, `struct`, `folded` and `kept` say what the function gives."""

    def __init__(
        self,
        model: Any,
        call: Callable[[Any], Any],
        inputs: Any,
        interventions: tuple[Intervention, ...],
        *,
        with_prefix: bool,
        why_not: str = "",
        border: Border | None = None,
        keep: str = "",
    ) -> None:
        self._model, self._call, self._inputs, self._keep = model, call, inputs, keep
        self._with_prefix = with_prefix
        self.tape = tape_of(model)
        self.tape.border = border
        self.tape.intervening = Intervening(interventions) if interventions else None
        self.struct: Any = None
        self.folded = Folded.missing(why_not or "not asked for")
        self.kept: list[Kept] = []

    def compiled(self, specs: list[tf.TensorSpec]) -> Callable[..., list[Any]]:
        return tf.function(self._body, autograph=False).get_concrete_function(*specs)

    def _body(self, *flat: Any) -> list[Any]:
        inputs = keras.tree.pack_sequence_as(self._inputs, list(flat))
        any_length = taking_any_length(self._model) if self.tape.border is not None else nullcontext()
        with any_length, Wrapping(self._model, self.tape) as wrapping:
            outputs = self._call(inputs)
            self.tape.loops.extend(wrapping.hand_stepped.loops())
            if self._with_prefix:
                folding = Folding(self.tape, flat)
                self.folded = fold(
                    folding, outputs, lambda: wrapping.during(folding, lambda: self._call(inputs))
                )
        self._name_those_never_called()
        self.struct = keras.tree.map_structure(lambda _: None, outputs)
        self.kept = _kept(self.tape, self._keep)
        return [*keras.tree.flatten(outputs), *self.folded.tensors(), *_on_tape(self.tape, self.kept)]

    def _name_those_never_called(self) -> None:
        called = {loop.path.partition("#")[0] for loop in self.tape.loops} | set(self.tape.refused)
        for place in placed_layers(self._model):
            if place.is_rnn and place.path not in called:
                self.tape.refused[place.path] = "the model does not call it on this input"


def tape_of(model: Any) -> Tape:
    """An empty tape that knows the paths of the model's layers."""
    return Tape({id(model): "", **{id(place.layer): place.path for place in placed_layers(model)}})


def _kept(tape: Tape, only: str) -> list[Kept]:
    kept: list[Kept] = []
    room = _SMALL_IN_ALL
    for call in tape.finished[:-1]:
        tensors = tensors_in(call.outputs)
        size = sum(_size_of(tensor) for tensor in tensors)
        if not all(_is_reachable(tensor) for tensor in tensors):
            kept.append("nothing")
        elif only:
            kept.append("values" if call.path == only else "shapes")
        elif size <= min(_SMALL, room):
            kept.append("values")
            room -= size
        else:
            kept.append("shapes")
    return kept


def _size_of(tensor: Any) -> int:
    """Elements, an open batch axis counted once; too many where another axis is open."""
    if tensor.shape.rank is None or None in tensor.shape[1:]:
        return _SMALL + 1
    size = 1
    for axis in tensor.shape:
        size *= axis or 1
    return size


def _is_reachable(tensor: Any) -> bool:
    """Whether the tensor belongs to the function being traced, and not to a loop inside it."""
    return tf.is_symbolic_tensor(tensor) and tensor.graph is tf.compat.v1.get_default_graph()


def tensors_in(outputs: Any) -> list[Any]:
    """The tensors that a call gave, flattened."""
    return [value for value in keras.tree.flatten(outputs) if tf.is_tensor(value)]


def _on_tape(tape: Tape, kept: list[Kept]) -> Iterator[Any]:
    for loop in tape.loops:
        yield from loop.rows
        yield from loop.initial.values()
        if loop.mask is not None:
            yield loop.mask
    for call, keep in zip(tape.finished[:-1], kept, strict=True):
        for tensor in tensors_in(call.outputs) if keep != "nothing" else ():
            yield from (tensor,) if keep == "values" else (tf.shape(tensor), summarised(tensor))


class Wrapping:
    """All layers of a model wrapped, also those that turn up only while it runs; undone on exit."""

    def __init__(self, model: Any, tape: Tape) -> None:
        self._tape = tape
        self.hand_stepped = HandStepped()
        self._graph = tf.compat.v1.get_default_graph()
        self._folding: Folding | None = None
        self._patches = Patches()
        self._placed = placed_layers(model)
        self._model = model
        #: Cells that a recurrent layer steps are not wrapped: their steps are on the tape as its series.
        self._done = {id(cell) for place in self._placed if place.is_rnn for cell in _cells(place.layer)}
        self._original = keras.layers.Layer.__call__

    def __enter__(self) -> Wrapping:
        for layer in [self._model, *(place.layer for place in self._placed)]:
            self._wrap(layer)
        wrapping, original = self, self._original

        def watched(layer: Any, *args: Any, **kwargs: Any) -> Any:
            wrapping._wrap(layer)
            return original(layer, *args, **kwargs)

        keras.layers.Layer.__call__ = watched
        return self

    def __exit__(self, *error: Any) -> None:
        keras.layers.Layer.__call__ = self._original
        self._patches.__exit__(*error)

    def during(self, folding: Folding, call: Callable[[], Any]) -> Any:
        """Make the call with every layer handed to `folding` instead of the tape."""
        self._folding = folding
        try:
            return call()
        finally:
            self._folding = None

    def _wrap(self, layer: Any) -> None:
        if id(layer) in self._done:
            return
        self._done.add(id(layer))
        self._patches.set(
            layer, "call", partial(self._step if is_cell(layer) else self._call, layer, layer.call)
        )
        self._done.update(id(cell) for cell in _cells(layer))
        if isinstance(layer, keras.layers.RNN):
            if _runs_own_loop(layer):
                self._tape.refused[self._tape.path_of(layer)] = (
                    f"{type(layer).__name__} runs a loop of its own"
                )
            else:
                self._patches.set(layer, "inner_loop", partial(self._loop, layer, layer.inner_loop))

    def _call(self, layer: Any, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._folding is not None:
            return self._folding.call(layer, original, args, kwargs)
        with self._tape.calling(layer) as taped:
            taped.outputs = original(*args, **kwargs)
        return taped.outputs

    def _is_out_of_reach(self, layer: Any) -> bool:
        """Whether the layer runs inside a loop of TensorFlow's, from which no value can be kept."""
        outside = tf.compat.v1.get_default_graph() is not self._graph
        if outside:
            self._tape.refused[self._tape.path_of(layer)] = "it is called inside a loop of the model's own"
        return outside

    def _step(self, cell: Any, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._folding is not None or self._is_out_of_reach(cell):
            return original(*args, **kwargs)
        return self.hand_stepped.step(self._tape.path_of(cell), cell, original, *args, **kwargs)

    def _loop(self, layer: Any, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._folding is not None:
            self._refuse_to_fold(layer)
            return original(*args, **kwargs)
        if self._is_out_of_reach(layer):
            return original(*args, **kwargs)
        try:
            return recorded_loop(layer, self._tape, *args, **kwargs)
        except StateShapeError as error:
            self._tape.refused[self._tape.current.path] = str(error)
            return original(*args, **kwargs)

    def _refuse_to_fold(self, layer: Any) -> None:
        """A loop behind the last step of another would run anew, without what is tried in it."""
        path = self._tape.path_of(layer)
        if self._tape.intervening is not None and self._tape.intervening.concerns(path):
            raise NotFoldable(f"something is tried in {path}, which stands behind the last step of another")


def _cells(layer: Any) -> list[Any]:
    """The cells that a recurrent layer or a stack steps by itself."""
    cell = getattr(layer, "cell", layer)
    own = [cell] if isinstance(layer, keras.layers.RNN) else []
    return (
        own + [inner for _, inner in cells_of(cell) if inner is not layer] if own or is_stack(layer) else []
    )


def _runs_own_loop(layer: Any) -> bool:
    owner = next(base for base in type(layer).__mro__ if "inner_loop" in base.__dict__)
    return not owner.__module__.startswith("keras.")
