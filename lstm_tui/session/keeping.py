"""What of a recording is kept: all, the chosen sample alone, or stretches. Decided before anything runs.

A whole recording stays within the memory that the settings allow. Where a batch is too much, the sample under
the cursor is kept (it is run in its batch, so that it is equal to the bit). Where even that is too much, it
is recorded stretch by stretch, and only bins, borders and a few windows of it are in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from lstm_tui.arrays.sizes import in_words
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.model_file.recorded_size import RecordedSize, recorded_size
from lstm_tui.recurrent.calls import CallModel, Inputs, Predict, RunPlan, inputs_of
from lstm_tui.recurrent.sequences import longest, part_of
from lstm_tui.recurrent.stretches import LongPlan
from lstm_tui.recurrent.window import Window, chunk_steps

#: Bytes that recordings may take where nothing else is set.
DEFAULT_MEMORY = 512 * 2**20
#: What of that the bins of a long recording may take, its borders, and its windows.
_SHARE_OF_BINS, _SHARE_OF_BORDERS, _SHARE_OF_WINDOWS = 4, 8, 4
#: Minimum, maximum and mean in float32.
_BIN_BYTES_A_NUMBER = 3
_FINEST_BIN = 16

What = Literal["whole", "sample", "stretches"]


@dataclass(frozen=True, eq=False)
class Keeping:
    """What is kept of the recorded call of a plan; `plan` says it, and `long` how where it is stretches.

    inputs: of the recorded call. batch: the rows that are run with the sample. before: the calls before it.
    sample: the chosen row. rows: how many there are. bytes: what all that could be kept takes, and of one.
    memory: what may be kept.
    """

    what: What
    plan: RunPlan
    inputs: Inputs = field(default_factory=dict)
    long: LongPlan | None = None
    before: RunPlan | None = None
    batch: Window = field(default_factory=lambda: Window(0, 1))
    sample: int = 0
    rows: int = 1
    size: RecordedSize = field(default_factory=lambda: RecordedSize(0, 0, 0))
    memory: int = DEFAULT_MEMORY

    @property
    def head(self) -> Inputs:
        """What opening a long call needs of its inputs."""
        assert self.long is not None
        return self.part(Window(0, self.long.head))

    def part(self, window: Window) -> Inputs:
        """What goes into these steps of a long call."""
        assert self.long is not None
        return part_of(self.inputs, self.long.sequences, window, self.batch.slice)

    @property
    def border_chunks(self) -> int:
        """Chunks between two borders that are kept."""
        assert self.long is not None
        all_borders = self.size.passed_on * 2 * len(self.batch) * self.size.timesteps // self.long.chunk
        return max(-(-all_borders * _SHARE_OF_BORDERS // self.memory), 1)

    @property
    def chunk_of_all(self) -> int:
        """Steps of a chunk where all samples of the batch are kept."""
        return chunk_steps((self.size.step + self.size.passed_on) * len(self.batch))

    @property
    def window_bytes(self) -> int:
        """What the windows of a long recording may take."""
        return self.memory // _SHARE_OF_WINDOWS

    @property
    def fits_alone(self) -> bool:
        """Whether one sample can be kept whole."""
        return self.rows > 1 and self.size.sample <= self.memory


def keeping(
    plan: RunPlan, facts: ModelFacts, memory: int, sample: int, *, every_sample: bool = False
) -> Keeping:
    """What to keep of `plan`, with the chosen sample in it where not all are kept.

    every_sample: never the chosen one alone: what is too much for the memory is recorded in stretches.
    Raises: EditError where something is tried inside the loops of what can only be recorded in stretches.
    """
    call = plan.calls[plan.record] if plan.record < len(plan.calls) else None
    if not isinstance(call, Predict | CallModel):
        return Keeping("whole", plan)
    inputs = inputs_of(call, plan.inputs)
    rows = max((len(array) for array in inputs.values() if array.ndim), default=0)
    size = recorded_size(facts, inputs)
    if size.sample * rows <= memory:
        return Keeping("whole", plan)
    chosen = min(max(sample, 0), rows - 1)
    batch = _batch_of(call, rows, chosen)
    kept = Keeping(
        "sample",
        replace(plan, sample=chosen),
        inputs,
        batch=batch,
        sample=chosen,
        rows=rows,
        size=size,
        memory=memory,
    )
    if not every_sample and kept.fits_alone and size.passed_on * size.timesteps * len(batch) <= memory:
        return kept
    if facts.stateful and batch.start:
        return keeping(plan, facts, memory, 0)  # it starts where the batch before it ends
    steps = kept.chunk_of_all if every_sample else chunk_steps(size.step + size.passed_on * len(batch))
    if size.timesteps <= steps:
        return Keeping("whole", plan)
    if plan.interventions:
        raise EditError(
            f"{plan.interventions[0].describe()}: that wants all steps at once, and they would take "
            f"{in_words(size.sample)} for one sample.",
            expected=f"at most {in_words(memory)}",
            todo="feed fewer steps first: last: {steps: 1000}",
        )
    return replace(kept, what="stretches", long=_long_plan(kept, call, steps), before=_before(plan))


def _long_plan(kept: Keeping, call: Predict | CallModel, steps: int) -> LongPlan:
    bare = replace(call, inputs=None)
    return LongPlan(
        call=replace(bare, rows=None, reversed_order=False) if isinstance(bare, Predict) else bare,
        sequences=longest(kept.inputs)[1],
        timesteps=kept.size.timesteps,
        chunk=steps,
        bin=_bin(kept.size.sample, kept.memory),
        sample=kept.sample - kept.batch.start,
        alterations=kept.plan.alterations,
    )


def _batch_of(call: Predict | CallModel, rows: int, sample: int) -> Window:
    """The rows that Keras runs together with the sample."""
    size = (call.batch_size or 32) if isinstance(call, Predict) else max(rows, 1)
    start = sample // size * size
    return Window(start, min(start + size, rows))


def _before(plan: RunPlan) -> RunPlan:
    """The calls before the recorded one; their inputs go along only where there are any."""
    calls = plan.calls[: plan.record]
    return RunPlan(plan.inputs if calls else {}, resets=plan.resets, calls=calls, record=len(calls))


def _bin(sample_bytes: int, memory: int) -> int:
    """Steps of a bin, a power of two: as fine as the memory for bins allows."""
    size = _FINEST_BIN
    while sample_bytes // size * _BIN_BYTES_A_NUMBER > memory // _SHARE_OF_BINS:
        size *= 2
    return size
