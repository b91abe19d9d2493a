"""An unbounded activation under which the state grows by a factor a step, until it is no number any more.

Large states are not enough: an accumulator grows by an amount a step, and a linear one may live at 1e5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import paired
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording

#: What these give lies within a bound whatever goes in.
BOUNDED = frozenset(
    {"tanh", "sigmoid", "softsign", "hard_tanh", "hard_sigmoid", "softmax", "relu6", "sparse_sigmoid"}
)
#: So many times as large as the input (or as 1) a state counts as exploded. A state that only adds up does
#: not get there within 10,000 steps.
LIMIT = 1e4
#: From the middle to the end a sum doubles and a cubic grows by 8; what grows by more does so by a factor.
GROWTH = 10.0
#: Or of the last two powers of ten on its way to the limit the second takes at most so many times the steps
#: of the first, and one: a sum needs 10 times as many, a cubic twice. Gates that are driven wide open let it
#: only add up from there.
STEADY = 1.3
#: Fewer steps to the limit are a jump, not growth.
_FEWEST_STEPS = 4
#: How many predictions may be right for the growth to be what was wanted.
_GOOD = 0.5


@dataclass(frozen=True, eq=False)
class Explosion:
    """peak: the largest |state| at each step, `(timesteps,)` in the layer's order. first: the first timestep
    over the limit. factor: a step, over the last half that is finite. lost: from there on no number, or None.
    """

    trace: LayerTrace
    state: str
    peak: Array
    first: int
    factor: float
    lost: int | None


def _find(case: Case) -> Iterator[Finding]:
    recording = case.recording
    if recording is None or not all(_is_finite(values) for values in recording.inputs.values()):
        return
    found = [explosion for trace in recording.layers if (explosion := _explosion(trace, case)) is not None]
    if not found or not all(np.isfinite(values).all() for values in case.weights.values()):
        return
    beside = paired(case)
    if beside is not None and beside.share >= _GOOD:
        return
    yield _finding(case, found)


def _is_finite(values: Array) -> bool:
    return values.dtype.kind != "f" or bool(np.isfinite(values).all())


def _explosion(trace: LayerTrace, case: Case) -> Explosion | None:
    """Whether a state of this layer explodes: it grows by a factor a step to more than the limit."""
    activation = case.settings.get(trace.path.partition("#")[0], {}).get("activation")
    if activation in BOUNDED:
        return None
    limit = LIMIT * max(1.0, *(float(np.abs(x).max(initial=0.0)) for x in case.inputs.values()))
    for state in trace.cell.states:
        found = exploding(trace.steps[state], limit, go_backwards=trace.go_backwards)
        if found is not None:
            return Explosion(trace, state, *found)
    return None


def exploding(
    states: Array, limit: float, *, go_backwards: bool = False
) -> tuple[Array, int, float, int | None] | None:
    """Of a state `(batch, timesteps, units)`: its peaks, the first step over the limit, the factor a step and
    the first step that is lost; None where it stays within bounds or grows by less than a factor."""
    with np.errstate(invalid="ignore", over="ignore"):
        peak = np.abs(states.astype(np.float64)).reshape(*states.shape[:2], -1).max(axis=(0, 2))
    if go_backwards:
        peak = peak[::-1]
    finite = np.isfinite(peak)
    known = peak if finite.all() else peak[: int(np.argmin(finite))]
    over = np.flatnonzero(~(peak <= limit))
    factor = _factor(known) if _grows(known) else _factor_to(known, limit)
    if not len(over) or factor is None:
        return None
    lost = None if len(known) == len(peak) else len(known)
    place = [
        None if step is None else len(peak) - 1 - step if go_backwards else step for step in (over[0], lost)
    ]
    return peak, int(place[0] or 0), factor, None if place[1] is None else int(place[1])


def _grows(peak: Array) -> bool:
    """By a factor a step, to the end; true where too few steps are finite to tell."""
    if len(peak) < 4:
        return True
    middle, late = peak[len(peak) // 2], peak[3 * len(peak) // 4]
    return bool(peak[-1] > GROWTH * middle and peak[-1] > np.sqrt(GROWTH) * late)


def _factor_to(peak: Array, limit: float) -> float | None:
    """The factor a step on the way to the limit, of what stays beyond it; None where it grew by amounts."""
    start, between, there = (int(np.argmax(peak > size)) for size in (limit / 100, limit / 10, limit))
    took = there - start
    steady = there - between <= STEADY * (between - start) + 1
    if not peak[-1:] > limit or took < _FEWEST_STEPS or not steady:
        return None
    return float((peak[there] / peak[start]) ** (1 / took))


def _factor(peak: Array) -> float:
    half = peak[len(peak) // 2 :]
    if len(half) < 2 or not half[0]:
        return float("inf")
    return float((half[-1] / half[0]) ** (1 / (len(half) - 1)))


def _finding(case: Case, found: list[Explosion]) -> Finding:
    first = found[0]
    path = first.trace.path
    change = tuple(Alteration(each.trace.path.partition("#")[0], (("activation", "tanh"),)) for each in found)
    activation = case.settings.get(path, {}).get("activation", "its own activation")
    after = _largest_with(case, change, path, first.state)
    until = f" and is no number from step {first.lost} on" if first.lost is not None else ""
    return Finding(
        code="state-exploding",
        severity="error",
        summary=f"State {first.state} of {path} ({activation}) grows by a factor of {first.factor:.3g} a "
        f"step: it passes {_over(first):.3g} at step {first.first}{until}.",
        layer=path,
        evidence={
            "first_step_over_limit": first.first,
            "first_step_lost": first.lost,
            "factor_a_step": first.factor,
            "largest_finite": float(first.peak[np.isfinite(first.peak)].max(initial=0.0)),
            "activation": activation,
        },
        fix=Fix(
            "Use a bounded activation (tanh), and train again; or keep sequences as short as in training.",
            code=f"keras.layers.{case.settings.get(path, {}).get('class_name', 'LSTM')}(units, "
            'activation="tanh")',
            alterations=change if after is not None else (),
        ),
        proof=Proof(f"largest |{first.state}| of {path}", float(np.nanmax(_with_inf(first.peak))), after)
        if after is not None
        else None,
        place=Place(layer=path, step=first.first, series=first.state),
        weight=0.92,
        direct=first.lost is not None,
    )


def _over(found: Explosion) -> float:
    finite = found.peak[np.isfinite(found.peak) & (found.peak > LIMIT)]
    return float(finite.min()) if finite.size else float("inf")


def _with_inf(peak: Array) -> Array:
    return np.where(np.isnan(peak), np.inf, peak)


def _largest_with(case: Case, change: tuple[Alteration, ...], path: str, state: str) -> float | None:
    """The largest |state| on a copy with other activations; None where none can be built."""
    try:
        recording: Recording | None = case.recorded(lab=case.altered(*change))
    except EditError:
        return None
    trace = recording.layer(path) if recording is not None else None
    return float(np.abs(trace.steps[state]).max()) if trace is not None else None


CHECK = Check(
    code="state-exploding",
    needs=("x", "recording"),
    find=_find,
    lesson=Lesson(
        title="The state grows without bound",
        what="With an activation that has no upper bound (relu, linear), what a unit gives comes back to it "
        "at the next step, and once the loop amplifies, the state grows by a factor a step.",
        why="After some hundred steps the state is infinite, then NaN, and so is the prediction. A model "
        "that was trained on short windows may do this only on long ones.",
        keras="activation replaces both tanh of an LSTM, the candidate's and the one on the cell state; "
        "gates keep their sigmoid. Keras computes on with inf and NaN without a word. Layers with another "
        "activation than tanh do not use cuDNN either.",
        prevent="Leave tanh in recurrent layers; a ReLU belongs behind them. Try the longest sequence that "
        "will be asked for.",
        code='keras.layers.LSTM(units)  # activation="tanh" is the default',
    ),
    explains=("gradient-exploding", "gates-saturated", "output-scale", "batchnorm-statistics"),
)
