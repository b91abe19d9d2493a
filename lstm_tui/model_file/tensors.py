"""Tensors and shapes as configurations write them: references between layers, `[null, 60, 5]`, build shapes.

Whatever is malformed is left out. No recursion, however deep the arguments of a call are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lstm_tui.recurrent.recording import Shape

Shapes = tuple[Shape, ...]


@dataclass(frozen=True)
class TensorRef:
    """An output of a layer as another layer names it; `shape` where the file says it."""

    layer: str
    node: int
    tensor: int
    shape: Shape | None = None


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def calls(nodes: object) -> tuple[tuple[TensorRef, ...], ...]:
    """The tensors of each call in `inbound_nodes`, whether Keras 3 or Keras 2 wrote them."""
    return tuple(tuple(_tensors_of_call(node)) for node in nodes) if isinstance(nodes, list) else ()


def _tensors_of_call(node: object) -> Iterator[TensorRef]:
    if isinstance(node, list):  # Keras 2: [[layer, node, tensor, kwargs], ...]
        yield from tensor_list(node)
    elif isinstance(node, dict):
        yield from _keras_tensors([node.get("args"), node.get("kwargs")])


def _keras_tensors(value: object) -> Iterator[TensorRef]:
    """Every `__keras_tensor__` in the arguments of a call, in order; no recursion, however deep they are."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict) and item.get("class_name") == "__keras_tensor__":
            config = mapping(item.get("config"))
            yield from _reference(config.get("keras_history"), as_shape(config.get("shape")))
        elif isinstance(item, dict):
            stack.extend(reversed(list(item.values())))


def tensor_list(value: object) -> Iterator[TensorRef]:
    """The references in `input_layers`, `output_layers` or a Keras 2 node: one, a list, or a dict of them."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list) and item and isinstance(item[0], str):
            yield from _reference(item[:3], None)
        elif isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):  # Keras flattens dicts in the order of their keys
            stack.extend(item[key] for key in sorted(item, reverse=True))


def _reference(history: object, shape: Shape | None) -> Iterator[TensorRef]:
    match history:
        case [str(layer), int(node), int(tensor)] if node >= 0 and tensor >= 0:
            yield TensorRef(layer, node, tensor, shape)


def as_shape(value: object) -> Shape | None:
    """`[null, 60, 5]` as a shape; None where it is not one."""
    if not isinstance(value, list):
        return None
    sizes = [size for size in value if size is None or (isinstance(size, int) and not isinstance(size, bool))]
    if len(sizes) != len(value) or any(size is not None and size < 0 for size in sizes):
        return None
    return tuple(sizes)


def build_shapes(build_config: object) -> Shapes:
    """The input shapes in a `build_config`: one, a list of them, or a dict by argument name."""
    config = mapping(build_config)
    value = config.get("input_shape", config.get("shapes_dict"))
    if isinstance(value, dict):
        value = list(value.values())
    shape = as_shape(value)
    if shape is not None and value:
        return (shape,)
    if not isinstance(value, list):
        return ()
    shapes = [as_shape(item) for item in value]
    return tuple(shape for shape in shapes if shape is not None) if all(s is not None for s in shapes) else ()
