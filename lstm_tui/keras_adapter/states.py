"""The states of stateful layers: found wherever they hide, read, set and put back by `path/state`.

States are assigned one by one to the variables that Keras keeps: its own `reset_state` raises on stacked
cells and does not reach into nested models. States are not in `model.variables`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import StateReset
from lstm_tui.recurrent.live_layers import placed_layers
from lstm_tui.recurrent.live_states import StateVariable, state_variables
from lstm_tui.recurrent.recording import Array, read_only


def read_states(variables: Iterable[StateVariable]) -> dict[str, Array]:
    """Every state by `path/state`, copied."""
    return {state.name: read_only(keras.ops.convert_to_numpy(state.variable).copy()) for state in variables}


def apply_reset(variables: list[StateVariable], reset: StateReset) -> list[str]:
    """Set states as `reset` says; the paths of the layers that it reached."""
    chosen = _chosen(variables, reset)
    generator = np.random.default_rng(reset.seed)
    for state in chosen:
        state.variable.assign(_new_value(state, reset, generator))
    return list(dict.fromkeys(state.layer for state in chosen))


def _chosen(variables: list[StateVariable], reset: StateReset) -> list[StateVariable]:
    known = {state.layer for state in variables} | {_holder(state) for state in variables}
    unknown = [path for path in reset.layers if path not in known]
    if unknown:
        raise EditError(
            f"no stateful layer at {', '.join(unknown)}",
            expected=f"one of {', '.join(sorted(known)) or 'none: no layer of this model is stateful'}",
        )
    wanted = set(reset.layers)
    chosen = [state for state in variables if not wanted or wanted & {state.layer, _holder(state)}]
    if reset.to == "saved":
        missing = sorted(set(reset.saved) - {state.name for state in variables})
        if missing:
            raise EditError(
                f"no such state: {', '.join(missing)}",
                expected=", ".join(state.name for state in variables) or "no layer of this model is stateful",
            )
        chosen = [state for state in chosen if state.name in reset.saved]
    return chosen


def _holder(state: StateVariable) -> str:
    """The path of the cell that has the state: that of the layer, or `P/cell_0` in a stack."""
    return state.name.rpartition("/")[0]


def _new_value(state: StateVariable, reset: StateReset, generator: np.random.Generator) -> Array:
    if reset.to == "zeros":
        return np.zeros(state.shape, np.float32)
    if reset.to == "random":
        return generator.standard_normal(state.shape).astype(np.float32)
    value = np.asarray(reset.saved[state.name])
    if value.shape != state.shape:
        raise EditError(
            f"the saved state {state.name} has shape {value.shape}", expected=f"{state.shape}, (batch, units)"
        )
    return value


def stateful_paths(model: Any) -> list[str]:
    """Paths of all stateful layers of the model."""
    return list(dict.fromkeys(state.layer for state in state_variables(placed_layers(model))))
