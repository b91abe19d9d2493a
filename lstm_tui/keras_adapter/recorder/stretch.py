"""Recording a stretch of a long sequence: its chunks one after the other, each from where the last one ended.

A chunk is recorded as a whole call is, by the same loops and the same arithmetic; only what a loop starts
from is handed in. Nothing is kept from one stretch to the next but the compiled functions: one for whole
chunks, one for the rest at the end. Whether the model can be cut like this is for `cutting` to find out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from lstm_tui.keras_adapter.feeding import as_array, as_tensors, output_names
from lstm_tui.keras_adapter.keeping import restore, snapshot
from lstm_tui.keras_adapter.recorder.assemble import Part
from lstm_tui.keras_adapter.recorder.border import Border
from lstm_tui.keras_adapter.recorder.purpose import Purpose, purpose_of
from lstm_tui.keras_adapter.recorder.tracing import TracedCall, traced_call
from lstm_tui.keras_adapter.states import apply_reset, read_states
from lstm_tui.recurrent.calls import Inputs, Predict, StateReset
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.pyramid import Level, coarser, joined, level_of
from lstm_tui.recurrent.recording import Array, LayerTrace, read_only
from lstm_tui.recurrent.sequences import part_of
from lstm_tui.recurrent.stretches import Keep, LongPlan, Stretch, StretchInputs, Track
from lstm_tui.recurrent.window import Window, chunks

if TYPE_CHECKING:
    from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress


@dataclass(frozen=True, eq=False)
class _Traced:
    call: TracedCall
    border: Border


class Cut:
    """A call made chunk by chunk; each starts from where the one before ended.

    with_prefix: False where prefix predictions are of no use. keep: as for `traced_call`.
    """

    def __init__(
        self, loaded: LoadedModel, plan: LongPlan, *, with_prefix: bool = True, keep: str = ""
    ) -> None:
        self._loaded = loaded
        self._keep = keep
        self._purpose: Purpose = purpose_of(loaded, plan.call)
        self._with_prefix = with_prefix and self._purpose.with_prefix
        self._sample = plan.sample
        self._sequence = plan.sequences[0]
        self._last: Border | None = None

    def run(self, inputs: Inputs, values: Mapping[str, Array] | None = None) -> Part:
        """The next chunk; the first one from `values`, or from the layers' own initial states."""
        fed = as_tensors(self._loaded.model, inputs)
        traced = self.traced(fed, inputs[self._sequence].shape[1])
        border = traced.border
        if self._last is None or self._last is not border:
            border.set(values if self._last is None else self._last.values(), self._sample or 0)
        else:
            border.go_on()
        arrays = [as_array(tensor) for tensor in traced.call.function(*keras.tree.flatten(fed))]
        self._last = border
        return Part(traced.call, arrays, self._sample)

    def border(self) -> dict[str, Array]:
        """The states after the last chunk."""
        assert self._last is not None
        return self._last.values()

    def traced(self, fed: Any, timesteps: int) -> _Traced:
        """The function for chunks of this length."""

        def make() -> _Traced:
            border = Border(timesteps, one_sample=self._sample is not None)
            call = traced_call(
                self._loaded.model,
                self._purpose.call,
                fed,
                with_prefix=self._with_prefix,
                border=border,
                keep=self._keep,
            )
            return _Traced(call, border)

        key = self._purpose.key(fed, "stretch", self._sample is not None, self._with_prefix, self._keep)
        traced: _Traced = self._loaded.traces.get_or_make(key, make)
        return traced


def record_stretch(
    loaded: LoadedModel, plan: LongPlan, of: StretchInputs, keep: Keep, predictions: tuple[str, ...]
) -> Stretch:
    """The stretch that `of` goes into; the model is afterwards as it was.

    predictions: outputs of which a value for each step is wanted.
    """
    before = snapshot(loaded.model)
    try:
        if of.states:
            variables = state_variables(loaded.placed)
            apply_reset(variables, StateReset(to="saved", saved=of.states))
        return _Recorded(loaded, plan, of, keep, predictions).stretch()
    finally:
        restore(before)


def outputs_in_stretches(
    loaded: LoadedModel, plan: LongPlan, inputs: Inputs, on_progress: OnProgress
) -> dict[str, Array]:
    """What the call gives, made batch by batch and chunk by chunk; states and seeds are left moved."""
    rows = len(next(iter(inputs.values())))
    size = (plan.call.batch_size or 32) if isinstance(plan.call, Predict) else max(rows, 1)
    made: dict[str, list[Array]] = {}
    for batch in chunks(Window(0, rows), size):
        cut = Cut(loaded, plan)
        for window in chunks(Window(0, plan.timesteps), plan.chunk):
            on_progress(f"{purpose_of(loaded, plan.call).name}, in stretches", window.start / plan.timesteps)
            part = cut.run(part_of(inputs, plan.sequences, window, batch.slice))
        for name, values in last_outputs(loaded, part).items():
            made.setdefault(name, []).append(values)
    return {name: read_only(np.concatenate(values)) for name, values in made.items()}


class _Recorded:
    """One stretch on its way."""

    def __init__(
        self, loaded: LoadedModel, plan: LongPlan, of: StretchInputs, keep: Keep, predictions: tuple[str, ...]
    ) -> None:
        self._loaded, self._plan, self._of, self._keep = loaded, plan, of, keep
        self._predictions = predictions
        self._levels: list[Level] = []
        self._parts: list[Part] = []
        self._borders: list[dict[str, Array]] = []

    def stretch(self) -> Stretch:
        began = time.perf_counter()
        plan, of = self._plan, self._of
        steps = of.inputs[plan.sequences[0]].shape[1]
        cut, part = Cut(self._loaded, plan), None
        for window in chunks(Window(0, steps), plan.chunk):
            part = cut.run(part_of(of.inputs, plan.sequences, window), of.border)
            self._borders.append(cut.border())
            self._take(part)
        assert part is not None
        return Stretch(
            start=of.start,
            stop=of.start + steps,
            borders=tuple(self._borders),
            level=self._level(steps),
            layers=tuple(self._layers()),
            predictions=self._all_predictions(),
            layer_outputs=tuple(part.layer_outputs) if len(self._parts) == 1 else (),
            outputs=last_outputs(self._loaded, part),
            states_after=read_states(state_variables(self._loaded.placed)),
            seconds=time.perf_counter() - began,
        )

    def _take(self, part: Part) -> None:
        if self._keep == "steps":
            self._parts.append(part)
        elif self._keep == "bins":
            rows = columns(traces_over(part), predictions_of(self._loaded, part))
            chosen = {name: values for name, values in rows.items() if self._is_wanted(name)}
            self._levels.append(level_of(side_by_side(chosen), min(self._plan.bin, self._plan.chunk)))

    def _is_wanted(self, name: str) -> bool:
        kind, _, output = name.partition("/")
        return kind != "output" or output in self._predictions

    def _level(self, steps: int) -> Level | None:
        if not self._levels:
            return None
        level = joined(self._levels, steps)
        factor = self._plan.bin // level.size
        return level if factor < 2 else coarser(level, steps, factor)

    def _layers(self) -> Iterator[LayerTrace]:
        """The traces of all chunks, end to end."""
        by_chunk = [traces_over(part) for part in self._parts]
        for traces in zip(*by_chunk, strict=True):
            yield replace(
                traces[0],
                steps={
                    name: _end_to_end([trace.steps[name] for trace in traces]) for name in traces[0].steps
                },
                initial={name: read_only(values) for name, values in traces[0].initial.items()},
                mask=None if traces[0].mask is None else _end_to_end([trace.mask for trace in traces]),
                start=self._of.start,
                whole=self._plan.timesteps,
            )

    def _all_predictions(self) -> dict[str, Array]:
        found = [predictions_of(self._loaded, part) for part in self._parts]
        return {name: _end_to_end([values[name] for values in found]) for name in self._predictions if found}


def traces_over(part: Part) -> list[LayerTrace]:
    """The traces of loops over the sequence, and not over something else."""
    return [trace for trace in part.traces if len(trace.kept) == steps_in(part)]


def steps_in(part: Part) -> int:
    """How many steps the chunk has."""
    border = part.traced.tape.border
    assert border is not None
    return border.timesteps


def predictions_of(loaded: LoadedModel, part: Part) -> dict[str, Array]:
    """`(samples, steps, ...)` by output: at each step what it gives, or would give had the sequence ended."""
    length = steps_in(part)
    names = output_names(loaded.model, part.traced.output_struct)
    found: dict[str, Array] = {}
    for index, name in enumerate(names):
        output = part.kept(part.outputs[index])
        if index in part.prefix.values:
            found[name] = part.prefix.values[index]
        elif output.ndim > 2 and output.shape[1] == length:
            found[name] = output
    return found


def last_outputs(loaded: LoadedModel, part: Part) -> dict[str, Array]:
    """The outputs of a chunk; of one that is a sequence its last step, `(batch, 1, ...)`."""
    names = output_names(loaded.model, part.traced.output_struct)
    return {
        name: read_only(
            output[:, -1:].copy() if output.ndim > 2 and output.shape[1] == steps_in(part) else output.copy()
        )
        for name, output in zip(names, part.outputs, strict=True)
    }


def columns(traces: list[LayerTrace], predictions: Mapping[str, Array]) -> dict[str, Array]:
    """Everything that has a value for each step, `(steps, ...)` of the first sample that is kept, by name."""
    found: dict[str, Array] = {}
    for trace in traces:
        found |= {f"{trace.path}/{name}": values[0] for name, values in trace.steps.items()}
        if trace.mask is not None:
            found[f"{trace.path}/mask"] = trace.mask[0][:, None]
    return found | {f"output/{name}": values[0] for name, values in predictions.items()}


def side_by_side(rows: Mapping[str, Array]) -> Array:
    """`(steps, columns)` in one type, float32 at least."""
    kind = np.result_type(np.float32, *(values.dtype for values in rows.values() if values.dtype.kind == "f"))
    flat = [values.reshape(len(values), -1).astype(kind, copy=False) for values in rows.values()]
    return np.concatenate(flat, axis=1)


def tracks_of(rows: Mapping[str, Array]) -> dict[str, Track]:
    """Where each stands among the columns of `side_by_side`."""
    tracks: dict[str, Track] = {}
    start = 0
    for name, values in rows.items():
        width = int(np.prod(values.shape[1:], dtype=np.int64))
        tracks[name] = Track(start, start + width, tuple(values.shape[1:]))
        start += width
    return tracks


def _end_to_end(parts: list[Any]) -> Array:
    return read_only(np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)))
