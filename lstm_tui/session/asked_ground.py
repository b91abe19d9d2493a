"""What the session's questions are asked of: its recording with outputs and targets in the user's units.

Made once for a recording. Of one in stretches it is the window under the cursor, and the bins of everything.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from lstm_tui.asking.ground import Far, Ground, Key, Source, channel_key, channel_source, ground_of
from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.pyramid import Level, level_of
from lstm_tui.recurrent.recording import Array, Recording
from lstm_tui.session.edits import Material, Plan
from lstm_tui.session.keeping import Keeping
from lstm_tui.session.long_recording import LongRecording
from lstm_tui.session.state import Session
from lstm_tui.session.targets import target_of_call
from lstm_tui.session.view import output_view, shown_recording


def asked_ground(session: Session) -> Ground | None:
    """What can be asked of the steps that are kept of what is shown; None before anything is recorded."""
    recording = shown_recording(session)
    if recording is None or session.plan is None:
        return None
    if session.long is None:
        return _whole(recording, session.plan, session.material)
    return _window(recording, session.plan, session.material)


@lru_cache(maxsize=2)
def _whole(recording: Recording, plan: Plan, material: Material) -> Ground:
    steps = max((trace.timesteps for trace in recording.layers), default=0)
    outputs, missing = {}, {}
    for name in recording.outputs:
        try:
            outputs[name] = _output(recording, plan, name, steps)
        except LstmTuiError as error:
            missing["output"] = error.happened
    return _ground(recording, plan, material, outputs, missing)


@lru_cache(maxsize=2)
def _window(recording: Recording, plan: Plan, material: Material) -> Ground:
    """Of a window: its predictions, each from the window's first step on."""
    start = next((trace.start for trace in recording.layers), 0)
    steps = max((trace.timesteps for trace in recording.layers), default=0)
    outputs = {
        name: Source(_flat(plan.folded.output(values)), steps, start, first_sample=recording.sample or 0)
        for name, values in recording.prefix.items()
    }
    missing = (
        {} if outputs else {"output": "the output has no value for each step of a recording in stretches"}
    )
    return _ground(recording, plan, material, outputs, missing)


def _ground(
    recording: Recording, plan: Plan, material: Material, outputs: dict[str, Source], missing: dict[str, str]
) -> Ground:
    steps = max((trace.timesteps for trace in recording.layers), default=0)
    target = target_of_call(material, plan)
    targets = {}
    if target is not None:
        name = next(iter(recording.outputs), "target")
        targets[name] = _of_sample(_target(target, steps), recording.sample)
    missing = {**missing, "target": "no target is open here", "input": "no input can be asked about"}
    return ground_of(recording, outputs=outputs, targets=targets, missing=missing)


def _output(recording: Recording, plan: Plan, name: str, steps: int) -> Source:
    """At each step where that is known, else at the end alone."""
    output = np.asarray(plan.folded.output(recording.outputs[name]))
    first, sample = recording.sample or 0, recording.sample
    prefix = recording.prefix.get(name)
    if output.ndim == 3 and output.shape[1] == steps:
        return _of_sample(Source(_flat(output), steps), sample)
    if prefix is not None:
        values = _flat(prefix)
        return Source(_flat(plan.folded.output(values)), values.shape[1], first_sample=first)
    last = output.reshape(len(output), -1) if output.ndim else output.reshape(1, 1)
    values = np.full((len(last), max(steps, 1), last.shape[1]), np.nan)
    values[:, -1] = last
    known = np.arange(values.shape[1]) == values.shape[1] - 1
    return _of_sample(Source(values, values.shape[1], known=known), sample)


def _target(target: Array, steps: int) -> Source:
    """One value a step, of each sample or of all alike; else the same at every step."""
    if target.ndim == 1 and len(target) == steps:
        return Source(target.reshape(1, -1, 1), steps)
    if target.ndim == 1 or target.shape[1] != steps:
        return Source(target.reshape(len(target), 1, -1), None)
    return channel_source(target, frozenset([steps]))


def _of_sample(source: Source, sample: int | None) -> Source:
    if sample is None or source.samples <= sample:
        return source
    return replace(source, values=source.values[sample : sample + 1], first_sample=sample)


def _flat(values: Array) -> Array:
    """`(samples, steps, numbers)`."""
    values = np.asarray(values)
    return values.reshape(*values.shape[:2], -1) if values.ndim > 2 else values.reshape(*values.shape, 1)


# --- from afar --------------------------------------------------------------------------------------


def far_of(session: Session, long: LongRecording) -> Far:
    """Bins of all that is recorded so far; those of inputs from the input itself."""
    levels: dict[Key, Level] = {}
    for layer in long.call.layers:
        for series in layer.cell.series:
            pyramid = long.pyramid(f"{layer.path}/{series}")
            if pyramid is not None:
                levels[layer.path, series] = pyramid.levels[0]
    for name in long.call.predictions:
        view = output_view(session, name)
        if view is not None and view.far is not None:
            levels[channel_key("output", name)] = view.far.levels[0]
    for name in long.keeping.inputs:
        level = _input_level(long.keeping, name)
        if level is not None:
            levels[channel_key("input", name)] = level
    return Far(long.plan.bin, long.bins.steps, levels)


@lru_cache(maxsize=4)
def _input_level(keeping: Keeping, name: str) -> Level | None:
    """Of one sample of an input that is a sequence."""
    array = keeping.inputs[name]
    if keeping.long is None or name not in keeping.long.sequences or array.dtype.kind not in "fiub":
        return None
    values = array[keeping.sample].reshape(array.shape[1], -1)
    return level_of(values if values.dtype.kind == "f" else values.astype(np.float64), keeping.long.bin)
