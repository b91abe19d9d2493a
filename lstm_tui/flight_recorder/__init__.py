"""What users' own code imports to save a failing call: `watch` for a server, `watch_training` for `fit`.

    flight = watch(model, "gold.keras", folder="captures")
    predict = flight(model.predict)

Standard library and NumPy only; Keras is whatever the model brought along. Arguments that make no sense are
refused by `watch` itself; after that nothing raises into the program: what the recorder cannot do is counted
(`flight.counts`) and logged once. No lock is held while the model runs, and no thread is started.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lstm_tui.flight_recorder.watching import watch, watch_training

if TYPE_CHECKING:
    from lstm_tui.flight_recorder.call import WatchedCall
    from lstm_tui.flight_recorder.recorder import FlightRecorder
    from lstm_tui.flight_recorder.training import TrainingRecorder

__all__ = ["FlightRecorder", "TrainingRecorder", "WatchedCall", "watch", "watch_training"]

#: What programs name in annotations, by where it is: nobody waits for it at the import.
_LATER = {"FlightRecorder": "recorder", "TrainingRecorder": "training", "WatchedCall": "call"}


def __getattr__(name: str) -> Any:
    """The classes, imported when they are asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
