"""Predictions are in scaled units and the target is not: the inverse transform is missing.

Looks for the affine map from predictions to target. A weak model profits from one too; only a map that is
no calibration counts: a slope far from 1, or an offset beyond all predictions, that takes away most of the
error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Proof
from lstm_tui.checks.measures import rms
from lstm_tui.recurrent.recording import Array

#: Fewer pairs fit a line too easily.
FEWEST = 8
#: The map must leave less than this share of the error,
LEFT = 0.3
#: explain at least this share of the target's variance; the lesser one is enough of a weak model where the
#: target lies apart from all predictions and so many pairs rule out chance,
EXPLAINED, EXPLAINED_APART, MANY = 0.5, 0.25, 30
#: and stretch by more than this, or shift by more than this many ranges of the predictions.
STRETCH, SHIFT = 3.0, 2.0


#: Predictions that vary by less of their size are one value, whatever could be read into the rest.
FLAT = 1e-3


@dataclass(frozen=True)
class Affine:
    """`target = slope * prediction + offset`, with the errors without and with it."""

    slope: float
    offset: float
    before: float
    after: float
    explained: float


def _find(case: Case) -> Iterator[Finding]:
    target = case.target
    output = next(iter(case.outputs.values()), None)
    if target is None or output is None or target.size != output.size or len(case.outputs) != 1:
        return
    predicted = case.in_user_units(output).astype(np.float64).ravel()
    wanted = target.astype(np.float64).ravel()
    if not (np.isfinite(predicted).all() and np.isfinite(wanted).all()):
        return
    if np.isin(wanted, (0, 1)).all():  # classes: a classifier that is right but timid is no matter of units
        return
    found = affine(predicted, wanted)
    if found is None or not _is_a_scale(found, predicted, wanted) or _was_trained_so(case, wanted):
        return
    yield _finding(found, predicted, wanted)


def affine(predicted: Array, wanted: Array) -> Affine | None:
    """The least-squares map of predictions `(pairs,)` onto targets; None where there is nothing to fit."""
    if len(predicted) < FEWEST or np.ptp(predicted) <= FLAT * max(float(np.abs(predicted).max()), 1e-9):
        return None
    slope, offset = (float(each) for each in np.polyfit(predicted, wanted, 1))
    after = rms(slope * predicted + offset - wanted)
    spread = float(wanted.std())
    explained = 1 - (after / spread) ** 2 if spread > 0 else 0.0
    return Affine(slope, offset, rms(predicted - wanted), after, explained)


def _is_a_scale(found: Affine, predicted: Array, wanted: Array) -> bool:
    if found.slope <= 0 or found.after > LEFT * found.before:
        return False
    distance = max(float(wanted.min() - predicted.max()), float(predicted.min() - wanted.max()))
    apart = distance > SHIFT * float(np.ptp(predicted))
    if found.explained < (EXPLAINED_APART if apart and len(predicted) >= MANY else EXPLAINED):
        return False
    stretched = found.slope > STRETCH or found.slope < 1 / STRETCH
    return apart or (stretched and _beyond(predicted, wanted, found.slope))


def _beyond(predicted: Array, wanted: Array, slope: float) -> bool:
    """Most targets lie beyond all that is predicted (or the other way round): no weak model is that weak."""
    narrow, wide = (predicted, wanted) if slope > 1 else (wanted, predicted)
    reach = float(np.ptp(narrow))
    return float(((wide < narrow.min() - reach) | (wide > narrow.max() + reach)).mean()) >= 0.5


def _was_trained_so(case: Case, wanted: Array) -> bool:
    """The labels of the training are in the target's units: then predictions were meant to be so as well."""
    labels = case.reference_target
    if labels is None or labels.dtype.kind not in "fiu" or not labels.size:
        return False
    low, high = float(np.min(labels)), float(np.max(labels))
    reach = 0.5 * (high - low)
    return bool(
        (low - reach <= np.median(wanted) <= high + reach) and np.ptp(wanted) < 4 * max(high - low, 1e-12)
    )


def _finding(found: Affine, predicted: Array, wanted: Array) -> Finding:
    inverse = Rescale(
        "standard",
        np.array(found.offset),
        np.array(found.slope),
        inverse=True,
        origin="fitted on the target",
    )
    return Finding(
        code="output-scale",
        severity="error",
        summary=f"Predictions lie in {predicted.min():.4g} to {predicted.max():.4g}, the target in "
        f"{wanted.min():.4g} to {wanted.max():.4g}; target = {found.slope:.4g} × prediction + "
        f"{found.offset:.4g} explains {found.explained:.0%} of it. They are in scaled units.",
        evidence={
            "slope": found.slope,
            "offset": found.offset,
            "explained": found.explained,
            "error": found.before,
            "error_mapped": found.after,
        },
        fix=Fix(
            "Turn predictions back with the scaler of the training's labels. What was tried here was fitted "
            "on this target, to show the units.",
            code="y = target_scaler.inverse_transform(model.predict(x))",
            actions=(inverse,),
        ),
        proof=Proof("error against the target", found.before, found.after),
        weight=0.85,
    )


CHECK = Check(
    code="output-scale",
    needs=("x", "target", "output"),
    find=_find,
    lesson=Lesson(
        title="Predictions are in scaled units",
        what="The labels were scaled for training, so that the model predicts scaled numbers. They go up "
        "and down with the target, but in other units.",
        why="Errors and plots against the real target look hopeless although the model is right.",
        keras="Keras knows nothing of the labels' scaler. A Rescaling layer behind the head, after "
        "training, makes the way back a part of the model.",
        prevent="Keep the scaler of the labels beside the model, apart from that of the inputs, and use its "
        "inverse_transform on every prediction.",
        code="y = target_scaler.inverse_transform(model.predict(x))",
    ),
    explains=("output-squashed", "echo", "capacity-low", "context-short"),
)
