"""What is recorded: `predict`, or a call of the model, as a function of what is fed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from lstm_tui.keras_adapter.feeding import training_argument
from lstm_tui.recurrent.calls import CallModel, Predict

if TYPE_CHECKING:
    from lstm_tui.keras_adapter.loaded import LoadedModel


@dataclass(frozen=True, eq=False)
class Purpose:
    """How the model is called, and whether prefix predictions make sense for it."""

    name: str
    call: Callable[[Any], Any]
    with_prefix: bool

    def key(self, fed: Any, *more: Hashable, any_batch: bool = False) -> Hashable:
        """Equal for equal functions: what is done, and the signature of what goes in."""
        shapes = [(tuple(one.shape), one.dtype.name) for one in keras.tree.flatten(fed)]
        signature = tuple((shape[1:] if any_batch else shape, dtype) for shape, dtype in shapes)
        return self.name, *more, any_batch, signature


def purpose_of(loaded: LoadedModel, call: Predict | CallModel) -> Purpose:
    """How Keras calls the model in this call."""
    model = loaded.model
    if isinstance(call, Predict):
        return Purpose("predict", lambda fed: model.predict_step((fed,)), with_prefix=True)
    arguments = training_argument(model, call.training)
    return Purpose(
        f"call {call.training}", lambda fed: model(fed, **arguments), with_prefix=not call.training
    )
