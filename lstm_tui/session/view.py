"""What a Session shows: questions that every shell asks of it, answered without changing anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from lstm_tui.recurrent.calls import CallOutcome, Run
from lstm_tui.recurrent.pyramid import FINEST_BIN, Level, Pyramid, pyramid_of
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording, Shape
from lstm_tui.recurrent.replays import Replayed
from lstm_tui.recurrent.window import Window
from lstm_tui.session.edits import Material, Plan
from lstm_tui.session.long_recording import LongRecording
from lstm_tui.session.state import Session
from lstm_tui.session.targets import target_of_call

#: A page of so few steps is drawn from the steps; a longer one from bins of the whole sequence.
_FEW_STEPS = 16_384
#: How a prediction at a step came about.
EACH_STEP, HAD_IT_ENDED = "output at each step", "had the sequence ended here"


def shown_recording(session: Session) -> Recording | None:
    """The recording of the present plan, once it has arrived and unless its call failed.

    Of one that is made in stretches, the window under the cursor, which may not be there yet.
    """
    if session.long is not None and session.long.key == session.key:
        return session.long.at(session.cursor.step)
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


def is_there(session: Session) -> bool:
    """Whether the step and the sample under the cursor are among what is kept of the layer under it."""
    trace = shown_trace(session)
    return trace is not None and trace.has(session.cursor.sample, session.cursor.step)


def is_masked(session: Session) -> bool:
    """Whether the step under the cursor does not count."""
    trace = shown_trace(session)
    if trace is None or not is_there(session):
        return False
    mask = trace.mask_over_time(session.cursor.sample)
    return mask is not None and not mask[session.cursor.step - trace.start]


def why_not_there(session: Session) -> str:
    """Why the step under the cursor cannot be shown now: one sentence."""
    long, step = session.long, session.cursor.step
    if long is None:
        return f"Recording sample {session.cursor.sample} …"
    if step < long.recorded:
        return f"Fetching the steps around {step:,} …" if not long.stopped else long.stopped
    if long.stopped:
        return f"Recorded up to step {long.recorded:,}, then: {long.stopped}"
    state = "is not recorded yet" if long.running else "is not recorded: x goes on"
    return f"Step {step:,} {state}; {long.recorded:,} of {long.plan.timesteps:,} are."


def unit_shown(session: Session) -> int:
    """The chosen unit, or where none is chosen the one whose state is largest at this step."""
    trace = shown_trace(session)
    if session.cursor.unit is not None or trace is None or not is_there(session):
        return session.cursor.unit or 0
    values = np.abs(trace.at(trace.cell.states[-1], session.cursor.sample, session.cursor.step))
    return int(np.argmax(np.nan_to_num(values, nan=np.inf)))


def timeline(session: Session, trace: LayerTrace, series: str, page: Window) -> tuple[int, Pyramid] | None:
    """A series of the sample under the cursor from afar, for a page of it, and the step where that begins.

    `mask` is a series of 1 and 0 here. Of what is kept whole a page of few steps is looked at by itself.
    """
    if session.long is not None:
        far = session.long.pyramid(f"{trace.path}/{series}")
        return None if far is None else (0, far)
    sample = session.cursor.sample
    if not trace.has(sample) or (series == "mask" and trace.mask is None):
        return None
    if len(page) < _FEW_STEPS:
        return page.start, _far(trace, series, sample, page, 1)
    return 0, _far(trace, series, sample, trace.kept, FINEST_BIN)


@lru_cache(maxsize=12)
def _far(trace: LayerTrace, series: str, sample: int, window: Window, finest: int) -> Pyramid:
    mask = trace.mask_over_time(sample)
    if series == "mask" and mask is not None:
        return pyramid_of(mask[window.slice, None].astype(np.float32), finest)
    return pyramid_of(trace.over_time(series, sample)[window.slice], finest)


def finest_zoom(session: Session) -> int:
    """Steps a column from which on the timeline can be drawn from afar: no bin is cut."""
    return session.long.plan.bin if session.long is not None else 1


@dataclass(frozen=True, eq=False)
class OutputView:
    """One output as it is drawn over time.

    shape: that of the output. timesteps: of the sequence.
    predictions: `(steps, k)` from step `start` on, what the output would be had the sequence ended at t (or,
        where the model returns a sequence, its value at t); None where only the last value exists.
    far: the same from afar, where `predictions` are but a window of them.
    final: `(k,)` the output itself (its last step where it is a sequence).
    target: `(timesteps, k)` or `(k,)`, or None.
    note: how `predictions` came about, or why it is missing.
    replayed: `(k,)` by step, where the model was run on the sequence up to there.
    """

    name: str
    shape: Shape
    timesteps: int
    predictions: Array | None
    final: Array
    target: Array | None
    note: str
    start: int = 0
    far: Pyramid | None = None
    replayed: Mapping[int, Array] = field(default_factory=dict)

    def at(self, step: int) -> Array | None:
        """The prediction at a step, `(k,)`; None where it is not known."""
        if self.predictions is None:
            return self.replayed.get(step)
        if not len(self.predictions):
            return None
        place = step - self.start
        return self.predictions[place] if 0 <= place < len(self.predictions) else None


def output_view(session: Session, name: str | None = None) -> OutputView | None:
    """The output called `name` (default: the first) for the sample under the cursor, kept while it holds."""
    recording = shown_recording(session)
    if recording is None or session.plan is None or not recording.outputs:
        return None
    name = name or next(iter(recording.outputs))
    if session.long is not None:
        view = _long_output_view(session.long, recording, session.plan, session.material, name)
        return _with_replays(view, session.plan, _replays(session, name))
    sample = min(session.cursor.sample, len(recording.outputs[name]) - 1)
    if sample < 0:
        return None
    view = _output_view(recording, session.plan, session.material, name, sample, timesteps(session))
    return _with_replays(view, session.plan, _replays(session, name))


def _replays(session: Session, output: str) -> tuple[Replayed, ...]:
    """Of the sample under the cursor, in order of time."""
    here = (session.key, session.cursor.sample)
    found = (each for (*whose, _), each in session.replays.items() if tuple(whose) == here)
    known = [each for each in found if isinstance(each, Replayed) and output in each.outputs]
    return tuple(sorted(known, key=lambda each: each.steps))


@lru_cache(maxsize=4)
def _with_replays(view: OutputView, plan: Plan, replays: tuple[Replayed, ...]) -> OutputView:
    """The same value where there are none, for as long as it holds."""
    if not replays or view.predictions is not None:
        return view
    in_user_units = plan.folded.output
    values = {
        each.steps - 1: np.atleast_1d(in_user_units(each.outputs[view.name][None])[0]).reshape(-1)
        for each in replays
    }
    return replace(view, replayed=values)


@lru_cache(maxsize=4)
def _output_view(
    recording: Recording, plan: Plan, material: Material, name: str, sample: int, steps: int
) -> OutputView:
    in_user_units = plan.folded.output
    output = in_user_units(recording.outputs[name])
    prefix = recording.prefix_of(name, sample)
    is_sequence = output.ndim == 3 and output.shape[1] == steps
    if is_sequence:
        predictions, note = output[sample], EACH_STEP
    elif prefix is not None:
        predictions = in_user_units(prefix[None])[0].reshape(len(prefix), -1)
        note = HAD_IT_ENDED
    else:
        predictions = None
        note = recording.prefix_missing.get(name, "only at the end of the sequence")
    final = output[sample][-1] if is_sequence else output[sample]
    target = target_row(target_of_call(material, plan), sample, steps)
    final = np.atleast_1d(final).reshape(-1)
    return OutputView(name, output.shape, steps, predictions, final, target, note)


@lru_cache(maxsize=4)
def _long_output_view(
    long: LongRecording, recording: Recording, plan: Plan, material: Material, name: str
) -> OutputView:
    """Of a recording in stretches: the window under the cursor, and everything from afar."""
    in_user_units, steps = plan.folded.output, long.plan.timesteps
    shape = long.call.output_shapes[name]
    window = recording.prefix.get(name)
    is_sequence = len(shape) == 3 and shape[1] == steps
    far = long.pyramid(f"output/{name}")
    if name not in long.call.predictions:
        predictions = None
        note = recording.prefix_missing.get(name, "only at the end of the sequence")
    else:
        numbers = math.prod(long.call.tracks[f"output/{name}"].shape)
        predictions = np.zeros((0, numbers)) if window is None else in_user_units(window)[0]
        predictions = predictions.reshape(len(predictions), numbers)
        note = EACH_STEP if is_sequence else HAD_IT_ENDED
    final = in_user_units(long.outputs[name])[long.plan.sample or 0]
    return OutputView(
        name,
        shape,
        steps,
        predictions,
        np.atleast_1d(final[-1] if is_sequence else final).reshape(-1),
        target_row(target_of_call(material, plan), long.keeping.sample, steps),
        note,
        start=next((trace.start for trace in recording.layers if len(trace.kept)), 0),
        far=None if far is None else _in_units(far, in_user_units),
    )


def _in_units(far: Pyramid, in_user_units: Callable[[Array], Array]) -> Pyramid:
    """A pyramid `(bins, k)` of which the numbers are rescaled; a negative scale swaps the extremes."""

    def scaled(values: Array) -> Array:
        return np.asarray(in_user_units(values[None])[0])

    def of(level: Level) -> Level:
        one, other = scaled(level.minimum), scaled(level.maximum)
        low, high = np.minimum(one, other), np.maximum(one, other)
        return replace(level, minimum=low, maximum=high, mean=scaled(level.mean))

    return Pyramid(far.timesteps, tuple(of(level) for level in far.levels))


def target_row(target: Array | None, sample: int, steps: int) -> Array | None:
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
