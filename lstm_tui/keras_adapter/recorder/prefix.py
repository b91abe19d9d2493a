"""Prefix predictions made trustworthy: some steps of every recording are compared with a replay.

At the last step a wrong folding agrees with the right one, so that earlier steps are tried: three when a
function is new, then one for each recording. An output that differs has no prefix, and the reason is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_tui.keras_adapter.failures import keras_words
from lstm_tui.keras_adapter.recorder.folding import Folded
from lstm_tui.keras_adapter.recorder.replay import Replay, differs
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

NO_LAST_STEP = "the output does not come from the last step of a recurrent layer"


@dataclass(frozen=True, eq=False)
class Prefix:
    """By index of the output: the predictions `(batch, timesteps, ...)`, or why there are none."""

    values: dict[int, Array]
    missing: dict[int, str]


def unchecked_prefix(folded: Folded, arrays: list[Array], outputs: list[Array]) -> Prefix:
    """The folded predictions, the last step replaced by the output itself, which is equal to the bit."""
    if folded.why_not:
        return Prefix({}, dict.fromkeys(range(len(outputs)), folded.why_not))
    remaining = iter(arrays)
    values = {
        index: _with_last(next(remaining), outputs[index])
        for index, output in enumerate(folded.outputs)
        if output is not None
    }
    return Prefix(values, {index: NO_LAST_STEP for index in range(len(outputs)) if index not in values})


def _with_last(prefix: Array, output: Array) -> Array:
    if prefix.ndim == output.ndim + 1 and prefix.shape[0] == output.shape[0]:
        prefix = prefix.copy()
        prefix[:, -1] = output
    return prefix


def check(
    prefix: Prefix,
    folded: Folded,
    replay: Replay,
    inputs: Any,
    rewind: Callable[[], None],
    sample: int | None = None,
) -> dict[int, str]:
    """Why the prefix of an output cannot be trusted, by its index.

    rewind: puts the states and seeds back to where the recorded call started; called before each replay.
    sample: the only row of the batch that has predictions; None where all have.
    """
    rows = slice(None) if sample is None else slice(sample, sample + 1)
    wrong: dict[int, str] = {}
    for length in _lengths(folded.timesteps, new=replay.runs == 0):
        rewind()
        try:
            replayed = replay.outputs(inputs, length)
        except Exception as error:  # noqa: BLE001 - a model that cannot be shortened says so in its own way
            why = f"the model does not run on a shorter sequence: {one_line(keras_words(error))}"
            return dict.fromkeys(prefix.values, why)
        for index, values in prefix.values.items():
            if differs(values[:, length - 1], _at_end(replayed[index][rows], values, length)):
                wrong.setdefault(index, _why(folded, length))
    return wrong


def _lengths(timesteps: int, *, new: bool) -> list[int]:
    """Lengths to try, all shorter than the sequence."""
    candidates = {timesteps // 8, timesteps // 3, 2 * timesteps // 3} if new else {min(timesteps // 8, 32)}
    return sorted({max(1, length) for length in candidates if timesteps > 1})


def _at_end(replayed: Array, prefix: Array, length: int) -> Array:
    """What a replay says of its last step: its output, or the last step of an output that is a sequence."""
    if replayed.ndim == prefix.ndim and replayed.shape[1] == length:
        return replayed[:, -1]
    return np.asarray(replayed)


def _why(folded: Folded, length: int) -> str:
    found = f"differs from a run on the first {length} steps"
    return f"{'; '.join(folded.suspects)}; {found}" if folded.suspects else f"a layer looks ahead: it {found}"
