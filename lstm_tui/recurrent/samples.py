"""Which samples of a batch stand out, and by what: a number that is none, an error, a state, a prediction.

What is not a number comes first, since nothing after it can be read. Then, where there is a target, the
largest error; else the sample that lies furthest from what is usual in this batch, measured in medians: its
largest state against the median of those of all, its prediction's distance from the median prediction against
the median of these distances. What is usual elsewhere is not known here: a batch of twins has no outlier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_tui.recurrent.recording import Array, LayerTrace

Floats = NDArray[np.float64]
Why = Literal["not a number", "error", "state", "prediction", ""]

#: From this many medians on something is said to stand out.
STANDS_OUT = 2.0


@dataclass(frozen=True)
class Place:
    """A step of a layer."""

    layer: str
    step: int


@dataclass(frozen=True)
class Standing:
    """How one sample stands among the others.

    why: by what it stands out; empty where it is like the others.
    broken: the first state that is NaN or infinite, in the order of the layers and of their steps.
    broken_output: whether the output is NaN or infinite.
    error: root mean square over the output's values; None without a target, NaN where it cannot be told.
    state: the largest |state| of all layers, and where; NaN and None where no states of it are kept.
    prediction: the output, of a sequence its last step; the first value where there are several.
    apart: root mean square distance of the output from the batch's median.
    state_medians, apart_medians: state and distance in medians of the batch.
    """

    sample: int
    why: Why
    broken: Place | None
    broken_output: bool
    error: float | None
    state: float
    state_at: Place | None
    prediction: float
    apart: float
    state_medians: float
    apart_medians: float

    @property
    def place(self) -> Place | None:
        """Where to look at it: what is not a number, else the state that stands out."""
        return self.broken or (self.state_at if self.why == "state" else None)


def standings(
    traces: Sequence[LayerTrace], output: Array, target: Array | None = None
) -> tuple[Standing, ...]:
    """All samples, those that stand out most first; equal ones in the order of the batch.

    output: `(batch, ...)`. target: like the output, or of each sample `(batch, timesteps, ...)` or one number
    `(batch,)`; one that does not fit is left out.
    """
    batch = len(output)
    values = _flat(output)
    errors, seen, apart = _errors(output, target), _seen(traces, batch), _apart(values)
    state_medians = _in_medians(np.array([each.size for each in seen]))
    apart_medians = _in_medians(apart)
    last = _flat(_at_end(output))
    found = []
    for sample, each in enumerate(seen):
        broken_output = not bool(np.isfinite(values[sample]).all())
        medians = float(state_medians[sample]), float(apart_medians[sample])
        standing = Standing(
            sample=sample,
            why="not a number" if each.broken or broken_output else _why(errors, sample, *medians),
            broken=each.broken,
            broken_output=broken_output,
            error=None if errors is None else float(errors[sample]),
            state=each.size,
            state_at=each.at,
            prediction=float(last[sample, 0]) if last.shape[1] else math.nan,
            apart=float(apart[sample]),
            state_medians=medians[0],
            apart_medians=medians[1],
        )
        found.append(standing)
    return tuple(sorted(found, key=_order))


def _flat(values: Array) -> Floats:
    """`(batch, everything else)`."""
    return np.asarray(values, np.float64).reshape(len(values), math.prod(values.shape[1:]))


def _at_end(output: Array) -> Array:
    return output[:, -1] if output.ndim > 2 else output


def _order(standing: Standing) -> tuple[bool, float]:
    if standing.why == "not a number":
        return False, 0.0
    medians = max(standing.state_medians, standing.apart_medians)
    most = medians if standing.error is None else standing.error
    return True, 0.0 if math.isnan(most) else -most


def _why(errors: Floats | None, sample: int, state: float, apart: float) -> Why:
    if errors is not None:
        known = errors[np.isfinite(errors)]
        return "error" if len(known) > 1 and errors[sample] > STANDS_OUT * np.median(known) else ""
    if max(state, apart) < STANDS_OUT:
        return ""
    return "state" if state >= apart else "prediction"


def _errors(output: Array, target: Array | None) -> Floats | None:
    """Root mean square of output minus target, `(batch,)`."""
    if target is None or target.dtype.kind not in "biuf":
        return None
    batch, at_end = len(output), _at_end(output)
    ends = target[:, -1] if target.ndim > 1 else target[-1:]
    for given, wanted in ((output, target), (at_end, target), (at_end, ends)):
        if given.size == wanted.size and batch in {1, len(wanted)}:
            if not given.size:
                return np.zeros(batch)
            with np.errstate(all="ignore"):
                difference = _flat(given) - np.asarray(wanted, np.float64).reshape(batch, -1)
                error: Floats = np.sqrt(np.mean(np.square(difference), axis=1))
            return error
    return None


@dataclass(eq=False)
class _Seen:
    """Of one sample: its largest |state| and where, and where the first one is that is no number."""

    size: float = math.nan
    at: Place | None = None
    broken: Place | None = None


def _seen(traces: Sequence[LayerTrace], batch: int) -> list[_Seen]:
    seen = [_Seen() for _ in range(batch)]
    for trace in traces:
        for sample, each in enumerate(seen[: trace.batch]):
            if not trace.has(sample):
                continue  # another one is kept
            states = [np.abs(trace.over_time(name, sample)) for name in trace.cell.states]
            for sizes in states:
                _note_largest(each, sizes, trace.path)
            if each.broken is None:
                each.broken = _first_broken(states, trace)
    return seen


def _note_largest(seen: _Seen, sizes: Array, path: str) -> None:
    if not sizes.size:
        return
    index = int(np.argmax(sizes))
    size = float(sizes.reshape(-1)[index])
    if math.isfinite(size) and not size <= seen.size:
        seen.size, seen.at = size, Place(path, int(np.unravel_index(index, sizes.shape)[0]))


def _first_broken(states: Sequence[Array], trace: LayerTrace) -> Place | None:
    """The step of the layer that was computed first of those at which a state is NaN or infinite."""
    steps = [
        step
        for sizes in states
        if not np.isfinite(sizes.max(initial=0.0))
        for step in np.flatnonzero(~np.isfinite(sizes.reshape(len(sizes), -1)).all(axis=1)).tolist()
    ]
    return Place(trace.path, max(steps) if trace.go_backwards else min(steps)) if steps else None


def _apart(values: Floats) -> Floats:
    """Root mean square distance of each row from the median of all."""
    if not values.size:
        return np.zeros(len(values))
    finite = np.where(np.isfinite(values), values, np.nan)
    if not np.isfinite(finite).any(axis=0).all():
        return np.full(len(values), np.nan)
    distance: Floats = np.sqrt(np.mean(np.square(finite - np.nanmedian(finite, axis=0)), axis=1))
    return distance


def _in_medians(values: Floats) -> Floats:
    """Each value in medians of all; 1 where there is nothing to measure by, infinite above a median of 0."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return np.ones(len(values))
    usual = float(np.median(known))
    if usual > 0:
        return np.where(np.isfinite(values), values / usual, 1.0)
    return np.where(values > 0, np.inf, 1.0)
