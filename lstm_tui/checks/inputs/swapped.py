"""Two inputs of equal shape in the wrong order: each looks like the reference of the other.

A stretch of a series may lie anywhere in its range, so values alone tell little. How it moves from step to
step, and how its steps resemble each other over time, tell more. Where a target is known, exchanging the
inputs must bring the outputs nearer to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Proof
from lstm_tui.checks.inputs.ambiguous import shown
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

#: Quantiles that are compared, of the values and of their changes from step to step.
_QUANTILES = np.linspace(0.05, 0.95, 10)
#: As given, the inputs must lie this many times farther from the reference than exchanged, and than usual.
NEARER = 1.6
#: Steps back at which a series is compared with itself, and the least spread of what comes out.
_LAGS, _LEAST_SPREAD = (1, 2, 4, 8, 12, 16, 24, 32), 0.1
#: Parts of the reference that show how far from the whole such a sample usually lies.
_PARTS = 24


def _find(case: Case) -> Iterator[Finding]:
    for one, other in combinations(case.inputs, 2):
        a, b = case.inputs[one], case.inputs[other]
        known = case.reference.get(one), case.reference.get(other)
        if (
            known[0] is None
            or known[1] is None
            or a.shape != b.shape
            or "f" not in (a.dtype.kind, b.dtype.kind)
        ):
            continue
        if known[0].shape[1:] != known[1].shape[1:] or not (np.isfinite(a).all() and np.isfinite(b).all()):
            continue
        given = far_from(a, known[0]) + far_from(b, known[1])
        exchanged = far_from(a, known[1]) + far_from(b, known[0])
        if given <= NEARER * exchanged:
            continue
        usual = usually(known[0], len(a)) + usually(known[1], len(a))
        right = {**case.inputs, one: b, other: a}
        error = case.error(case.outputs), case.error(case.predict(right))
        if given > NEARER * usual and not (
            error[0] is not None and error[1] is not None and error[1] >= error[0]
        ):
            yield _finding(case, (one, other), (given, exchanged, usual), error)
            return


def far_from(array: Array, reference: Array) -> float:
    """Mean distance of values, of changes in time and of their course, in spreads of the reference."""
    distances = [_quantile_distance(array, reference)]
    if array.ndim > 2 and min(array.shape[1], reference.shape[1]) > 2:
        distances.append(_quantile_distance(np.diff(array, axis=1), np.diff(reference, axis=1)))
        distances.append(_course_distance(array, reference))
    return float(np.mean(distances))


def _course_distance(array: Array, reference: Array) -> float:
    """How differently steps resemble those before them, in spreads over the reference's windows."""
    lags = [lag for lag in _LAGS if lag < min(array.shape[1], reference.shape[1]) - 1]
    ours, known = (np.stack([_resemblance(each, lag) for lag in lags]) for each in (array, reference))
    spread = np.maximum(known.std(axis=1), _LEAST_SPREAD)
    apart = np.abs(ours.mean(axis=1) - known.mean(axis=1))
    return float(np.minimum(apart / spread, 5.0).mean())


def _resemblance(array: Array, lag: int) -> Array:
    """The correlation of every window with itself so many steps before, `(batch, features)`."""
    centred = array.astype(np.float64) - array.mean(axis=1, keepdims=True)
    together = (centred[:, lag:] * centred[:, :-lag]).mean(axis=1)
    correlation: Array = together / np.maximum(np.square(centred).mean(axis=1), 1e-12)
    return correlation


def _quantile_distance(array: Array, reference: Array) -> float:
    columns, known = (each.reshape(-1, each.shape[-1]).astype(np.float64) for each in (array, reference))
    spread = np.maximum(known.std(axis=0), 1e-3 * np.maximum(np.abs(known).max(axis=0), 1e-6))
    apart = np.abs(np.quantile(columns, _QUANTILES, axis=0) - np.quantile(known, _QUANTILES, axis=0))
    return float(np.minimum(apart / spread, 5.0).mean())


def usually(reference: Array, rows: int) -> float:
    """How far from the whole reference so many rows of it lie, nine times out of ten."""
    starts = np.linspace(0, max(len(reference) - rows, 0), min(_PARTS, len(reference)), dtype=int)
    parts = [far_from(reference[start : start + rows], reference) for start in np.unique(starts)]
    return float(np.quantile(parts, 0.9))


def _finding(
    case: Case,
    names: tuple[str, str],
    distances: tuple[float, float, float],
    error: tuple[float | None, float | None],
) -> Finding:
    one, other = names
    given, exchanged, usual = distances
    right = {**case.inputs, one: case.inputs[other], other: case.inputs[one]}
    return Finding(
        code="inputs-swapped",
        severity="error",
        summary=f"Inputs {one_line(one, 40)} and {one_line(other, 40)} look exchanged: they lie {given:.2f} "
        f"from their references as given, {exchanged:.2f} exchanged (samples of the reference {usual:.2f}).",
        evidence={
            "inputs": names,
            "distances_as_given": {name: far_from(case.inputs[name], case.reference[name]) for name in names},
            "distances_exchanged": {name: far_from(right[name], case.reference[name]) for name in names},
            "outputs_as_given": shown(case.outputs),
            "outputs_exchanged": shown(case.predict(right)),
        },
        fix=Fix(
            "Pass the inputs by name, so that their order does not matter.",
            code=f'model.predict({{"{one_line(one, 40)}": ..., "{one_line(other, 40)}": ...}})',
        ),
        proof=Proof("distance of both inputs from their references, in spreads", given, exchanged)
        if error[0] is None or error[1] is None
        else Proof("error against the target", error[0], error[1]),
        weight=0.9,
    )


CHECK = Check(
    code="inputs-swapped",
    needs=("x", "reference"),
    find=_find,
    lesson=Lesson(
        title="Two inputs have changed places",
        what="The model has two inputs of equal shape, and each got the array of the other.",
        why="Shapes agree, so the call succeeds, and every prediction is wrong.",
        keras="A list is taken in the order of model.inputs, whatever the arrays are. A dictionary goes by "
        "the names of the Input layers, in any order.",
        prevent="Name the inputs and pass a dictionary.",
        code='model.predict({"price": price, "volume": volume})',
    ),
    explains=("input-scale", "echo", "capacity-low"),
)
