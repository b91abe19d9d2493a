"""What was predicted, how much it varies and how good it is: the questions that the checks of meaningless
predictions share. They look at what is at hand and run nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.probing import explained
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording

#: Recurrent series in (0, 1) and the names of what keeps a state as it is where it is open.
_KEEPING = {"z"}


@dataclass(frozen=True, eq=False)
class Paired:
    """Predictions beside what they should have been: one shape, `(batch, outputs)` or `(batch, timesteps,
    outputs)`, both in the user's units."""

    output: str
    prediction: Array
    target: Array

    @property
    def share(self) -> float:
        """Of the target's variance that is explained, over rows and timesteps."""
        outputs = self.target.shape[-1]
        return explained(self.prediction.reshape(-1, outputs), self.target.reshape(-1, outputs))

    @property
    def each_step(self) -> bool:
        """Whether there is one prediction for each timestep."""
        return self.target.ndim > 2


def paired(case: Case, target: Array | None = None, outputs: Inputs | None = None) -> Paired | None:
    """The first output that the target fits, by default the case's own; None where none does or either is
    not finite. Labels `(batch,)` stand for `(batch, 1)`, as Keras takes them."""
    truth = case.target if target is None else target
    if truth is None or truth.dtype.kind not in "fiub" or not np.isfinite(truth).all():
        return None
    for name, values in (case.outputs if outputs is None else outputs).items():
        fitting = _as(truth, values.shape)
        if fitting is not None and values.ndim in (2, 3) and np.isfinite(values).all():
            return Paired(name, case.in_user_units(values), fitting)
    return None


def lies_where_the_target_does(case: Case) -> bool:
    """Whether predictions lie near the target, as the head of a model puts them that was trained on it."""
    beside = paired(case)
    if beside is None:
        return False
    middle, wanted = float(np.median(beside.prediction)), float(np.median(beside.target))
    return abs(middle - wanted) <= max(0.5 * abs(wanted), 3 * float(beside.target.std()))


def _as(target: Array, shape: tuple[int, ...]) -> Array | None:
    """The target in the shape of an output, where only an axis of one is missing or too many at its end."""
    for each in (
        target,
        target[..., None],
        target[..., 0] if target.ndim and target.shape[-1] == 1 else None,
    ):
        if each is not None and each.shape == shape:
            return each
    return None


def sequence(inputs: Inputs) -> tuple[str, Array] | None:
    """The one input that is a sequence of numbers, `(batch, timesteps, features)`; None where there are
    several or none."""
    found = [(name, x) for name, x in inputs.items() if x.ndim == 3 and x.dtype.kind == "f"]
    return found[0] if len(found) == 1 and len(inputs) == 1 else None


def variation(outputs: Inputs) -> float:
    """How much the outputs vary over rows and timesteps: the root mean square deviation from each column's
    mean. 0 where there is one value a column, NaN where something is not finite."""
    columns = [_columns(values) for values in outputs.values() if values.dtype.kind == "f"]
    squares = [float(np.square(each - each.mean(axis=0)).mean()) for each in columns if each.size]
    return float(np.sqrt(np.mean(squares))) if squares else 0.0


def settled_outputs(recording: Recording) -> Array:
    """The first output, over the second half of the steps where each is known, `(values, width)`."""
    name, output = next(iter(recording.outputs.items()))
    values = recording.prefix.get(name, output)
    if values.ndim > 2:
        values = values[:, values.shape[1] // 2 :]
    return values.reshape(-1, values.shape[-1]).astype(np.float64)


def values_a_column(outputs: Inputs) -> int:
    """Over how many rows and steps `variation` is taken."""
    return max((len(_columns(values)) for values in outputs.values() if values.size), default=0)


def _columns(values: Array) -> Array:
    return values.astype(np.float64).reshape(-1, values.shape[-1] if values.ndim > 1 else 1)


def stuck_shares(trace: LayerTrace, low: float, high: float) -> Mapping[str, tuple[float, float]]:
    """By gate, the share of units that are below `low` at every step of every row, and above `high`."""
    counting = np.ones((trace.batch, trace.timesteps), bool) if trace.mask is None else trace.mask
    shares: dict[str, tuple[float, float]] = {}
    for name in trace.cell.gates:
        values = trace.steps[name].reshape(trace.batch, trace.timesteps, -1)[counting]
        if len(values):
            with np.errstate(invalid="ignore"):
                shut, opened = (values < low).all(axis=0), (values > high).all(axis=0)
            shares[name] = float(shut.mean()), float(opened.mean())
    return shares
