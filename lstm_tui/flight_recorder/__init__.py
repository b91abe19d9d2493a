"""What users' own code imports to save a failing call: `watch` for a server, `watch_training` for `fit`.

    flight = watch(model, "gold.keras", folder="captures")
    predict = flight(model.predict)

Standard library and NumPy only; Keras is whatever the model brought along. Arguments that make no sense are
refused by `watch` itself; after that nothing raises into the program: what the recorder cannot do is counted
(`flight.counts`) and logged once. No lock is held while the model runs, and no thread is started.
"""

from __future__ import annotations

from lstm_tui.flight_recorder.call import WatchedCall
from lstm_tui.flight_recorder.recorder import FlightRecorder, watch
from lstm_tui.flight_recorder.training import TrainingRecorder, watch_training

__all__ = ["FlightRecorder", "TrainingRecorder", "WatchedCall", "watch", "watch_training"]
