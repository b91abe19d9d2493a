"""Does one sequence continue another? The judgement that all checks of carried states share. NumPy only.

Equal steps are a fact (`same`, `overlaps`). Beyond that the join is weighed: how badly the steps before it
foretell the steps after it, against the steps inside sequences and against joins of steps that do not belong
together. Both are measured on the same data, so that noise, which foretells nothing, gives no answer: most
joins of noisy data are `unclear`, and a check that needs an answer stays silent then. Weights of evidence
add up: sixteen rows tell more than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from lstm_tui.checks.states.foretelling import LAGS, Foretelling
from lstm_tui.recurrent.recording import Array

Kind = Literal["same", "overlaps", "continues", "unrelated", "unclear"]

#: Weight of evidence (in nats) from which on an answer is given: odds of 20 to 1.
DECISIVE = 3.0
#: And so much for each join on average: many joins that each say next to nothing are no answer.
EACH = 0.4
#: What a single join can weigh.
MOST = 4.0
#: A coincidence of equal steps is believed up to this probability.
CHANCE = 1e-3
#: Sequences, and steps of each, that the measure is taken from.
_SEQUENCES, _STEPS = 64, 256
#: Shorter sequences show no steps of their own: then their order is looked at.
_SHORT = 2 * LAGS
#: Of the spread of all steps: sequences that begin closer together than that begin alike.
_ALIKE = 0.25


@dataclass(frozen=True)
class Relation:
    """How the sequence `after` stands to the one `before` it.

    overlap: steps at the start of the one that are the end of the other.
    weight: of the evidence, in nats: positive for a continuation.
    jump, elsewhere: from the last step to the first one, and to steps that do not belong there, in typical
        steps of the data; nan where nothing is typical.
    joins: how many were looked at.
    """

    kind: Kind
    overlap: int = 0
    weight: float = 0.0
    jump: float = float("nan")
    elsewhere: float = float("nan")
    joins: int = 1

    def with_more(self, weight: float) -> Relation:
        """The same with more evidence from elsewhere: what the target says."""
        if self.kind in ("same", "overlaps"):
            return self
        return replace(self, kind=verdict(self.weight + weight, self.joins), weight=self.weight + weight)


def verdict(weight: float, joins: int) -> Kind:
    """What so much evidence from so many joins says."""
    if abs(weight) < max(DECISIVE, EACH * joins):
        return "unclear"
    return "continues" if weight > 0 else "unrelated"


def together(relations: Sequence[Relation]) -> Relation:
    """The answer of several joins of one kind: rows of a batch, batches of a call."""
    if not relations:
        return Relation("unclear", joins=0)
    for kind in ("same", "overlaps"):
        of_kind = [each for each in relations if each.kind == kind]
        if 2 * len(of_kind) > len(relations):
            overlap = int(np.median([each.overlap for each in of_kind]))
            return Relation(kind, overlap, joins=len(relations))
    weight = sum(each.weight for each in relations)
    jump, elsewhere = (_median([getattr(each, name) for each in relations]) for name in ("jump", "elsewhere"))
    return Relation(verdict(weight, len(relations)), 0, weight, jump, elsewhere, len(relations))


def overlap_of(before: Array, after: Array) -> int:
    """The most steps at the start of `after` that are the end of `before`, each `(timesteps, features)`."""
    for steps in range(min(len(before), len(after)), 0, -1):
        if np.array_equal(before[-steps:], after[:steps], equal_nan=before.dtype.kind == "f"):
            return steps
    return 0


class Continuity:
    """What is typical of some sequences, and how a join compares with it.

    sequences: each `(timesteps, features)`.
    chains: indices of sequences in the order in which they followed each other; for sequences so short that
        only their order can tell.
    discrete: the numbers are names (token ids): only equal steps tell.
    """

    def __init__(
        self, sequences: Sequence[Array], chains: Sequence[Sequence[int]] = (), *, discrete: bool = False
    ) -> None:
        whole = [trimmed(each) for each in sequences]
        short = max((len(each) for each in whole), default=0) < _SHORT
        known = _serial_chains(whole, chains) if short else whole
        self._known = [each[-_STEPS:] for each in _spread(known, _SEQUENCES) if len(each) >= _SHORT]
        self._equal_by_chance = _chance(sequences)
        self._moving, free = _features(self._known, whole, short=short)
        silent = discrete or sum(len(each) for each in self._known) < 8
        lags = 0 if short else LAGS
        self._all = None if silent else _foretelling(self._known, self._moving, lags)
        same = np.array_equal(free, self._moving)
        self._free = self._all if silent or same else _foretelling(self._known, free, lags)
        self._of_free = free

    def relation(self, before: Array, after: Array) -> Relation:
        """How `after` stands to `before`, each `(timesteps, features)`."""
        before, after = trimmed(before), trimmed(after)
        overlap = overlap_of(before, after)
        weight, jump = self._weight(before, after), self._jump(before, after)
        elsewhere = self._jump_elsewhere
        if overlap and self._equal_by_chance**overlap < CHANCE:
            if overlap == len(before) == len(after):
                # whole periods of something that repeats itself are equal, and yet follow each other
                kind: Kind = "continues" if weight >= DECISIVE else "same"
                return Relation(kind, overlap, weight, jump, elsewhere)
            if overlap > 1:
                return Relation("overlaps", overlap, weight, jump, elsewhere)
        return Relation(verdict(weight, 1), overlap, weight, jump, elsewhere)

    def _weight(self, before: Array, after: Array) -> float:
        """What all features say for a continuation; what may speak against it, those say that are free to
        begin anywhere."""
        if self._all is None:
            return 0.0
        moving, free = self._moving, self._of_free
        weight = self._all.weight(before[:, moving], after[:, moving])
        if weight <= 0:
            weight = self._free.weight(before[:, free], after[:, free]) if self._free is not None else 0.0
        return float(np.clip(weight, -MOST, MOST))

    def _jump(self, before: Array, after: Array) -> float:
        if self._all is None or not len(before) or not len(after):
            return float("nan")
        return float(np.mean(np.abs(after[0] - before[-1])[self._moving] / self._typical))

    @cached_property
    def _typical(self) -> Array:
        """A typical step of each moving feature."""
        steps = np.concatenate([np.abs(np.diff(each[:, self._moving], axis=0)) for each in self._known])
        floor = 1e-3 * np.concatenate(self._known)[:, self._moving].std(axis=0) + 1e-12
        return np.asarray(np.maximum(np.median(steps, axis=0), floor))

    @cached_property
    def _jump_elsewhere(self) -> float:
        """From a step to one that does not belong there, in typical steps."""
        if self._all is None:
            return float("nan")
        steps = np.concatenate(self._known)[:, self._moving]
        shuffled = np.random.default_rng(1).permutation(steps)
        return float(np.median(np.mean(np.abs(shuffled - steps) / self._typical, axis=1)))


def _foretelling(known: Sequence[Array], features: Array, lags: int) -> Foretelling | None:
    """Of those that can be learnt the one that tells more: of a series that jumps, fewer steps are spoilt."""
    if not len(features):
        return None
    shown = [each[:, features] for each in known]
    learnt = [Foretelling(shown, lags=each) for each in sorted({lags, 0}, reverse=True)]
    return max((each for each in learnt if not each.silent), key=lambda each: each.tells, default=None)


def _serial_chains(sequences: Sequence[Array], chains: Sequence[Sequence[int]]) -> list[Array]:
    """Sequences too short to tell anything, one after the other, where their order tells something."""
    joined = [np.concatenate([sequences[index] for index in chain]) for chain in chains if len(chain) > 3]
    return [each for each in joined if is_serial(each)]


def _features(known: Sequence[Array], whole: Sequence[Array], *, short: bool) -> tuple[Array, Array]:
    """Indices of the features that move inside sequences, and of those that are free as well.

    What stands still inside each sequence says who or which day it is, not whether it goes on. What begins
    alike in all (the hour of the day, a ramp) begins so because of how the sequences were cut.
    """
    if not known:
        return np.zeros(0, int), np.zeros(0, int)
    spread = np.concatenate(known).std(axis=0)
    inside = np.max([each.std(axis=0) for each in known], axis=0)
    moves = inside > 1e-6 * np.maximum(spread, 1e-12)
    starts = np.array([each[0] for each in whole if len(each)])
    locked = (starts.std(axis=0) < _ALIKE * spread) & (len(starts) > 1)
    return np.flatnonzero(moves), np.flatnonzero(moves & (~locked | short))


def trimmed(steps: Array) -> Array:
    """Without padding: steps of zeros at either end, where there are at least two and others beside them."""
    there = np.flatnonzero(np.any(steps != 0, axis=1))
    if not len(there):
        return steps
    first, last = int(there[0]), int(there[-1]) + 1
    return steps[first if first > 1 else 0 : last if len(steps) - last > 1 else len(steps)]


def is_serial(steps: Array) -> bool:
    """Whether the order of the steps says something: neighbours are closer than in most other orders."""
    spread = steps.std(axis=0)
    scaled = steps[:, spread > 0] / spread[spread > 0]
    if len(steps) < 8 or not scaled.shape[1]:
        return False
    rng = np.random.default_rng(2)
    return _roughness(scaled) < float(
        np.quantile([_roughness(rng.permutation(scaled)) for _ in range(100)], 0.02)
    )


def _roughness(steps: Array) -> float:
    return float(np.mean(np.square(np.diff(steps, axis=0))))


def _chance(sequences: Sequence[Array]) -> float:
    """How probable it is that two steps are equal which are not the same step."""
    steps = np.concatenate([each[:_STEPS] for each in _spread(sequences, _SEQUENCES)]) if sequences else None
    if steps is None or len(steps) < 2:
        return 0.0
    chosen = steps[np.random.default_rng(3).integers(len(steps), size=(500, 2))]
    _, counts = np.unique(steps, axis=0, return_counts=True)
    distinct = len(counts) / len(steps)
    equal = float(np.mean(np.all(chosen[:, 0] == chosen[:, 1], axis=1)))
    return 0.0 if distinct > 0.9 else equal


def _spread(values: Sequence[Array], most: int) -> list[Array]:
    return list(values[:: max(-(-len(values) // most), 1)])


def _median(values: Sequence[float]) -> float:
    there = [value for value in values if np.isfinite(value)]
    return float(np.median(there)) if there else float("nan")
