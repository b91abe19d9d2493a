"""A recording of one call, from the states and seeds that the model has now; they are put back."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from lstm_tui.errors import EngineError
from lstm_tui.keras_adapter.feeding import as_array, as_tensors, output_names, training_argument
from lstm_tui.keras_adapter.keeping import restore, snapshot
from lstm_tui.keras_adapter.recorder.assemble import Part, assemble
from lstm_tui.keras_adapter.recorder.prefix import check
from lstm_tui.keras_adapter.recorder.replay import Replay
from lstm_tui.keras_adapter.recorder.tracing import TracedCall, traced_call
from lstm_tui.keras_adapter.states import read_states, state_variables
from lstm_tui.recurrent.recording import Array, Recording

#: Bytes of states and gates that one recording may hold.
LARGEST = 2 * 2**30

if TYPE_CHECKING:
    from lstm_tui.keras_adapter.loaded import LoadedModel


def record_predict(
    loaded: LoadedModel, inputs: Mapping[str, Array], batch_size: int | None = None
) -> Recording:
    """What `model.predict(inputs, batch_size)` does: each batch from the states that the last one left."""
    rows = len(next(iter(inputs.values())))
    size = batch_size or 32
    batches = [
        {name: values[start : start + size] for name, values in inputs.items()}
        for start in range(0, rows, size)
    ]
    purpose = _Purpose("predict", lambda fed: loaded.model.predict_step((fed,)), with_prefix=True)
    return _recorded(loaded, inputs, batches, purpose)


def record_call(loaded: LoadedModel, inputs: Mapping[str, Array], training: bool | None) -> Recording:
    """What `model(inputs, training=training)` does; `model(inputs)` where it is None."""
    model = loaded.model
    arguments = training_argument(model, training)
    purpose = _Purpose(f"call {training}", lambda fed: model(fed, **arguments), with_prefix=not training)
    return _recorded(loaded, inputs, [dict(inputs)], purpose)


@dataclass(frozen=True, eq=False)
class _Purpose:
    """How the model is called, and whether prefix predictions make sense for it."""

    name: str
    call: Callable[[Any], Any]
    with_prefix: bool


def _recorded(
    loaded: LoadedModel, inputs: Mapping[str, Array], batches: list[dict[str, Array]], purpose: _Purpose
) -> Recording:
    before = snapshot(loaded.model)
    variables = state_variables(loaded.placed)
    states_before = read_states(variables)
    try:
        parts = [_part(loaded, batch, batches[0], purpose) for batch in batches]
        states_after = read_states(variables)
        wrong = _wrong_prefixes(loaded, batches[0], parts[0], purpose, lambda: restore(before))
    finally:
        restore(before)
    names = output_names(loaded.model, parts[0].traced.output_struct)
    return assemble(inputs, names, parts, wrong, (states_before, states_after))


def _part(loaded: LoadedModel, batch: dict[str, Array], first: dict[str, Array], purpose: _Purpose) -> Part:
    fed = as_tensors(loaded.model, batch)
    # `predict` opens the batch axis for a second size, which a stateful layer then takes without complaint
    any_batch = _rows(batch) != _rows(first) and bool(state_variables(loaded.placed))
    traced: TracedCall = loaded.traces.get_or_make(
        _key(purpose.name, fed, any_batch),
        lambda: traced_call(
            loaded.model, purpose.call, fed, any_batch=any_batch, with_prefix=purpose.with_prefix
        ),
    )
    _refuse_too_large(traced)
    return Part(traced, [as_array(tensor) for tensor in traced.function(*keras.tree.flatten(fed))])


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


def _wrong_prefixes(
    loaded: LoadedModel, batch: dict[str, Array], part: Part, purpose: _Purpose, rewind: Callable[[], None]
) -> dict[int, str]:
    """Prefix predictions of the first batch that a replay does not confirm."""
    folded = part.traced.folded
    if not part.prefix.values or folded.timesteps < 2:
        return {}
    fed = as_tensors(loaded.model, batch)
    replay: Replay = loaded.traces.get_or_make(
        _key(f"replay {purpose.name}", fed, any_batch=False),
        lambda: Replay(loaded.model, purpose.call, fed, folded.timesteps),
    )
    return check(part.prefix, folded, replay, fed, rewind)


def _rows(batch: Mapping[str, Array]) -> int:
    return len(next(iter(batch.values())))


def _key(name: str, fed: Any, any_batch: bool) -> Hashable:
    shapes = [(tuple(one.shape), one.dtype.name) for one in keras.tree.flatten(fed)]
    return name, any_batch, tuple((shape[1:] if any_batch else shape, dtype) for shape, dtype in shapes)
