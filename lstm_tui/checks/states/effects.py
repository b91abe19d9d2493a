"""What a carried state does to outputs: how much, compared with what they do anyway, and to the error where
the target is known. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.recurrent.calls import Call, Inputs
from lstm_tui.recurrent.divergence import NOISE
from lstm_tui.recurrent.recording import Array, States

#: Of the range of all outputs: less does not matter to anyone.
SHARE = 1e-3
#: Values of a target that count as independent, at most; errors of neighbouring steps resemble each other.
_INDEPENDENT = 10
#: States that are told one by one.
_TOLD = 8
#: What a target can weigh, in nats.
_MOST = 8.0


@dataclass(frozen=True)
class Effect:
    """The largest |difference| of two outputs, relative to their size, and as a share of the range of all
    outputs of the run."""

    largest: float = 0.0
    relative: float = 0.0
    share: float = 0.0

    @property
    def matters(self) -> bool:
        """Whether this is more than float noise, and more than next to nothing."""
        return self.relative > NOISE and self.share > SHARE


def effect(case: Case, one: Inputs, other: Inputs) -> Effect:
    """How far two calls' outputs lie apart."""
    found = Effect()
    for name, array in one.items():
        if name in other and other[name].shape == array.shape and array.dtype.kind == "f":
            found = max(found, _effect(case, name, array, other[name]), key=lambda each: each.share)
    return found


def _effect(case: Case, name: str, one: Array, other: Array) -> Effect:
    first, second = (np.nan_to_num(each.astype(np.float64)) for each in (one, other))
    largest = float(np.max(np.abs(first - second), initial=0.0))
    size = float(max(np.max(np.abs(first), initial=0.0), np.max(np.abs(second), initial=0.0), 1e-12))
    everything = [outcome.outputs[name] for outcome in case.run.outcomes if name in outcome.outputs]
    values = np.concatenate([np.ravel(each) for each in (*everything, one, other)]).astype(np.float64)
    extent = float(np.ptp(np.nan_to_num(values))) if values.size else 0.0
    return Effect(largest, largest / size, largest / max(extent, 1e-12))


def target_weight(case: Case, carried: Inputs, reset: Inputs) -> float:
    """What the target says, in nats: positive where the carried state makes the smaller error, 0 without one.

    The logarithm of the likelihood ratio of two normal errors, of few independent values.
    """
    with_state, without = case.error(carried), case.error(reset)
    if case.target is None or with_state is None or without is None:
        return 0.0
    values = min(case.target.size, _INDEPENDENT)
    floor = 1e-6 * max(float(np.max(np.abs(case.target), initial=0.0)), 1e-6)
    weight = values * np.log(max(without, floor) / max(with_state, floor))
    return float(np.clip(weight, -_MOST, _MOST))


def changed(case: Case, calls: Sequence[Call], index: int) -> Inputs:
    """Outputs of call `index` of the plan with these calls in place of its own, up to that one."""
    outcomes = case.again(case.with_calls(tuple(calls[: index + 1]))).outcomes
    return outcomes[index].outputs if index < len(outcomes) else {}


def numbered(index: int) -> str:
    """`call 3`, as reports count them."""
    return f"call {index + 1}"


def listed(paths: Iterable[str]) -> str:
    """`lstm_1, lstm_2`."""
    return ", ".join(paths)


def sizes(states: States) -> dict[str, float]:
    """The largest |value| of each state, of the first few."""
    return {name: float(np.max(np.abs(state), initial=0.0)) for name, state in list(states.items())[:_TOLD]}
