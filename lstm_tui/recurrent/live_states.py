"""The states of stateful layers in a live model: found wherever they hide, each by `path/state`.

They are not in `model.variables`. Keras is not imported: a variable is whatever has a shape and a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lstm_tui.recurrent.live_cells import state_names
from lstm_tui.recurrent.live_layers import Placed, flat


@dataclass(frozen=True, eq=False)
class StateVariable:
    """One state of one stateful layer; `layer` is the layer's path, `name` that of the state below it."""

    layer: str
    name: str
    variable: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape `(batch, units)`."""
        return tuple(self.variable.shape)


def state_variables(placed: Iterable[Placed]) -> list[StateVariable]:
    """Every state that outlives a call, in the order of the model."""
    return [
        StateVariable(place.path, place.path + name, variable)
        for place in placed
        if place.is_rnn and place.layer.stateful and place.layer.states is not None
        for name, variable in zip(state_names(place.layer.cell), flat(place.layer.states), strict=False)
    ]
