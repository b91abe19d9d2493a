"""A call over a sequence that is too long to be made at once: what is found out before its first stretch.

The whole call is never made: its memory would be that of the sequence. Whether it can be made stretch by
stretch is tried; what `model.predict` gives is compared on the first stretch alone, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lstm_tui.keras_adapter.calls import calls_made, largest_difference, trains
from lstm_tui.keras_adapter.feeding import as_tensors, output_names
from lstm_tui.keras_adapter.keeping import left_as_found, restore, snapshot
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.keras_adapter.recorder.assemble import Part
from lstm_tui.keras_adapter.recorder.cutting import Cutting, try_cutting
from lstm_tui.keras_adapter.recorder.prefix import check
from lstm_tui.keras_adapter.recorder.purpose import purpose_of
from lstm_tui.keras_adapter.recorder.replay import Replay
from lstm_tui.keras_adapter.recorder.stretch import (
    Cut,
    columns,
    predictions_of,
    steps_in,
    traces_over,
    tracks_of,
)
from lstm_tui.keras_adapter.states import apply_reset
from lstm_tui.recurrent.calls import CallOutcome, Inputs, RunPlan, StateReset
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import LayerOutput, LayerTrace, Shape, States
from lstm_tui.recurrent.sequences import part_of
from lstm_tui.recurrent.stretches import LongCall, LongLayer, LongPlan
from lstm_tui.recurrent.window import Window


def open_long(
    loaded: LoadedModel, before: RunPlan, plan: LongPlan, head: Inputs, on_progress: OnProgress
) -> LongCall:
    """Make the calls before the long one, try whether that can be cut, and say what it will give.

    before: the calls that come first, with their inputs and resets. head: the first steps of the long call's
    inputs, `plan.head` of them. The model is afterwards as it was.
    """
    if trains(before.calls):
        return LongCall(refused="the model is trained in a call before it")
    with left_as_found(loaded.model):
        on_progress("can it be recorded in stretches?", None)
        start = snapshot(loaded.model)
        cutting = try_cutting(loaded, plan, head, lambda: restore(start))
        restore(start)
        made, states = calls_made(loaded, before, on_progress, None if cutting.refused else plan)
        apply_reset(state_variables(loaded.placed), StateReset(to="saved", saved=states))
        return _Opening(loaded, plan, head, states, on_progress).call(cutting, made)


@dataclass(frozen=True, eq=False)
class _Opening:
    """A long call from the states that it starts from."""

    loaded: LoadedModel
    plan: LongPlan
    head: Inputs
    states: States
    on_progress: OnProgress

    def call(self, cutting: Cutting, made: tuple[CallOutcome, ...]) -> LongCall:
        start = snapshot(self.loaded.model)
        first = part_of(self.head, self.plan.sequences, Window(0, self.plan.chunk))
        outcome = self._predicted(first)
        restore(start)
        if cutting.refused:
            failed = (outcome,) if outcome.failure is not None else ()
            return LongCall(cutting.refused, self.states, (*made, *failed))
        part = Cut(self.loaded, self.plan).run(first)
        wrong = self._wrong_prefixes(part, first, lambda: restore(start))
        known = self._known(part, wrong)
        disagreement = _disagreement(part, outcome)
        return replace(
            known,
            outcomes=made,
            rounding=cutting.rounding,
            rounded_by=cutting.rounded_by,
            disagreement=disagreement,
            compared=0 if disagreement is None else steps_in(part),
        )

    def _predicted(self, first: Inputs) -> CallOutcome:
        """The call itself on the first chunk, as a user's program makes it."""
        plan = RunPlan(first, calls=(self.plan.call,), record=1)
        (outcome,), _ = calls_made(self.loaded, plan, self.on_progress, None)
        return outcome

    def _wrong_prefixes(self, part: Part, first: Inputs, rewind: Callable[[], None]) -> dict[int, str]:
        """Prefix predictions of the first chunk that a replay does not confirm."""
        folded = part.traced.folded
        if not part.prefix.values or folded.timesteps < 2:
            return {}
        fed, purpose = as_tensors(self.loaded.model, first), purpose_of(self.loaded, self.plan.call)
        replay = Replay(self.loaded.model, purpose.call, fed, folded.timesteps)
        return check(part.prefix, folded, replay, fed, rewind, self.plan.sample)

    def _known(self, part: Part, wrong: Mapping[int, str]) -> LongCall:
        steps = min(self.plan.chunk, self.plan.timesteps)
        names = output_names(self.loaded.model, part.traced.output_struct)
        traces = traces_over(part)
        missing = {**part.prefix.missing, **wrong}
        given = {
            name: values
            for name, values in predictions_of(self.loaded, part).items()
            if names.index(name) not in wrong
        }
        outputs = dict(zip(names, part.outputs, strict=True))
        return LongCall(
            states_before=self.states,
            layers=tuple(_layer(trace) for trace in traces),
            tracks=tracks_of(columns(traces, given)),
            output_shapes={name: self._whole(values.shape, steps) for name, values in outputs.items()},
            predictions=tuple(given),
            prefix_missing={names[i]: why for i, why in sorted(missing.items())},
            unrecorded={**part.traced.tape.refused, **_aside(part.traces, steps)},
            layer_outputs=tuple(self._shape_alone(output, steps) for output in part.layer_outputs),
        )

    def _whole(self, shape: tuple[int, ...], steps: int) -> Shape:
        """The shape for the whole sequence of what has this one for a chunk."""
        if len(shape) < 3 or shape[1] != steps:
            return shape
        return (shape[0], self.plan.timesteps, *shape[2:])

    def _shape_alone(self, output: LayerOutput, steps: int) -> LayerOutput:
        shapes = tuple(tuple(axis or 0 for axis in self._whole(shape, steps)) for shape in output.shapes)
        return replace(output, shapes=shapes, values=None, summaries=None)


def _disagreement(part: Part, outcome: CallOutcome) -> float | None:
    """How far the first chunk is from what the call itself gave; None where that takes no part of it."""
    if outcome.failure is not None:
        return None
    pairs = zip(part.outputs, outcome.outputs.values(), strict=True)
    return max((largest_difference(one, other) for one, other in pairs), default=0.0)


def _layer(trace: LayerTrace) -> LongLayer:
    shape = next(iter(trace.steps.values())).shape[2:]
    return LongLayer(trace.path, trace.cell, tuple(shape), trace.stateful, trace.mask is not None)


def _aside(traces: list[LayerTrace], steps: int) -> dict[str, str]:
    """Loops that run over something else than the sequence."""
    return {
        trace.path: f"it runs over {len(trace.kept)} steps of its own, not over those of the sequence"
        for trace in traces
        if len(trace.kept) != steps
    }
