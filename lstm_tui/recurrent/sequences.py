"""Which inputs are sequences, and parts of them. An array is a sequence if it has timesteps to walk along:
`(batch, timesteps, ...)`, or token ids `(batch, timesteps)`.
"""

from __future__ import annotations

from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.window import Window


def steps_of(array: Array) -> int | None:
    """Timesteps of a sequence; None of any other array."""
    is_sequence = array.ndim > 2 or (array.ndim == 2 and array.dtype.kind in "iu")
    return int(array.shape[1]) if is_sequence else None


def longest(inputs: Inputs) -> tuple[int, tuple[str, ...]]:
    """Timesteps of the longest sequence, and the names of all that have as many; 0 where there is none."""
    steps = max((steps_of(array) or 0 for array in inputs.values()), default=0)
    return steps, tuple(name for name, array in inputs.items() if steps_of(array) == steps)


def part_of(
    inputs: Inputs, sequences: tuple[str, ...], window: Window, rows: slice = slice(None)
) -> dict[str, Array]:
    """These steps of the sequences that are named, all other inputs whole; of these rows."""
    return {
        name: array[rows, window.slice] if name in sequences else array[rows]
        for name, array in inputs.items()
    }
