"""Which interleavings change whose result, under each way of keeping sessions apart, and the shortest one.

A result is changed where a session gets from one of its calls what it does not get alone. What counts as
another output is for the caller to say.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from lstm_tui.interleaving.machine import Entry, Machine, World
from lstm_tui.interleaving.orders import Order, Orders, orders

#: How far an output lies from another, both by number; 0.0 where nobody would call it another one.
Difference = Callable[[int, int], float]
#: By call, what a session gets alone.
Alone = Sequence[int | None]
Ledger = tuple[Entry, ...]
#: Places that the search for the shortest one may visit.
_MOST_WORLDS = 5_000


@dataclass(frozen=True)
class Tally:
    """What a set of interleavings does.

    changed: how many change a result. whose: the same by session. largest: difference from the result alone.
    """

    tried: int
    possible: int
    changed: int
    whose: tuple[int, ...]
    largest: float


@dataclass(frozen=True, eq=False)
class Sessions:
    """Sessions that are alike, `number` of them.

    locked: each holds a lock through all its calls. besides: calls and outputs of theirs that are as little a
    change as what they give alone.
    """

    machine: Machine
    number: int
    alone: Alone
    difference: Difference
    locked: bool = False
    besides: frozenset[tuple[int, int]] = frozenset()

    def orders(self, most: int, seed: int) -> Orders:
        """The interleavings to try."""
        return orders(self.number, 1 if self.locked else self.machine.steps, most, seed)

    def ledger(self, order: Order) -> Ledger:
        """What the interleaving does."""
        steps = self.machine.steps if self.locked else 1
        return self.machine.carried_out(tuple(session for session in order for _ in range(steps)))

    def change(self, entry: Entry) -> float:
        """How far the output of a call that ends here lies from the one that it gives alone."""
        alone = self.alone[entry.by.call]
        if entry.output is None or alone is None:
            return 0.0
        known = [output for call, output in self.besides if call == entry.by.call]
        if any(not self.difference(entry.output, output) for output in known):
            return 0.0
        return self.difference(entry.output, alone)

    def given(self, most: int, seed: int) -> frozenset[tuple[int, int]]:
        """Every call with every output that it gives in the interleavings that are tried."""
        ledgers = map(self.ledger, self.orders(most, seed).tried)
        entries = [entry for ledger in ledgers for entry in ledger]
        return frozenset((each.by.call, each.output) for each in entries if each.output is not None)

    def tally(self, most: int, seed: int, on_each: Callable[[int, int], None]) -> Tally:
        """All interleavings up to a bound, or as many by chance. on_each: told how many of how many."""
        found = self.orders(most, seed)
        whose, changed, largest = [0] * self.number, 0, 0.0
        for number, order in enumerate(found.tried):
            on_each(number, len(found.tried))
            changes = [(entry.by.session, self.change(entry)) for entry in self.ledger(order)]
            touched = {session for session, change in changes if change}
            for session in touched:
                whose[session] += 1
            changed += bool(touched)
            largest = max([largest, *(change for _, change in changes)])
        return Tally(len(found.tried), found.possible, changed, tuple(whose), largest)

    def shortest(self, most: int, seed: int) -> Ledger | None:
        """The interleaving of the fewest steps that changes a result: sessions in it may not be at their end,
        or not even have begun. Of those as short, the one of the fewest sessions and turns.

        Where there is too much to search, the shortest beginning of those that `tally` tries.
        """
        if not self.locked:
            found, complete = self._searched()
            if complete or found is not None:
                return found
        ledgers = (self._until_changed(self.ledger(order)) for order in self.orders(most, seed).tried)
        return min((ledger for ledger in ledgers if ledger), key=len, default=None)

    def _until_changed(self, ledger: Ledger) -> Ledger:
        ends = (index for index, entry in enumerate(ledger) if self.change(entry))
        return ledger[: next(ends, -1) + 1]

    def _searched(self) -> tuple[Ledger | None, bool]:
        """Nearest first; whether all there is was seen."""
        number = count()
        start = self.machine.begin(self.number)
        waiting: list[tuple[tuple[int, int, int], int, World, Ledger]] = [
            ((0, 0, 0), next(number), start, ())
        ]
        seen: set[object] = set()
        while waiting:
            (steps, begun, turns), _, world, ledger = heapq.heappop(waiting)
            if ledger and self.change(ledger[-1]):
                return ledger, True
            last = ledger[-1].by.session if ledger else -1
            if (world.key, last) in seen:
                continue
            seen.add((world.key, last))
            if len(seen) > _MOST_WORLDS:
                return None, False
            for session in self._next(world, begun):
                after, entry = self.machine.step(world, session)
                cost = (steps + 1, max(begun, session + 1), turns + (session != last))
                heapq.heappush(waiting, (cost, next(number), after, (*ledger, entry)))
        return None, True

    def _next(self, world: World, begun: int) -> Iterator[int]:
        """Sessions that can go on; of those that have not begun the first, since they are alike."""
        for session in range(min(begun + 1, self.number)):
            if not self.machine.at_end(world, session):
                yield session
