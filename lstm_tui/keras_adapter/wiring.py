"""Which layer or operation feeds which, as Keras has it in the graph of a functional or Sequential model.

Arithmetic on tensors stands here too, under the name that Keras gives it: it is no layer and hence in no list
of layers, though a mask ends at it. A subclassed model has no graph; then nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from lstm_tui.keras_adapter.feeding import functional_of
from lstm_tui.recurrent.live_layers import layer_name, placed_layers

#: By path, the paths of what feeds it.
Wiring = dict[str, tuple[str, ...]]


def wiring(model: Any) -> Wiring:
    """By path of a layer or operation, the paths of what feeds it, through nested models and wrappers."""
    return wiring_with_ends(model)[0]


def wiring_with_ends(model: Any) -> tuple[Wiring, tuple[str, ...]]:
    """The same, and what gives the model's outputs, in their order."""
    drawing = _Drawing(model)
    ends = drawing.graph(model, "", ())
    return drawing.feeds, ends


class _Drawing:
    """Gathers the feeds of a model and of all models and wrappers inside it."""

    def __init__(self, model: Any) -> None:
        self.feeds: Wiring = {}
        self._paths = {id(place.layer): place.path for place in placed_layers(model)}

    def graph(self, model: Any, prefix: str, feeders: tuple[str, ...]) -> tuple[str, ...]:
        """The graph of one model, whose inputs are fed by `feeders`; the paths of its outputs."""
        functional = functional_of(model)
        if functional is None:
            return ()
        for node in _nodes(functional):
            path = self._path(node.operation, prefix)
            fed = tuple(self._path(parent.operation, prefix) for parent in node.parent_nodes) or feeders
            self._add(path, fed)
            self._inside(node.operation, path, fed)
        return tuple(self._path(tensor._keras_history.operation, prefix) for tensor in functional.outputs)

    def _inside(self, operation: Any, path: str, fed: tuple[str, ...]) -> None:
        """What stands inside a nested model or a wrapper: fed by the same, and feeding it."""
        for end in self.graph(operation, f"{path}/", fed) if isinstance(operation, keras.Model) else ():
            self._add(path, (end,))
        for inner in _wrapped(operation):
            self._add(self._path(inner, f"{path}/"), fed)
            self._add(path, (self._path(inner, f"{path}/"),))

    def _path(self, operation: Any, prefix: str) -> str:
        return self._paths.get(id(operation), prefix + layer_name(operation))

    def _add(self, path: str, feeders: tuple[str, ...]) -> None:
        self.feeds[path] = tuple(dict.fromkeys((*self.feeds.get(path, ()), *feeders)))


def _nodes(functional: Any) -> Iterator[Any]:
    """The nodes of the graph, those nearest to the inputs first."""
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        yield from functional._nodes_by_depth[depth]


def _wrapped(operation: Any) -> list[Any]:
    if isinstance(operation, keras.layers.Bidirectional):
        return [operation.forward_layer, operation.backward_layer]
    return [operation.layer] if isinstance(operation, keras.layers.Wrapper) else []
