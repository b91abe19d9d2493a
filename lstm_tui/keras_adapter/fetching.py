"""What one call of a layer gave, however large: the recorded call is made again and lets that out."""

from __future__ import annotations

import keras
import numpy as np

from lstm_tui.errors import EditError
from lstm_tui.keras_adapter.calls import trains
from lstm_tui.keras_adapter.feeding import as_array, as_tensors
from lstm_tui.keras_adapter.keeping import left_as_found
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.keras_adapter.recorder.assemble import Part
from lstm_tui.keras_adapter.recorder.border import Border
from lstm_tui.keras_adapter.recorder.purpose import purpose_of
from lstm_tui.keras_adapter.recorder.record import rows_of
from lstm_tui.keras_adapter.recorder.stretch import Cut, steps_in
from lstm_tui.keras_adapter.recorder.tracing import TracedCall, traced_call
from lstm_tui.keras_adapter.replaying import batch_of_sample
from lstm_tui.keras_adapter.states import apply_reset
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallModel, Predict, StateReset
from lstm_tui.recurrent.fetching import Fetched, FetchPlan
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.recurrent.sequences import part_of
from lstm_tui.recurrent.window import Window, chunks


def fetch(loaded: LoadedModel, plan: FetchPlan, on_progress: OnProgress) -> Fetched:
    """Raises EditError where the values stay inside a loop, or the model is trained in a call before."""
    if trains(plan.run.calls[: plan.run.record]):
        raise EditError("the model is trained in a call before this one, so that it cannot be made again")
    on_progress(f"fetching what {one_line(plan.path)} gave", None)
    with left_as_found(loaded.model):
        if plan.long is not None:
            return _of_stretch(loaded, plan)
        return _of_call(loaded, plan, on_progress)


def _of_call(loaded: LoadedModel, plan: FetchPlan, on_progress: OnProgress) -> Fetched:
    call = plan.run.calls[plan.run.record]
    assert isinstance(call, Predict | CallModel)
    batch, row = batch_of_sample(loaded, plan.run, plan.sample, on_progress)
    fed = as_tensors(loaded.model, batch)
    purpose = purpose_of(loaded, call).of_rows(plan.sample - row, rows_of(batch))

    def make() -> TracedCall:
        border = Border.of_none(one_sample=True)
        return traced_call(
            loaded.model,
            purpose.call,
            fed,
            with_prefix=False,
            border=border,
            keep=plan.path,
            interventions=purpose.interventions,
        )

    traced: TracedCall = loaded.traces.get_or_make(purpose.key(fed, "fetch", plan.path), make)
    assert traced.tape.border is not None
    traced.tape.border.set(None, row)
    arrays = [as_array(tensor) for tensor in traced.function(*keras.tree.flatten(fed))]
    values = _given(Part(traced, arrays, row), plan.path)
    return Fetched(plan.path, tuple(read_only(each[0] if each.ndim else each) for each in values))


def _of_stretch(loaded: LoadedModel, plan: FetchPlan) -> Fetched:
    """Of the window that `of` goes into, chunk by chunk; what has no axis of time is that of the last one."""
    long, of = plan.long, plan.of
    assert long is not None and of is not None
    if of.states:
        apply_reset(state_variables(loaded.placed), StateReset(to="saved", saved=of.states))
    steps = of.inputs[long.sequences[0]].shape[1]
    cut, parts = Cut(loaded, long, with_prefix=False, keep=plan.path), list[tuple[Array, ...]]()
    for window in chunks(Window(0, steps), long.chunk):
        part = cut.run(part_of(of.inputs, long.sequences, window), of.border)
        parts.append(_given(part, plan.path))
    length = steps_in(part)
    joined = [
        np.concatenate(column, axis=1)
        if column[-1].ndim > 1 and column[-1].shape[1] == length
        else column[-1]
        for column in zip(*parts, strict=True)
    ]
    return Fetched(plan.path, tuple(read_only(each[0] if each.ndim else each) for each in joined), of.start)


def _given(part: Part, path: str) -> tuple[Array, ...]:
    output = next((each for each in part.layer_outputs if each.path == path), None)
    if output is None or output.values is None:
        raise EditError(f"what {one_line(path)} gives does not leave the loop that calls it")
    return output.values
