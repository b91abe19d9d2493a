"""What is recorded: `predict`, or a call of the model, as a function of what is fed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras

from lstm_tui.keras_adapter.feeding import training_argument
from lstm_tui.recurrent.calls import CallModel, Predict, fingerprint
from lstm_tui.recurrent.interventions import InLoop, Intervention, TrainingMode, for_rows
from lstm_tui.recurrent.window import Window

if TYPE_CHECKING:
    from lstm_tui.keras_adapter.loaded import LoadedModel


@dataclass(frozen=True, eq=False)
class Purpose:
    """How the model is called, whether prefix predictions make sense, and what is tried in its loops."""

    name: str
    call: Callable[[Any], Any]
    with_prefix: bool
    interventions: tuple[Intervention, ...] = ()

    def key(self, fed: Any, *more: Hashable, any_batch: bool = False) -> Hashable:
        """Equal for equal functions: what is done, and the signature of what goes in."""
        shapes = [(tuple(one.shape), one.dtype.name) for one in keras.tree.flatten(fed)]
        signature = tuple((shape[1:] if any_batch else shape, dtype) for shape, dtype in shapes)
        in_loops = tuple(one for one in self.interventions if isinstance(one, InLoop))
        tried = (fingerprint(in_loops),) if in_loops else ()
        return self.name, *more, any_batch, signature, *tried

    def of_rows(self, start: int, count: int) -> Purpose:
        """The same for the batch that begins with this sample."""
        return replace(self, interventions=for_rows(self.interventions, Window(start, start + count)))


def purpose_of(loaded: LoadedModel, call: Predict | CallModel) -> Purpose:
    """How Keras calls the model in this call, with what is tried on it."""
    model, tried = loaded.model, loaded.interventions
    mode = next((one.on for one in reversed(tried) if isinstance(one, TrainingMode)), None)
    if isinstance(call, Predict) and mode is None:
        return Purpose("predict", lambda fed: model.predict_step((fed,)), True, tried)
    training = mode if mode is not None or isinstance(call, Predict) else call.training
    arguments = training_argument(model, training)
    return Purpose(f"call {training}", lambda fed: model(fed, **arguments), not training, tried)
