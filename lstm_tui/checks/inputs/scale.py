"""The input is not on the scale that the model was trained on.

Far from the reference is not enough: the input is put onto the reference's scale and run again, and something
must come back that was lost: the error falls, gates leave saturation, outputs move or lie where they should.
Where nothing says what the training's scale was, `scale_unknown` looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import settled_outputs
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.inputs.scale_unknown import of_raw_numbers
from lstm_tui.checks.inputs.yardstick import Distance, Yardstick, distance, rescale_onto, yardstick
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array, Recording
from lstm_tui.recurrent.saturation import OPEN_ABOVE, SHUT_BELOW

#: The share of saturated gates must fall by this much.
LESS_SATURATED = 0.15
#: Outputs that move less than this share of the reference's hardly move.
HARDLY = 0.3
#: The error must fall below this share of itself.
LESS_ERROR = 0.6


def _find(case: Case) -> Iterator[Finding]:
    for name, array in case.inputs.items():
        if array.dtype.kind != "f" or array.ndim not in (2, 3) or not np.isfinite(array).all():
            continue
        known = yardstick(case, name)
        if known is None:
            continue
        found = distance(array, known)
        if found.far.any():
            rescale = rescale_onto(found, known)
            effect = _effect(case, name, rescale)
            if effect is not None:
                yield _finding(case, name, (known, found, rescale), effect)
                return
    yield from of_raw_numbers(case)


@dataclass(frozen=True, eq=False)
class _Effect:
    """What rescaling changes: the metric that shows it, and the share of saturated gates in any case."""

    proof: Proof
    saturated: tuple[float, float] | None


def _effect(case: Case, name: str, rescale: Rescale) -> _Effect | None:
    """The first metric that rescaling mends; None where none does."""
    rescaled: Inputs = {**case.inputs, name: rescale.apply(case.inputs[name])}
    before, after = case.recording, case.recorded(rescaled)
    if before is None or after is None:
        return None
    saturated = _saturated(before), _saturated(after)
    both = (saturated[0], saturated[1]) if saturated[0] is not None and saturated[1] is not None else None
    proofs = (
        _error(case, before, after),
        _gates(both),
        *_outputs(case, name, before, after),
    )
    shown = next((proof for proof in proofs if proof is not None), None)
    return _Effect(shown, both) if shown is not None else None


def _error(case: Case, before: Recording, after: Recording) -> Proof | None:
    """Error against the target, in the user's units."""
    was, became = case.error(before.outputs), case.error(after.outputs)
    if was is None or became is None or became >= LESS_ERROR * was:
        return None
    return Proof("error against the target", was, became)


def _gates(saturated: tuple[float, float] | None) -> Proof | None:
    if saturated is None or saturated[0] - saturated[1] < LESS_SATURATED:
        return None
    return Proof("share of saturated gates", *saturated)


def _saturated(recording: Recording) -> float | None:
    """Share of gates near 0 or 1, and of states near -1 or 1 where a cell has no gates."""
    shares = []
    for trace in recording.layers:
        for gate in trace.cell.gates:
            values = trace.steps[gate]
            shares.append(float(((values < SHUT_BELOW) | (values > OPEN_ABOVE)).mean()))
        if not trace.cell.gates and "h" in trace.steps:
            shares.append(float((np.abs(trace.steps["h"]) > OPEN_ABOVE).mean()))
    return float(np.mean(shares)) if shares else None


def _outputs(case: Case, name: str, before: Recording, after: Recording) -> Iterator[Proof | None]:
    """Outputs that stood still move again; outputs far from all that the reference gives come back."""
    known = _reference_outputs(case, name)
    was, became = settled_outputs(before), settled_outputs(after)
    moved, moving = (float(each.std(axis=0).mean()) for each in (was, became))
    moves = float(known.std(axis=0).mean()) if known is not None else moving
    if len(was) > 1 and moved < HARDLY * moves and moving > max(2 * moved, HARDLY * moves):
        yield Proof("spread of the outputs", moved, moving)
    if known is None:
        return
    reach = 0.5 * np.ptp(known, axis=0)
    low, high = known.min(axis=0) - reach, known.max(axis=0) + reach
    out, still = (float(((each < low) | (each > high)).mean()) for each in (was, became))
    if out >= 0.5 and still <= out / 2:
        yield Proof("share of outputs outside the range of the reference's", out, still)


def _reference_outputs(case: Case, name: str) -> Array | None:
    """What the reference gives, in batches as large as the input's so that nothing is traced anew."""
    array, reference = case.inputs[name], case.reference
    if set(reference) != set(case.inputs) or len(array) > len(reference[name]):
        return None
    rows = len(array)
    starts = range(0, len(reference[name]) - rows + 1, max(rows, len(reference[name]) // 8))
    cut = {
        key: each[:, -case.inputs[key].shape[1] :] if each.ndim > 2 else each
        for key, each in reference.items()
    }
    if any(cut[key].shape[1:] != case.inputs[key].shape[1:] for key in cut):
        return None
    recordings = [
        case.recorded({key: each[start : start + rows] for key, each in cut.items()})
        for start in list(starts)[:8]
    ]
    found = [settled_outputs(recording) for recording in recordings if recording is not None]
    return np.concatenate(found) if found else None


def _finding(
    case: Case, name: str, measured: tuple[Yardstick, Distance, Rescale], effect: _Effect
) -> Finding:
    known, found, rescale = measured
    far = [int(feature) for feature in np.flatnonzero(found.far)]
    first = far[int(np.argmax(found.shift[far]))]
    which = f"Feature {first} of" if len(found.far) > 1 else ""
    proof = effect.proof
    return Finding(
        code="input-scale",
        severity="error",
        summary=f"{which or 'The'} input {one_line(name, 40)} lies around {found.middle[first]:.4g} ± "
        f"{found.spread[first]:.2g}, {known.source} around {known.middle[first]:.4g} ± "
        f"{known.spread[first]:.2g}. Put on that scale, {proof.metric}: {proof.before:.4g} → "
        f"{proof.after:.4g}.",
        layer=next((each.path for each in case.facts.recurrent_layers), ""),
        evidence=_evidence(name, found, known) | _gates_told(effect),
        fix=Fix(
            "Scale the input as in training, with the scaler that was fitted there. What was tried here has "
            "its numbers from this input alone.",
            code="x = scaler.transform(x.reshape(-1, x.shape[-1])).reshape(x.shape)  # the training's scaler",
            actions=(rescale,),
            input_name=name if len(case.inputs) > 1 else "",
        ),
        proof=proof,
        place=Place(layer=next((each.path for each in case.facts.recurrent_layers), None), step=0),
        weight=0.9,
    )


def _evidence(name: str, found: Distance, known: Yardstick) -> dict[str, Any]:
    return {
        "input": name,
        "far_features": tuple(int(each) for each in np.flatnonzero(found.far)),
        "distance_in_spreads": tuple(float(each) for each in found.shift),
        "ratio_of_spreads": tuple(float(each) for each in found.ratio),
        "share_outside_the_range": tuple(float(each) for each in found.outside),
        "compared_with": known.source,
    }


def _gates_told(effect: _Effect) -> dict[str, Any]:
    if effect.saturated is None:
        return {}
    return {"saturated_gates": effect.saturated[0], "saturated_gates_rescaled": effect.saturated[1]}


CHECK = Check(
    code="input-scale",
    needs=("x", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="The input is not on the scale of the training",
        what="The model learned on scaled numbers and is asked in raw ones, or on scaled ones that were "
        "scaled once more. Its gates see values they never saw.",
        why="Far too large, they drive every gate to 0 or 1, and all inputs predict the same. Far too "
        "small, the model hardly notices them.",
        keras="A .keras file holds no scaler. What belongs to the model can be part of it: a Normalization "
        "layer in front, adapted on the training data, and Rescaling behind.",
        prevent="Save the scaler beside the model and use transform, never fit_transform, when predicting; "
        "or put Normalization into the model.",
        code="normalization = keras.layers.Normalization()\nnormalization.adapt(x_train)",
    ),
    explains=(
        "gates-saturated",
        "output-dead",
        "output-squashed",
        "gradient-vanishing",
        "gradient-exploding",
        "state-exploding",
        "batchnorm-statistics",
        "training-unscaled",
        "capacity-low",
        "context-short",
        "echo",
    ),
)
