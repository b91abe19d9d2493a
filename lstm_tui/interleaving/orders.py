"""Whose turn it is, step by step: every interleaving of sessions that are alike, or as many as are wanted.

It knows neither what a step is nor what it does.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import comb, prod

#: By step, the number of the session that makes it.
Order = tuple[int, ...]


@dataclass(frozen=True)
class Orders:
    """Interleavings to be tried, of so many that are possible; fewer than these were drawn by chance."""

    tried: tuple[Order, ...]
    possible: int


def orders(sessions: int, steps: int, most: int, seed: int = 0) -> Orders:
    """All interleavings of so many sessions of so many steps; beyond `most`, that many different ones of
    equal chance, the same for the same seed."""
    possible = count(sessions, steps)
    if possible <= most:
        return Orders(tuple(every(sessions, steps)), possible)
    return Orders(tuple(drawn(sessions, steps, most, seed)), possible)


def count(sessions: int, steps: int) -> int:
    """How many interleavings there are."""
    return prod(comb(steps * number, steps) for number in range(1, sessions + 1))


def every(sessions: int, steps: int) -> Iterator[Order]:
    """All of them, sessions one after the other first."""
    left = [steps] * sessions
    made: list[int] = []

    def further() -> Iterator[Order]:
        if len(made) == sessions * steps:
            yield tuple(made)
            return
        for session in range(sessions):
            if left[session]:
                left[session] -= 1
                made.append(session)
                yield from further()
                made.pop()
                left[session] += 1

    return further()


def drawn(sessions: int, steps: int, most: int, seed: int) -> list[Order]:
    """`most` different ones of equal chance; there must be more than that."""
    chance = random.Random(seed)
    turns = [session for session in range(sessions) for _ in range(steps)]
    found: dict[Order, None] = {}
    while len(found) < most:
        chance.shuffle(turns)
        found[tuple(turns)] = None
    return list(found)
