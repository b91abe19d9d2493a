"""Rows that go through the states one batch after the other, inside one call: which of them belong together.

What `batch-order` (none), `state-misaligned` (others than those that follow each other) and the checks of
`fit` share. Runs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lstm_tui.checks.states.continuation import DECISIVE, Continuity, Relation, together
from lstm_tui.checks.states.history import Join, Read, joins_of
from lstm_tui.recurrent.recording import Array

#: Distances between rows that are tried.
_FARTHEST = 64


@dataclass(frozen=True)
class Arrangement:
    """How the rows of one call stand to each other.

    as_run: those that follow each other in a slot. other: those at the distance `distance` that fit better,
    where there are such.
    """

    as_run: Relation
    other: Relation | None = None
    distance: int = 0


def arrangement(reads: Sequence[Read], batch: int, continuity: Continuity) -> Arrangement:
    """Of the rows of one call, `batch` at a time."""
    as_run = together([_relation(continuity, join) for join in joins_of(reads)])
    if as_run.kind == "continues":
        return Arrangement(as_run)
    if as_run.kind == "overlaps":
        return Arrangement(as_run, as_run, batch)
    rows = [read.steps for read in reads]
    distances = [each for each in (*range(1, min(len(rows), _FARTHEST)), -1) if each != batch]
    best: tuple[float, Relation, int] | None = None
    for distance in distances:
        relation = together([continuity.relation(one, other) for one, other in _pairs(rows, distance)])
        if relation.kind == "overlaps":
            return Arrangement(as_run, relation, distance)
        weight = relation.weight - math.log(len(distances))
        if relation.kind == "continues" and (best is None or weight > best[0]):
            best = (weight, relation, distance)
    if best is None or best[0] - as_run.weight < DECISIVE:
        return Arrangement(as_run)
    return Arrangement(as_run, best[1], best[2])


def _relation(continuity: Continuity, join: Join) -> Relation:
    return continuity.relation(join.before.steps, join.after.steps)


def _pairs(rows: Sequence[Array], distance: int) -> list[tuple[Array, Array]]:
    ahead = abs(distance)
    pairs = list(zip(rows[:-ahead], rows[ahead:], strict=True))
    return pairs if distance > 0 else [(other, one) for one, other in pairs]


def share_continued(reads: Sequence[Read], continuity: Continuity) -> float:
    """The share of joins at which a sequence follows the one that it continues: more for it than against."""
    joins = joins_of(reads)
    fits = [_fits(_relation(continuity, join)) for join in joins]
    return sum(fits) / len(fits) if fits else 0.0


def _fits(relation: Relation) -> bool:
    return relation.kind == "continues" or (relation.kind == "unclear" and relation.weight > 0)


def aligned_rows(rows: int, batch: int, found: Arrangement, timesteps: int) -> tuple[int, ...] | None:
    """Rows in the order in which row i of a batch continues row i of the batch before; None where there is no
    such order of whole batches."""
    if found.other is None:
        return None
    order = list(range(rows))
    if found.other.kind == "overlaps":
        step, odd = divmod(timesteps, max(timesteps - found.other.overlap, 1))
        if odd or step < 2:
            return None
        order = order[:: step * max(found.distance, 1)]
    elif found.distance < 0:
        order.reverse()
    else:
        order.sort(key=lambda row: (row % found.distance, row // found.distance))
    each = len(order) // batch
    if each < 2:
        return None
    return tuple(order[slot * each + number] for number in range(each) for slot in range(batch))
