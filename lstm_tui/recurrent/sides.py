"""Two runs laid side by side, as one value: where they first part, why, and everything that they differ by.

It is found by `comparing`, which runs models; it is told by `side_words` and by `report`. Nothing runs here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from lstm_tui.recurrent.divergence import (
    Course,
    Divergence,
    first_divergence,
    first_recurrent_divergence,
    gaps,
    output_pairs,
    recurrent_only,
)
from lstm_tui.recurrent.side_causes import Judgement, Trial
from lstm_tui.recurrent.side_facts import Fact

#: Where two runs first part.
First = Callable[[Course, Course], Divergence | None]


@dataclass(frozen=True)
class OutputGap:
    """How far one output of the model is apart; None where the shapes differ."""

    name: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    largest: float | None


@dataclass(frozen=True)
class Sides:
    """Two runs: where they first part, why, and everything that they differ by.

    divergence: None where they are equal within float noise. judgement: of it; empty without it.
    in_recurrent: the first gate or state that is another; None where none is.
    facts: all differences that were looked up, those that do not matter too. trials: runs of one side with
    one thing of the other.
    """

    names: tuple[str, str]
    divergence: Divergence | None
    judgement: Judgement
    in_recurrent: Divergence | None = None
    facts: tuple[Fact, ...] = ()
    trials: tuple[Trial, ...] = ()
    outputs: tuple[OutputGap, ...] = ()
    notes: tuple[str, ...] = ()


def where_to_look(courses: tuple[Course, Course], facts: Iterable[Fact]) -> First:
    """Where to look: another input shows in every layer in front, and hides what the states began with."""
    if not any(fact.cause == "input" for fact in facts) or in_recurrent(*courses) is None:
        return first_divergence
    return first_recurrent_divergence


def in_recurrent(one: Course, other: Course) -> Divergence | None:
    """Where the first gate or state is another."""
    return first_divergence(recurrent_only(one), recurrent_only(other))


def output_gaps(one: Course, other: Course) -> Iterator[OutputGap]:
    """How far each output of the model is apart."""
    for name, its in output_pairs(one, other):
        a, b = one.outputs[name], other.outputs[its]
        same = a.shape == b.shape
        largest = float(gaps(a, b).max(initial=0.0)) if same else None
        yield OutputGap(name, (a.shape, b.shape), largest)
