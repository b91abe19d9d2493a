"""Which weight in a file belongs to which layer.

A `.keras` file names groups after Keras' attributes (`layers/lstm_1/cell/vars/0`), a `.h5` file after the
layers (`model_weights/lstm_1/sequential/lstm_1/lstm_cell/kernel`). Where the configuration says nothing,
because the model is a class of the user's, the names that Keras noted on the groups are all there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lstm_tui.model_file.declared import DeclaredLayer
from lstm_tui.model_file.hdf5 import Listing, StoredArray
from lstm_tui.model_file.layer_weights import Weights

#: Groups that hold no weights of the model: training state and random seeds.
_NOT_WEIGHTS = frozenset({"seed_generator", "_seed_generator", "_lookup_layer"})
_NOT_MODEL = frozenset(
    {"optimizer", "optimizer_weights", "loss_tracker", "_loss_tracker", "_compile_metrics"}
)


@dataclass(frozen=True)
class LocatedArray:
    """A stored weight in its place: `layer` is a path, empty for the model's own; `name` as in Keras."""

    array: StoredArray
    layer: str
    name: str


def locate(
    listing: Listing, root: DeclaredLayer, weights: Mapping[str, Weights | None], file_format: str
) -> tuple[LocatedArray, ...]:
    """Every weight of the model in the order of its layers; optimizer state and seeds are left out."""
    arrays = [array for array in listing.arrays if is_weight(array.path)]
    if file_format == "h5":
        found = [_by_layer_name(array, root) for array in arrays if array.path.startswith("model_weights/")]
    elif root.inner:
        found = list(_by_group(arrays, root, weights))
    else:
        found = [_by_noted_name(array, listing) for array in arrays]
    order = {layer.path: index for index, layer in enumerate(root.walk())}
    return tuple(sorted(found, key=lambda item: order.get(item.layer, len(order))))


def is_weight(path: str) -> bool:
    """Whether an array belongs to the model, and not to its optimizer or its random seeds."""
    parts = path.split("/")
    return parts[0] not in _NOT_MODEL and not _NOT_WEIGHTS.intersection(parts)


def _by_group(
    arrays: list[StoredArray], root: DeclaredLayer, weights: Mapping[str, Weights | None]
) -> Iterator[LocatedArray]:
    owners = {layer.group: layer for layer in root.walk() if not layer.repeated}
    grouped: dict[str, list[tuple[StoredArray, str]]] = {}
    for array in arrays:
        group, rest = _owner(array.path.replace("_layer_checkpoint_dependencies", "layers"), owners)
        grouped.setdefault(group, []).append((array, rest))
    for group, found in grouped.items():
        layer = owners[group]
        found.sort(key=lambda item: _natural(item[1]))
        declared = weights.get(layer.path) or ()
        named = len(declared) == len(found) and len({rest.rpartition("/")[0] for _, rest in found}) == 1
        for index, (array, rest) in enumerate(found):
            yield LocatedArray(array, layer.path, declared[index].name if named else _plain_name(rest))


def _owner(path: str, owners: Mapping[str, DeclaredLayer]) -> tuple[str, str]:
    """The longest group that is a layer's, and what is left of the path."""
    parts = path.split("/")
    for length in range(len(parts) - 1, 0, -1):
        group = "/".join(parts[:length])
        if group in owners:
            return group, "/".join(parts[length:])
    return "", path


def _natural(name: str) -> list[tuple[int, str]]:
    """`vars/2` before `vars/10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in name.split("/")]


def _plain_name(rest: str) -> str:
    """`query_dense/vars/0` → `query_dense/0`."""
    return "/".join(part for part in rest.split("/") if part not in {"vars", "cell"})


def _by_layer_name(array: StoredArray, root: DeclaredLayer) -> LocatedArray:
    """By the names along the path; inside TimeDistributed, for instance, a model's own is missing."""
    parts = array.path.split("/")[1:]
    layer = next((inner for inner in root.inner if inner.name == parts[0]), root)
    for part in parts[1:-1]:
        inside = (inner for inner in layer.walk() if part in (inner.name, inner.config.get("name")))
        layer = next(inside, layer)
    return LocatedArray(array, layer.path, parts[-1].partition(":")[0])


def _by_noted_name(array: StoredArray, listing: Listing) -> LocatedArray:
    """For models that the configuration does not describe: by the names on the groups."""
    parts = array.path.split("/")
    groups = ["/".join(parts[:length]) for length in range(1, len(parts) - 1)]
    noted = [
        listing.group_names[group] for group in groups if group in listing.group_names and not _is_cell(group)
    ]
    return LocatedArray(array, "/".join(noted), "/".join(parts[-1:]))


def _is_cell(group: str) -> bool:
    return group.rpartition("/")[2] == "cell"
