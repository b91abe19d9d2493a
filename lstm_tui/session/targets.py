"""What the outputs of the recorded call should have been: the target, in the rows and order of that call."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from lstm_tui.recurrent.calls import CallModel, Predict
from lstm_tui.recurrent.recording import Array
from lstm_tui.session.edits import Material, Plan


@lru_cache(maxsize=4)
def target_of_call(material: Material, plan: Plan) -> Array | None:
    """In the user's units; None without one, and for a call that has an input of its own."""
    target = material.target
    if target is None or target.ndim == 0 or target.size == 0 or plan.run.record >= len(plan.run.calls):
        return None
    call = plan.run.calls[plan.run.record]
    if isinstance(call, Predict | CallModel) and call.inputs is not None:
        return None
    if isinstance(call, Predict) and call.rows is not None:
        target = target[list(call.rows)] if max(call.rows, default=0) < len(target) else None
    if isinstance(call, Predict) and call.reversed_order and target is not None:
        target = target[::-1]
    return target


@lru_cache(maxsize=4)
def model_target(material: Material, plan: Plan) -> Array | None:
    """In the units of the model's own output, which the inverse rescales of the output lead away from.

    Raises EditError where a rescale does not fit the target.
    """
    target = target_of_call(material, plan)
    if target is None:
        return None
    for rescale in reversed(plan.folded.output_rescales):
        target = replace(rescale.inverted(), limits=None).apply(target)
    return np.asarray(target)
