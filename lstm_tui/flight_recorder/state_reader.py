"""Reads the states of a live model, again and again, cheaply: the layers are looked for once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lstm_tui.flight_recorder.taken import copied
from lstm_tui.recurrent.live_layers import Placed, placed_layers
from lstm_tui.recurrent.live_states import state_variables

if TYPE_CHECKING:
    from lstm_tui.recurrent.recording import Array


class StateReader:
    """The states of the stateful layers of one model."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._recurrent: tuple[Placed, ...] | None = None

    def read(self) -> dict[str, Array]:
        """States `(batch, units)` by `layer path/state`, copied. None of a model that keeps none."""
        return {state.name: copied(_inside(state.variable)) for state in state_variables(self._layers())}

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """The states are afterwards as they were."""
        kept = [(state.variable, copied(state.variable)) for state in state_variables(self._layers())]
        try:
            yield
        finally:
            for variable, values in kept:
                variable.assign(values)

    def _layers(self) -> tuple[Placed, ...]:
        if self._recurrent is not None:
            return self._recurrent
        found = tuple(place for place in placed_layers(self._model) if place.is_rnn)
        if getattr(self._model, "built", True):
            self._recurrent = found  # a model that is not built yet may show more layers later
        return found


def _inside(variable: Any) -> Any:
    """What a Keras variable holds, by the shortest way: reading through Keras takes twice as long.

    With TensorFlow that is a variable whose `value()` is a tensor.
    """
    inner = getattr(variable, "value", variable)
    for_tensor = getattr(inner, "value", None)
    return for_tensor() if callable(for_tensor) else variable if callable(inner) else inner
