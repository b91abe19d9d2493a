"""What a model did in one call: every state and gate of every recurrent layer, and what came out.

A `Recording` is a finished value. It is made by `keras_adapter`, judged by `checks`, drawn by `charts`; none
of them can reach back into the model through it. Arrays in it are read-only.

Paths name layers as `trace` does: names joined by `/`, wrappers and nested models included
(`encoder/bidirectional/forward_lstm`); a layer called again is `P#2`, `P#3`; cells of a stack `P/cell_0`, ….
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_tui.recurrent.cells import CellKind

Array = NDArray[Any]
#: One dimension is None where it is free.
Shape = tuple[int | None, ...]
#: State arrays `(batch, units)` by `layer path/state name`, for instance `lstm_1/h`.
States = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """One call of one recurrent layer.

    steps: every series of the cell by name, each `(batch, timesteps, units)`. Index t is the input's timestep
        also where the layer runs backwards. A masked step repeats the state before it.
    initial: every state before the first step, `(batch, units)`.
    mask: `(batch, timesteps)`, True where the step counts; None where nothing is masked.
    """

    path: str
    cell: CellKind
    steps: Mapping[str, Array]
    initial: Mapping[str, Array]
    mask: Array | None = None
    go_backwards: bool = False
    stateful: bool = False

    @property
    def timesteps(self) -> int:
        """Number of timesteps that this layer saw."""
        return int(next(iter(self.steps.values())).shape[1])

    @property
    def batch(self) -> int:
        """Number of samples."""
        return int(next(iter(self.steps.values())).shape[0])

    @property
    def units(self) -> int:
        """Number of units: the product of all axes after `(batch, timesteps)`."""
        return int(np.prod(next(iter(self.steps.values())).shape[2:], dtype=np.int64))


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """What one call of one layer gave on this input: shapes, dtype, and the values where they are small."""

    path: str
    class_name: str
    shapes: tuple[tuple[int, ...], ...]
    dtype: str
    masked: bool = False
    values: tuple[Array, ...] | None = None


@dataclass(frozen=True, eq=False)
class Recording:
    """One call of one model.

    inputs: as they went in, by input name, `(batch, timesteps, features)` for a sequence.
    outputs: as `model.predict` gives them, by output name.
    prefix: by output name `(batch, timesteps, ...)`, the output had the sequence ended at t, where defined.
    prefix_missing: by output name, why `prefix` has no entry.
    unrecorded: by layer path, why a recurrent layer could not be recorded.
    states_before, states_after: of stateful layers, by `path/state`.
    disagreement: the largest |difference| from `model.predict`; 0.0 is equal to the bit, None not compared.
    """

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    layers: tuple[LayerTrace, ...]
    layer_outputs: tuple[LayerOutput, ...] = ()
    prefix: Mapping[str, Array] = field(default_factory=dict)
    prefix_missing: Mapping[str, str] = field(default_factory=dict)
    unrecorded: Mapping[str, str] = field(default_factory=dict)
    states_before: States = field(default_factory=dict)
    states_after: States = field(default_factory=dict)
    disagreement: float | None = None

    def layer(self, path: str) -> LayerTrace | None:
        """The trace of the layer at `path`, or None."""
        return next((trace for trace in self.layers if trace.path == path), None)


def read_only(array: Array) -> Array:
    """A view of `array` that cannot be written through; what a frozen value may hold."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
