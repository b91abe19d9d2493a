"""One call of a model traced with its layers wrapped, and the compiled function that remains.

Each layer's `call` is wrapped on the instance: patching the class misses what TimeDistributed runs, walking
the graph misses subclassed models. `Layer.__call__` is watched too, only to wrap layers that nobody could
find before they were called. Everything is undone when the trace is done, also after an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from lstm_tui.keras_adapter.keeping import left_as_found
from lstm_tui.keras_adapter.layer_tree import placed_layers
from lstm_tui.keras_adapter.recorder.loop import recorded_loop
from lstm_tui.keras_adapter.recorder.packing import StateShapeError
from lstm_tui.keras_adapter.recorder.patches import Patches
from lstm_tui.keras_adapter.recorder.tape import Tape, TapedOutput

#: Values of a layer's output are kept up to this size each, and up to this size all together.
_SMALL = 2**16
_SMALL_IN_ALL = 2**21


@dataclass(frozen=True, eq=False)
class TracedCall:
    """A call of the model as a compiled function of its flattened inputs, and the tape of what it gives.

    function: gives one flat list of tensors: the model's outputs, then for each loop its rows, initial states
    and
        mask, then the kept layer outputs.
    output_struct: the model's outputs, as it structures them.
    kept: by index in `tape.outputs`, whether its values are kept.
    """

    function: Callable[..., list[Any]]
    tape: Tape
    output_struct: Any
    kept: tuple[bool, ...]


def traced_call(model: Any, call: Callable[[Any], Any], inputs: Any, *, any_batch: bool) -> TracedCall:
    """Trace `call(inputs)`; `any_batch` leaves the batch axis open, as `predict` does for a second size."""
    tape = _tape_of(model)
    struct: list[Any] = []

    def body(*flat: Any) -> list[Any]:
        with _wrapped(model, tape):
            outputs = call(keras.tree.pack_sequence_as(inputs, list(flat)))
        struct.append(keras.tree.map_structure(lambda _: None, outputs))
        kept.extend(_kept(tape))
        return [*keras.tree.flatten(outputs), *_on_tape(tape, kept)]

    kept: list[bool] = []
    function = tf.function(body, autograph=False)
    with left_as_found(model):
        concrete = function.get_concrete_function(
            *(_spec(one, any_batch) for one in keras.tree.flatten(inputs))
        )
    return TracedCall(concrete, tape, struct[0], tuple(kept))


def _spec(values: Any, any_batch: bool) -> tf.TensorSpec:
    shape = tuple(values.shape)
    return tf.TensorSpec((None, *shape[1:]) if any_batch and shape else shape, values.dtype)


def _tape_of(model: Any) -> Tape:
    return Tape({id(model): "", **{id(place.layer): place.path for place in placed_layers(model)}})


def _kept(tape: Tape) -> list[bool]:
    kept, room = [], _SMALL_IN_ALL
    for output in tape.outputs:
        size = sum(_size_of(tensor) for tensor in output.tensors)
        fits = size <= min(_SMALL, room) and all(_is_reachable(tensor) for tensor in output.tensors)
        kept.append(fits)
        room -= size if fits else 0
    return kept


def _size_of(tensor: Any) -> int:
    """Elements, an open batch axis counted once."""
    size = 1
    for axis in tensor.shape:
        size *= axis or 1
    return size


def _is_reachable(tensor: Any) -> bool:
    """Whether the tensor belongs to the function being traced, and not to a loop inside it."""
    graph = tf.compat.v1.get_default_graph()
    return tf.is_symbolic_tensor(tensor) and tensor.graph is graph


def _on_tape(tape: Tape, kept: list[bool]) -> Iterator[Any]:
    for loop in tape.loops:
        yield from loop.rows
        yield from loop.initial.values()
        if loop.mask is not None:
            yield loop.mask
    for output, keep in zip(tape.outputs, kept, strict=True):
        if keep:
            yield from output.tensors


@contextmanager
def _wrapped(model: Any, tape: Tape) -> Iterator[None]:
    """All layers of the model wrapped, those that turn up only now as well."""
    layer_class = keras.layers.Layer
    called = layer_class.__call__
    cells = _cells_in_loops(model)
    with Patches() as patches:
        wrapped: set[int] = set()

        def wrap(layer: Any) -> None:
            if id(layer) not in wrapped and id(layer) not in cells:
                wrapped.add(id(layer))
                _wrap(layer, tape, patches)

        def watched(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(layer, keras.layers.RNN):
                cells.update(id(cell) for cell in [layer.cell, *getattr(layer.cell, "cells", ())])
            wrap(layer)
            return called(layer, *args, **kwargs)

        for layer in [model, *(place.layer for place in placed_layers(model))]:
            wrap(layer)
        layer_class.__call__ = watched
        try:
            yield
        finally:
            layer_class.__call__ = called


def _cells_in_loops(model: Any) -> set[int]:
    """Cells that a recurrent layer steps: their steps are on the tape as its series."""
    return {
        id(cell)
        for place in placed_layers(model)
        if place.is_rnn
        for cell in [place.layer.cell, *getattr(place.layer.cell, "cells", ())]
    }


def _wrap(layer: Any, tape: Tape, patches: Patches) -> None:
    patches.set(layer, "call", partial(_recorded_call, layer, layer.call, tape))
    if isinstance(layer, keras.layers.RNN):
        if _runs_own_loop(layer):
            tape.refused[tape.path_of(layer)] = f"{type(layer).__name__} runs a loop of its own"
        else:
            patches.set(layer, "inner_loop", _RecordedLoop(layer, tape, layer.inner_loop))


def _runs_own_loop(layer: Any) -> bool:
    owner = next(base for base in type(layer).__mro__ if "inner_loop" in base.__dict__)
    return not owner.__module__.startswith("keras.")


def _recorded_call(layer: Any, original: Callable[..., Any], tape: Tape, *args: Any, **kwargs: Any) -> Any:
    with tape.calling(layer) as path:
        outputs = original(*args, **kwargs)
    if path:
        tape.outputs.append(TapedOutput(path, type(layer).__name__, _tensors(outputs)))
    return outputs


def _tensors(outputs: Any) -> list[Any]:
    return [value for value in keras.tree.flatten(outputs) if tf.is_tensor(value)]


@dataclass(frozen=True, eq=False)
class _RecordedLoop:
    """What takes the place of a layer's `inner_loop`, called as Keras calls it."""

    layer: Any
    tape: Tape
    original: Callable[..., Any]

    def __call__(self, sequences: Any, initial_state: Any, mask: Any = None, training: Any = False) -> Any:
        try:
            return recorded_loop(
                self.layer, self.tape, sequences, initial_state, mask=mask, training=training
            )
        except StateShapeError as error:
            self.tape.refused[self.tape.current] = str(error)
            return self.original(sequences, initial_state, mask, training=training)
