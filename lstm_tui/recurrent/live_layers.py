"""Every layer in a model with its path, wherever it hides: nested models, wrappers, stacks, plain objects.

Paths are names joined by `/` without the model's own. A layer that can be reached in two ways has the path
under which it is met first. Built-in layers are leaves (the projections inside attention are not listed),
cells of recurrent layers too, except those of a stack (`P/cell_0`) and those that a model calls by hand.
Layers that are made while the model runs cannot be found here; the recorder meets them when they are called.

Keras is not imported: what a layer is, its classes say by name. So the flight recorder, in a user's own
process, names layers as the engine does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from lstm_tui.plain_text import one_line

#: How deep plain Python objects are searched for layers, and the longest list that is looked through.
_SEARCH_DEPTH = 8
_SEARCH_LENGTH = 1000


@dataclass(frozen=True, eq=False)
class Placed:
    """A layer, or a cell of a stack, at its path; `owner` is the recurrent layer that has the stack."""

    path: str
    layer: Any
    depth: int
    owner: Any = None

    @property
    def is_rnn(self) -> bool:
        """Whether this is a recurrent layer, with a loop and a cell."""
        return is_a(self.layer, "RNN")


def is_a(value: object, name: str) -> bool:
    """Whether `value` is an instance of the class that Keras calls `name`, or of one derived from it."""
    return name in _keras_names(type(value))  # type: ignore[arg-type]  # mypy asks for the hash of an instance


@lru_cache(maxsize=1024)
def _keras_names(kind: type) -> frozenset[str]:
    return frozenset(base.__name__ for base in kind.__mro__ if base.__module__.startswith("keras."))


def flat(value: Any) -> list[Any]:
    """The leaves of nested lists, tuples and dictionaries in the order of `keras.tree.flatten`."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flat(value[key])]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def placed_layers(model: Any) -> tuple[Placed, ...]:
    """All layers below `model`, parents before their children, in the order of the model."""
    walk = _Walk(model)
    walk.below(model, "", 0)
    return tuple(walk.found)


class _Walk:
    """Gathers the layers of a model; every layer and every path once."""

    def __init__(self, model: Any) -> None:
        self.found: list[Placed] = []
        self._seen = {id(model)}
        self._paths: set[str] = set()

    def below(self, parent: Any, prefix: str, depth: int, owner: Any = None) -> None:
        """All layers below `parent`, whose path ends the prefix; `owner` has the stack that it is part of."""
        for name, child, child_owner in _children(parent, owner):
            if id(child) not in self._seen:
                self._seen.add(id(child))
                path = self._free(prefix + name)
                self.found.append(Placed(path, child, depth, child_owner))
                self.below(child, f"{path}/", depth + 1, child_owner)

    def _free(self, path: str) -> str:
        """`path`, or `path~2` where two layers of one parent bear the same name."""
        free, number = path, 1
        while free in self._paths:
            number += 1
            free = f"{path}~{number}"
        self._paths.add(free)
        return free


def _children(parent: Any, owner: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name, layer and owning recurrent layer of what stands directly below `parent`."""
    stack = parent.cell if is_a(parent, "RNN") else parent
    if is_a(stack, "StackedRNNCells"):
        owner = parent if stack is not parent else owner
        yield from ((f"cell_{index}", inner, owner) for index, inner in enumerate(stack.cells))
    if stack is not parent:
        return
    hidden = hidden_layers(parent) if is_custom(parent) else []
    # a model of the user's own that is no graph has its layers in the order of its attributes
    is_graph = getattr(parent, "_inputs_struct", None) is not None
    for layer in _declared(parent) + hidden if is_graph else hidden + _declared(parent):
        yield layer_name(layer), layer, None


def _declared(parent: Any) -> list[Any]:
    if is_a(parent, "Sequential"):
        return list(parent._layers)  # `layers` leaves the input layer out
    if is_a(parent, "Bidirectional"):
        return [parent.forward_layer, parent.backward_layer]
    if is_a(parent, "Wrapper"):
        return [parent.layer]
    if is_a(parent, "Model"):
        return list(parent.layers)
    return []


def is_custom(layer: Any) -> bool:
    """Whether the class is the user's own: Keras says nothing about what such a layer holds."""
    return not type(layer).__module__.startswith(("keras.", "tensorflow."))


def layer_name(layer: Any) -> str:
    """The layer's name, safe to print and free of `/`."""
    return one_line(getattr(layer, "name", type(layer).__name__)).replace("/", "_")


def hidden_layers(holder: Any) -> list[Any]:
    """Layers among the attributes of `holder`: in lists, dictionaries and plain objects too."""
    found: list[Any] = []
    _search(getattr(holder, "__dict__", {}), _SEARCH_DEPTH, found, {id(holder)})
    return found


#: Attributes by which Keras and TensorFlow keep layers themselves: they repeat what is found elsewhere.
_BOOKKEEPING = frozenset({
    "_functional", "_layers", "_tracker", "_tracked", "_metrics", "_nodes", "_operations",
    "_inbound_nodes", "_outbound_nodes", "_nodes_by_depth", "_operations_by_depth",
    "_inputs", "_outputs", "_inputs_struct", "_outputs_struct",
})  # fmt: skip


def _is_bookkeeping(attribute: Any) -> bool:
    return isinstance(attribute, str) and (attribute in _BOOKKEEPING or attribute.startswith("_self_"))


def _search(value: Any, depth: int, found: list[Any], seen: set[int]) -> None:
    if id(value) in seen or depth < 0:
        return
    seen.add(id(value))
    if is_a(value, "Layer"):
        if not is_a(value, "Metric"):
            found.append(value)
    elif isinstance(value, dict):
        for key, inner in list(value.items())[:_SEARCH_LENGTH]:
            if not _is_bookkeeping(key):
                _search(inner, depth - 1, found, seen)
    elif isinstance(value, list | tuple | set):
        for inner in list(value)[:_SEARCH_LENGTH]:
            _search(inner, depth - 1, found, seen)
    elif _is_plain_object(value):
        _search(vars(value), depth - 1, found, seen)


def _is_plain_object(value: Any) -> bool:
    if isinstance(value, type | ModuleType | np.ndarray) or is_a(value, "KerasTensor") or callable(value):
        return False
    module = type(value).__module__
    return hasattr(value, "__dict__") and not module.startswith(("keras.", "tensorflow.", "numpy"))
