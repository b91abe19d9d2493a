"""What went through the carried states, in order: the calls as they were made, read as sequences and joins.

A state has a slot for each row of a batch. `Read` is a sequence that went through one slot, `Join` the place
where another follows it there, with whatever stands between: nothing, a reset, a reload. Whether the one
continues the other is judged by `continuation`; where the target is known for the later call, by the errors
with and without the carried state too. Runs nothing by itself but that one comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.states.continuation import Continuity, Relation, together
from lstm_tui.recurrent.calls import (
    Call,
    CallModel,
    CallOutcome,
    Decode,
    Fit,
    Generate,
    Inputs,
    LegacyResetStates,
    Predict,
    Reload,
    ResetStates,
    RunPlan,
    Stream,
    Threads,
    inputs_of,
)
from lstm_tui.recurrent.recording import Array, States

#: What stands between two sequences in one slot. `partial`: a reset that missed layers. `set`: the user put
#: states there. `moved`: something else ran through the states, or changed the weights.
Cut = Literal["", "reset", "partial", "set", "reload", "moved"]
#: Keras' own, of `predict` and `fit`.
BATCH = 32
#: Features of a step that are looked at; of an image at each step, some.
_FEATURES = 64


@dataclass(frozen=True, eq=False)
class Read:
    """A sequence `steps`, `(timesteps, features)`, that went through one slot of the states.

    call: index in the plan. batch: number of the batch inside the call. slot: row of the batch. row: of what
    went into the call. asked: the input was the plan's own, whole.
    """

    call: int
    batch: int
    slot: int
    row: int
    steps: Array = field(repr=False)
    asked: bool = False


@dataclass(frozen=True, eq=False)
class Join:
    """`after` follows `before` in one slot."""

    before: Read
    after: Read
    cut: Cut = ""

    @property
    def inside(self) -> bool:
        """Whether both belong to one call."""
        return self.before.call == self.after.call


@dataclass(frozen=True, eq=False)
class History:
    """All joins of the calls, in order, and what is typical of the sequences."""

    reads: tuple[Read, ...]
    joins: tuple[Join, ...]
    continuity: Continuity

    @classmethod
    def of(cls, plan: RunPlan, outcomes: Sequence[CallOutcome], batch: int | None) -> History:
        """Of calls as they were made. batch: what the states are bound to."""
        reads: list[Read] = []
        joins: list[Join] = []
        last: dict[int, Read] = {}
        cut: Cut = ""
        for index, (call, outcome) in enumerate(zip(plan.calls, outcomes, strict=False)):
            cut = _after(cut, call, outcome)
            if outcome.failure is not None:
                continue
            for read in reads_of(index, call, plan.inputs, batch):
                reads.append(read)
                if read.slot in last:
                    before = last[read.slot]
                    joins.append(Join(before, read, "" if before.call == index else cut))
                last[read.slot] = read
            if isinstance(call, Predict | CallModel | Stream):
                cut = ""
        trained = [
            each for call in plan.calls if isinstance(call, Fit) for each in training_reads(call, plan.inputs)
        ]
        return cls(tuple(reads), tuple(joins), _continuity([*reads, *trained], plan.inputs))

    def across(self, *cuts: Cut) -> dict[int, list[Join]]:
        """Joins between calls with such a cut, by the index of the later call."""
        found: dict[int, list[Join]] = {}
        for join in self.joins:
            if not join.inside and join.cut in cuts:
                found.setdefault(join.after.call, []).append(join)
        return found

    def inside(self) -> dict[int, list[Join]]:
        """Joins between batches of one call, by the index of the call."""
        found: dict[int, list[Join]] = {}
        for join in self.joins:
            if join.inside:
                found.setdefault(join.after.call, []).append(join)
        return found

    def relation(self, joins: Sequence[Join]) -> Relation:
        """What all these joins say together."""
        found = [self.continuity.relation(join.before.steps, join.after.steps) for join in joins]
        asked = [join.before.asked and join.after.asked and not join.inside for join in joins]
        if asked and all(asked):
            return replace(together(found), kind="same", overlap=len(joins[0].after.steps))
        return together(found)

    def earlier(self, join: Join) -> Iterator[Read]:
        """What went through the slot before `join.before`, newest first, up to a reset."""
        slot = [each for each in self.joins if each.after.slot == join.after.slot]
        at = next(index for index, each in enumerate(slot) if each is join)
        for each in reversed(slot[:at]):
            if each.cut:
                return
            yield each.before


def reads_of(index: int, call: Call, inputs: Inputs, bound: int | None) -> list[Read]:
    """The sequences of one call, in the order in which they go through the states.

    None where the batches are not those that the states are bound to: what Keras makes of them is not this.
    """
    if isinstance(call, Stream):
        return _batches(index, inputs, rows_in(inputs), asked=True)
    if not isinstance(call, Predict | CallModel):
        return []
    fed = inputs_of(call, inputs)
    size = rows_in(fed) if isinstance(call, CallModel) else call.batch_size or BATCH
    size = min(size, rows_in(fed))
    if not size or (bound is not None and size != bound):
        return []
    whole = call.inputs is None and not (isinstance(call, Predict) and call.rows is not None)
    return _batches(index, fed, size, asked=whole)


def training_reads(call: Fit, inputs: Inputs) -> list[Read]:
    """The rows of a `fit` in their given order, batch by batch."""
    return _batches(0, inputs, 1 if call.each_sample else call.batch_size or BATCH, asked=False)


def joins_of(reads: Sequence[Read]) -> list[Join]:
    """Where each sequence is followed by the next one in its slot."""
    last: dict[int, Read] = {}
    joins = []
    for read in reads:
        if read.slot in last:
            joins.append(Join(last[read.slot], read))
        last[read.slot] = read
    return joins


def _batches(index: int, fed: Inputs, size: int, *, asked: bool) -> list[Read]:
    sequences = sequences_in(fed)
    return [Read(index, row // size, row % size, row, steps, asked) for row, steps in enumerate(sequences)]


def rows_in(inputs: Inputs) -> int:
    """How many rows go in."""
    return max((len(array) for array in inputs.values() if array.ndim), default=0)


def sequences_in(inputs: Inputs) -> list[Array]:
    """Each row's steps `(timesteps, features)`: features of all inputs of one length side by side."""
    there = [array for array in inputs.values() if _is_sequence(array)]
    if not there:
        return []
    timesteps = max(array.shape[1] for array in there)
    wide = [
        array.reshape(len(array), timesteps, -1)[:, :, :_FEATURES].astype(np.float64)
        for array in there
        if array.shape[1] == timesteps and len(array) == len(there[0])
    ]
    return list(np.concatenate(wide, axis=2))


def _is_sequence(array: Array) -> bool:
    return array.ndim > 2 or (array.ndim == 2 and array.dtype.kind in "iu")


def _continuity(reads: Sequence[Read], inputs: Inputs) -> Continuity:
    slots: dict[int, list[int]] = {}
    for index, read in enumerate(reads):
        slots.setdefault(read.slot, []).append(index)
    tokens = [array.dtype.kind in "iu" for array in inputs.values() if _is_sequence(array)]
    return Continuity(
        [read.steps for read in reads], tuple(slots.values()), discrete=bool(tokens) and all(tokens)
    )


def _after(cut: Cut, call: Call, outcome: CallOutcome) -> Cut:
    """What stands between the last sequence and the next one, once this call was made as well."""
    match call:
        case ResetStates(to=to) if to is not None and to.to != "zeros":
            return "set"
        case ResetStates():
            left = any(np.any(state) for state in outcome.states_after.values())
            return cut if outcome.failure is not None else "partial" if left else "reset"
        case Reload():
            return cut if cut == "reset" else "reload"
        case Fit() | Threads() | Generate() | Decode():
            return "moved"
        case LegacyResetStates() | _:
            return cut


# --- the history of a case --------------------------------------------------------------------------


def history_of(case: Case) -> History:
    """The calls of the case as they were made; read once."""
    return case.once(
        "history", lambda case: History.of(case.plan, case.run.outcomes, case.facts.stateful_batch)
    )


def carried(before: States) -> bool:
    """Whether a call began with anything but zeros."""
    return any(np.any(state) for state in before.values())
