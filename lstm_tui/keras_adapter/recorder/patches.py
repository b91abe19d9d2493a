"""Attributes replaced for a while and put back, on objects that would otherwise notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import keras

from lstm_tui.recurrent.live_layers import placed_layers

_ABSENT = object()


class Patches:
    """Instance attributes set past `__setattr__` (Keras tracks what is set on a layer), undone on exit."""

    def __init__(self) -> None:
        self._undo: list[tuple[dict[str, Any], str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Let `owner.name` be `value` until exit."""
        attributes = vars(owner)
        self._undo.append((attributes, name, attributes.get(name, _ABSENT)))
        attributes[name] = value

    def __enter__(self) -> Patches:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for attributes, name, before in reversed(self._undo):
            if before is _ABSENT:
                attributes.pop(name, None)
            else:
                attributes[name] = before
        self._undo.clear()


@contextmanager
def taking_any_length(model: Any) -> Iterator[None]:
    """Models built for one length run on others too: the recurrence does not care, only a check does."""
    with Patches() as patches:
        for layer in [model, *(place.layer for place in placed_layers(model))]:
            if isinstance(layer, keras.Model):
                patches.set(layer, "_assert_input_compatibility", lambda *_, **__: None)
        yield
