"""What a model is, as Keras built it: every layer with its path, shapes and parameters. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import keras

from lstm_tui.keras_adapter.feeding import functional_of, input_names, output_names
from lstm_tui.keras_adapter.followed import followed_input
from lstm_tui.model_file.facts import LayerFacts, ModelFacts, RecurrentFacts, TensorFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.live_cells import cell_kind, cell_units, is_cell, is_stack
from lstm_tui.recurrent.live_layers import Placed, is_custom, layer_name, placed_layers
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Shape


def model_facts(
    model: Any, path: Path, file_format: Literal["keras", "h5", ""], keras_version: str = keras.__version__
) -> ModelFacts:
    """Facts of a loaded model; `keras_version` is that of the file where it is known."""
    placed = placed_layers(model)
    batches = [state.shape[0] for state in state_variables(placed) if state.shape]
    return ModelFacts(
        path=path,
        name=layer_name(model),
        format=file_format,
        keras_version=keras_version,
        inputs=_inputs(model),
        outputs=_outputs(model),
        layers=_layers(placed),
        parameters=_count(model),
        stateful_batch=batches[0] if batches else None,
        from_keras=True,
        follows=followed_input(model),
    )


def _layers(placed: tuple[Placed, ...]) -> tuple[LayerFacts, ...]:
    counts = {place.path: _count(place.layer) for place in placed}
    return tuple(_layer(place, counts, placed) for place in placed)


def _layer(place: Placed, counts: dict[str, int], placed: Iterable[Placed]) -> LayerFacts:
    inside = sum(counts[other.path] for other in placed if _is_directly_below(other, place))
    return LayerFacts(
        path=place.path,
        name=place.path.rpartition("/")[2],
        class_name=one_line(type(place.layer).__name__),
        depth=place.depth,
        output_shapes=_output_shapes(place),
        parameters=counts[place.path],
        own_parameters=max(counts[place.path] - inside, 0),
        trainable=bool(place.layer.trainable),
        recurrent=_recurrent(place),
    )


def _is_directly_below(other: Placed, place: Placed) -> bool:
    return other.depth == place.depth + 1 and other.path.startswith(f"{place.path}/")


def _recurrent(place: Placed) -> RecurrentFacts | None:
    """A stack is described by its cells, each with the settings of the layer that owns the stack."""
    layer = place.owner if place.owner is not None else place.layer
    cell = layer.cell if place.is_rnn else place.layer
    if is_stack(cell) or not is_cell(cell):
        return None
    return RecurrentFacts(
        cell=cell_kind(cell).name,
        units=cell_units(cell),
        # a cell that the model steps by itself has none of the settings of a layer
        return_sequences=bool(getattr(layer, "return_sequences", False)),
        return_state=bool(getattr(layer, "return_state", False)),
        stateful=bool(getattr(layer, "stateful", False)),
        go_backwards=bool(getattr(layer, "go_backwards", False)),
    )


def _count(layer: Any) -> int:
    """Parameters, also of a layer that is not built (0)."""
    return sum(
        int(_size(variable.shape)) for variable in getattr(layer, "weights", ()) if not _is_seed(variable)
    )


def _is_seed(variable: Any) -> bool:
    return variable.name == "seed_generator_state"


def _size(shape: Iterable[int]) -> int:
    size = 1
    for axis in shape:
        size *= axis
    return size


def _output_shapes(place: Placed) -> tuple[Shape, ...]:
    """Of the layer's first use in the model's graph; else computed from the shape it was built for."""
    nodes = getattr(place.layer, "_inbound_nodes", ())
    if nodes:
        return tuple(tuple(tensor.shape) for tensor in keras.tree.flatten(nodes[0].output_tensors))
    shapes = getattr(place.layer, "_build_shapes_dict", None) or {}
    built_for = shapes.get("input_shape") or shapes.get("sequences_shape")
    # a layer of the user's own, or a model, would be run for it
    if (
        not built_for
        or is_custom(place.layer)
        or isinstance(place.layer, keras.Model)
        or is_cell(place.layer)
    ):
        return ()
    try:
        return _shapes_in(place.layer.compute_output_shape(tuple(built_for)))
    except NotImplementedError:
        return ()


def _shapes_in(shapes: Any) -> tuple[Shape, ...]:
    """`compute_output_shape` gives one shape, or a sequence of them."""
    if all(axis is None or isinstance(axis, int) for axis in shapes):
        return (tuple(shapes),)
    return tuple(shape for inner in shapes for shape in _shapes_in(inner))


def _inputs(model: Any) -> tuple[TensorFacts, ...]:
    functional = functional_of(model)
    if functional is not None:
        names = input_names(model, len(functional.inputs))
        return tuple(
            TensorFacts(name, tuple(tensor.shape), str(tensor.dtype))
            for name, tensor in zip(names, functional.inputs, strict=True)
        )
    built_for = getattr(model, "_build_shapes_dict", None) or {}
    shapes = [shape for value in built_for.values() if value for shape in _shapes_in(value)]
    return tuple(
        TensorFacts(name, shape) for name, shape in zip(input_names(model, len(shapes)), shapes, strict=True)
    )


def _outputs(model: Any) -> tuple[TensorFacts, ...]:
    functional = functional_of(model)
    if functional is None:
        return ()
    names = output_names(model, functional._outputs_struct)
    return tuple(
        TensorFacts(name, tuple(tensor.shape), str(tensor.dtype))
        for name, tensor in zip(names, functional.outputs, strict=True)
    )
