"""Inputs and outputs of a model by name: what Keras calls them, or numbered where it has no name for them.

Names that occur twice (an LSTM with `return_state` gives three outputs of one name) continue as `lstm#2`,
`lstm#3`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from lstm_tui.keras_adapter.layer_tree import layer_name
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array


def numbered(names: list[str]) -> list[str]:
    """Names made unique: the second `lstm` is `lstm#2`."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique


def functional_of(model: Any) -> Any:
    """The functional graph of a Functional or Sequential model, or None (a subclassed one)."""
    functional = getattr(model, "_functional", None) if isinstance(model, keras.Sequential) else model
    return functional if getattr(functional, "_inputs_struct", None) is not None else None


def input_names(model: Any, given: int = 1) -> list[str]:
    """Names in the model's order; `input`, `input#2` … for a subclassed model, `given` of them."""
    functional = functional_of(model)
    if functional is None:
        return numbered(["input"] * given)
    struct = functional._inputs_struct
    if isinstance(struct, dict):
        return [one_line(key).replace("/", "_") for key in struct]
    return numbered([layer_name(tensor._keras_history.operation) for tensor in functional.inputs])


def output_names(model: Any, outputs: Any) -> list[str]:
    """Names of the flattened `outputs`, which is what a call gave."""
    flat = keras.tree.flatten(outputs)
    if isinstance(outputs, dict):
        return numbered([one_line(key).replace("/", "_") for key in sorted(outputs)][: len(flat)])
    functional = functional_of(model)
    if functional is not None and len(functional.outputs) == len(flat):
        return numbered([layer_name(tensor._keras_history.operation) for tensor in functional.outputs])
    return numbered(["output"] * len(flat))


def as_model_takes(model: Any, inputs: Mapping[str, Array]) -> Any:
    """The arrays in the form that the model is called with: one array, a list, or a dictionary."""
    functional = functional_of(model)
    struct = functional._inputs_struct if functional is not None else None
    if isinstance(struct, dict):
        return (
            dict(zip(struct, inputs.values(), strict=False)) if set(struct) != set(inputs) else dict(inputs)
        )
    if len(inputs) == 1:
        return next(iter(inputs.values()))
    names = input_names(model, len(inputs))
    in_order = [inputs[name] for name in names if name in inputs]
    return in_order if len(in_order) == len(inputs) else list(inputs.values())
