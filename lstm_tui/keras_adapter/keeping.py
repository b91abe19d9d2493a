"""Whatever is done to a model, it is afterwards as it was found.

A call moves states and seeds, `fit` moves weights, a failing call leaves half-traced tensors in the cells,
and Keras caches functions on the model. `left_as_found` keeps the attributes and variables of every layer and
puts them back. Reading a variable copies nothing: TensorFlow shares the buffer until someone writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras.src.random.seed_generator import global_seed_generator

from lstm_tui.recurrent.live_layers import is_custom, placed_layers


@dataclass(frozen=True, eq=False)
class _Attributes:
    """The attributes of one object, with what stood in those that are lists, sets or dictionaries."""

    owner: Any
    was_built: bool
    values: dict[str, Any]
    contents: dict[str, Any]


@contextmanager
def left_as_found(model: Any) -> Iterator[None]:
    """Put back weights, states, seeds and attributes of the model and all its layers, also after an error.

    A layer that was not built before stays built: its weights would be drawn anew by every call.
    """
    values = snapshot(model)
    attributes = [_keep(owner) for owner in _owners(model)]
    try:
        yield
    finally:
        for kept in attributes:
            _restore(kept)
        restore(values)


def snapshot(model: Any) -> list[tuple[Any, Any]]:
    """Every variable of the model with its value: weights, states of stateful layers, seeds."""
    return [(variable, tf.convert_to_tensor(variable)) for variable in _variables(model)]


def restore(values: list[tuple[Any, Any]]) -> None:
    """Put back what `snapshot` kept."""
    for variable, value in values:
        # without the read that Keras' own `assign` ends with: a recording restores every weight twice
        (variable if isinstance(variable, tf.Variable) else variable.value).assign(value, read_value=False)


def copy_variables(source: Any, target: Any) -> None:
    """Give `target`, the same model loaded again, the weights, states and seeds of `source`."""
    for variable, value in zip(_variables(target), _variables(source), strict=True):
        variable.assign(tf.convert_to_tensor(value))


def seeds(model: Any) -> list[Any]:
    """The variables that decide what is drawn at random: those of all layers, and Keras' own."""
    return [*(seed for owner in _owners(model) for seed in _seeds(owner)), global_seed_generator().state]


def _owners(model: Any) -> list[Any]:
    owners: dict[int, Any] = {id(model): model}
    for layer in [model, *(place.layer for place in placed_layers(model))]:
        for owner in (layer, getattr(layer, "_functional", None), getattr(layer, "cell", None)):
            if owner is not None and hasattr(owner, "__dict__"):
                owners[id(owner)] = owner
    return list(owners.values())


def _variables(model: Any) -> list[Any]:
    found: dict[int, Any] = {}
    for owner in _owners(model):
        held = [*getattr(owner, "variables", ()), *_states(owner), *_seeds(owner), *_own_variables(owner)]
        found.update({id(variable): variable for variable in held})
    state = global_seed_generator().state
    found[id(state)] = state
    return list(found.values())


def _states(owner: Any) -> list[Any]:
    is_stateful = isinstance(owner, keras.layers.RNN) and owner.states is not None
    return list(keras.tree.flatten(owner.states)) if is_stateful else []


def _seeds(owner: Any) -> list[Any]:
    return [generator.state for generator in getattr(owner, "_seed_generators", ())]


def _own_variables(owner: Any) -> list[Any]:
    """TensorFlow variables that a user's layer keeps by itself, unknown to Keras."""
    return (
        [value for value in vars(owner).values() if isinstance(value, tf.Variable)]
        if is_custom(owner)
        else []
    )


def _keep(owner: Any) -> _Attributes:
    values = dict(vars(owner))
    contents = {
        name: _copied(value) for name, value in values.items() if isinstance(value, list | dict | set)
    }
    return _Attributes(owner, bool(getattr(owner, "built", True)), values, contents)


def _copied(value: Any) -> Any:
    return next(kind(value) for kind in (list, dict, set) if isinstance(value, kind))


def _restore(kept: _Attributes) -> None:
    """Written past `__setattr__`, which would have Keras track everything anew."""
    if not kept.was_built and kept.owner.built:
        return
    attributes = vars(kept.owner)
    attributes.clear()
    attributes.update(kept.values)
    for name, contents in kept.contents.items():
        _refill(attributes[name], contents)


def _refill(value: Any, contents: Any) -> None:
    """Restore a container in place, by the built-in type's methods: Keras' own subclasses track changes."""
    if isinstance(value, list):
        if len(value) != len(contents) or any(a is not b for a, b in zip(value, contents, strict=True)):
            list.__setitem__(value, slice(None), contents)
    elif isinstance(value, dict):
        if value.keys() != contents.keys() or any(value[key] is not contents[key] for key in contents):
            dict.clear(value)
            dict.update(value, contents)
    elif len(value) != len(contents) or not contents.issuperset(value):
        set.clear(value)
        set.update(value, contents)
