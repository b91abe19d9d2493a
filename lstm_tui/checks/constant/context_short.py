"""The steps that would tell the target lie before the window: windows that are alike want different answers.

Noise in the target looks the same, so longer windows are tried, put together from the rows where these follow
each other: they have to explain what the window cannot. Where they cannot be put together, alike means equal,
and most rows have to have a twin that wants something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import paired
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.probing import Floats, distances, in_deviations, nearest_neighbour, probe_windows
from lstm_tui.recurrent.recording import Array

#: Windows count as alike when they differ by less than this, in deviations of each feature.
ALIKE = 0.05
#: Targets count as different when they differ by more than this, in deviations of the target.
DIFFERENT = 0.5
#: Longer windows have to explain so much more, and so many rows have to have a twin otherwise.
GAINED, TWINS = 0.3, 0.5
#: A model that explains more than this knows what it needs.
_GOOD = 0.5
_FEWEST, _MOST = 20, 600
#: How many times as long the windows are tried.
_TIMES = (2, 3, 4, 6)


@dataclass(frozen=True)
class Twins:
    """Rows with a twin (an alike window of another row), those whose twin has another target, such a pair."""

    rows: int
    with_twin: int
    in_conflict: int
    pair: tuple[int, int] | None


@dataclass(frozen=True)
class Longer:
    """What windows of so many steps explain of the target, and what the windows themselves do."""

    steps: int
    share: float
    by_window: float

    @property
    def gained(self) -> float:
        """How much more, as a share of the target's variance."""
        return self.share - max(self.by_window, 0)


def _find(case: Case) -> Iterator[Finding]:
    beside, x = paired(case), _windows(case)
    if x is None or beside is None or beside.each_step or len(x) != len(beside.target) or len(x) < _FEWEST:
        return
    if case.facts.stateful or not beside.target.std() > 0 or beside.share > _GOOD:
        return
    x, y = x[:_MOST], (beside.target[:_MOST] - beside.target.mean()) / beside.target.std()
    found, series = twins(x, y), joined(x)
    within = _explains(x, y)
    if series is not None:
        tried = [_longer(series, x, y, times) for times in _TIMES if _is_enough(x, times)]
        best = max(tried, key=lambda each: each.gained, default=None)
        if best is not None and best.gained >= GAINED:
            yield _finding(case, found, best.by_window, best)
    elif found.in_conflict >= TWINS * found.rows and within < 0.2:
        yield _finding(case, found, within, None)


def _windows(case: Case) -> Floats | None:
    """The one sequence that goes in, numbers in deviations, token ids as they are with an axis of 1."""
    if len(case.inputs) != 1:
        return None
    x = next(iter(case.inputs.values()))
    if x.ndim == 2 and x.dtype.kind in "iu":
        return x[..., None].astype(np.float64)
    return in_deviations(x) if x.ndim == 3 and x.dtype.kind == "f" and np.isfinite(x).all() else None


def twins(x: Array, y: Array) -> Twins:
    """Of windows `(rows, timesteps, features)` in deviations with targets `(rows, outputs)` in deviations."""
    apart = distances(x)
    np.fill_diagonal(apart, np.inf)
    alike = apart <= ALIKE
    differ = np.abs(y[:, None] - y[None]).max(axis=-1) > DIFFERENT
    conflict = alike & differ
    first = np.argwhere(conflict)
    pair = (int(first[0][0]), int(first[0][1])) if len(first) else None
    return Twins(len(x), int(alike.any(axis=1).sum()), int(conflict.any(axis=1).sum()), pair)


def joined(x: Array) -> Floats | None:
    """The series that overlapping rows were cut from, `(steps, features)`, a row a step; None where they do
    not follow each other by one step."""
    if len(x) < 2 or x.shape[1] < 2 or not np.allclose(x[1:, :-1], x[:-1, 1:], atol=1e-6):
        return None
    return np.concatenate([x[0], x[1:, -1]])


def _is_enough(x: Array, times: int) -> bool:
    return bool(len(x) - (times - 1) * x.shape[1] >= _FEWEST)


def _longer(series: Floats, x: Array, y: Array, times: int) -> Longer:
    """Windows of `times` the length against the windows themselves, of the same rows: the early ones have no
    longer window, and what one explains of other rows is no measure."""
    length = times * x.shape[1]
    rows = np.arange(length - x.shape[1], len(x))
    windows = np.stack([series[row + x.shape[1] - length : row + x.shape[1]] for row in rows])
    return Longer(length, _explains(windows, y[rows]), _explains(x[rows], y[rows]))


def _explains(x: Array, y: Array) -> float:
    return max(probe_windows(x, y).share, nearest_neighbour(x, y))


def _finding(case: Case, found: Twins, within: float, longer: Longer | None) -> Finding:
    steps = next(iter(case.inputs.values())).shape[1]
    alike = f"{found.in_conflict} of {found.rows} windows have a twin that wants something else"
    beyond = "" if longer is None else f"; windows of {longer.steps} steps explain {longer.share:.0%}"
    return Finding(
        code="context-short",
        severity="error" if longer is not None else "warning",
        summary=f"Windows of {steps} steps explain {max(within, 0):.0%} of the target{beyond}; {alike}.",
        evidence={
            "timesteps": steps,
            "rows_with_twin": found.with_twin,
            "rows_in_conflict": found.in_conflict,
            "identical_windows": found.pair,
            "explained_by_window": within,
            "explained_by_longer_window": None if longer is None else longer.share,
            "longer_window": None if longer is None else longer.steps,
        },
        fix=Fix(
            "Cut longer windows, or carry the state from window to window (stateful=True), or add a feature "
            "that says what came before.",
            code=f"x = keras.utils.timeseries_dataset_from_array(series, targets, "
            f"sequence_length={2 * steps if longer is None else longer.steps})",
        ),
        proof=None
        if longer is None
        else Proof("share of the target explained, with a longer window", within, longer.share),
        place=Place(sample=found.pair[0] if found.pair else None),
        weight=0.8,
    )


CHECK = Check(
    code="context-short",
    needs=("x", "target", "output"),
    find=_find,
    lesson=Lesson(
        title="The window is too short for the target",
        what="What decides the target happened before the window begins. Windows that look alike want "
        "different answers, and no model can give both.",
        why="The best that can be learned is the mean over such windows: a flat prediction. More units or "
        "more epochs do not help.",
        keras="A stateless layer starts every window from zeros: it knows nothing of earlier windows, "
        "although they follow each other in the array.",
        prevent="Look how far back the target depends on the input (autocorrelation, domain knowledge) "
        "before the window is chosen.",
        code="keras.utils.timeseries_dataset_from_array(series, targets, sequence_length=longer)",
    ),
    explains=("capacity-low", "gradient-vanishing"),
)
