"""How badly steps foretell the ones after them: inside sequences, and where pieces are joined that do not
belong together. A join is weighed by which of the two it looks like. NumPy only.

What occurs inside sequences, however seldom, is no evidence against a join: the series may jump there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lstm_tui.recurrent.recording import Array

#: Steps from which the next one is foretold, and how many to learn that from: fewer are learnt by heart.
LAGS, _ENOUGH = 2, 24
#: Joins of pieces that do not belong together.
_JOINS = 400
#: Steps inside sequences on which it is tried how much this tells.
_TRIED = 400
#: A join speaks against a continuation where it is so much more surprising than any step inside a sequence (a
#: logarithm). Pieces that did not belong together went far beyond that in every draw of the tuning set.
_BEYOND = 0.2

Density = Callable[[float], float]


class Foretelling:
    """Learnt from sequences, each `(timesteps, features)`.

    lags: 0 foretells that a step repeats the one before; for sequences that show no steps of their own, and
        for those that jump.
    tells: how much a join inside a sequence weighs on average, in nats.
    """

    def __init__(self, known: Sequence[Array], *, lags: int = LAGS) -> None:
        told = sum(len(each) - LAGS for each in known)
        self._lags = lags if told >= _ENOUGH else 0
        #: Steps before a join, and after it, that are looked at.
        self._reach = max(self._lags, 1)
        self._coefficients, self._size = _learnt(known, self._lags)
        inside, elsewhere = self._inside(known), self._elsewhere(known)
        self.silent = min(len(inside), len(elsewhere)) < 6
        self.tells = 0.0
        if self.silent:
            return
        self._largest = float(inside.max())
        anywhere = 0.02 / (float(np.ptp(np.concatenate([inside, elsewhere]))) + 2)
        self._density_inside, self._density_elsewhere = (
            _density(inside, anywhere),
            _density(elsewhere, anywhere),
        )
        self._least = float(np.quantile(inside, 0.1))
        self._most = max(float(np.quantile(elsewhere, 0.9)), self._least)
        self.tells = float(np.mean([self._told_by(each) for each in inside[:: -(-len(inside) // _TRIED)]]))

    def weight(self, before: Array, after: Array) -> float:
        """Of the evidence that `after` follows `before`, in nats: negative for one that does not."""
        if self.silent or len(before) < self._reach or not len(after):
            return 0.0
        (surprise,) = self._surprises(before[None, -self._reach :], after[None, : self._reach])
        weight = self._told_by(float(surprise))
        return weight if weight > 0 or surprise > self._largest + _BEYOND else 0.0

    def _told_by(self, surprise: float) -> float:
        seen = min(max(surprise, self._least), self._most)
        return float(np.log(self._density_inside(seen)) - np.log(self._density_elsewhere(seen)))

    def _inside(self, known: Sequence[Array]) -> Array:
        """Surprises at every step within a sequence."""
        width = 2 * self._reach
        pieces = [sliding_window_view(each, width, axis=0) for each in known if len(each) >= width]
        if not pieces:
            return np.zeros(0)
        joins = np.concatenate(pieces).transpose(0, 2, 1)
        return self._surprises(joins[:, : self._reach], joins[:, self._reach :])

    def _elsewhere(self, known: Sequence[Array]) -> Array:
        """Surprises at joins of steps that do not belong together."""
        rng = np.random.default_rng(0)
        before, after = [], []
        for _ in range(_JOINS):
            one, other = (known[index] for index in rng.integers(len(known), size=2))
            end = int(rng.integers(self._reach, len(one) + 1))
            begin = int(rng.integers(0, len(other) - self._reach + 1))
            if end == len(one) or not np.array_equal(one[end], other[begin]):
                before.append(one[end - self._reach : end])
                after.append(other[begin : begin + self._reach])
        return self._surprises(np.array(before), np.array(after)) if before else np.zeros(0)

    def _surprises(self, before: Array, after: Array) -> Array:
        """How far the steps after a join `(joins, steps, features)` lie from what those before it foretold:
        root mean square in the size of what is usual, on a log scale."""
        past = before[:, ::-1]
        errors = []
        for at in range(after.shape[1]):
            foretold = _foretold(past[:, : self._reach], self._coefficients)
            errors.append((after[:, at] - foretold) / self._size)
            past = np.concatenate([after[:, at : at + 1], past], axis=1)
        return np.asarray(np.log(np.sqrt(np.mean(np.square(errors), axis=(0, 2))) + 1e-3))


def _learnt(known: Sequence[Array], lags: int) -> tuple[Array, Array]:
    """How a step follows from those before it, newest first, by least squares for each feature by itself; and
    the size of what is left. Without lags a step is foretold to repeat itself."""
    features = known[0].shape[1]
    floor = 1e-3 * np.concatenate(known).std(axis=0) + 1e-9
    if not lags:
        moves = np.concatenate([np.diff(each, axis=0) for each in known])
        return np.tile([1.0, 0.0], (features, 1)), np.maximum(moves.std(axis=0), floor)
    coefficients, size = [], []
    for feature in range(features):
        past = [
            np.stack([each[lags - lag - 1 : len(each) - lag - 1, feature] for lag in range(lags)], axis=1)
            for each in known
        ]
        told = np.concatenate(past)
        table = np.column_stack([told, np.ones(len(told))])
        wanted = np.concatenate([each[lags:, feature] for each in known])
        solution = np.linalg.lstsq(table, wanted, rcond=None)[0]
        coefficients.append(solution)
        size.append(max(float(np.std(wanted - table @ solution)), float(floor[feature])))
    return np.array(coefficients), np.array(size)


def _foretold(past: Array, coefficients: Array) -> Array:
    """The next steps `(joins, features)` after `past`, newest first `(joins, lags, features)`."""
    lags = coefficients.shape[1] - 1
    weighed = np.einsum("nlf,fl->nf", past[:, :lags], coefficients[:, :lags])
    return np.asarray(weighed + coefficients[:, lags])


def _density(sample: Array, anywhere: float) -> Density:
    """A smooth density, which knows that anything may happen."""
    width = max(0.25, 1.06 * float(sample.std()) * len(sample) ** -0.2)

    def at(where: float) -> float:
        bells = np.exp(-0.5 * ((where - sample) / width) ** 2) / (width * np.sqrt(2 * np.pi))
        return 0.98 * float(bells.mean()) + anywhere

    return at
