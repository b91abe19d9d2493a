"""The memory horizon: how many steps back still matter to an output, from the gradient's norm at each step.

Nudge every step independently by the same small amount: to first order, the share of the output's variance
that step t causes is its share of the squared norm `‖dL/ds_t‖²`. The horizon is the fewest steps, counted
back from where the output is read, that hold `MATTERS` of it; whatever lies further back could be cut off.

A gradient of exactly 0 says one of two things. Either nothing passes (a gate is shut, a ReLU is off), or it
became too small for its type on the way; the second is told apart as underflow. What the horizon does not
say: how far back the model remembers what the output does not need. It is that of one output on one input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lstm_tui.recurrent.recording import Array, read_only

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

#: The share of the squared norm that the horizon holds; 99 % is what is commonly asked of an approximation
#: (of principal components, for instance). A gradient that shrinks by r a step has it within
#: log(0.01) / (2·log r) steps: 22 at 0.9, 230 at 0.99.
MATTERS = 0.99
#: At the far end of the sequence the gradient has faded if it is below this share of its largest norm.
FADED = 0.01
#: Which part of the sequence is its far end.
FAR_END = 0.1
#: Of a line through fewer points nothing can be said.
FEWEST_POINTS = 3
#: The regression takes the median slope of all pairs; a longer profile is reduced to so many block medians.
MOST_POINTS = 400
#: What `Horizon.factor` is measured in.
FACTOR_UNIT = "per step back"


@dataclass(frozen=True, eq=False)
class Horizon:
    """What a profile of gradient norms says about memory. Steps are timesteps of the input.

    norms: `(timesteps,)`, the profile, in the precision of `exact` where that was given.
    steps: how many steps back matter, of those that count; 0 where no gradient arrives anywhere, None where
        one of them is not a number.
    first: the earliest of these steps (where the layer runs backwards: the last of the sequence); None
        without any.
    end: the step from which is counted back. counted: how many steps there are to count.
    is_lower_bound: the gradient has not faded at the far end, so that a longer sequence may matter further.
    factor: what each step further back multiplies the norm by, over the whole profile: below 1 it vanishes,
        above 1 it explodes. NaN where fewer than three norms are above zero.
    scatter: half of the norms lie within this factor of the fitted line; 1 where all lie on it.
    underflow, zero: `(timesteps,)`, where the norm is 0 for the one reason or the other.
    broken_at: the step closest to `end` whose norm is NaN or infinite; all before it is lost.
    """

    norms: Array
    steps: int | None
    first: int | None
    end: int
    counted: int
    is_lower_bound: bool
    factor: float
    scatter: float
    underflow: Array
    zero: Array
    broken_at: int | None = None


def memory_horizon(
    profile: Array,
    *,
    computed_in: DTypeLike | None = None,
    exact: Array | None = None,
    mask: Array | None = None,
    end: int | None = None,
    go_backwards: bool = False,
) -> Horizon:
    """Of a profile `(timesteps,)`: the norm over the units of dL/dh_t, dL/dc_t or dL/dx_t at each step.

    L must be one output at one step: a sum over the outputs of all steps has no end to count back from.
    computed_in: the type of the gradients, by default that of the profile. It decides what underflows.
    exact: the profile of the same gradients computed in float64, which says where the first one underflowed.
    mask: `(timesteps,)`, False where a step does not count.
    end: the step whose output L is, by default the one that the layer computed last.
    """
    norms = np.abs(np.asarray(profile))
    best = norms if exact is None else np.abs(np.asarray(exact))
    if norms.shape != best.shape or norms.ndim != 1:
        raise ValueError(f"profiles {norms.shape} and {best.shape} are not both (timesteps,)")
    back = _steps_back(len(norms), mask, end, go_backwards)
    ordered = best[back].astype(np.float64)
    limits = np.finfo(best.dtype if exact is not None or computed_in is None else computed_in)
    underflow, zero = _zeros(norms[back], ordered, float(limits.tiny))
    broken = ~np.isfinite(ordered)
    steps = None if broken.any() else _holding(ordered)
    factor, scatter = _slope(ordered, float(limits.tiny))
    return Horizon(
        norms=read_only(best.astype(np.float64)),
        steps=steps,
        first=int(back[steps - 1]) if steps else None,
        end=_end(len(norms), end, go_backwards),
        counted=len(back),
        is_lower_bound=bool(steps) and _lasts(ordered),
        factor=factor,
        scatter=scatter,
        underflow=_marked(back[underflow], len(norms)),
        zero=_marked(back[zero], len(norms)),
        broken_at=int(back[np.argmax(broken)]) if broken.any() else None,
    )


def _end(timesteps: int, end: int | None, go_backwards: bool) -> int:
    if end is None:
        return 0 if go_backwards else max(timesteps - 1, 0)
    return end


def _steps_back(timesteps: int, mask: Array | None, end: int | None, go_backwards: bool) -> NDArray[np.int64]:
    """The timesteps that count, from the end back to the first one computed."""
    last = _end(timesteps, end, go_backwards)
    back = np.arange(last, timesteps) if go_backwards else np.arange(min(last, timesteps - 1), -1, -1)
    return back if mask is None else back[np.asarray(mask, bool)[back]]


def _holding(norms: Floats) -> int:
    """How many of the first norms hold `MATTERS` of the squares of all."""
    largest = norms.max(initial=0.0)
    if not largest:
        return 0
    held = np.cumsum(np.square(norms / largest))
    return int(np.searchsorted(held, MATTERS * held[-1])) + 1


def _lasts(norms: Floats) -> bool:
    far = max(round(len(norms) * FAR_END), 1)
    return bool(norms[-far:].max() >= FADED * norms.max())


def _zeros(profile: Array, best: Floats, tiny: float) -> tuple[Booleans, Booleans]:
    """Which norms are 0 by underflow, and which truly, both from the end back."""
    is_zero = profile == 0
    known = is_zero & (best != 0)
    guessed = is_zero & ~known & _has_run_low(best, tiny)
    return known | guessed, is_zero & ~known & ~guessed


def _has_run_low(norms: Floats, tiny: float) -> Booleans:
    """Whether the nearest norm towards the end that is not 0 was near `tiny`, the smallest normal number.

    Near is below its square root, 1e-19 in float32: a gradient that shrinks steadily passes through the range
    between the two, unless a single step takes it from above the one to below the other.
    """
    place = np.maximum.accumulate(np.where(norms != 0, np.arange(len(norms)), -1))
    nearest = np.where(place >= 0, norms[place], np.inf)
    return cast(Booleans, nearest < np.sqrt(tiny))


def _slope(norms: Floats, smallest: float) -> tuple[float, float]:
    """The factor a step and the scatter, by the Theil–Sen line through the logarithms.

    It stands up to 29 % of outliers (Sen, 1968). Numbers below the smallest normal one have too few digits.
    """
    usable = np.isfinite(norms) & (norms >= smallest)
    across, up = np.flatnonzero(usable).astype(np.float64), np.log(norms[usable])
    if len(up) < FEWEST_POINTS:
        return float("nan"), float("nan")
    across, up = _block(across, np.mean), _block(up, np.median)
    left, right = np.triu_indices(len(up), 1)
    slope = np.median((up[right] - up[left]) / (across[right] - across[left]))
    rest = up - slope * across
    scatter = np.median(np.abs(rest - np.median(rest)))
    with np.errstate(over="ignore"):
        return float(np.exp(slope)), float(np.exp(scatter))


def _block(values: Floats, reduce: Callable[..., Floats]) -> Floats:
    """At most `MOST_POINTS` values: those of blocks of equal size, a rest at the far end left out."""
    size = -(-len(values) // MOST_POINTS)
    return reduce(values[: len(values) // size * size].reshape(-1, size), axis=1)


def _marked(steps: NDArray[np.int64], timesteps: int) -> Array:
    marked = np.zeros(timesteps, bool)
    marked[steps] = True
    return read_only(marked)
