"""The only package that knows Keras and TensorFlow: load, describe, run, record.

Importing it imports TensorFlow (seconds): only the engine does, in a process of its own or in a headless run.
What goes in and comes out are the plain values of `lstm_tui.recurrent` and `lstm_tui.model_file`.
"""

from __future__ import annotations

from lstm_tui.keras_adapter.load import LoadOptions, load_model, open_model
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.keras_adapter.runtime import versions

__all__ = [
    "LoadOptions",
    "LoadedModel",
    "OnProgress",
    "load_model",
    "open_model",
    "versions",
]
