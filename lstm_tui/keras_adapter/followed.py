"""Which of several inputs gives an output its timesteps, told by shapes alone. Runs nothing.

A decoder's output is as long as the decoder's input, however long the encoder's is. Where both are declared
to be equally long, or the model has no graph, shapes do not tell.
"""

from __future__ import annotations

import logging
from typing import Any

import keras

from lstm_tui.keras_adapter.feeding import functional_of, input_names

_log = logging.getLogger(__name__)
#: Lengths that no layer makes out of each other.
_LENGTHS = (101, 211, 307, 401, 503)


def followed_input(model: Any) -> str:
    """Of several sequences that go in, the one whose timesteps the first output has; else an empty text."""
    functional = functional_of(model)
    tensors = functional.inputs if functional is not None else []
    sequences = [tensor for tensor in tensors if _is_sequence(tensor)]
    if not 1 < len(sequences) <= len(_LENGTHS):
        return ""
    lengths = {id(each): each.shape[1] or other for each, other in zip(sequences, _LENGTHS, strict=False)}
    given = [_of_length(tensor, lengths.get(id(tensor))) for tensor in tensors]
    first = _first_shape(functional, given)
    if len(first) < 3:
        return ""
    names = zip(input_names(model, len(tensors)), tensors, strict=True)
    found = [name for name, tensor in names if lengths.get(id(tensor)) == first[1]]
    return found[0] if len(found) == 1 else ""


def _first_shape(functional: Any, given: list[Any]) -> tuple[int | None, ...]:
    """That of the first output for such inputs; nothing where it cannot be told."""
    try:
        outputs = functional.compute_output_spec(
            keras.tree.pack_sequence_as(functional._inputs_struct, given)
        )
        return tuple(keras.tree.flatten(outputs)[0].shape)
    except Exception:  # noqa: BLE001 - a layer whose shapes cannot be told is no reason not to load the model
        _log.info("shapes of other lengths cannot be told", exc_info=True)
        return ()


def _is_sequence(tensor: Any) -> bool:
    """`(batch, timesteps, ...)`, or ids `(batch, timesteps)`."""
    shape = tensor.shape
    return len(shape) > 2 or (len(shape) == 2 and (shape[1] is None or "int" in str(tensor.dtype)))


def _of_length(tensor: Any, length: int | None) -> keras.KerasTensor:
    shape = tuple(tensor.shape)
    shape = shape if length is None else (shape[0], length, *shape[2:])
    return keras.KerasTensor(shape, dtype=tensor.dtype)
