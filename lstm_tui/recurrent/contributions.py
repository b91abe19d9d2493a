"""Where a value comes from: a cell state split into what each earlier step put in and what is left of it.

An LSTM's `c_t = f_t·c_{t-1} + i_t·g_t` and a GRU's `h_t = z_t·h_{t-1} + (1 - z_t)·g_t` are sums that can be
unrolled (Levy et al., "Long Short-Term Memory as a Dynamically Computed Element-wise Weighted Sum", 2018):

    c_t = Σ_k i_k·g_k · f_{k+1}·…·f_t  +  c_0 · f_1·…·f_t

It is computed in float64 from the recorded gates, whatever their activations, and held against the recorded
state: what rounding cannot explain is told as `residual`, never spread over the shares.

What this is not: an attribution to the input. `g_k` and the gates of step k have read `h_{k-1}` too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from lstm_tui.recurrent.cells import CellKind
from lstm_tui.recurrent.recording import Array, LayerTrace, read_only
from lstm_tui.recurrent.window import Window

Floats = NDArray[np.float64]

#: Roundings that a step may have behind it, each by half a unit in the last place of the recording's type:
#: two products and a sum, and gates that the recorder computed a second time beside the cell. On Keras'
#: own layers, float16 to float64, the residual stayed below a fifth of what this allows.
ROUNDINGS = 4
#: Half a unit in the last place of bfloat16, which is recorded in arrays of float32.
BFLOAT16_ROUNDOFF = 2.0**-8
#: Factors multiplied before they are scaled: mantissas are at least 1/2, so no such product underflows.
BLOCK = 512
#: Beyond this power of two a float64 is 0 or infinite whatever its mantissa.
LARGEST_POWER = 5000


@dataclass(frozen=True, eq=False)
class Contributions:
    """One unit of one state at one step, as a sum: `total = shares.sum() + from_initial + residual`.

    shares: `(steps,)` from `start` on, what each step put in and is left of it; 0 outside `window`.
    kept: `(steps,)`, how much of what a step put in is left: the product of the gates after it.
    start: the first step that is kept of the recording; the state before it counts as the initial one.
    from_initial: what is left of the initial state; NaN where that was not recorded.
    total: the state as recorded.
    residual: what the sum leaves open; explained by rounding if no larger than `tolerance`.
    window: the steps that have been computed by then, the last of the sequence first where it runs backwards.
    underflowed: how many shares, that of the initial state among them, are too small for a float64 and so 0.
    erased_at: the latest step whose gate was exactly 0, so that nothing before it is left.
    broken_at: the first step at which a gate or the candidate was NaN or infinite.
    """

    series: Literal["c", "h"]
    step: int
    window: Window
    shares: Array
    kept: Array
    from_initial: float
    total: float
    residual: float
    tolerance: float
    underflowed: int = 0
    erased_at: int | None = None
    broken_at: int | None = None
    start: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether rounding explains the residual. Never where something is not a number."""
        return abs(self.residual) <= self.tolerance


def no_contributions(trace: LayerTrace) -> str | None:
    """Why `contributions` gives None for this layer, in one sentence; None where it does not."""
    split = _SPLITS.get(trace.cell.name)
    if trace.cell.name == "simple_rnn":
        return "A SimpleRNN has no gates: each state is an activation of the one before, not a sum with it."
    if split is None:
        return "It is not known how this cell computes its states, so they cannot be taken apart."
    if not split.series(trace.cell) <= set(trace.steps):
        return "The gates of this cell could not be told apart, so its state cannot be taken apart."
    return None


def contributions(trace: LayerTrace, *, sample: int, step: int, unit: int) -> Contributions | None:
    """The state of `unit` at `step`, taken apart; None where `no_contributions` says why.

    unit: counted over all axes after `(batch, timesteps)`, as `LayerTrace.units` does. A masked step has
    passed the state on as it was: its share is 0 and it keeps everything.
    """
    if no_contributions(trace) is not None:
        return None
    if not trace.has(sample, step):
        raise IndexError(f"step {step} of {trace.timesteps}, of which {trace.kept} are kept")
    split = _SPLITS[trace.cell.name]
    window = Window(step, trace.kept.stop) if trace.go_backwards else Window(trace.start, step + 1)
    unrolled = _unrolled(trace, split, window, sample, unit)
    return _summed(unrolled, split.state, step, window, trace)


def ranked(parts: Contributions, count: int) -> tuple[tuple[int, float], ...]:
    """The `count` largest shares as `(step, share)`, the largest first by size; NaN before all others.

    Equal ones stand in the order of time. Shares of exactly 0 are not among them.
    """
    size = np.where(np.isnan(parts.shares), np.inf, np.abs(parts.shares))
    steps = np.flatnonzero(size)
    count = min(max(count, 0), len(steps))
    if not count:
        return ()
    smallest = np.partition(size[steps], -count)[-count]
    steps = steps[size[steps] >= smallest]
    best = steps[np.argsort(-size[steps], kind="stable")[:count]]
    return tuple(zip((best + parts.start).tolist(), parts.shares[best].tolist(), strict=True))


@dataclass(frozen=True)
class _Split:
    """Which series make up a state: `keep` of the state before, `admit` of the candidate (None: 1 - keep)."""

    state: Literal["c", "h"]
    keep: str
    admit: str | None

    def series(self, cell: CellKind) -> set[str]:
        names = {self.state, self.keep, self.admit, cell.candidate or "g"}
        return {name for name in names if name is not None}


_SPLITS = {"lstm": _Split("c", keep="f", admit="i"), "gru": _Split("h", keep="z", admit=None)}


@dataclass(frozen=True, eq=False)
class _Unrolled:
    """The recurrence of one unit, each `(steps,)` from the step asked for back to the first one computed."""

    state: Floats
    keep: Floats
    added: Floats
    initial: float
    #: How far each step's own arithmetic may be off.
    slack: Floats


def _unrolled(trace: LayerTrace, split: _Split, window: Window, sample: int, unit: int) -> _Unrolled:
    steps = slice(window.start - trace.start, window.stop - trace.start)

    def latest_first(name: str) -> Array:
        return _latest_first(trace.over_time(name, sample)[steps, unit], trace)

    state, gate, candidate = (
        latest_first(name) for name in (split.state, split.keep, trace.cell.candidate or "g")
    )
    keep = gate.astype(np.float64)
    admit = 1.0 - keep if split.admit is None else latest_first(split.admit).astype(np.float64)
    initial = _initial(trace, split.state, sample, unit)
    slack = _slack(state, (keep, admit, candidate), initial)
    with np.errstate(all="ignore"):
        added = admit * candidate
    mask = trace.mask_over_time(sample)
    if mask is not None:
        counts = _latest_first(mask[steps], trace)
        keep, added, slack = np.where(counts, keep, 1.0), np.where(counts, added, 0.0), slack * counts
    return _Unrolled(state.astype(np.float64), keep, added, initial, slack)


def _latest_first(values: Array, trace: LayerTrace) -> Array:
    return values if trace.go_backwards else values[::-1]


def _initial(trace: LayerTrace, state: str, sample: int, unit: int) -> float:
    values = trace.before_first(state, sample)
    return float("nan") if values is None else float(values[unit])


def _slack(state: Array, gates: tuple[Floats, Floats, Array], initial: float) -> Floats:
    """How far rounding may put a step off, to first order. A gate is off by a share of 1, not of itself."""
    keep, admit, candidate = (np.abs(part.astype(np.float64)) for part in gates)
    after = np.abs(state.astype(np.float64))
    before = np.append(after[1:], abs(initial))
    with np.errstate(all="ignore"):
        scale = after + np.maximum(keep, 1) * before + np.maximum(admit, 1) * candidate
    # What is smaller than `tiny` may have been flushed to 0.
    tiny = float(np.finfo(state.dtype).tiny)
    return cast(Floats, ROUNDINGS * (_roundoff(state, gates[2]) * scale + tiny))


def _roundoff(*recorded: Array) -> float:
    """Half a unit in the last place, relative, of the type in which the layer computed."""
    if all(values.dtype == np.float32 and _is_bfloat16(values) for values in recorded):
        return BFLOAT16_ROUNDOFF
    return max(float(np.finfo(values.dtype).eps) / 2 for values in recorded)


def _is_bfloat16(values: Array) -> bool:
    """Whether no value has more digits than a bfloat16: the lower half of every float32 is empty."""
    return not (np.ascontiguousarray(values).view(np.uint32) & 0xFFFF).any()


def _summed(
    of: _Unrolled, series: Literal["c", "h"], step: int, window: Window, trace: LayerTrace
) -> Contributions:
    with np.errstate(all="ignore"):
        mantissa, power = _running_products(of.keep)
        kept = _float(mantissa, power)
        digits, own_power = np.frexp(of.added)
        digits *= mantissa[:-1]
        shares = _float(digits, power[:-1] + own_power)
        left = mantissa[-1:] * of.initial
        from_initial = float(_float(left, power[-1:])[0])
        total = float(of.state[0])
        residual = total - (float(shares.sum()) + from_initial)
        tolerance = float(np.abs(kept[:-1] * of.slack).sum()) + _own_rounding(shares, from_initial)
    return Contributions(
        series=series,
        step=step,
        window=window,
        shares=_placed(shares, window, trace),
        kept=_placed(kept[:-1], window, trace),
        from_initial=from_initial,
        total=total,
        residual=residual,
        tolerance=tolerance,
        underflowed=int(np.count_nonzero((shares == 0) & (digits != 0)) + (from_initial == 0 != left[0])),
        erased_at=_step_at(_first_where(of.keep == 0), step, trace),
        broken_at=_step_at(_last_where(~(np.isfinite(of.keep) & np.isfinite(of.added))), step, trace),
        start=trace.start,
    )


def _own_rounding(shares: Floats, from_initial: float) -> float:
    """What the products and the sum taken here may be off by: a rounding more for each step further back."""
    roundings = np.arange(len(shares), dtype=np.float64) + 4
    off = float((np.abs(shares) * roundings).sum()) + abs(from_initial) * (len(shares) + 4)
    return float(np.finfo(np.float64).eps) * off


def _running_products(factors: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """`1, a, a·b, …` as mantissas and powers of two, so that no product underflows or overflows on the way.

    A plain cumulative product would stay 0 once it got there, also where later factors are large; logarithms
    know neither zeros nor signs.
    """
    mantissa, power = _scaled_products(factors)
    return np.concatenate([[1.0], mantissa]), np.concatenate([[0], power])


def _scaled_products(factors: Floats) -> tuple[Floats, NDArray[np.int64]]:
    mantissa, power = np.frexp(factors)
    powers = np.cumsum(np.where(np.isfinite(factors), power, 0), dtype=np.int64)
    padding = np.ones(-len(factors) % BLOCK)
    blocks = np.cumprod(np.concatenate([mantissa, padding]).reshape(-1, BLOCK), axis=1)
    lifts = np.zeros(blocks.shape, np.int64)
    if len(blocks) > 1:
        before, lift = _scaled_products(blocks[:-1, -1])
        blocks[1:] *= before[:, None]
        lifts[1:] = lift[:, None]
    products, rest = np.frexp(blocks.reshape(-1)[: len(factors)])
    return products, powers + lifts.reshape(-1)[: len(factors)] + rest


def _float(mantissa: Floats, power: NDArray[np.int64]) -> Floats:
    bounded = np.clip(power, -LARGEST_POWER, LARGEST_POWER).astype(np.int32)
    return cast(Floats, np.ldexp(mantissa, bounded))


def _placed(values: Floats, window: Window, trace: LayerTrace) -> Array:
    """At the timesteps that are kept, 0 for steps that were not computed yet."""
    placed = np.zeros(len(trace.kept))
    placed[window.start - trace.start : window.stop - trace.start] = _latest_first(values, trace)
    return read_only(placed)


def _first_where(condition: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(condition)) if condition.any() else None


def _last_where(condition: NDArray[np.bool_]) -> int | None:
    return len(condition) - 1 - int(np.argmax(condition[::-1])) if condition.any() else None


def _step_at(distance: int | None, step: int, trace: LayerTrace) -> int | None:
    """The timestep that was computed `distance` steps before `step`."""
    if distance is None:
        return None
    return step + distance if trace.go_backwards else step - distance
