"""The weights of a model before a step: kept, compared, and put into the model for as long as it is saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm_tui.flight_recorder.taken import copied

if TYPE_CHECKING:
    from lstm_tui.recurrent.recording import Array


class KeptWeights:
    """The weights of `model` as they were when this was made."""

    def __init__(self, model: Any) -> None:
        self._variables = list(model.weights)
        self._values: list[Array] = [copied(variable) for variable in self._variables]

    @property
    def finite(self) -> bool:
        """Whether all of them are numbers."""
        return all(np.isfinite(values).all() for values in self._values if values.dtype.kind == "f")

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model with these weights; afterwards it has those it had before."""
        now = [copied(variable) for variable in self._variables]
        try:
            _assign(self._variables, self._values)
            yield
        finally:
            _assign(self._variables, now)


def _assign(variables: Sequence[Any], values: Sequence[Array]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def weight_bytes(model: Any) -> int:
    """What a copy of all weights takes, at four bytes each."""
    return sum(4 * int(np.prod(tuple(variable.shape))) for variable in model.weights)
