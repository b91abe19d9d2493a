"""Which layers of a model hand their states to which, read from its graphs. Runs nothing.

Keras builds and saves a model in which they do not fit, and fails only when it runs. A subclassed model has
no graph to read; convolutional states are left out, as their size depends on the input's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from lstm_tui.keras_adapter.feeding import functional_of
from lstm_tui.recurrent.handed_states import GivenState, HandedStates
from lstm_tui.recurrent.live_layers import Placed, layer_name
from lstm_tui.recurrent.recording import Shape


def handed_states(model: Any, placed: tuple[Placed, ...]) -> tuple[HandedStates, ...]:
    """Of every call of a recurrent layer that is given initial states, in the order of the model."""
    paths = {id(place.layer): place.path for place in placed}
    found = (each for graph in _graphs(model, placed) for each in _in_graph(graph, paths))
    return tuple(dict.fromkeys(found))


def _graphs(model: Any, placed: tuple[Placed, ...]) -> Iterator[Any]:
    for layer in (model, *(place.layer for place in placed)):
        graph = functional_of(layer) if isinstance(layer, keras.Model) else None
        if graph is not None:
            yield graph


def _in_graph(graph: Any, paths: dict[int, str]) -> Iterator[HandedStates]:
    nodes = {id(node) for depth in graph._nodes_by_depth.values() for node in depth}
    for layer in graph.layers:
        wanted = _wanted(layer)
        for node in getattr(layer, "_inbound_nodes", ()) if wanted else ():
            given = _initial_states(node)
            if id(node) in nodes and given:
                yield HandedStates(
                    paths.get(id(layer), layer_name(layer)),
                    tuple(_given(each, paths) for each in given),
                    wanted,
                )


def _wanted(layer: Any) -> tuple[Shape, ...]:
    """Shapes of the layer's states, forward ones first; empty for a layer that has none."""
    if isinstance(layer, keras.layers.Bidirectional):
        return (*_wanted(layer.forward_layer), *_wanted(layer.backward_layer))
    sizes = keras.tree.flatten(layer.cell.state_size) if isinstance(layer, keras.layers.RNN) else []
    return tuple((None, size) for size in sizes) if all(isinstance(size, int) for size in sizes) else ()


def _initial_states(node: Any) -> list[Any]:
    arguments = node.arguments
    given = arguments.kwargs.get("initial_state", arguments.args[1] if len(arguments.args) > 1 else None)
    tensors = keras.tree.flatten(given) if given is not None else []
    return [tensor for tensor in tensors if isinstance(tensor, keras.KerasTensor)]


def _given(tensor: Any, paths: dict[int, str]) -> GivenState:
    source = tensor._keras_history.operation
    return GivenState(paths.get(id(source), layer_name(source)), tuple(tensor.shape))
