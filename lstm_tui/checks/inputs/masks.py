"""What is masked and what looks like padding: the measurements that the checks of masks share. NumPy alone.

Masks are `(batch, timesteps)`, True where a step is masked (Keras' own masks are True where it counts).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_tui.checks.case import Case
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array

Steps = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Masker:
    """A layer that makes a mask: Masking, or an Embedding with `mask_zero`.

    value: steps that hold nothing else are masked. source: what goes into the layer, `(batch, timesteps,
    features)` or token ids `(batch, timesteps)`. input_name: the input that this is, `` where it is none.
    """

    path: str
    class_name: str
    value: float
    source: Array
    input_name: str

    @property
    def is_embedding(self) -> bool:
        """Token 0 is masked, and not a step of zeros."""
        return self.class_name == "Embedding"

    @property
    def masked(self) -> Steps:
        """`(batch, timesteps)`, True where masked."""
        return holds_only(self.source, self.value)


def maskers(case: Case) -> Iterator[Masker]:
    """Every layer that makes a mask and whose source is known."""
    for path, said in case.settings.items():
        kind = str(said.get("class_name", ""))
        value = said.get("mask_value", 0.0) if kind == "Masking" else 0.0
        if kind == "Masking" or (kind == "Embedding" and said.get("mask_zero")):
            found = _source(case, path)
            if found is not None and found[1].ndim == (2 if kind == "Embedding" else 3):
                yield Masker(path, kind, float(value or 0.0), found[1], found[0])


def _source(case: Case, path: str) -> tuple[str, Array] | None:
    """What goes into the layer at `path`: an input of the model, or a recorded output of the layer before."""
    feeders = case.wiring.get(path, ())
    fed_by = feeders[0] if feeders else ""
    if fed_by in case.inputs:
        return fed_by, case.inputs[fed_by]
    layer = case.facts.layer(fed_by)
    if len(case.inputs) == 1 and (layer is None or layer.class_name == "InputLayer"):
        return next(iter(case.inputs.items()))
    if case.recording is None:
        return None
    outputs = [each for each in case.recording.layer_outputs if each.path == fed_by and each.values]
    return ("", outputs[0].values[0]) if outputs and outputs[0].values else None


def holds_only(array: Array, value: float | Array) -> Steps:
    """`(batch, timesteps)`, True where every feature of a step is `value`; compared as Keras does."""
    same: Steps = array.astype(np.float32) == np.asarray(value, np.float32)
    return np.asarray(same.all(axis=-1)) if array.ndim > 2 else same


def run_at_end(masked: Steps) -> Counts:
    """How many steps at the end of each row are masked, `(batch,)`."""
    counts = np.argmin(masked[:, ::-1], axis=1)
    run: Counts = np.where(masked.all(axis=1), masked.shape[1], counts).astype(np.int64)
    return run


def run_at_start(masked: Steps) -> Counts:
    """How many steps at the start of each row are masked, `(batch,)`."""
    return run_at_end(masked[:, ::-1])


def inside(masked: Steps) -> Steps:
    """Masked steps with an unmasked one before and after: those that are no padding."""
    steps = np.arange(masked.shape[1])
    after_start = steps >= run_at_start(masked)[:, None]
    before_end = steps < masked.shape[1] - run_at_end(masked)[:, None]
    between: Steps = masked & after_start & before_end
    return between


def runs(masked: Steps) -> list[tuple[int, int, int]]:
    """Every run of masked steps as `(row, first, behind the last)`."""
    found: list[tuple[int, int, int]] = []
    for row, flags in enumerate(masked):
        edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
        starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        found += [(row, int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]
    return found


def is_per_step(output: Array, timesteps: int) -> bool:
    """Whether there is a prediction for every step: then the steps at the end are nobody's result."""
    return output.ndim > 2 and output.shape[1] == timesteps


def only_sequence(inputs: Inputs) -> str | None:
    """The name of the one input that is a sequence, `(batch, timesteps, features)` or token ids."""
    names = [
        name for name, array in inputs.items() if array.ndim == 3 or (array.ndim == 2 and _is_ids(array))
    ]
    return names[0] if len(names) == 1 else None


def _is_ids(array: Array) -> bool:
    return array.dtype.kind in "iu" or bool(np.isfinite(array).all() and (array == np.round(array)).all())


def padded_in_front(array: Array, run: Counts) -> Array:
    """Every row with its `run` last steps moved to the front."""
    order = (np.arange(array.shape[1]) - run[:, None]) % array.shape[1]
    return np.take_along_axis(array, order.reshape(order.shape + (1,) * (array.ndim - 2)), axis=1)
