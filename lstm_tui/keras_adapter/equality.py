"""Whether two models give the same: the same sequences through both, from zero states, row by row.

A model bound to a batch size gets its rows in batches of that size, the last one filled up; one bound to a
window length gets its sequence in pieces, states carried from piece to piece. Nothing is assumed of the
layers: what differs shows in the outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np

from lstm_tui.arrays.random_input import random_input
from lstm_tui.keras_adapter.feeding import as_tensors, by_name
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.keras_adapter.states import apply_reset
from lstm_tui.model_file.facts import ModelFacts, TensorFacts
from lstm_tui.recurrent.calls import StateReset
from lstm_tui.recurrent.forms import Comparison
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array

Arrays = Mapping[str, Array]
#: Steps of a random sequence where the model leaves its length free.
_FREE = 12
#: Largest relative difference that is rounding: sums in another order.
_ROUNDING, _ROUNDING_OF_HALVES = 1e-5, 2e-2


@dataclass(frozen=True, eq=False)
class Pieces:
    """What goes in, call by call; call k continues call k - 1 in every row. `steps` of one call."""

    calls: tuple[Arrays, ...]
    steps: int


def is_sequence(tensor: TensorFacts) -> bool:
    """Whether axis 1 is time: `(batch, timesteps, features)`, or token ids `(batch, timesteps)`."""
    shape = tensor.shape
    return len(shape) > 2 or (len(shape) == 2 and (tensor.dtype.startswith("int") or shape[1] is None))


def bound_steps(facts: ModelFacts) -> set[int]:
    """The window lengths that the sequence inputs are bound to."""
    sizes = [tensor.shape[1] for tensor in facts.inputs if is_sequence(tensor)]
    return {size for size in sizes if size is not None}


def bound_batch(facts: ModelFacts) -> int | None:
    """The batch size that the model is bound to."""
    sizes = [tensor.shape[0] for tensor in facts.inputs if tensor.shape]
    return next((size for size in sizes if size is not None), facts.stateful_batch)


def drawn(loaded: LoadedModel, rows: int, steps: int | None, seed: int) -> dict[str, Array]:
    """Random inputs of `rows` rows; sequences of `steps`, or of the length they are bound to."""
    tables = [
        place.layer.input_dim for place in loaded.placed if isinstance(place.layer, keras.layers.Embedding)
    ]
    inputs = {}
    for number, tensor in enumerate(loaded.facts.inputs):
        shape = [rows, *tensor.shape[1:]]
        ids = bool(tables) and len(shape) == 2
        if len(shape) > 1 and (is_sequence(tensor) or ids):
            shape[1] = steps or shape[1] or _FREE
        inputs[tensor.name] = random_input(
            tuple(shape), tensor.dtype, seed + 100 * number, vocabulary=min(tables) if ids else None
        )
    return inputs


def cut(facts: ModelFacts, inputs: Arrays, steps: int) -> Pieces:
    """Sequences cut into pieces of `steps`; other inputs go into every call."""
    sequences = {tensor.name for tensor in facts.inputs if is_sequence(tensor)} & set(inputs)
    total = min(inputs[name].shape[1] for name in sequences)
    calls = tuple(
        {
            name: array[:, start : start + steps] if name in sequences else array
            for name, array in inputs.items()
        }
        for start in range(0, total, steps)
    )
    return Pieces(calls, steps)


def answers(loaded: LoadedModel, pieces: Pieces) -> list[list[Array]]:
    """The outputs of every call, from zero states; outputs `(rows, ...)` in the model's order."""
    rows = len(next(iter(pieces.calls[0].values())))
    size = bound_batch(loaded.facts) or rows
    batches = []
    for start in range(0, rows, size):
        taken = np.arange(start, start + size) % rows
        apply_reset(state_variables(loaded.placed), StateReset())
        batches.append([_called(loaded, call, taken) for call in pieces.calls])
    return [
        [
            np.concatenate([batch[call][output] for batch in batches])[:rows]
            for output in range(len(batches[0][call]))
        ]
        for call in range(len(pieces.calls))
    ]


def _called(loaded: LoadedModel, call: Arrays, taken: Array) -> list[Array]:
    inputs = {name: np.asarray(array)[taken] for name, array in call.items()}
    outputs = loaded.model.predict_on_batch(as_tensors(loaded.model, inputs))
    return list(by_name(loaded.model, outputs).values())


def compared(
    one: list[list[Array]], first: Pieces, other: list[list[Array]], second: Pieces, on: str
) -> Comparison:
    """The outputs of two models on the same sequences, cut the same way or not."""
    pairs = [
        pair
        for output in range(min(len(one[0]), len(other[0])))
        for pair in _pairs(_of(one, output), first.steps, _of(other, output), second.steps)
    ]
    if not pairs or len(one[0]) != len(other[0]):
        return Comparison(on, np.inf, np.inf)
    gaps = [_gap(left, right) for left, right in pairs]
    size = max((float(np.nanmax(np.abs(left), initial=0.0)) for left, _ in pairs), default=0.0)
    return Comparison(on, max(gaps), max(gaps) / max(size, 1e-30) if max(gaps) else 0.0)


def within_rounding(comparison: Comparison, facts: ModelFacts) -> bool:
    """Whether the difference is that of sums in another order."""
    kinds = {tensor.dtype for tensor in facts.outputs}
    return comparison.relative <= (_ROUNDING_OF_HALVES if kinds & {"float16", "bfloat16"} else _ROUNDING)


def _of(calls: list[list[Array]], output: int) -> list[Array]:
    return [call[output].astype(np.float64) for call in calls]


def _pairs(one: list[Array], steps: int, other: list[Array], more: int) -> list[tuple[Array, Array]]:
    """What is to be equal: whole timelines, or what stands at the same ends of pieces."""
    if all(_runs(array, steps) for array in one) and all(_runs(array, more) for array in other):
        return [(np.concatenate(one, axis=1), np.concatenate(other, axis=1))]
    ends = {steps * (number + 1): array for number, array in enumerate(one)}
    return [
        (ends[more * (number + 1)], array)
        for number, array in enumerate(other)
        if more * (number + 1) in ends
    ]


def _runs(array: Array, steps: int) -> bool:
    return array.ndim > 2 and array.shape[1] == steps


def _gap(left: Array, right: Array) -> float:
    """The largest difference; infinite where shapes differ or one is NaN and the other is not."""
    if left.shape != right.shape:
        return float("inf")
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    with np.errstate(invalid="ignore"):
        gaps = np.where(same, 0.0, np.abs(left - right))
    return float(np.max(np.nan_to_num(gaps, nan=np.inf), initial=0.0))
