"""A feature of the training data that holds its target: superb in training, useless in service.

That an input correlates with the target is what forecasts live on. A leak is told apart by three measures:
one feature alone gives the target far better than all the rest of the window does, the model leans on it
(with the feature permuted its predictions are lost), and it does not tell the target here, where both are
known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import paired, sequence
from lstm_tui.checks.finding import Finding, Fix, Proof
from lstm_tui.checks.probing import Floats, explained, in_deviations, probe, probe_windows
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

#: The share of the target that a leaking feature tells by itself.
TELLS = 0.98
#: What it leaves unexplained is at most this part of what the rest of the window leaves.
BEYOND_THE_REST = 0.1
#: The model explains at least this share of the reference's target, and loses this much without the feature;
#: or less, where what it leaves unexplained grows by this factor (a level may be told by the rest).
LEANS, LOSES = 0.5, 0.5
LOSES_SOME, TIMES = 0.1, 10.0
_FEWEST_ROWS = 8


@dataclass(frozen=True)
class Leak:
    """Feature `feature` tells the target, at the same step (`step` None) or at one step of the window.

    alone, rest: shares of the target that the feature and the rest of the window explain.
    """

    feature: int
    step: int | None
    correlation: float
    alone: float
    rest: float


def _find(case: Case) -> Iterator[Finding]:
    found, target = sequence(case.reference), case.reference_target
    if found is None or target is None or target.dtype.kind not in "fiub":
        return
    name, x = found
    leak = leaking_feature(x, target.astype(np.float64))
    if leak is None or _tells_here_too(case, leak):
        return
    shares = _shares(case, name, x, leak.feature)
    if shares is not None and leans(*shares):
        yield _finding(leak, name, *shares)


def leans(before: float, after: float) -> bool:
    """Whether a model that explains `before` with a feature and `after` without it lives on that feature."""
    grows = before - after >= LOSES_SOME and 1 - after >= TIMES * (1 - before)
    return before >= LEANS and (before - after >= LOSES or grows)


def leaking_feature(x: Array, target: Array) -> Leak | None:
    """The feature of `(batch, timesteps, features)` that gives away a target `(batch, 1)`, or `(batch,
    timesteps, 1)` step by step; None where none does so far better than the rest of the window."""
    each_step = target.shape == (*x.shape[:2], 1) and x.shape[1] > 1
    y = target.reshape(len(target), -1) if not each_step else target[..., 0]
    if len(x) != len(y) or not np.isfinite(x).all() or not np.isfinite(y).all() or y.std() == 0:
        return None
    if len(x) * (x.shape[1] if each_step else 1) < _FEWEST_ROWS or (not each_step and y.shape[1] > 1):
        return None
    best = _best_at_each_step(x, y) if each_step else _best_in_the_window(x, y[:, 0])
    if best is None:
        return None
    feature, step, correlation = best
    alone = correlation**2
    if alone < TELLS:
        return None
    rest = _rest(x, y, feature, step)
    return (
        Leak(feature, step, correlation, alone, rest) if 1 - alone <= BEYOND_THE_REST * (1 - rest) else None
    )


def _best_at_each_step(x: Array, y: Array) -> tuple[int, None, float] | None:
    found = correlations(x.reshape(-1, x.shape[2]), y.reshape(-1))
    feature = int(np.argmax(np.abs(found)))
    return feature, None, float(found[feature])


def _best_in_the_window(x: Array, y: Array) -> tuple[int, int, float] | None:
    found = correlations(x.reshape(len(x), -1), y).reshape(x.shape[1:])
    step, feature = np.unravel_index(int(np.argmax(np.abs(found))), found.shape)
    return int(feature), int(step), float(found[step, feature])


def correlations(columns: Array, y: Array) -> Floats:
    """Of each column `(samples, columns)` with `y`; 0 where one of both does not vary."""
    left = columns.astype(np.float64) - columns.mean(axis=0, dtype=np.float64)
    right = y - y.mean()
    size = np.sqrt(np.square(left).sum(axis=0) * np.square(right).sum())
    return np.asarray(np.divide(left.T @ right, size, out=np.zeros(left.shape[1]), where=size > 1e-12))


def _rest(x: Array, y: Array, feature: int, step: int | None) -> float:
    """The share of the target that the window explains without the feature from that step on. What the
    feature held before counts with the rest: a series foretells itself."""
    scaled = in_deviations(x)
    if step is None:
        rows = [_lagged(row, truth, feature) for row, truth in zip(scaled, y, strict=True)]
        kept, wanted = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        most = slice(None, None, max(len(kept) // 1000, 1))
        return probe(kept[most], wanted[most]).share
    scaled[:, step:, feature] = 0
    return probe_windows(scaled, y).share


def _lagged(row: Floats, truth: Floats, feature: int, lags: int = 4) -> tuple[Floats, Floats]:
    """At each step the other features now, all features and the target at `lags` steps before."""
    both = np.concatenate([row, truth[:, None]], axis=1)
    both[:, :-1] = row
    past = [np.concatenate([np.zeros((lag, both.shape[1])), both[:-lag]]) for lag in range(1, lags + 1)]
    return np.concatenate([np.delete(row, feature, axis=1), *past], axis=1)[lags:], truth[lags:]


def _tells_here_too(case: Case, leak: Leak) -> bool:
    """Whether the feature tells the target of this input as well: then it is known in service."""
    found, truth = sequence(case.inputs), case.target
    if found is None or truth is None or leak.feature >= found[1].shape[2]:
        return False
    x = found[1][..., leak.feature]
    values = x if leak.step is None else x[:, leak.step] if leak.step < x.shape[1] else None
    if values is None or values.size != truth.size or truth.size < 3:
        return False
    return bool(abs(correlations(values.reshape(-1, 1), truth.reshape(-1).astype(np.float64))[0]) > 0.9)


def permuted(x: Array, feature: int) -> Array:
    """With one feature's sequences handed to other rows, and turned in time where there is but one row."""
    changed = x.copy()
    order = np.random.default_rng(0).permutation(len(x))
    if len(x) > 1 and (order == np.arange(len(x))).all():
        order = np.roll(order, 1)
    changed[..., feature] = (
        x[order][..., feature] if len(x) > 1 else np.roll(x[..., feature], x.shape[1] // 2, 1)
    )
    return changed


def _shares(case: Case, name: str, x: Array, feature: int) -> tuple[float, float] | None:
    """How much of the reference's target the model explains, with the feature and with it permuted: both up
    to the one affine map that suits the first best, as the labels may be in other units."""
    asked = (x, permuted(x, feature))
    beside = [paired(case, case.reference_target, case.predict({name: each})) for each in asked]
    if beside[0] is None or beside[1] is None:
        return None
    truth = beside[0].target.astype(np.float64).ravel()
    made, without = (each.prediction.astype(np.float64).ravel() for each in beside if each is not None)
    slope = float(correlations(made[:, None], truth)[0]) * truth.std() / max(float(made.std()), 1e-30)
    before, after = (
        explained(truth.mean() + slope * (each - made.mean()), truth) for each in (made, without)
    )
    return (before, after) if slope > 0 else None


def _finding(leak: Leak, name: str, before: float, after: float) -> Finding:
    where = "at the same step" if leak.step is None else f"at step {leak.step}"
    return Finding(
        code="target-leakage",
        severity="error",
        summary=f"Feature {leak.feature} of the reference {one_line(name, 40)} tells its target {where} "
        f"(correlation {leak.correlation:.4f}), the rest of the window explains {max(leak.rest, 0):.1%}; "
        f"with it permuted the model explains {max(after, 0):.1%} in place of {before:.1%}.",
        evidence={
            "input": name,
            "feature": leak.feature,
            "step": leak.step,
            "correlation": leak.correlation,
            "explained_by_the_rest": leak.rest,
            "model_explains": before,
            "model_explains_with_it_permuted": after,
        },
        fix=Fix(
            "Leave the feature out, or shift it so that each step holds only what is known then, and train "
            "again.",
            code=f"x = np.delete(x, {leak.feature}, axis=-1)",
        ),
        proof=Proof("share of the reference's target explained, with the feature permuted", before, after),
        weight=0.93,
    )


CHECK = Check(
    code="target-leakage",
    needs=("reference", "reference_target"),
    find=_find,
    lesson=Lesson(
        title="A feature gives the target away",
        what="One column of the training data holds the target itself, or what is known only after it.",
        why="The model learns to copy that column. Its test error is superb, and in service, where the "
        "column is empty or late, it has nothing to go by.",
        keras="Keras learns whatever predicts best and tells nobody from what. timeseries_dataset_from_array "
        "shifts nothing: its targets argument has to be shifted by the caller.",
        prevent="For every column ask when its value is known. Permute columns one by one on the test data: "
        "one that everything hangs on deserves a look.",
        code="x, y = table[:-1], table[1:, :1]  # what is known at t, what comes at t + 1",
    ),
    explains=("input-scale", "output-scale", "echo", "gates-saturated", "gradient-vanishing", "capacity-low"),
)
