"""The gradient grows with distance: a nudge of an early step moves the output by far more than its size.

Some growth is healthy, in lively networks of ordinary weights too. It has to be by a large factor in all, by
several per cent a step, to show when an early step is really nudged, and to go once the recurrent weights are
smaller. A model whose predictions are good is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lstm_tui.checks.case import Case, Laboratory
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.nudging import FURTHER, MOVED, NUDGE, last_spread, moved_by
from lstm_tui.checks.constant.predictions import paired, sequence
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.errors import EditError
from lstm_tui.recurrent.gradients import profile
from lstm_tui.recurrent.horizon import memory_horizon
from lstm_tui.recurrent.recording import Array

#: The gradient grows by so much a step back, and in all.
A_STEP, IN_ALL = 1.03, 100.0
#: Below this spectral norm of its recurrent kernels no layer is looked at.
LIVELY = {"simple_rnn": 1.1, "gru": 2.0, "lstm": 2.5}
_FEWEST_STEPS = 8
_GOOD = 0.5
_GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}


def _find(case: Case) -> Iterator[Finding]:
    found = sequence(case.inputs)
    lively = _lively(case)
    if found is None or not lively or found[1].shape[1] < _FEWEST_STEPS:
        return
    beside = paired(case)
    if beside is not None and beside.share >= _GOOD:
        return
    name, x = found
    first, last = moved_by(case, name, x, 0), moved_by(case, name, x, x.shape[1] - 1)
    spread = last_spread(case)
    if not (np.isfinite(first) and first >= FURTHER * last and first >= MOVED * spread):
        return
    norms = profile(case.gradients.inputs[name]).mean(axis=0)
    factor = memory_horizon(norms).factor
    if not factor >= A_STEP or not norms[0] >= IN_ALL * norms[-1]:
        return
    tamed = _tamed(case, lively)
    after = moved_by(case, name, x, 0, tamed) if tamed is not None else None
    if after is not None and after <= first / FURTHER:
        yield _finding(lively, norms, factor, (first, last, spread), after)


def _lively(case: Case) -> Mapping[str, float]:
    """The recurrent layers whose kernels could amplify, with their spectral norm."""
    norms = {
        layer.path: (layer.recurrent.cell, spectral_norm(kernel, _GATES[layer.recurrent.cell]))
        for layer in case.facts.recurrent_layers
        if layer.recurrent is not None
        and layer.recurrent.cell in _GATES
        and (kernel := case.weights.get(f"{layer.path}/recurrent_kernel")) is not None
        and np.isfinite(kernel).all()
    }
    return {path: norm for path, (cell, norm) in norms.items() if norm > LIVELY[cell]}


def spectral_norm(kernel: Array, gates: int) -> float:
    """The largest singular value of the recurrent kernel of any gate, `(units, gates · units)`."""
    blocks = np.split(kernel.astype(np.float64), gates, axis=1)
    return max(float(np.linalg.norm(block, 2)) for block in blocks)


def _tamed(case: Case, lively: Mapping[str, float]) -> Laboratory | None:
    """A copy whose recurrent kernels have a spectral norm of one half."""
    smaller = {
        f"{path}/recurrent_kernel": (case.weights[f"{path}/recurrent_kernel"] / (2 * norm)).astype(np.float32)
        for path, norm in lively.items()
    }
    try:
        return case.reweighted(smaller)
    except EditError:
        return None


def _finding(
    lively: Mapping[str, float], norms: Array, factor: float, moved: tuple[float, float, float], after: float
) -> Finding:
    first, last, spread = moved
    path = max(lively, key=lambda each: lively[each])
    return Finding(
        code="gradient-exploding",
        severity="error",
        summary=f"A nudge of {NUDGE:g} deviations at the first of {len(norms)} steps moves the output by "
        f"{first:.3g} ({first / max(spread, 1e-30):.0%} of its spread), at the last by {last:.3g}; the "
        f"gradient grows by a factor of {factor:.3g} a step back.",
        layer=path,
        evidence={
            "gradient_norm": tuple(float(norm) for norm in norms[:: max(len(norms) // 40, 1)]),
            "factor_a_step_back": factor,
            "moved_by_first_step": first,
            "moved_by_last_step": last,
            "spread_of_outputs": spread,
            "spectral_norm_of_recurrent_kernels": dict(lively),
        },
        fix=Fix(
            "Train again with clipped gradients and a smaller learning rate, from an orthogonal recurrent "
            "kernel; an LSTM or GRU in place of a SimpleRNN.",
            code="keras.optimizers.Adam(1e-3, clipnorm=1.0)\n"
            'keras.layers.LSTM(units, recurrent_initializer="orthogonal")  # the default',
        ),
        proof=Proof("change of the output by that nudge, with smaller recurrent kernels", first, after),
        place=Place(layer=path, step=0),
        weight=0.8,
    )


CHECK = Check(
    code="gradient-exploding",
    needs=("x", "output"),
    find=_find,
    lesson=Lesson(
        title="The gradient grows with distance",
        what="Each step multiplies what an earlier step did. What is rounding at the start is the whole "
        "output at the end.",
        why="Predictions hang on digits that no measurement has, and one training step from there throws the "
        "weights anywhere.",
        keras="Keras starts recurrent kernels as orthogonal matrices, whose factor is 1. Optimizers clip "
        "nothing unless clipnorm, clipvalue or global_clipnorm is given.",
        prevent="Clip gradients, keep the orthogonal initialiser, prefer LSTM or GRU on long sequences.",
        code="keras.optimizers.Adam(1e-3, clipnorm=1.0)",
    ),
    explains=("gates-saturated",),
)
