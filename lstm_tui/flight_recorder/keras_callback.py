"""The callback by which `fit` tells the recorder what it does. Keras is imported when one is made."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstm_tui.flight_recorder.training import TrainingRecorder


def callback_for(recorder: TrainingRecorder) -> Any:
    """A `keras.callbacks.Callback` that tells `recorder`."""
    base: Any = importlib.import_module("keras").callbacks.Callback

    class FlightCallback(base):
        """Passes on what happens; nothing raises."""

        def set_model(self, model: Any) -> None:
            """A training is about to begin: `fit` has not made its training function yet."""
            super().set_model(model)
            with recorder.contained("beginning a training"):
                recorder.begins(model)

        def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
            """An epoch begins."""
            recorder.epoch_begins(epoch)

        def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
            """A step begins."""
            with recorder.contained("keeping what a step starts from"):
                recorder.step_begins()

        def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
            """A step has been made."""
            with recorder.contained("looking at a step"):
                recorder.step_ended(batch, logs or {})

        def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
            """An epoch has been made."""
            with recorder.contained("looking at an epoch"):
                recorder.epoch_ended(logs or {})

    return FlightCallback()
