"""How many gates are stuck: the share so near 0 or 1 that hardly any gradient passes the sigmoid.

A saturated gate is no fault by itself: a forget gate near 1 is how an LSTM remembers. The figures say where
to look; what is wrong is for `checks` to judge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_tui.recurrent.recording import Array, LayerTrace, read_only

#: Below the first a gate is shut, above the second open. A sigmoid s passes 4·s·(1 - s) of its largest
#: gradient: 19 % at these values. Karpathy, Johnson & Fei-Fei (2015, "Visualizing and Understanding Recurrent
#: Networks") cut at 0.1 and 0.9, where 36 % still pass: too much to be called stuck in a debugger.
SHUT_BELOW = 0.05
OPEN_ABOVE = 0.95


@dataclass(frozen=True, eq=False)
class Saturation:
    """Of one gate, over units: at each step `(timesteps,)` the mean, the share shut and the share open.

    The totals are over all steps that count. NaN where there was nothing to count; values that are not finite
    are left out of the mean and are neither shut nor open.
    """

    mean: Array
    shut: Array
    open: Array
    total_mean: float
    total_shut: float
    total_open: float


def saturation(gate: Array, mask: Array | None = None) -> Saturation:
    """Of one gate `(timesteps, units)`; where `mask` `(timesteps,)` is False, a step is not in the totals."""
    values = np.asarray(gate).reshape(len(gate), math.prod(gate.shape[1:]))
    mean = _finite_mean(values)
    with np.errstate(invalid="ignore"):
        shut = _share(values < SHUT_BELOW)
        is_open = _share(values > OPEN_ABOVE)
    counting = np.ones(len(values), bool) if mask is None else np.asarray(mask, bool)
    return Saturation(
        mean=read_only(mean),
        shut=read_only(shut),
        open=read_only(is_open),
        total_mean=_overall(mean[counting]),
        total_shut=_overall(shut[counting]),
        total_open=_overall(is_open[counting]),
    )


def gate_saturations(trace: LayerTrace, sample: int) -> Mapping[str, Saturation]:
    """Of every gate of a layer, by name, for one sample of the batch, over the steps that are kept."""
    mask = trace.mask_over_time(sample)
    return {name: saturation(trace.over_time(name, sample), mask) for name in trace.cell.gates}


def _share(condition: NDArray[np.bool_]) -> NDArray[np.float64]:
    if not condition.shape[1]:
        return np.full(len(condition), np.nan)
    return np.asarray(condition.mean(axis=1, dtype=np.float64))


def _finite_mean(values: Array) -> NDArray[np.float64]:
    finite = np.isfinite(values)
    count = finite.sum(axis=1)
    total = np.where(finite, values, 0).sum(axis=1, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _overall(per_step: NDArray[np.float64]) -> float:
    known = per_step[~np.isnan(per_step)]
    return float(known.mean()) if known.size else float("nan")
