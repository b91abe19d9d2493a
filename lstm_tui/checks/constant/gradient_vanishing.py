"""Early steps tell what is wanted, and the output does not depend on them: the gradient has vanished there.

A short memory is healthy where nothing old matters. So the early steps have to matter: they explain the
target where late ones do not, or, without labels, a feature makes rows differ there and nowhere else, and
predictions are nearly equal. And it has to be the distance that matters: with the sequence turned round, so
that the same steps stand last, they move the output.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import paired, sequence, variation
from lstm_tui.checks.finding import Finding, Fix, Place, Proof, Severity
from lstm_tui.checks.measures import change
from lstm_tui.checks.probing import in_deviations, probe
from lstm_tui.recurrent.gradients import profile
from lstm_tui.recurrent.horizon import FADED, memory_horizon
from lstm_tui.recurrent.recording import Array

#: Early steps of other rows move the output by at most this part of what they do when they stand last.
DEAF = 0.02
#: Early steps explain so much of the target, and so much more than late ones or the model do.
TELLS, MORE = 0.3, 0.25
#: Without labels: the share of a feature's differences between rows that stands in the early steps,
ALL_BUT_ALL = 0.95
#: and how far predictions may lie apart, as a part of what the early steps could do.
NEARLY_EQUAL = 0.5
_FEWEST_ROWS, _FEWEST_STEPS = 6, 10


@dataclass(frozen=True, eq=False)
class Deaf:
    """What makes it certain that the early half matters. `told`: by target, or by the rows' differences."""

    severity: Severity
    told: str
    early: float
    late: float


def _find(case: Case) -> Iterator[Finding]:
    found = sequence(case.inputs)
    if found is None or not case.outputs or next(iter(case.outputs.values())).ndim != 2:
        return
    name, x = found
    if len(x) < _FEWEST_ROWS or x.shape[1] < _FEWEST_STEPS or not np.isfinite(x).all():
        return
    matters = _matters(case, x)
    if matters is None:
        return
    first = change(case.outputs, case.predict({name: with_others_early(x)}), otherwise=np.inf)
    if first > variation(case.outputs):
        return
    turned = {name: np.ascontiguousarray(x[:, ::-1])}
    swapped = {name: np.ascontiguousarray(with_others_early(x)[:, ::-1])}
    last = change(case.predict(turned), case.predict(swapped), otherwise=np.inf)
    if first > DEAF * last or (
        matters.severity == "warning" and variation(case.outputs) > NEARLY_EQUAL * last
    ):
        return
    norms = profile(case.gradients.inputs[name]).mean(axis=0)
    reach = memory_horizon(norms, computed_in=np.float32)
    if reach.steps is not None and reach.first is not None and reach.first >= len(norms) // 2:
        yield _finding(matters, norms, reach.steps, reach.factor, first, last)


def with_others_early(x: Array) -> Array:
    """Each row with the early half of the row before it."""
    mixed = x.copy()
    half = x.shape[1] // 2
    mixed[:, :half] = np.roll(x, 1, axis=0)[:, :half]
    return mixed


def _matters(case: Case, x: Array) -> Deaf | None:
    """Whether the early half tells what is wanted, by the labels or by what makes the rows differ."""
    beside = paired(case)
    half = x.shape[1] // 2
    if beside is None:
        share = early_share(x)
        told = f"{share:.0%} of what makes the rows differ in one feature"
        return Deaf("warning", told, share, 1 - share) if share >= ALL_BUT_ALL else None
    if len(beside.target) != len(x) or not beside.target.std() > 0 or beside.share > 1 - MORE:
        return None
    scaled = in_deviations(x)
    early, late = (probe(part, beside.target).share for part in (scaled[:, :half], scaled[:, half:]))
    if early < TELLS or max(late, beside.share) > early - MORE:
        return None
    return Deaf("error", f"{early:.0%} of the target", early, max(late, 0.0))


def early_share(x: Array) -> float:
    """The share of the rows' squared differences that the early half holds, of the feature where it is
    largest. 0 where rows do not differ."""
    square = np.square(in_deviations(x) - in_deviations(x).mean(axis=0)).sum(axis=0)
    total = square.sum(axis=0)
    early = square[: len(square) // 2].sum(axis=0)
    return float(np.max(np.divide(early, total, out=np.zeros_like(total), where=total > 1e-9), initial=0.0))


def _finding(matters: Deaf, norms: Array, steps: int, factor: float, first: float, last: float) -> Finding:
    far, near = float(norms[: len(norms) // 4].max()), float(norms.max())
    return Finding(
        code="gradient-vanishing",
        severity=matters.severity,
        summary=f"The output depends on its last {steps} of {len(norms)} steps; the early half holds "
        f"{matters.told}, and the gradient there is {far / max(near, 1e-300):.1g} of its largest.",
        evidence={
            "horizon": steps,
            "timesteps": len(norms),
            "gradient_norm": tuple(float(norm) for norm in norms[:: max(len(norms) // 40, 1)]),
            "factor_a_step_back": factor,
            "told_by_early_half": matters.early,
            "told_by_late_half": matters.late,
            "faded_below": FADED,
        },
        fix=Fix(
            "Let the memory last: an LSTM whose forget biases suit the length, a GRU, attention over the "
            "steps, or a window in which what matters stands near the end.",
            code="keras.layers.LSTM(units, unit_forget_bias=False,\n"
            "    bias_initializer=...)  # forget biases of about log(timesteps)\n"
            "keras.layers.Bidirectional(keras.layers.LSTM(units))  # reads the early steps last",
        ),
        proof=Proof("change of the output by the early half of other rows, once it stands last", first, last),
        place=Place(step=0),
        weight=0.75,
    )


CHECK = Check(
    code="gradient-vanishing",
    needs=("x", "output"),
    find=_find,
    lesson=Lesson(
        title="The output does not depend on the early steps",
        what="Going back in time, the gradient shrinks by a factor a step until nothing of it is left. What "
        "stood there can neither be used nor learned.",
        why="Rows that differ only early get the same prediction. Training cannot find the early cue, "
        "however long it runs.",
        keras="A SimpleRNN forgets within a few steps. An LSTM starts with forget biases of 1, which keep "
        "0.73 a step: half of a state is gone after two steps, a thousandth is left after 22.",
        prevent="Choose forget biases for the length, shorten the window, or give the model a short way back "
        "(attention, Bidirectional, a skip connection).",
        code="layer.bias.assign(...)  # forget part at log(timesteps), input part at its negative",
    ),
    explains=("capacity-low",),
)
