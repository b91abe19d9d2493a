"""A horizon by feeding predictions back: the loop, the feature that it feeds, and whether it is meant."""

from __future__ import annotations

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.recurrent import free_runs
from lstm_tui.recurrent.calls import Alteration, Generate
from lstm_tui.recurrent.recording import Array

#: A loop longer than this would take longer than all checks together.
MOST_STEPS = 500


def looped(case: Case, steps: int) -> Array | None:
    """The first output of the feedback loop, `(batch, steps, k)`; None where there can be no such loop."""
    feature = fed_feature(case)
    if feature is None or not 0 < steps <= MOST_STEPS:
        return None
    outcome = case.calls((Generate(steps, feature),)).outcomes[0]
    return next(iter(outcome.outputs.values()), None)


def fed_feature(case: Case) -> int | None:
    """The input feature that a prediction takes the place of; None where no input can take it.

    0 where the input has one feature or a prediction is as wide as a step. Of several features it is the one
    whose next value the predictions so far have followed.
    """
    window = next((array for array in case.inputs.values() if array.ndim == 3), None)
    output = next(iter(case.outputs.values()), None)
    if window is None or output is None:
        return None
    return free_runs.fed_feature(window, output, _prefixes(case))


def _prefixes(case: Case) -> Array | None:
    """Predictions had the sequence ended at each step, `(batch, timesteps, k)`."""
    if case.recording is None:
        return None
    name, output = next(iter(case.recording.outputs.items()))
    given = case.recording.prefix.get(name, output)
    return given if given.ndim == 3 else None


def horizon_is_likelier(case: Case, every_step: tuple[Alteration, ...]) -> bool:
    """Whether, where a horizon is as long as the input, the target lies nearer to the loop than to a
    prediction for each step. Without a target it is taken for the latter."""
    target, wanted = case.target, case.subject.expected_shape
    if target is None or wanted is None or target.size != np.prod(wanted):
        return False
    outputs = case.predict(lab=case.altered(*every_step))
    loop = looped(case, wanted[1])
    if loop is None:
        return False
    looped_error, error = case.error({"": loop}), case.error(outputs)
    return looped_error is not None and error is not None and looped_error < error
