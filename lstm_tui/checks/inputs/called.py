"""What went into a call: its own inputs or the plan's, with the rows and the order that it asks for."""

from __future__ import annotations

from lstm_tui.checks.case import Case
from lstm_tui.recurrent.calls import Call, CallModel, Inputs, Predict


def input_called(case: Case, call: Call) -> Inputs:
    """By input name, `(batch, timesteps, features)`."""
    own = call.inputs if isinstance(call, Predict | CallModel) else None
    inputs = case.plan.inputs if own is None else own
    if isinstance(call, Predict) and call.rows is not None:
        inputs = {name: array[list(call.rows)] for name, array in inputs.items()}
    if isinstance(call, Predict) and call.reversed_order:
        inputs = {name: array[::-1] for name, array in inputs.items()}
    return inputs
