"""A recording of one call, from the states and seeds that the model has now; they are put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING

import keras

from lstm_tui.errors import EngineError
from lstm_tui.keras_adapter.feeding import as_array, as_tensors, output_names
from lstm_tui.keras_adapter.keeping import restore, snapshot
from lstm_tui.keras_adapter.recorder.assemble import Part, assemble
from lstm_tui.keras_adapter.recorder.border import Border
from lstm_tui.keras_adapter.recorder.prefix import check
from lstm_tui.keras_adapter.recorder.purpose import Purpose, purpose_of
from lstm_tui.keras_adapter.recorder.replay import Replay
from lstm_tui.keras_adapter.recorder.tracing import TracedCall, traced_call
from lstm_tui.keras_adapter.states import read_states
from lstm_tui.recurrent.calls import CallModel, Predict
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array, Recording

#: Bytes of states and gates that one recording may hold.
LARGEST = 2 * 2**30

if TYPE_CHECKING:
    from lstm_tui.keras_adapter.loaded import LoadedModel


def record_predict(
    loaded: LoadedModel, inputs: Mapping[str, Array], batch_size: int | None = None
) -> Recording:
    """What `model.predict(inputs, batch_size)` does: each batch from the states that the last one left."""
    return _recorded(loaded, inputs, batches_of(inputs, batch_size), purpose_of(loaded, Predict()))


def record_call(loaded: LoadedModel, inputs: Mapping[str, Array], training: bool | None) -> Recording:
    """What `model(inputs, training=training)` does; `model(inputs)` where it is None."""
    return _recorded(loaded, inputs, [dict(inputs)], purpose_of(loaded, CallModel(training)))


def tried_outputs(
    loaded: LoadedModel, inputs: Mapping[str, Array], call: Predict | CallModel
) -> dict[str, Array]:
    """What the call gives by output name where something is tried in its loops; states and seeds move on."""
    size = call.batch_size if isinstance(call, Predict) else rows_of(inputs)
    batches, purpose = batches_of(inputs, size), purpose_of(loaded, call)
    parts = [
        record_batch(loaded, batch, batches[0], purpose.of_rows(start, rows_of(batch)))
        for start, batch in _numbered(batches)
    ]
    names = output_names(loaded.model, parts[0].traced.output_struct)
    return dict(assemble(inputs, names, parts, {}, ({}, {})).outputs)


def _numbered(batches: list[dict[str, Array]]) -> list[tuple[int, dict[str, Array]]]:
    """Each batch with the number of its first sample."""
    starts = [0, *accumulate(map(rows_of, batches))]
    return list(zip(starts, batches, strict=False))


def batches_of(inputs: Mapping[str, Array], batch_size: int | None) -> list[dict[str, Array]]:
    """The batches that `predict` makes."""
    size = batch_size or 32
    starts = range(0, rows_of(inputs), size)
    return [{name: values[start : start + size] for name, values in inputs.items()} for start in starts]


def _recorded(
    loaded: LoadedModel, inputs: Mapping[str, Array], batches: list[dict[str, Array]], purpose: Purpose
) -> Recording:
    before = snapshot(loaded.model)
    variables = state_variables(loaded.placed)
    states_before = read_states(variables)
    try:
        own = [(purpose.of_rows(start, rows_of(batch)), batch) for start, batch in _numbered(batches)]
        parts = [record_batch(loaded, batch, batches[0], of_batch) for of_batch, batch in own]
        states_after = read_states(variables)
        wrong = wrong_prefixes(loaded, batches[0], parts[0], own[0][0], lambda: restore(before))
    finally:
        restore(before)
    names = output_names(loaded.model, parts[0].traced.output_struct)
    return assemble(inputs, names, parts, wrong, (states_before, states_after))


def record_batch(
    loaded: LoadedModel,
    batch: Mapping[str, Array],
    first: Mapping[str, Array],
    purpose: Purpose,
    sample: int | None = None,
) -> Part:
    """One batch from the states that the model has; `first` is the first one of the same call.

    sample: the only row that is kept; None for all.
    """
    fed = as_tensors(loaded.model, batch)
    # `predict` opens the batch axis for a second size, which a stateful layer then takes without complaint
    any_batch = rows_of(batch) != rows_of(first) and bool(state_variables(loaded.placed))

    def make() -> TracedCall:
        border = None if sample is None else Border.of_none(one_sample=True)
        return traced_call(
            loaded.model,
            purpose.call,
            fed,
            any_batch=any_batch,
            with_prefix=purpose.with_prefix,
            border=border,
            interventions=purpose.interventions,
        )

    key = purpose.key(fed, sample is not None, any_batch=any_batch)
    traced: TracedCall = loaded.traces.get_or_make(key, make)
    _refuse_too_large(traced)
    if traced.tape.border is not None:
        traced.tape.border.set(None, sample or 0)
    arrays = [as_array(tensor) for tensor in traced.function(*keras.tree.flatten(fed))]
    return Part(traced, arrays, sample)


def _refuse_too_large(traced: TracedCall) -> None:
    """Told from the shapes, before a step is made."""
    rows = [row for loop in traced.tape.loops for row in loop.rows]
    size = sum((row.shape.num_elements() or 0) * row.dtype.size for row in rows)
    if size > LARGEST:
        raise EngineError(
            f"every step of this call would take {size / 2**30:.1f} GB",
            expected=f"at most {LARGEST / 2**30:.1f} GB",
            todo="record fewer steps or fewer rows at a time",
        )


def wrong_prefixes(
    loaded: LoadedModel,
    batch: Mapping[str, Array],
    part: Part,
    purpose: Purpose,
    rewind: Callable[[], None],
    sample: int | None = None,
) -> dict[int, str]:
    """Prefix predictions of a batch that a replay does not confirm."""
    folded = part.traced.folded
    if not part.prefix.values or folded.timesteps < 2:
        return {}
    fed = as_tensors(loaded.model, batch)
    replay: Replay = loaded.traces.get_or_make(
        purpose.key(fed, "replay"),
        lambda: Replay(loaded.model, purpose.call, fed, folded.timesteps, purpose.interventions),
    )
    return check(part.prefix, folded, replay, fed, rewind, sample)


def rows_of(batch: Mapping[str, Array]) -> int:
    """Number of samples."""
    return len(next(iter(batch.values())))
