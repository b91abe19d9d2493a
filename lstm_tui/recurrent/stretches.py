"""A recording of a sequence that is too long to be kept: what is asked stretch by stretch, what comes back.

The sequence is cut into chunks. At every border between two of them the states of all loops are kept, so that
any stretch can be computed again by itself; of what lies between, bins are kept, and the steps of a few
windows. Whoever asks holds all of that: the one who answers keeps nothing between two questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lstm_tui.recurrent.calls import Alteration, CallModel, CallOutcome, Inputs, Predict
from lstm_tui.recurrent.cells import CellKind
from lstm_tui.recurrent.pyramid import Level
from lstm_tui.recurrent.recording import Array, LayerOutput, LayerTrace, Shape, States

#: States of every loop at a border, `(batch, units)` by `path/state`; what a masked step repeats as well.
Border = Mapping[str, Array]
#: What is kept of a stretch: bins of every series, all steps, or nothing but its outputs and last states.
Keep = Literal["bins", "steps", "nothing"]


@dataclass(frozen=True, eq=False)
class LongPlan:
    """How one call over a long sequence is recorded.

    call: how the model is called; its inputs come with each stretch. sequences: those that are cut, by name.
    chunk: steps between two borders. bin: steps of a bin, a multiple or a divisor of `chunk`.
    sample: the row of the batch that is kept; None for all.
    alterations: other settings of layers, for a copy of the model.
    """

    call: Predict | CallModel
    sequences: tuple[str, ...]
    timesteps: int
    chunk: int
    bin: int
    sample: int | None = 0
    alterations: tuple[Alteration, ...] = ()

    @property
    def head(self) -> int:
        """Steps that opening the call needs: a whole chunk and one as long as the last, to compare them."""
        return min(self.chunk + (self.timesteps % self.chunk or self.chunk), self.timesteps)


@dataclass(frozen=True)
class Track:
    """Where a series lies among the columns of a level: `stop - start` numbers, `shape` for one sample."""

    start: int
    stop: int
    shape: tuple[int, ...]

    @property
    def columns(self) -> slice:
        """To index the columns."""
        return slice(self.start, self.stop)


@dataclass(frozen=True, eq=False)
class LongLayer:
    """One call of one recurrent layer that runs over the sequence; `shape` is that of a state."""

    path: str
    cell: CellKind
    shape: tuple[int, ...]
    stateful: bool = False
    masked: bool = False


@dataclass(frozen=True, eq=False)
class LongCall:
    """What is known of a call before it is recorded stretch by stretch.

    refused: why it cannot be; empty where it can.
    states_before: of stateful layers, by `path/state`. outcomes: of the calls before it.
    tracks: every series of every layer by `path/series`, then `path/mask` and `output/NAME` where an output
        has a value for each step.
    output_shapes: by output name, for the whole sequence. predictions: outputs with a value for each step.
    rounding: the largest difference between a stretch cut in two and a whole one; 0.0 is equal to the bit.
    rounded_by: the first layer that rounds in another way when it sees fewer steps.
    disagreement: the largest |difference| from `model.predict` on the first `compared` steps.
    """

    refused: str = ""
    states_before: States = field(default_factory=dict)
    outcomes: tuple[CallOutcome, ...] = ()
    layers: tuple[LongLayer, ...] = ()
    tracks: Mapping[str, Track] = field(default_factory=dict)
    output_shapes: Mapping[str, Shape] = field(default_factory=dict)
    predictions: tuple[str, ...] = ()
    prefix_missing: Mapping[str, str] = field(default_factory=dict)
    unrecorded: Mapping[str, str] = field(default_factory=dict)
    layer_outputs: tuple[LayerOutput, ...] = ()
    rounding: float = 0.0
    rounded_by: str = ""
    disagreement: float | None = None
    compared: int = 0


@dataclass(frozen=True, eq=False)
class StretchInputs:
    """What goes into a stretch: the steps from `start` on, and the states before it.

    inputs: by name; sequences cut to the stretch, the others whole. border: None before the first step.
    states: of stateful layers before the first step of the sequence.
    """

    inputs: Inputs
    start: int = 0
    border: Border | None = None
    states: States = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Stretch:
    """The steps `start <= t < stop` of a long call.

    borders: after each chunk. level: bins of all tracks side by side, `(bins, columns)`.
    layers: their steps, with what else is kept of a window. predictions: `(samples, steps, ...)` by output.
    outputs: as the last chunk gave them, of a sequence only the last step. states_after: of stateful layers.
    """

    start: int
    stop: int
    borders: tuple[Border, ...] = ()
    level: Level | None = None
    layers: tuple[LayerTrace, ...] = ()
    predictions: Mapping[str, Array] = field(default_factory=dict)
    layer_outputs: tuple[LayerOutput, ...] = ()
    outputs: Mapping[str, Array] = field(default_factory=dict)
    states_after: States = field(default_factory=dict)
    seconds: float = 0.0
