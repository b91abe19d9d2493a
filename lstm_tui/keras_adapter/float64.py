"""The same model in float64: gradients that float32 loses on their way back are still numbers there.

It is a copy, saved, its configuration edited and loaded again by the same rules; the weights are those of the
model, float32 numbers each. The model itself is not touched. What it refuses: models whose arithmetic would
become another (half precision, quantised layers), and code of the user's own, which may compute in float32
whatever its layer's dtype says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from lstm_tui.errors import EditError
from lstm_tui.keras_adapter.altering import rebuilt
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.live_cells import cells_of
from lstm_tui.recurrent.live_layers import is_custom

_FLOATS = frozenset({"float32", "float64"})


def float64_copy(loaded: LoadedModel) -> LoadedModel:
    """The copy. Raises EditError that says why there can be none."""
    for why in _obstacles(loaded):
        raise EditError(f"no float64 copy of this model: {why}")
    return rebuilt(loaded, _in_float64, "all arithmetic in float64")


def _obstacles(loaded: LoadedModel) -> Iterator[str]:
    if is_custom(loaded.model):
        yield f"its class {_class_of(loaded.model)} is your own and makes its layers itself"
    for place in loaded.placed:
        layer = place.layer
        cells = [cell for _, cell in cells_of(layer.cell)] if place.is_rnn else []
        for one in [layer, *cells]:
            if is_custom(one) or isinstance(one, keras.layers.Lambda):
                yield f"{place.path} runs code of your own ({_class_of(one)}), which may stay in float32"
        if layer.compute_dtype not in _FLOATS or layer.variable_dtype not in _FLOATS:
            policy = one_line(getattr(layer.dtype_policy, "name", layer.compute_dtype))
            yield f"{place.path} computes in {policy}: in float64 it would be another model"


def _class_of(layer: Any) -> str:
    return one_line(type(layer).__name__)


def _in_float64(node: Any) -> None:
    """Every `dtype` in a configuration that says float32, as a word or as a policy."""
    if isinstance(node, list):
        for each in node:
            _in_float64(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "dtype" and value == "float32":
                node[key] = "float64"
            elif key == "dtype" and isinstance(value, dict):
                value.get("config", {}).update(name="float64")
            else:
                _in_float64(value)
