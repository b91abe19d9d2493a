"""Recording a call: every state and gate of every recurrent layer, by the model's own arithmetic.

The layers' `call` is wrapped while one call is traced, and each recurrent layer's loop is ours for that time:
it steps the original cell and keeps what it sees. Afterwards nothing of this is left on the model; what
remains is a compiled function that gives the recording for any input of the same shape.
"""

from __future__ import annotations

from lstm_tui.keras_adapter.recorder.one_sample import record_sample
from lstm_tui.keras_adapter.recorder.record import record_call, record_predict

__all__ = ["record_call", "record_predict", "record_sample"]
