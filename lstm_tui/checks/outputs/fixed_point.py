"""The feedback loop contracts to one value: wherever it begins, it ends in the same place.

A loop that settles because the series itself does is healthy: the linear forecast of the input windows
(`series_memory`), and the target where there is one, say whether the series goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place
from lstm_tui.checks.outputs.series_memory import amplitude_kept
from lstm_tui.recurrent.calls import Generate
from lstm_tui.recurrent.free_runs import distance_kept
from lstm_tui.recurrent.recording import Array

#: Steps of the user's loop below which nothing can be said, and of ours, long enough to see where it ends.
_LEAST_STEPS, _OUR_STEPS = 8, 120
#: Shares of the input's spread: what the user's loop still moves at its end, and ours.
_HARDLY_MOVES, _STANDS = 0.25, 0.02
#: Two beginnings end this near to each other, as a share of the input's spread.
_SAME_END = 0.05
#: A series that keeps at least this share of its amplitude over the horizon goes on; one that seems to
#: outgrow itself by more than that was seen for too short a time.
_GOES_ON, _OUTGROWS = 0.5, 1.6
_ROWS = 8


@dataclass(frozen=True, eq=False)
class _Loop:
    """A loop of the plan: its call's number, the windows it begins with and what it gave, one feature."""

    call: int
    asked: Generate
    feature: int
    window: Array
    made: Array

    @property
    def steps(self) -> int:
        return self.asked.steps


def _find(case: Case) -> Iterator[Finding]:
    loop = _loop(case)
    if loop is None:
        return
    spread = float(np.std(loop.window))
    if spread < 1e-9 or _tail_spread(loop.made) > _HARDLY_MOVES * spread or not _series_goes_on(case, loop):
        return
    ends = _ends(case, loop)
    if ends is None:
        return
    ours, mirrored = ends
    apart = float(np.max(np.abs(ours[:, -1] - mirrored[:, -1])))
    if _tail_spread(ours) > _STANDS * spread or apart > _SAME_END * spread:
        return
    yield _finding(case, loop, ours, apart)


def _loop(case: Case) -> _Loop | None:
    """The last `generate` of the calls that gave a horizon long enough to judge."""
    windows = next((array for array in case.plan.inputs.values() if array.ndim == 3), None)
    for number, call in reversed(list(enumerate(case.plan.calls))):
        outputs = case.run.outcomes[number].outputs if number < len(case.run.outcomes) else {}
        made = next(iter(outputs.values()), None)
        if not isinstance(call, Generate) or made is None or windows is None or made.ndim != 3:
            continue
        feature = call.feature if made.shape[-1] == 1 else 0
        if call.steps >= _LEAST_STEPS and feature < windows.shape[-1] and np.isfinite(made).all():
            window = windows[:_ROWS, : call.keep, feature]
            return _Loop(number, call, call.feature, window, made[:_ROWS, :, 0])
    return None


def _tail_spread(made: Array) -> float:
    """How far the last quarter of a loop still moves: the largest deviation of any row."""
    tail = made[:, -max(made.shape[1] // 4, 2) :]
    return float(np.max(np.std(tail, axis=1)))


def _series_goes_on(case: Case, loop: _Loop) -> bool:
    """Whether the series moves on beyond the window: by the target, else by its own linear forecast."""
    target, spread = case.target, float(np.std(loop.window))
    if target is not None and target.ndim > 1 and target.shape[1] == loop.steps:
        scale = float(np.std(target)) if case.subject.output_rescales else spread
        return _tail_spread(target[:, :, 0] if target.ndim > 2 else target) > _GOES_ON / 2 * scale
    windows = [loop.window]
    for array in case.reference.values():
        if array.ndim == 3 and array.shape[1] >= loop.window.shape[1] and loop.feature < array.shape[-1]:
            windows.append(array[:, -loop.window.shape[1] :, loop.feature])
    kept = amplitude_kept(np.concatenate(windows), loop.steps)
    return kept is not None and _GOES_ON <= kept <= _OUTGROWS


def _ends(case: Case, loop: _Loop) -> tuple[Array, Array] | None:
    """A longer loop from the window, and one from the window mirrored at its mean: another beginning."""
    made = []
    for sign in (1.0, -1.0):
        inputs = {
            name: (array if sign > 0 else _mirrored(array))[:_ROWS] if array.ndim == 3 else array[:_ROWS]
            for name, array in case.plan.inputs.items()
        }
        steps = max(_OUR_STEPS, loop.steps)
        outcome = case.calls((replace(loop.asked, steps=steps),), inputs).outcomes[0]
        first = next(iter(outcome.outputs.values()), None)
        if first is None or first.ndim != 3 or not np.isfinite(first).all():
            return None
        made.append(first[:, :, 0])
    return made[0], made[1]


def _mirrored(array: Array) -> Array:
    return np.asarray(2 * array.mean(axis=1, keepdims=True) - array, array.dtype)


def _finding(case: Case, loop: _Loop, ours: Array, apart: float) -> Finding:
    end = float(np.mean(ours[:, -1]))
    distance = np.max(np.abs(ours.astype(np.float64) - end), axis=0)
    rate = distance_kept(distance, 1e-9)
    told = float(np.ravel(case.in_user_units(np.full((1, 1), end, np.float32)))[0])
    return Finding(
        code="generation-fixed-point",
        severity="error" if case.target is not None else "warning",
        summary=f"The loop of {loop.steps} steps ends at {told:.4g} wherever it begins: {rate:.0%} of the "
        "distance is left after each step, while the series goes on.",
        evidence={
            "value": told,
            "rate_of_contraction": rate,
            "steps": loop.steps,
            "still_moves": _tail_spread(loop.made),
            "spread_of_the_input": float(np.std(loop.window)),
            "two_beginnings_end_apart": apart,
            "steps_tried": ours.shape[1],
        },
        fix=Fix(
            "Train on the model's own predictions for some steps, or predict the whole horizon at once; more "
            "training of one step alone often helps little.",
            code="model = keras.Sequential([..., keras.layers.LSTM(units), keras.layers.Dense(horizon)])\n"
            "model.fit(windows, next_values)   # (batch, horizon): no loop, nothing to contract",
        ),
        place=Place(call=loop.call, step=-1),
        weight=0.8,
        direct=True,
    )


CHECK = Check(
    code="generation-fixed-point",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="The feedback loop contracts to one value",
        what="Each prediction fed back lies a little nearer to one value than the one before. After some "
        "steps the loop gives that value and nothing else, from whatever window it began.",
        why="The beginning of such a forecast looks right and its end is a constant, which is easily taken "
        "for a calm future.",
        keras="A model trained with mse on one step ahead predicts the mean of what may follow: it damps. In "
        "a loop the damping multiplies, step by step. The training never saw a window of predictions.",
        prevent="Plot the loop against the target over the whole horizon, not the error of one step. Train "
        "on several steps fed back, or predict the horizon directly.",
        code="model.add(keras.layers.Dense(horizon))   # the whole horizon from one window",
    ),
    explains=("echo",),
)
