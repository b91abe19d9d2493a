"""A horizon by feeding predictions back: the loop, the feature that it feeds, and whether it is meant."""

from __future__ import annotations

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.recurrent.calls import Alteration, Generate
from lstm_tui.recurrent.recording import Array

#: A loop longer than this would take longer than all checks together.
MOST_STEPS = 500
#: Predictions that follow a feature's next value at least this closely are predictions of that feature.
_FOLLOWS = 0.5


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
    if window is None or output is None or window.dtype.kind != "f" or output.dtype.kind != "f":
        return None
    if window.shape[-1] == 1 or output.shape[-1] == window.shape[-1]:
        return 0
    prefix = _prefixes(case, window)
    if output.shape[-1] != 1 or prefix is None:
        return None
    follows = [_correlation(prefix[:, :-1, 0], window[:, 1:, feature]) for feature in range(window.shape[-1])]
    return int(np.argmax(follows)) if max(follows) >= _FOLLOWS else None


def _prefixes(case: Case, window: Array) -> Array | None:
    """Predictions had the sequence ended at each step, `(batch, timesteps, k)`."""
    if case.recording is None:
        return None
    name, output = next(iter(case.recording.outputs.items()))
    given = case.recording.prefix.get(name, output)
    fits = given.ndim == 3 and given.shape[:2] == window.shape[:2] and window.shape[1] > 2
    return given if fits else None


def _correlation(one: Array, other: Array) -> float:
    one, other = one.ravel().astype(np.float64), other.ravel().astype(np.float64)
    if one.std() < 1e-12 or other.std() < 1e-12:
        return 0.0
    return float(np.nan_to_num(np.corrcoef(one, other)[0, 1]))


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
