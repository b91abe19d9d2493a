"""The variance test: the same call again and again, without and with a reset of the states in between.

A finished value, for reports and for the workbench to draw. Without a reset a carried state shows, with it
only chance is left: dropout that is on, a layer that draws numbers of its own. The first layer whose values
differ is where it enters. It costs two runs of the model, and three recordings where something differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from lstm_tui.errors import UsageError
from lstm_tui.recurrent.calls import (
    Call,
    CallModel,
    Inputs,
    Predict,
    ResetStates,
    Run,
    RunPlan,
    StateReset,
)
from lstm_tui.recurrent.divergence import NOISE
from lstm_tui.recurrent.recording import Array, Recording

#: Identical calls that the test makes.
CALLS = 5

#: equal: to the bit. noise: sums in another order. state: what an earlier call left. random: chance in every
#: call. both. failed: the call fails.
Verdict = Literal["equal", "noise", "state", "random", "both", "failed"]


@dataclass(frozen=True)
class Spread:
    """How far values that should be equal lie apart, at most: |difference|, the same relative to the largest
    value, variance over the calls. `at` is the index of the largest difference in one call's values."""

    largest: float = 0.0
    relative: float = 0.0
    variance: float = 0.0
    at: tuple[int, ...] = ()

    @property
    def matters(self) -> bool:
        """Whether this is more than float noise."""
        return self.relative > NOISE


@dataclass(frozen=True)
class LayerSpread:
    """How far one layer's values in the last call lie from those in the first.

    series: the state that was compared, or `output`. step: the first timestep at which they differ, None
    where the values have no timesteps or are equal.
    """

    path: str
    series: str
    spread: Spread
    step: int | None = None


@dataclass(frozen=True, eq=False)
class VarianceTest:
    """What identical calls gave.

    calls: how many were made each time. plain, reset: by output name, without and with a reset before each.
    layers, layers_reset: every layer that could be compared, in the order in which they are computed; empty
    where the outputs do not differ. values: by output name `(calls, ...)`, without a reset.
    """

    calls: int
    plain: Mapping[str, Spread]
    reset: Mapping[str, Spread]
    layers: tuple[LayerSpread, ...] = ()
    layers_reset: tuple[LayerSpread, ...] = ()
    values: Mapping[str, Array] = field(default_factory=dict)
    values_reset: Mapping[str, Array] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """What the differences come from."""
        if not self.plain:
            return "failed"
        without, after = widest(self.plain.values()), widest(self.reset.values())
        if not without.matters:
            return "noise" if without.largest else "equal"
        if not after.matters:
            return "state"
        return "random" if after.largest > without.largest / 2 else "both"

    @property
    def first(self) -> LayerSpread | None:
        """The first layer that differs without a reset: where it begins."""
        return first_of(self.layers)

    @property
    def first_random(self) -> LayerSpread | None:
        """The first layer that differs although the states were reset: where chance enters."""
        return first_of(self.layers_reset)


def variance_test(
    run: Callable[[RunPlan], Run], plan: RunPlan, *, stateful: bool, calls: int = CALLS
) -> VarianceTest:
    """The test of the call that `plan` records, from zero states. `run` makes the calls of a plan.

    Raises: UsageError where that call is none that can be repeated.
    """
    call = plan.calls[plan.record] if plan.record < len(plan.calls) else None
    if not isinstance(call, Predict | CallModel):
        raise UsageError("only a predict or a call of the model can be repeated", todo="choose such a call")
    start = replace(plan, resets=(StateReset(),) if stateful else ())
    plain = outputs_of(run(_repeated(start, (call,), calls)))
    reset = outputs_of(run(_repeated(start, (ResetStates(), call), calls))) if stateful else plain
    if len(plain) < calls or len(reset) < calls:
        return VarianceTest(calls, {}, {})
    found = VarianceTest(
        calls, spreads(plain), spreads(reset), values=_stacks(plain), values_reset=_stacks(reset)
    )
    if found.verdict in ("equal", "noise"):
        return found
    first = run(_repeated(start, (call,), 1, record=True)).recording
    last = run(_repeated(start, (call,), calls, record=True)).recording
    after = run(_repeated(start, (ResetStates(), call), calls, record=True)).recording if stateful else last
    return replace(found, layers=compared(first, last), layers_reset=compared(first, after))


def _repeated(plan: RunPlan, steps: tuple[Call, ...], times: int, *, record: bool = False) -> RunPlan:
    calls = steps * times
    return replace(plan, calls=calls, record=len(calls) - 1 if record else len(calls))


def outputs_of(run: Run) -> list[Inputs]:
    """Outputs of the calls that gave any."""
    return [outcome.outputs for outcome in run.outcomes if outcome.outputs]


def spreads(outputs: Sequence[Inputs]) -> dict[str, Spread]:
    """Of several calls' outputs, by output name; NaN equals NaN."""
    return {name: _spread(stack) for name, stack in _stacks(outputs).items()}


def spread(outputs: Sequence[Inputs]) -> Spread:
    """The widest of all outputs."""
    return widest(spreads(outputs).values())


def widest(found: Iterable[Spread]) -> Spread:
    """The one that lies furthest apart, relative to its size."""
    return max(found, key=lambda each: each.relative, default=Spread())


def first_of(layers: Sequence[LayerSpread]) -> LayerSpread | None:
    """The first layer that differs by more than float noise."""
    return next((layer for layer in layers if layer.spread.matters), None)


def _stacks(outputs: Sequence[Inputs]) -> dict[str, Array]:
    """Outputs `(calls, ...)` by name, as far as all calls gave them in one shape."""
    if not outputs:
        return {}
    return {
        name: np.stack([each[name] for each in outputs])
        for name, array in outputs[0].items()
        if all(name in each and each[name].shape == array.shape for each in outputs)
    }


def _spread(stack: Array) -> Spread:
    values = stack.astype(np.float64)
    if len(values) < 2 or not values.size:
        return Spread()
    with np.errstate(invalid="ignore"):
        ranges = np.nan_to_num(np.ptp(values, axis=0), nan=0.0)
        variances = np.nan_to_num(np.var(values, axis=0), nan=0.0)
        size = float(np.max(np.abs(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)), initial=0.0))
    at = tuple(int(index) for index in np.unravel_index(int(np.argmax(ranges)), ranges.shape))
    largest = float(ranges[at]) if ranges.ndim else float(ranges)
    return Spread(largest, largest / max(size, 1e-12), float(np.max(variances)), at)


def compared(one: Recording | None, other: Recording | None) -> tuple[LayerSpread, ...]:
    """Every layer's values in two recordings, in the order in which they are computed."""
    if one is None or other is None:
        return ()
    found = []
    for path in dict.fromkeys([*(each.path for each in one.layer_outputs), *(t.path for t in one.layers)]):
        pair = _series(path, one, other) or _values(path, one, other)
        if pair is not None:
            series, a, b = pair
            found.append(LayerSpread(path, series, _spread(np.stack([a, b])), _first_step(a, b)))
    return tuple(found)


def _series(path: str, one: Recording, other: Recording) -> tuple[str, Array, Array] | None:
    a, b = one.layer(path), other.layer(path)
    if a is None or b is None or not a.cell.states:
        return None
    state = a.cell.states[0]
    same = state in a.steps and state in b.steps and a.steps[state].shape == b.steps[state].shape
    return (state, a.steps[state], b.steps[state]) if same else None


def _values(path: str, one: Recording, other: Recording) -> tuple[str, Array, Array] | None:
    pair = [
        next((each.values[0] for each in recording.layer_outputs if each.path == path and each.values), None)
        for recording in (one, other)
    ]
    a, b = pair
    if a is None or b is None or a.shape != b.shape or a.dtype.kind not in "fiu":
        return None
    return "output", a, b


def _first_step(one: Array, other: Array) -> int | None:
    """The first timestep at which `(batch, timesteps, ...)` differ."""
    if one.ndim < 3:
        return None
    size = max(float(np.max(np.abs(np.nan_to_num(one)), initial=0.0)), 1e-12)
    apart = np.abs(np.nan_to_num(one.astype(np.float64) - other)) > NOISE * size
    steps = np.flatnonzero(apart.any(axis=tuple(axis for axis in range(one.ndim) if axis != 1)))
    return int(steps[0]) if len(steps) else None
