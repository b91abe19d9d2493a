"""How much of a target some numbers can explain, and how many directions they use: statistics for checks.

A probe asks whether the information is there, never how well a network would learn it: a ridge regression
(Hoerl & Kennard, 1970), its strength by generalised cross-validation (Golub, Heath & Wahba, 1979), judged on
contiguous blocks that it was not fitted to, because neighbouring windows of a series are nearly copies.
What is not linear in the numbers, a probe does not see. NumPy only; deterministic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_tui.recurrent.recording import Array

Floats = NDArray[np.float64]

#: Blocks of the cross-validation: five, as is common (Kohavi, 1995, on bias and variance of five to ten).
FOLDS = 5
#: More samples than these add to the time and hardly to the answer; they are taken evenly.
MOST_SAMPLES = 1000
#: Strengths that are tried, as shares of the mean squared singular value.
_STRENGTHS = np.logspace(-8, 2, 11)
#: 5 % and 95 % of a normal distribution lie so many deviations apart.
_QUANTILES_APART = 3.29


def explained(prediction: Array, target: Array) -> float:
    """Share of the target's variance that a prediction of the same shape explains; negative where the mean
    would do better, NaN where the target does not vary or nothing is finite."""
    one = np.asarray(prediction, np.float64).reshape(len(prediction), -1)
    other = np.asarray(target, np.float64).reshape(len(target), -1)
    known = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    one, other = one[known], other[known]
    total = np.square(other - other.mean(axis=0)).sum() if len(other) else 0.0
    return float(1 - np.square(one - other).sum() / total) if total > 0 else float("nan")


def robust_spread(values: Array) -> float:
    """The deviation of a normal distribution with the same 5 % and 95 % quantiles: outliers do not move it.
    NaN where nothing is finite."""
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return float("nan")
    low, high = np.quantile(finite, [0.05, 0.95])
    return float((high - low) / _QUANTILES_APART)


def effective_rank(values: Array) -> float:
    """How many directions the rows `(samples, units)` use: exp of the entropy of the normalised singular
    values of the centred matrix (Roy & Vetterli, 2007). 0 where nothing varies."""
    flat = np.asarray(values, np.float64).reshape(-1, values.shape[-1])
    flat = flat[np.isfinite(flat).all(axis=1)]
    if len(flat) < 2:
        return 0.0
    flat = evenly(flat, MOST_SAMPLES)
    singular = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)
    if singular[0] <= 1e-7 * max(np.abs(flat).max(), 1e-30):
        return 0.0
    share = singular[singular > 0] / singular.sum()
    return float(np.exp(-np.sum(share * np.log(share))))


def evenly(rows: Array, most: int) -> Array:
    """At most `most` of the rows, evenly over all of them, in order."""
    return rows[:: max(-(-len(rows) // most), 1)]


@dataclass(frozen=True, eq=False)
class Probed:
    """What a probe of `(samples, features)` says of `(samples, outputs)`, out of fold.

    prediction: `(samples, outputs)`. share: of the target's variance that it explains.
    by_rank: the same share of the best linear map through 1, 2, … numbers (reduced-rank regression; Izenman,
    1975): what a linear memory of that size could do.
    """

    prediction: Floats
    share: float
    by_rank: tuple[float, ...] = ()

    def needed(self, part: float = 0.95) -> int:
        """The fewest numbers that explain `part` of what all explain; 0 where nothing is explained."""
        if self.share <= 0:
            return 0
        return next(
            (rank for rank, share in enumerate(self.by_rank, 1) if share >= part * self.share),
            len(self.by_rank),
        )

    def at_rank(self, rank: int) -> float:
        """The share that a memory of `rank` numbers explains."""
        return self.by_rank[min(rank, len(self.by_rank)) - 1] if rank > 0 and self.by_rank else 0.0


def probe(features: Array, target: Array, *, ranks: int = 0) -> Probed:
    """Out-of-fold predictions of `target` by ridge regression on `features`, a row a sample.

    Both are flattened to `(samples, ...)`; rows should stand in the order of time, features in comparable
    units (`in_deviations`). ranks: how many ranks of `by_rank` are worked out. Raises ValueError where the
    rows differ in number or are fewer than two.
    """
    x = np.asarray(features, np.float64).reshape(len(features), -1)
    y = np.asarray(target, np.float64).reshape(len(target), -1)
    if len(x) != len(y) or len(x) < 2:
        raise ValueError(f"{len(x)} rows of features for {len(y)} of the target")
    ranks = min(ranks, y.shape[1])
    made = np.zeros((ranks + 1, *y.shape))
    for held_out in _blocks(len(x)):
        kept = np.setdiff1d(np.arange(len(x)), held_out)
        made[:, held_out] = _fitted(x[kept], y[kept], x[held_out], ranks)
    return Probed(
        prediction=made[0],
        share=explained(made[0], y),
        by_rank=tuple(explained(each, y) for each in made[1:]),
    )


def probe_windows(windows: Array, target: Array, *, ranks: int = 0) -> Probed:
    """`probe` on windows `(samples, timesteps, features)`: the best of all steps and of the last 16, 4 and 1.

    Few windows of many steps leave a regression more to estimate than it can; most forecasts live on the end.
    """
    steps = windows.shape[1]
    tried = [probe(windows[:, -last:], target, ranks=ranks) for last in (1, 4, 16) if last < steps]
    return max([*tried, probe(windows, target, ranks=ranks)], key=lambda probed: probed.share)


def _blocks(samples: int) -> Iterator[NDArray[np.int64]]:
    yield from np.array_split(np.arange(samples), min(FOLDS, samples))


def _fitted(x: Floats, y: Floats, asked: Floats, ranks: int) -> Floats:
    """Predictions for `asked`: unrestricted, then through 1 … `ranks` numbers; `(ranks + 1, rows, k)`."""
    middle, mean = x.mean(axis=0), y.mean(axis=0)
    answer = np.broadcast_to(mean, (ranks + 1, len(asked), y.shape[1])).copy()
    x, asked = x - middle, asked - middle
    if np.abs(x).max(initial=0.0) <= 1e-9 * np.abs(middle).max(initial=1e-30):
        return answer
    left, singular, right = np.linalg.svd(x, full_matrices=False)
    weights = _ridge(left, singular, y - mean)
    fitted = left @ (singular[:, None] * weights)
    through = asked @ right.T @ weights
    answer[0] += through
    if ranks:
        _, _, directions = np.linalg.svd(fitted, full_matrices=False)
        for rank in range(1, ranks + 1):
            kept = directions[:rank]
            answer[rank] += through @ kept.T @ kept
    return answer


def _ridge(left: Floats, singular: Floats, y: Floats) -> Floats:
    """Coefficients in the basis of right singular vectors `(directions, outputs)`, each output with the
    strength that generalised cross-validation finds best."""
    samples, square = len(y), np.square(singular)
    along = left.T @ y
    beyond = np.square(y).sum(axis=0) - np.square(along).sum(axis=0)
    best = np.full(y.shape[1], np.inf)
    weights = np.zeros((len(singular), y.shape[1]))
    for strength in _STRENGTHS * square.mean():
        kept = square / (square + strength)
        rest = np.maximum(beyond, 0) + np.square((1 - kept)[:, None] * along).sum(axis=0)
        freedom = samples - 1 - kept.sum()
        score = rest / freedom**2 if freedom > 0.05 * samples else np.full(y.shape[1], np.inf)
        better = score < best
        best = np.where(better, score, best)
        weights[:, better] = ((singular / (square + strength))[:, None] * along)[:, better]
    return weights


def nearest_neighbour(features: Array, target: Array) -> float:
    """Share of the target that the nearest other row explains: what any smooth function could know.

    Both are flattened to `(samples, ...)`. Noise in the target alone makes it negative.
    """
    distance = distances(features)
    np.fill_diagonal(distance, np.inf)
    flat = np.asarray(target, np.float64).reshape(len(target), -1)
    return explained(flat[np.argmin(distance, axis=1)], flat)


def distances(features: Array) -> Floats:
    """Root mean square differences between all rows, `(samples, samples)`, in the units of the features."""
    flat = np.asarray(features, np.float64).reshape(len(features), -1)
    flat = flat - flat.mean(axis=0)
    square = np.square(flat).sum(axis=1)
    between = square[:, None] + square[None, :] - 2 * flat @ flat.T
    return np.asarray(np.sqrt(np.maximum(between, 0) / max(flat.shape[1], 1)))


def in_deviations(x: Array) -> Floats:
    """`(batch, timesteps, features)` with each feature centred and in units of its own deviation over all
    rows and steps, so that probes and distances weigh all features alike; a constant one becomes 0."""
    flat = np.asarray(x, np.float64)
    axes = tuple(range(flat.ndim - 1))
    scale = flat.std(axis=axes)
    small = scale <= 1e-9 * np.maximum(np.abs(flat).max(axis=axes, initial=0.0), 1e-30)
    return np.asarray((flat - flat.mean(axis=axes)) / np.where(small, np.inf, scale))
