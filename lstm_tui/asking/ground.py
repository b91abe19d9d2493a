"""What a question can be asked of: the series of a recording, its inputs, outputs and targets, by name.

A `Ground` is a finished value. Of a recording that is kept whole it holds all steps; of one in stretches the
window in view, and bins of everything. It computes nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from lstm_tui.recurrent.cells import CellKind
from lstm_tui.recurrent.pyramid import Level
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording
from lstm_tui.recurrent.window import Window

#: The path of a layer and one of its series; a channel, and which one: `channel_key("output", "y")`.
Key = tuple[str, str]


def channel_key(kind: str, one: str) -> Key:
    """Of an output, input or target; no layer's path begins with a colon."""
    return f":{kind}", one


@dataclass(frozen=True, eq=False)
class Source:
    """One series of one layer, or one input, output or target.

    values: `(samples, steps, units)` from step `start` on. timesteps: of the whole sequence; None for what is
        the same at every step, of which `values` has one.
    before: `(samples, units)` one step before those, where that is known.
    known: `(steps,)`, False where there is no value (NaN may be a value); None where there is everywhere.
    layer: whether it is a series of a layer, of which the numbers are units. gate: in (0, 1) by its nature.
    first_sample: the first sample that is kept.
    """

    values: Array
    timesteps: int | None
    start: int = 0
    before: Array | None = None
    known: Array | None = None
    layer: bool = False
    gate: bool = False
    first_sample: int = 0

    @property
    def samples(self) -> int:
        """Samples that are kept."""
        return len(self.values)

    @property
    def width(self) -> int:
        """Numbers a step."""
        return int(self.values.shape[2])

    @property
    def kept(self) -> Window:
        """Steps that are kept."""
        return Window(self.start, self.start + self.values.shape[1])


@dataclass(frozen=True, eq=False)
class Far:
    """Everything from afar: bins of `size` steps over the first `timesteps`, each level `(bins, units)`."""

    size: int
    timesteps: int
    levels: Mapping[Key, Level]

    @property
    def bins(self) -> int:
        """How many there are; the last may be short of steps."""
        return -(-self.timesteps // self.size)


@dataclass(frozen=True, eq=False)
class Ground:
    """All that can be named. cells: of the layers, in the order in which they ran.

    missing: by `output`, `input` or `target`, why there is none.
    memo: answers that were given, by question; they go with the ground.
    """

    cells: Mapping[str, CellKind]
    sources: Mapping[Key, Source]
    missing: Mapping[str, str] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def kept(self) -> Window:
        """The steps that are kept of the layers, of the longest sequence where they differ."""
        timed = [source for source in self.sources.values() if source.timesteps is not None]
        windows = [source.kept for source in timed if source.layer] or [source.kept for source in timed]
        return max(windows, key=len, default=Window(0, 0))

    @cached_property
    def timesteps(self) -> int:
        """Of the longest sequence."""
        return max((source.timesteps or 0 for source in self.sources.values()), default=0)

    def names(self, kind: str) -> tuple[str, ...]:
        """Of all outputs, inputs or targets."""
        return tuple(one for what, one in self.sources if what == f":{kind}")


def layer_sources(trace: LayerTrace) -> dict[Key, Source]:
    """Every series of one layer."""
    return {
        (trace.path, name): Source(
            values=np.asarray(values).reshape(*values.shape[:2], trace.units),
            timesteps=trace.timesteps,
            start=trace.start,
            before=_flat(trace.initial.get(name)),
            layer=True,
            gate=name in trace.cell.gates,
            first_sample=trace.first_sample,
        )
        for name, values in trace.steps.items()
    }


def channel_source(array: Array, timesteps: frozenset[int], *, first_sample: int = 0) -> Source:
    """An input or a target, `(samples, timesteps, ...)`; what has no axis of such a length is the same at
    every step.
    """
    array = np.asarray(array)
    if array.ndim >= 3 or (array.ndim == 2 and array.shape[1] in timesteps):
        values = array.reshape(*array.shape[:2], int(np.prod(array.shape[2:], dtype=np.int64)))
        return Source(values, values.shape[1], first_sample=first_sample)
    return Source(array.reshape(len(array), 1, -1) if array.ndim else array.reshape(1, 1, 1), None)


def ground_of(
    recording: Recording,
    *,
    outputs: Mapping[str, Source] | None = None,
    targets: Mapping[str, Source] | None = None,
    missing: Mapping[str, str] | None = None,
) -> Ground:
    """A recording as something to ask; outputs and targets as the one who asks knows them."""
    sources: dict[Key, Source] = {}
    for trace in recording.layers:
        sources.update(layer_sources(trace))
    lengths = frozenset(trace.timesteps for trace in recording.layers)
    for name, array in recording.inputs.items():
        if np.asarray(array).dtype.kind in "fiub" and np.asarray(array).ndim:
            sources[channel_key("input", name)] = _only(channel_source(array, lengths), recording.sample)
    for kind, channels in (("output", outputs), ("target", targets)):
        sources.update({channel_key(kind, name): source for name, source in (channels or {}).items()})
    cells = {trace.path: trace.cell for trace in recording.layers}
    return Ground(cells, sources, missing or {})


def _only(source: Source, sample: int | None) -> Source:
    """Of one sample, where only that one of a recording is kept."""
    if sample is None or source.samples <= sample:
        return source
    return Source(source.values[sample : sample + 1], source.timesteps, first_sample=sample)


def _flat(values: Array | None) -> Array | None:
    return None if values is None else np.asarray(values).reshape(len(values), -1)
