"""Predictions that repeat the last input: no skill over the naive forecast.

On a random walk nothing can be better than the last value, and a good forecast of a slow series is near it.
So predictions have to lie far nearer to the last input than the truth does, and be no better than it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.context_short import joined
from lstm_tui.checks.constant.predictions import Paired, paired, sequence
from lstm_tui.checks.constant.target_leakage import correlations
from lstm_tui.checks.finding import Finding, Fix, Proof
from lstm_tui.checks.measures import rms
from lstm_tui.checks.probing import Floats, in_deviations, probe_windows
from lstm_tui.recurrent.recording import Array

#: Predictions differ from the last input by at most this part of what the truth differs from it, and their
#: mean square error is better than that of the naive forecast by at most this.
NEAR, SKILL = 0.25, 0.01
#: Of predictions that are all but the last input, this little skill is chance, or not worth a model.
ALL_BUT_EQUAL, CHANCE = 0.1, 0.05
#: A linear forecast from the same window has to be better by this for the model to be blamed, not the data.
POSSIBLE = 0.1
_FEWEST = 12
#: Steps of the window that the linear forecast sees.
_LAGS = 24


@dataclass(frozen=True)
class Echo:
    """Root mean squares: of the model's error, of the naive forecast's, of prediction minus last input."""

    feature: int
    model: float
    naive: float
    apart: float

    @property
    def skill(self) -> float:
        """1 minus the ratio of the mean square errors (Murphy, 1988)."""
        return 1 - (self.model / self.naive) ** 2

    @property
    def repeats(self) -> bool:
        """Whether the last input is what is predicted, to no advantage."""
        if self.naive <= 0:
            return False
        return (self.apart <= NEAR * self.naive and self.skill <= SKILL) or (
            self.apart <= ALL_BUT_EQUAL * self.naive and self.skill <= CHANCE
        )


def _find(case: Case) -> Iterator[Finding]:
    found, beside = sequence(case.inputs), paired(case)
    if found is None or beside is None or beside.target.shape[-1] != 1:
        return
    last = _last_inputs(case, found[1], beside)
    if last is None or beside.target.size < _FEWEST:
        return
    in_order = beside.each_step or joined(found[1]) is not None
    candidates = [
        (_echo(feature, each, beside), each)
        for feature in range(last.shape[-1])
        if not in_order or is_own_past(last[..., feature], beside)
        for each in _as_forecast(last[..., feature], beside)
    ]
    if not candidates:
        return
    echo, naive = min(candidates, key=lambda candidate: candidate[0].apart)
    if naive.std() > 0.5 * beside.target.std() and echo.repeats:
        yield _finding(echo, _linear_forecast(found[1], beside, naive))


def is_own_past(last: Floats, beside: Paired) -> bool:
    """Whether a feature of rows that follow each other is what was to be foretold a step ago. A calendar
    column that foretells the target is not, and may be repeated."""
    truth = beside.target[..., 0].astype(np.float64)
    later, before = (last[:, 1:], truth[:, :-1]) if beside.each_step else (last[1:], truth[:-1])
    related = np.abs(correlations(later.reshape(-1, 1), before.ravel())[0])
    any_other = np.abs(correlations(last.reshape(-1, 1), truth.ravel())[0])
    return bool(related >= any_other)


def _as_forecast(last: Floats, beside: Paired) -> Iterator[Floats]:
    """The last input as it is; with the mean and deviation of the truth where it is in other units."""
    yield last
    truth = beside.target[..., 0].astype(np.float64)
    if last.std() > 0 and not 0.5 < truth.std() / last.std() < 2:
        yield (last - last.mean()) / last.std() * truth.std() + truth.mean()


def _last_inputs(case: Case, x: Array, beside: Paired) -> Floats | None:
    """The input at the step that each prediction is made from, `(..., features)`, in the target's units."""
    last = x if beside.each_step else x[:, -1]
    if last.shape[:-1] != beside.target.shape[:-1]:
        return None
    columns = [case.in_user_units(last[..., [feature]]) for feature in range(last.shape[-1])]
    return np.concatenate(columns, axis=-1).astype(np.float64)


def _echo(feature: int, last: Floats, beside: Paired) -> Echo:
    made, truth = (values[..., 0].astype(np.float64) for values in (beside.prediction, beside.target))
    return Echo(feature, rms(made - truth), rms(last - truth), rms(made - last))


def _linear_forecast(x: Array, beside: Paired, last: Floats) -> float:
    """Root mean square error of a cross-validated linear forecast of the change since the last input."""
    truth = beside.target[..., 0].astype(np.float64)
    scaled = in_deviations(x)
    rows = [_lagged(row) for row in scaled] if beside.each_step else [scaled[:, -_LAGS:]]
    windows = np.concatenate(rows)
    change = (truth - last).reshape(-1, 1)
    most = slice(None, None, max(len(windows) // 1000, 1))
    return rms((change[most] - probe_windows(windows[most], change[most]).prediction).ravel())


def _lagged(row: Floats) -> Floats:
    """Windows `(timesteps, lags, features)`: each step with those before it, zeros before the first."""
    padded = np.concatenate([np.zeros((_LAGS - 1, row.shape[1])), row])
    return np.swapaxes(np.lib.stride_tricks.sliding_window_view(padded, _LAGS, axis=0), 1, 2)


def _finding(echo: Echo, linear: float) -> Finding:
    possible = 1 - (linear / echo.naive) ** 2 >= POSSIBLE
    more = (
        f"a linear forecast from the same window reaches {linear:.4g}"
        if possible
        else f"a linear forecast from the same window is no better either ({linear:.4g})"
    )
    return Finding(
        code="echo",
        severity="warning",
        summary=f"Predictions repeat the last input (they differ by {echo.apart:.3g}, the truth by "
        f"{echo.naive:.3g}): error {echo.model:.4g}, of the naive forecast {echo.naive:.4g}; {more}.",
        evidence={
            "feature": echo.feature,
            "model_error": echo.model,
            "naive_error": echo.naive,
            "prediction_minus_last_input": echo.apart,
            "skill": echo.skill,
            "linear_forecast_error": linear,
        },
        fix=Fix(
            "Predict the change since the last step, and compare with the naive forecast first of all."
            if possible
            else "The window holds nothing beyond its last value; add inputs that foretell the change, or "
            "accept the naive forecast.",
            code="y = series[1:] - series[:-1]  # the change, not the level",
        ),
        proof=Proof(
            "error of a linear forecast from the same window in place of the model", echo.model, linear
        )
        if possible
        else None,
        weight=0.8 if possible else 0.6,
    )


CHECK = Check(
    code="echo",
    needs=("x", "target", "output"),
    find=_find,
    lesson=Lesson(
        title="The model repeats its last input",
        what="Each prediction is, nearly, the value of the step before. In a plot the curve looks right, one "
        "step late.",
        why="Its error is that of the naive forecast, which needs no model. Correlation and R² are high all "
        "the same, because the level is easy to repeat.",
        keras="A loss on the level rewards the echo: on a series whose steps are small beside its range it "
        "is nearly optimal, and Keras reports a small loss.",
        prevent="Report skill against the naive forecast. Train on changes, or on a longer horizon.",
        code="skill = 1 - np.mean((y - model.predict(x)) ** 2) / np.mean((y - x[:, -1, :1]) ** 2)",
    ),
)
