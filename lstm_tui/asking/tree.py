"""A question as it was read: a tree of plain values, each with its place in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: The characters `start <= i < stop` of the text.
Span = tuple[int, int]
#: One unit by number, or a range of them as (start, stop, step), each None where it is left out.
Units = int | tuple[int | None, int | None, int | None]

#: Words of the nodes that differ from step to step, and of those that compare two others.
_THAT_CHANGE = frozenset(["series", "channel", "t"])
COMPARISONS = frozenset(["<", "<=", ">", ">=", "==", "!="])


@dataclass(frozen=True)
class Node:
    """An operation and what it is of.

    word: `number`, `t`, `series`, `channel`, `units`, an operator as it is written (`neg` for a minus before
        a value) or the name of a function.
    name: of a series; of a channel `output`, `input` or `target`. one: which of several channels.
    layer: as it was typed after `in`, empty for the layer under the cursor.
    """

    word: str
    at: Span
    parts: tuple[Node, ...] = ()
    number: float = 0.0
    name: str = ""
    one: str = ""
    layer: str = ""
    layer_at: Span = (0, 0)
    units: Units = 0

    @property
    def is_constant(self) -> bool:
        """Whether nothing in it differs from step to step."""
        return all(node.word not in _THAT_CHANGE for node in self.walk())

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Question:
    """A text that says something, whatever it is asked of; equal where the texts are."""

    text: str
    tree: Node

    def __str__(self) -> str:
        return self.text


def compared(question: Question) -> Question | None:
    """Of one comparison the side that is asked about: the left one, or the right one of a constant."""
    tree = question.tree
    if tree.word not in COMPARISONS:
        return None
    left, right = tree.parts
    return Question(question.text, right if left.is_constant else left)
