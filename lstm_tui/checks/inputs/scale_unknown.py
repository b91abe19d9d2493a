"""Raw numbers where nothing says what the model was trained on: one half of `input-scale`.

Gates at their limits are common in healthy models, and raw numbers too. So everything has to come together:
nearly all gates of the first recurrent layer stand at a limit, inputs of half or twice the size and inputs
that move twice as much predict what this one predicts, and the same input, standardised, frees the gates and
moves the predictions. A model that learned on raw numbers tells some of these apart: where predictions of raw
numbers do move a little, it is told as a question (info). What the mean and scale of the training were stays
unknown, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.checks.case import Case
from lstm_tui.checks.constant.predictions import lies_where_the_target_does, sequence, settled_outputs
from lstm_tui.checks.constant.training_unscaled import share_at_limits
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.inputs.yardstick import yardstick
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

#: Features of this size (root mean square) are no standardised ones.
RAW = 5.0
#: The share of gates at a limit, and at most so much once the input is standardised.
STUCK, FREED = 0.9, 0.5
#: Predictions for raw inputs lie so much closer together than those for standardised ones.
DEAD = 0.02
#: Up to so much closer, the model may have learned on such numbers or not: a question is all there is.
HARDLY = 0.3
#: Of every input: half and twice as large, and moving twice as much around its middle.
_SIZES = (0.5, 0.8, 1.25, 2.0)


def of_raw_numbers(case: Case) -> Iterator[Finding]:
    """The finding, where no reference and no layer says how the training data lay, nor a target that the
    predictions are near to: then the training was on such numbers, and that is another fault."""
    found = sequence(case.inputs)
    if found is None or case.reference or case.recording is None or lies_where_the_target_does(case):
        return
    name, x = found
    if yardstick(case, name) is not None:
        return
    first = case.recording.layers[0] if case.recording.layers else None
    if first is None or not _is_raw(x) or (before := share_at_limits(first)) < STUCK:
        return
    rescale = _standard(x)
    freed = case.recorded({name: rescale.apply(x)})
    trace = freed.layer(first.path) if freed is not None else None
    if trace is None or (after := share_at_limits(trace)) > FREED:
        return
    raw = _spread_over(case, name, [x, *_like(x)])
    moving = _spread_over(case, name, [rescale.apply(each) for each in (x, *_around(x))])
    if raw is None or moving is None or raw > HARDLY * moving:
        return
    finding = _finding(name, x, rescale, first.path, (before, after), (raw, moving))
    yield finding if raw <= DEAD * moving else _as_a_question(finding, (before, after))


def _is_raw(x: Array) -> bool:
    """Whether some feature is far larger than a scaler leaves it and moves, and no step is padding."""
    if not np.isfinite(x).all() or (x == 0).all(axis=-1).any():
        return False
    columns = x.reshape(-1, x.shape[-1]).astype(np.float64)
    size = np.sqrt(np.square(columns).mean(axis=0))
    return bool(((size > RAW) & (columns.std(axis=0) > 1e-6 * size)).any())


def _standard(x: Array) -> Rescale:
    """Onto mean 0 and deviation 1 by the input's own numbers; features that are small already stay."""
    columns = x.reshape(-1, x.shape[-1]).astype(np.float64)
    large = np.sqrt(np.square(columns).mean(axis=0)) > RAW
    deviation = columns.std(axis=0)
    moves = deviation > 1e-6 * np.abs(columns).max(axis=0)
    mean = np.where(large, columns.mean(axis=0), 0.0)
    scale = np.where(large & moves, deviation, 1.0)
    return Rescale("standard", mean, scale, origin="mean and deviation of this input")


def _like(x: Array) -> list[Array]:
    """Other raw inputs, on the side of zero on which this one lies."""
    return [(factor * x).astype(x.dtype) for factor in _SIZES] + _around(x)


def _around(x: Array) -> list[Array]:
    """The same numbers in reverse, upside down, and moving twice as much."""
    middle = x.mean(axis=(0, 1))
    return [each.astype(x.dtype) for each in (x[:, ::-1], 2 * middle - x, 2 * x - middle)]


def _spread_over(case: Case, name: str, inputs: list[Array]) -> float | None:
    """How much predictions vary over these inputs, once they have settled; None where one fails."""
    settled = []
    for each in inputs:
        recording = case.recorded({name: each})
        if recording is None:
            return None
        settled.append(settled_outputs(recording))
    values = np.concatenate(settled)
    return float(values.std(axis=0).mean()) if np.isfinite(values).all() else None


def _as_a_question(finding: Finding, limits: tuple[float, float]) -> Finding:
    """Gates at their limits are measured; that the training's numbers were others is not."""
    where = finding.summary.partition(":")[0]
    return replace(
        finding,
        severity="info",
        summary=f"{where}: {limits[0]:.0%} of the gates of {finding.layer} stand at a limit; standardised by "
        f"its own numbers, {limits[1]:.0%} do. Whether the training's numbers were such, a sample of them "
        "(reference) tells.",
        proof=Proof("share of gates at a limit, standardised", *limits),
        weight=0.3,
    )


def _finding(
    name: str,
    x: Array,
    rescale: Rescale,
    path: str,
    limits: tuple[float, float],
    spreads: tuple[float, float],
) -> Finding:
    columns = x.reshape(-1, x.shape[-1]).astype(np.float64)
    middle, spread = columns.mean(axis=0), columns.std(axis=0)
    largest = int(np.argmax(np.abs(middle) + spread))
    which = f"Feature {largest} of the" if len(middle) > 1 else "The"
    return Finding(
        code="input-scale",
        severity="error",
        summary=f"{which} input {one_line(name, 40)} lies around {middle[largest]:.4g} ± "
        f"{spread[largest]:.2g}: {limits[0]:.0%} of the gates of {path} stand at a limit, and half or twice "
        f"as much predicts the same within {spreads[0]:.2g}. Standardised by its own numbers, "
        f"{limits[1]:.0%} of them do, and predictions vary by {spreads[1]:.2g}. What mean and scale the "
        "training had is not known.",
        layer=path,
        evidence={
            "input": name,
            "middle": tuple(float(each) for each in middle),
            "spread": tuple(float(each) for each in spread),
            "compared_with": "nothing: there is no reference and no layer that scales",
            "saturated_gates": limits[0],
            "saturated_gates_rescaled": limits[1],
        },
        fix=Fix(
            "Scale the input as in training, with the scaler that was fitted there. Its numbers are unknown: "
            "with this input's own, as tried, predictions move again and are not yet right. If the training "
            "data was raw too, scale it and train again.",
            code="x = scaler.transform(x.reshape(-1, x.shape[-1])).reshape(x.shape)  # the training's scaler",
            actions=(rescale,),
        ),
        proof=Proof("spread of the predictions for inputs like this one, standardised", *spreads),
        place=Place(layer=path, step=0),
        weight=0.8,
    )
