"""Why a batch of a training is saved. Pure: what is known of steps and epochs in, reasons out.

Each reason is given once when it begins to hold, and again only after it has ceased to.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lstm_tui.flight_recorder.batches import Batch
from lstm_tui.flight_recorder.reasons import Reason
from lstm_tui.flight_recorder.weights import KeptWeights

if TYPE_CHECKING:
    from lstm_tui.recurrent.recording import Array

#: Steps of which the median gradient is taken, and how many it takes to have one.
_STEPS, _ENOUGH = 100, 10
#: A loss gets better by a thousandth, or it stalls; below a hundredth of the first one it has arrived.
_BETTER, _ARRIVED = 1e-3, 1e-2
_EQUAL = 1e-6


@dataclass(frozen=True)
class TrainingConditions:
    """What is looked for: see `watch_training`."""

    nan: bool = True
    gradient_factor: float | None = 20.0
    constant: bool = True
    stalled_after: int | None = 5


@dataclass(frozen=True, eq=False)
class Step:
    """One step: its batch, what it started from, and what is known afterwards.

    loss: as Keras logs it, the mean of the epoch so far. norm: of the gradients, None where nobody looks.
    ahead: something pulled batches ahead, so the batch may be a later one. several: batches of this step.
    """

    epoch: int
    step: int
    batch: Batch
    states: Mapping[str, Array]
    weights: KeptWeights | None
    loss: float
    norm: float | None = None
    ahead: bool = False
    several: int = 1

    def told(self) -> list[str]:
        """Lines for the description of a capture."""
        where = f"Epoch {self.epoch + 1}, step {self.step + 1}: batch {self.batch.number} that was pulled"
        if self.batch.rows is not None:
            shown = ", ".join(map(str, self.batch.rows[:64]))
            where += f", rows {shown}{', …' if len(self.batch.rows) > 64 else ''} of the data"
        norm = f", gradient norm {self.norm:.4g}" if self.norm is not None else ""
        lines = [f"{where}.", f"Loss {self.loss:.6g}, mean of the epoch so far{norm}."]
        if self.states:
            lines.append("The states are those before the batch.")
        if self.several > 1:
            lines.append(f"The step took {self.several} batches; this is the last one.")
        if self.ahead:
            lines.append("Something pulls batches ahead of the training: this may be another batch.")
        return lines


class Watchfulness:
    """Remembers what it takes to tell that something has begun to go wrong."""

    def __init__(self, conditions: TrainingConditions) -> None:
        self._conditions = conditions
        self._holding: set[str] = set()
        self._norms: deque[float] = deque(maxlen=_STEPS)
        self._first = self._best = math.nan
        self._epochs_since = 0

    def after_step(self, now: Step, previous: Step | None) -> list[tuple[Step, list[Reason]]]:
        """The steps to be saved, each with its reasons."""
        found: list[tuple[Step, list[Reason]]] = []
        gradient = self._gradient(now)
        if self._begins("nan", self._conditions.nan and not math.isfinite(now.loss)):
            culprit, reason = _broken_by(now, previous)
            found.append((culprit, [reason]))
        if self._begins("gradient", bool(gradient)):
            if found and found[0][0] is now:
                found[0][1].extend(gradient)
            else:
                found.append((now, gradient))
        return found

    def _gradient(self, now: Step) -> list[Reason]:
        factor = self._conditions.gradient_factor
        if factor is None or now.norm is None:
            return []
        if not math.isfinite(now.norm):
            return [Reason("gradient", "the gradient is NaN or inf")]
        usual = statistics.median(self._norms) if len(self._norms) >= _ENOUGH else math.inf
        self._norms.append(now.norm)
        if now.norm <= factor * usual or usual == 0:
            return []
        times = f"{now.norm / usual:.3g} times the median of the steps before"
        return [Reason("gradient", f"the gradient's norm is {now.norm:.4g}, {times}")]

    def after_epoch(self, loss: object) -> list[Reason]:
        """Whether the loss has stopped getting better."""
        patience = self._conditions.stalled_after
        if patience is None or not isinstance(loss, int | float) or not math.isfinite(loss):
            return []
        self._first = loss if math.isnan(self._first) else self._first
        if math.isnan(self._best) or loss < self._best - _BETTER * abs(self._best):
            self._best, self._epochs_since = loss, 0
        else:
            self._epochs_since += 1
        arrived = abs(self._best) <= _ARRIVED * abs(self._first)
        if not self._begins("stalled", self._epochs_since >= patience and not arrived):
            return []
        said = f"the loss has not got better than {self._best:.6g} for {self._epochs_since} epochs"
        return [Reason("stalled", said)]

    def after_predictions(self, predictions: Sequence[Array], labels: Sequence[Array]) -> list[Reason]:
        """Whether all samples get the same prediction although their labels differ; each `(batch, ...)`."""
        same = _equal_samples(predictions)
        constant = same is not None and _equal_samples(labels) is None and sum(map(len, labels)) > 1
        if not self._begins("constant", constant):
            return []
        count = sum(map(len, predictions))
        return [Reason("constant", f"{count} samples with different labels get one prediction, {same:.6g}")]

    def _begins(self, what: str, holds: bool) -> bool:
        """Whether something holds now that did not before."""
        was = what in self._holding
        (self._holding.add if holds else self._holding.discard)(what)
        return holds and not was


def _broken_by(now: Step, previous: Step | None) -> tuple[Step, Reason]:
    """The step that brought the NaN: this one, or the one before where it broke the weights."""
    broken = now.weights is not None and not now.weights.finite
    if broken and previous is not None and previous.weights is not None and previous.weights.finite:
        return previous, Reason("nan", "the step on this batch made weights NaN, and the next loss with them")
    if broken:
        return now, Reason("nan", "the loss is NaN or inf, and weights were NaN before this batch")
    return now, Reason("nan", "the loss of this batch is NaN or inf, with weights that are numbers")


def _equal_samples(arrays: Sequence[Array]) -> float | None:
    """The first number of a sample where all samples are equal; None where they differ or there is one."""
    samples = [sample.reshape(-1) for array in arrays for sample in array]
    if len(samples) < 2 or len({sample.shape for sample in samples}) > 1:
        return None
    stacked = np.stack(samples).astype(np.float64)
    gaps = np.ptp(stacked, axis=0)
    if stacked.size == 0 or not (gaps <= _EQUAL * np.maximum(1.0, np.abs(stacked).max(axis=0))).all():
        return None
    return float(stacked[0, 0])
