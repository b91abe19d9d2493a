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
from lstm_tui.recurrent.summary import Summary
from lstm_tui.recurrent.window import Window

Array = NDArray[Any]
#: One dimension is None where it is free.
Shape = tuple[int | None, ...]
#: State arrays `(batch, units)` by `layer path/state name`, for instance `lstm_1/h`.
States = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """One call of one recurrent layer, or what is kept of it: a window of its steps, one of its samples.

    steps: every series of the cell by name, each `(batch, timesteps, units)`. Index t is the input's timestep
        `start + t`, also where the layer runs backwards. A masked step repeats the state before it.
    initial: every state before the first step that is kept, `(batch, units)`.
    mask: `(batch, timesteps)`, True where the step counts; None where nothing is masked.
    start, whole: the first step that is kept, and the timesteps of the sequence; None where all are kept.
    first_sample, samples: the first sample that is kept, and those of the call; None where all are kept.
    """

    path: str
    cell: CellKind
    steps: Mapping[str, Array]
    initial: Mapping[str, Array]
    mask: Array | None = None
    go_backwards: bool = False
    stateful: bool = False
    start: int = 0
    whole: int | None = None
    first_sample: int = 0
    samples: int | None = None

    @property
    def timesteps(self) -> int:
        """Number of timesteps that this layer saw, kept or not."""
        return len(self.kept) if self.whole is None else self.whole

    @property
    def batch(self) -> int:
        """Number of samples, kept or not."""
        return int(self._any.shape[0]) if self.samples is None else self.samples

    @property
    def kept(self) -> Window:
        """The steps that are kept."""
        return Window(self.start, self.start + int(self._any.shape[1]))

    def has(self, sample: int, step: int | None = None) -> bool:
        """Whether this sample is kept, and at this step."""
        is_kept = 0 <= sample - self.first_sample < self._any.shape[0]
        return is_kept and (step is None or step in self.kept)

    def over_time(self, series: str, sample: int) -> Array:
        """`(steps kept, units)` of one series and sample, further axes flattened into units."""
        values = self.steps[series][sample - self.first_sample]
        return np.asarray(values.reshape(values.shape[0], self.units))

    def at(self, series: str, sample: int, step: int) -> Array:
        """`(units,)` of one series at a step that is kept."""
        return np.asarray(self.steps[series][sample - self.first_sample, step - self.start]).reshape(-1)

    def before_first(self, state: str, sample: int) -> Array | None:
        """`(units,)` of a state before the first step that is kept; None where it is not known."""
        values = self.initial.get(state)
        return None if values is None else np.asarray(values[sample - self.first_sample]).reshape(-1)

    def mask_over_time(self, sample: int) -> Array | None:
        """`(steps kept,)`, True where the step counts; None where nothing is masked.

        Where a smaller batch was broadcast against the states of a larger one, its one mask is that of all.
        """
        if self.mask is None:
            return None
        return np.asarray(self.mask[min(sample - self.first_sample, len(self.mask) - 1)], bool)

    @property
    def _any(self) -> Array:
        return next(iter(self.steps.values()))

    @property
    def units(self) -> int:
        """Number of units: the product of all axes after `(batch, timesteps)`."""
        return int(np.prod(self._any.shape[2:], dtype=np.int64))


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """What one call of one layer gave on this input: shapes, dtype, and the values where they are small.

    summaries: of each tensor, where the values are too large to be kept; those of values that are kept can be
        told from them.
    """

    path: str
    class_name: str
    shapes: tuple[tuple[int, ...], ...]
    dtype: str
    masked: bool = False
    values: tuple[Array, ...] | None = None
    summaries: tuple[Summary, ...] | None = None


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
    sample: the only sample whose steps and predictions are kept; None where those of all are.
    tried: in words, what was tried inside the loops; then `model.predict` gives something else.
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
    sample: int | None = None
    tried: tuple[str, ...] = ()

    def prefix_of(self, output: str, sample: int) -> Array | None:
        """`(timesteps, ...)` of one sample, where there are predictions for it."""
        values = self.prefix.get(output)
        index = sample - (self.sample or 0)
        return values[index] if values is not None and 0 <= index < len(values) else None

    def layer(self, path: str) -> LayerTrace | None:
        """The trace of the layer at `path`, or None."""
        return next((trace for trace in self.layers if trace.path == path), None)


def read_only(array: Array) -> Array:
    """A view of `array` that cannot be written through; what a frozen value may hold."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
