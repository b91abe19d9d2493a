"""What a Session shows: questions that every shell asks of it, answered without changing anything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lstm_tui.recurrent.calls import CallOutcome, Run
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording
from lstm_tui.session.edits import Material, Plan
from lstm_tui.session.state import Session
from lstm_tui.session.targets import target_of_call


def shown_recording(session: Session) -> Recording | None:
    """The recording of the present plan, once it has arrived and unless its call failed."""
    return session.run.recording if session.run else None


def shown_trace(session: Session) -> LayerTrace | None:
    """The layer under the cursor."""
    recording = shown_recording(session)
    return recording.layer(session.cursor.layer) if recording else None


def shown_outcome(session: Session) -> CallOutcome | None:
    """What the recorded call did, failed calls included."""
    if session.run is None or session.plan is None or not session.run.outcomes:
        return None
    return session.run.outcomes[min(session.plan.run.record, len(session.run.outcomes) - 1)]


def timesteps(session: Session) -> int:
    """Timesteps of the layer under the cursor, else of the longest recorded layer, else 0."""
    trace = shown_trace(session)
    if trace is not None:
        return trace.timesteps
    recording = shown_recording(session)
    return max((layer.timesteps for layer in recording.layers), default=0) if recording else 0


def series_values(session: Session) -> Array | None:
    """`(timesteps, units)` of the series, layer and sample under the cursor."""
    trace = shown_trace(session)
    if trace is None or session.cursor.series not in trace.steps:
        return None
    return per_step(trace, session.cursor.series, session.cursor.sample)


def per_step(trace: LayerTrace, series: str, sample: int) -> Array:
    """`(timesteps, units)` of one series and sample, further axes flattened into units."""
    values = trace.steps[series][sample]
    return np.asarray(values.reshape(values.shape[0], -1))


def unit_shown(session: Session) -> int:
    """The chosen unit, or where none is chosen the one whose state is largest at this step."""
    trace = shown_trace(session)
    if session.cursor.unit is not None or trace is None:
        return session.cursor.unit or 0
    values = np.abs(per_step(trace, trace.cell.states[-1], session.cursor.sample)[session.cursor.step])
    return int(np.argmax(np.nan_to_num(values, nan=np.inf)))


@dataclass(frozen=True, eq=False)
class OutputView:
    """One output as it is drawn over time.

    predictions: `(timesteps, k)`, what the output would be had the sequence ended at t (or, where the model
        returns a sequence, its value at t); None where only the last value exists.
    final: `(k,)` the output itself (its last step where it is a sequence).
    target: `(timesteps, k)` or `(k,)`, or None.
    note: how `predictions` came about, or why it is missing.
    """

    name: str
    predictions: Array | None
    final: Array
    target: Array | None
    note: str


def output_view(session: Session, name: str | None = None) -> OutputView | None:
    """The output called `name` (default: the first) for the sample under the cursor, kept while it holds."""
    recording = shown_recording(session)
    if recording is None or session.plan is None or not recording.outputs:
        return None
    name = name or next(iter(recording.outputs))
    sample = min(session.cursor.sample, len(recording.outputs[name]) - 1)
    if sample < 0:
        return None
    return _output_view(recording, session.plan, session.material, name, sample, timesteps(session))


@lru_cache(maxsize=4)
def _output_view(
    recording: Recording, plan: Plan, material: Material, name: str, sample: int, steps: int
) -> OutputView:
    in_user_units = plan.folded.output
    output = in_user_units(recording.outputs[name])
    prefix = recording.prefix.get(name)
    is_sequence = output.ndim == 3 and output.shape[1] == steps
    if is_sequence:
        predictions, note = output[sample], "output at each step"
    elif prefix is not None and sample < len(prefix):
        predictions = in_user_units(prefix)[sample].reshape(prefix.shape[1], -1)
        note = "had the sequence ended here"
    else:
        predictions = None
        note = recording.prefix_missing.get(name, "only at the end of the sequence")
    final = output[sample][-1] if is_sequence else output[sample]
    target = _target(target_of_call(material, plan), sample, steps)
    return OutputView(name, predictions, np.atleast_1d(final).reshape(-1), target, note)


def _target(target: Array | None, sample: int, steps: int) -> Array | None:
    """Of one sample: `(timesteps, k)` where it has a value at each step, else `(k,)`."""
    if target is None:
        return None
    one_row = target.ndim == 1 and len(target) == steps
    row = np.asarray(target if one_row else target[min(sample, len(target) - 1)])
    if row.ndim >= 1 and row.shape[0] == steps and steps > 1:
        return row.reshape(steps, -1)
    return row.reshape(-1)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Outputs before and after the last edit; `largest` |difference| is None if shapes differ."""

    before: CallOutcome
    after: CallOutcome
    largest: float | None


def comparison(session: Session) -> Comparison | None:
    """Before and after the last edit, once both runs are there."""
    before, after = session.run_before, session.run
    if before is None or after is None or before is after:
        return None
    first, second = _last_outcome(before), _last_outcome(after)
    if first is None or second is None:
        return None
    return Comparison(first, second, largest_difference(first, second))


def _last_outcome(run: Run) -> CallOutcome | None:
    return next((outcome for outcome in reversed(run.outcomes) if outcome.outputs or outcome.failure), None)


def largest_difference(first: CallOutcome, second: CallOutcome) -> float | None:
    """Largest |difference| over all outputs, NaN where only one is NaN; None if shapes differ."""
    if first.outputs.keys() != second.outputs.keys() or not first.outputs:
        return None
    pairs = [(first.outputs[name], second.outputs[name]) for name in first.outputs]
    if any(one.shape != other.shape for one, other in pairs):
        return None
    with np.errstate(invalid="ignore"):
        gaps = [
            np.max(np.where(_same(one, other), 0.0, np.abs(one - other)), initial=0.0) for one, other in pairs
        ]
    return float(np.max(gaps))


def _same(one: Array, other: Array) -> Array:
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))
