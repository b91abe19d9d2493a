"""BatchNormalization whose moving statistics are not those of the data: it normalises by the wrong numbers.

A short input has other statistics than the training data, and rightly so. Therefore they are taken from
the reference where there is one; without one only statistics that were hardly ever updated count: those that
still lie on the way from 0 and 1, where they start, to what the data has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import paired, variation
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array, Recording

#: Off by so many deviations of the data, or by this factor in the deviation.
OFF_MEAN, OFF_SCALE = 1.0, 2.0
#: Replaced, they change the outputs by so much of their spread.
CHANGED = 0.3
#: How far the statistics have come from their start; at more they count as arrived.
ARRIVED = 0.9
#: What such statistics leave unexplained, of the differences between the data's statistics and the start.
_ON_THE_WAY = 0.05
_FEWEST = 24


@dataclass(frozen=True, eq=False)
class Statistics:
    """Of one layer, `(channels,)` each: what it keeps, and what the data has."""

    path: str
    mean: Array
    variance: Array
    data_mean: Array
    data_variance: Array

    @property
    def off(self) -> float:
        """The median over channels of how far they are off, 1 where just at the limits."""
        deviation = np.sqrt(np.maximum(self.data_variance, 1e-12))
        kept = np.sqrt(np.maximum(self.variance, 1e-12))
        by_mean = np.abs(self.mean - self.data_mean) / np.maximum(deviation, kept) / OFF_MEAN
        by_scale = np.abs(np.log(kept / deviation)) / np.log(OFF_SCALE)
        return float(np.median(np.maximum(by_mean, by_scale)))

    @property
    def progress(self) -> float | None:
        """How far they have come from 0 and 1 to the data's, in [0, 1]; None where they lie elsewhere."""
        start = np.concatenate([np.zeros_like(self.data_mean), np.ones_like(self.data_variance)])
        way = np.concatenate([self.data_mean, self.data_variance]) - start
        come = np.concatenate([self.mean, self.variance]) - start
        total = float(way @ way)
        if total <= 1e-9:
            return None
        share = float(come @ way) / total
        rest = float(np.square(come - share * way).sum())
        return share if rest <= _ON_THE_WAY * total and share >= -0.05 else None


def _find(case: Case) -> Iterator[Finding]:
    layers = [
        path for path, settings in case.settings.items() if settings.get("class_name") == "BatchNormalization"
    ]
    if not layers or case.recording is None:
        return
    recording = _data(case, layers)
    if recording is None:
        return
    stale = [
        found
        for path in layers
        if (found := statistics(case, recording, path)) is not None and _is_stale(case, found)
    ]
    if not stale:
        return
    replaced: Mapping[str, Array] = {
        f"{each.path}/{name}": values.astype(np.float32)
        for each in stale
        for name, values in (("moving_mean", each.data_mean), ("moving_variance", each.data_variance))
    }
    try:
        after = case.predict(lab=case.reweighted(replaced))
    except EditError:
        return
    changed = _changed(case.outputs, after)
    if changed >= CHANGED and _is_no_worse(case, after):
        yield _finding(case, stale, changed, after)


def _data(case: Case, layers: list[str]) -> Recording | None:
    """A recording of the reference where there is one and what was recorded looks off; else of the input."""
    recording = case.recording
    if recording is None or not case.reference:
        return recording
    looks = [found for path in layers if (found := statistics(case, recording, path)) is not None]
    if not any(found.off > 1 for found in looks):
        return None
    rows = min(len(x) for x in case.inputs.values())
    sample = {name: x[:: max(len(x) // rows, 1)][:rows] for name, x in case.reference.items()}
    if any(sample[name].shape != x.shape for name, x in case.inputs.items() if name in sample):
        sample = {name: x[:64] for name, x in case.reference.items()}
    return case.recorded(sample)


def statistics(case: Case, recording: Recording, path: str) -> Statistics | None:
    """What the layer keeps beside what the data has, worked back from what it gave; None where too few values
    are known."""
    call = next((each for each in recording.layer_outputs if each.path == path), None)
    kept = {
        name: case.weights.get(f"{path}/{name}")
        for name in ("moving_mean", "moving_variance", "gamma", "beta")
    }
    mean, variance = kept["moving_mean"], kept["moving_variance"]
    if call is None or not call.values or mean is None or variance is None:
        return None
    given = call.values[0].reshape(-1, call.values[0].shape[-1]).astype(np.float64)
    if len(given) < _FEWEST or given.shape[1] != len(mean) or not np.isfinite(given).all():
        return None
    gamma = kept["gamma"] if kept["gamma"] is not None else np.ones_like(mean)
    beta = kept["beta"] if kept["beta"] is not None else np.zeros_like(mean)
    epsilon = float(case.settings[path].get("epsilon", 1e-3))
    if (np.abs(gamma) < 1e-6).any():
        return None
    came_in = (given - beta) / gamma * np.sqrt(variance + epsilon) + mean
    return Statistics(path, mean, variance, came_in.mean(axis=0), came_in.var(axis=0))


def _is_stale(case: Case, found: Statistics) -> bool:
    if found.off <= 1:
        return False
    return bool(case.reference) or (found.progress is not None and found.progress < ARRIVED)


def _changed(before: Inputs, after: Inputs) -> float:
    """By how much outputs change, in the larger of both spreads."""
    shares = [
        float(np.sqrt(np.mean(np.square(before[key].astype(np.float64) - after[key]))))
        / max(variation({key: before[key]}), variation({key: after[key]}), 1e-12)
        for key in before
        if key in after and before[key].shape == after[key].shape
    ]
    return max(shares, default=0.0)


def _is_no_worse(case: Case, after: Inputs) -> bool:
    """Whether labels, where there are any, agree that the replaced statistics are the better ones."""
    now, then = paired(case), paired(case, outputs=after)
    return now is None or then is None or then.share > now.share


def _finding(case: Case, stale: list[Statistics], changed: float, after: Inputs) -> Finding:
    first = max(stale, key=lambda each: each.off)
    channel = int(
        np.argmax(
            np.abs(first.mean - first.data_mean)
            + np.abs(np.log(first.variance / np.maximum(first.data_variance, 1e-12)))
        )
    )
    now, then = paired(case), paired(case, outputs=after)
    return Finding(
        code="batchnorm-statistics",
        severity="error",
        summary=f"{first.path} normalises channel {channel} by mean {first.mean[channel]:.3g} and variance "
        f"{first.variance[channel]:.3g}; the data has {first.data_mean[channel]:.3g} and "
        f"{first.data_variance[channel]:.3g}. With its own statistics the outputs change by {changed:.0%} "
        "of their spread.",
        layer=first.path,
        evidence={
            each.path: {
                "moving_mean": tuple(each.mean[:8].tolist()),
                "data_mean": tuple(each.data_mean[:8].tolist()),
                "moving_variance": tuple(each.variance[:8].tolist()),
                "data_variance": tuple(each.data_variance[:8].tolist()),
                "progress": each.progress,
            }
            for each in stale
        },
        fix=Fix(
            "Train for more steps, or with a smaller momentum, so that the statistics arrive; "
            "LayerNormalization keeps none and suits recurrent layers better.",
            code="keras.layers.BatchNormalization(momentum=0.9)  # 0.99 needs hundreds of steps\n"
            "keras.layers.LayerNormalization()",
        ),
        proof=Proof("share of the target explained, with the data's statistics", now.share, then.share)
        if now is not None and then is not None
        else Proof("how far the statistics are off, in limits", first.off, 0.0),
        place=Place(layer=first.path),
        weight=0.88,
    )


CHECK = Check(
    code="batchnorm-statistics",
    needs=("x", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="BatchNormalization keeps statistics that are not the data's",
        what="In training the layer normalises by each batch's own mean and variance; at inference by moving "
        "averages of them, which start at 0 and 1.",
        why="After few training steps the averages are still near their start, and inference normalises by "
        "numbers that training never saw: the loss was fine, predictions are not.",
        keras="momentum is 0.99 by default: after 20 steps the averages have come 18 % of the way, after "
        "300 steps 95 %. fit and evaluate do not tell.",
        prevent="Compare evaluate on the training data with the loss that fit reported; take a smaller "
        "momentum for short trainings.",
        code="keras.layers.BatchNormalization(momentum=0.9)",
    ),
    explains=("output-scale", "gates-saturated", "capacity-low"),
)
