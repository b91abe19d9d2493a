"""Why a value is what it is: the causes it is a sum of, each of which can be asked the same question.

A `Question` names a value; `Why` is its answer: shares that add up to `total`, the largest first, and how the
value follows from that total. An exact split is the model's own arithmetic, taken in float64 from recorded
values and weights, and held against the recording: what does not agree within rounding is said, never spread
over the shares. Values and sums only; where a value comes from is for `why_tracing` to find out.

What it is not: what would happen without a cause. A share is a term of a sum, and the terms know each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.recording import Recording

Floats = NDArray[np.float64]

#: What can be asked about: an output of the model, a unit of a layer without a loop, a state, what one step
#: wrote into a state, an input; and an output right back to the inputs.
Kind = Literal["output", "layer", "state", "written", "input", "inputs"]
#: Shares that are listed; of all others there is the sum.
LISTED = 24
#: Half a unit in the last place, by the type a layer computes in.
ROUNDOFF = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}


@dataclass(frozen=True)
class Question:
    """Why is this value what it is?

    path: of the layer, or the name of the output or input. step: the timestep. unit: counted over all axes
    after `(batch, timesteps)`. series: of a state or what was written into it, its name (`c`).
    """

    kind: Kind
    path: str
    step: int
    unit: int
    series: str = ""


@dataclass(frozen=True)
class Share:
    """One term of the sum. value: of the cause itself, where it has one.

    of: the cause, to be asked in turn; None for what has no cause of its own, which `name` then says.
    """

    share: float
    value: float | None = None
    of: Question | None = None
    name: str = ""


@dataclass(frozen=True, eq=False)
class Why:
    """The answer to one question: `total = sum of shares + rest`, and `value` follows from `total`.

    value: as recorded. link: how it follows, in words (`i 0.91 × tanh`); empty where it is the total itself.
    shares: the largest first; never one of exactly 0. others, rest: how many more there are, and their sum.
    exact: whether the shares are the model's own arithmetic; else gradient times activation.
    residual: what the recorded value is off from what the total leads to, or from the sum where that is
        not exact. tolerance: what of it rounding explains; NaN where the sum is not exact.
    notes: what else is to be known, a sentence each.
    """

    question: Question
    value: float
    total: float
    shares: tuple[Share, ...]
    link: str = ""
    others: int = 0
    rest: float = 0.0
    exact: bool = True
    residual: float = 0.0
    tolerance: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def adds_up(self) -> bool:
        """Whether rounding explains the residual. Never where something is not a number."""
        return abs(self.residual) <= self.tolerance

    @property
    def explained(self) -> float:
        """How much of the total all shares come to; 1 of an exact one. NaN where the total is 0."""
        summed = sum(each.share for each in self.shares) + self.rest
        return summed / self.total if self.total else float("nan")


@dataclass(frozen=True, eq=False)
class Made:
    """What a sample's values were made of: its recording, and what the model is made of."""

    recording: Recording
    insides: Insides
    sample: int = 0


@dataclass(frozen=True, eq=False)
class Causes:
    """Numbers side by side, `(count,)`, and which value each is."""

    values: Floats
    of: Callable[[int], Question]


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of a sum that come from `causes`: `shares` is `(count,)`, 0 for a cause that has none."""

    shares: Floats
    causes: Causes


def summed(
    terms: Sequence[Terms], single: Sequence[Share] = ()
) -> tuple[float, tuple[Share, ...], int, float]:
    """The sum of all terms, the largest of them, how many more there are and their sum.

    single: terms that have no cause of their own. NaN comes before all others.
    """
    flat = [np.asarray(each.shares, np.float64) for each in terms]
    alone = np.array([each.share for each in single])
    every = np.concatenate([*flat, alone]) if flat or single else np.zeros(0)
    starts = np.cumsum([0, *(len(each) for each in flat)])
    size = np.where(np.isnan(every), np.inf, np.abs(every))
    there = np.flatnonzero(size)
    if len(there) > LISTED:
        least = np.partition(size[there], -LISTED)[-LISTED]
        there = there[size[there] >= least]
    best = there[np.argsort(-size[there], kind="stable")][:LISTED]

    def share_at(place: int) -> Share:
        group = int(np.searchsorted(starts, place, side="right")) - 1
        if group >= len(terms):
            return single[place - int(starts[-1])]
        index, causes = place - int(starts[group]), terms[group].causes
        return Share(float(every[place]), float(causes.values[index]), causes.of(index))

    left = every.copy()
    left[best] = 0
    with np.errstate(invalid="ignore", over="ignore"):
        total, rest = float(every.sum()), float(left.sum())
    return total, tuple(share_at(int(place)) for place in best), int(np.count_nonzero(left)), rest


def roundoff(dtype: str) -> float:
    """Half a unit in the last place of the type that a layer computes in; float32 where it is not known."""
    return ROUNDOFF.get(dtype, ROUNDOFF["float32"])


def slack(terms: Sequence[Terms], single: Sequence[Share], dtype: str) -> float:
    """How far a sum of these terms in `dtype` may be off: a rounding for each term it is added to."""
    with np.errstate(invalid="ignore", over="ignore"):
        size = sum(float(np.abs(each.shares).sum()) for each in terms) + sum(
            abs(each.share) for each in single
        )
    count = sum(len(each.shares) for each in terms) + len(single)
    return (count + 8) * roundoff(dtype) * (size + 1.0)
