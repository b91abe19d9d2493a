"""What an interleaving does: which states each call reads, who wrote them, and what it leaves.

A call may be torn in parts, each of which reads the states of some layers and writes them. The model itself
is only ever asked for whole calls: a part is that call from the states that have been read by then. So it is
exact as long as what a part writes does not depend on layers that are read later, which is for whoever tears
a call to find out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lstm_tui.interleaving.orders import Order

Value = TypeVar("Value")

#: A call from these states, one a layer: the number of the call among those of a session, the states by
#: number. Gives the output by number, None where the call has none, and the states afterwards.
Make = Callable[[int, tuple[int, ...]], tuple[int | None, tuple[int, ...]]]


@dataclass(frozen=True)
class Part:
    """Layers, by number, whose states this part of a call reads, and those that it writes then."""

    reads: tuple[int, ...]
    writes: tuple[int, ...]


#: By call of a session, the parts that it is torn in; a whole call has one.
Program = tuple[tuple[Part, ...], ...]


@dataclass(frozen=True)
class Writer:
    """A call of a session."""

    session: int
    call: int


@dataclass(frozen=True)
class Held:
    """The states of one layer, by number, and who wrote them; nobody where they stood there before."""

    states: int
    writer: Writer | None = None


@dataclass(frozen=True)
class Entry:
    """One line of the ledger.

    read: by layer, who wrote what was read. written: layers. output: of the call that ends with this part.
    """

    by: Writer
    part: int
    parts: int
    read: tuple[tuple[int, Writer | None], ...]
    written: tuple[int, ...]
    output: int | None = None

    @property
    def ends(self) -> bool:
        """Whether the call ends with it."""
        return self.part == self.parts - 1


@dataclass(frozen=True)
class World:
    """Where all sessions are.

    at: by session, its call and the part of it that come next. held: by layer; of each session its own where
    they share nothing. taken: by session, what the call under way has read.
    """

    at: tuple[tuple[int, int], ...]
    held: tuple[tuple[Held, ...], ...]
    taken: tuple[tuple[tuple[int, Held], ...], ...]

    @property
    def key(self) -> object:
        """Equal where the same can still happen."""
        held = tuple(tuple(each.states for each in own) for own in self.held)
        taken = tuple(tuple((layer, each.states) for layer, each in some) for some in self.taken)
        return self.at, held, taken


@dataclass(frozen=True, eq=False)
class Machine:
    """Sessions that each make the calls of one program.

    start: by layer, the states before anybody's call. own: each session has states of its own, put in place
    before each of its calls and kept after it.
    """

    program: Program
    make: Make
    start: tuple[int, ...]
    own: bool = False

    @property
    def steps(self) -> int:
        """Steps of one session."""
        return sum(map(len, self.program))

    def begin(self, sessions: int) -> World:
        """Before anybody's first step."""
        held = tuple(map(Held, self.start))
        return World(((0, 0),) * sessions, (held,) * (sessions if self.own else 1), ((),) * sessions)

    def at_end(self, world: World, session: int) -> bool:
        """Whether the session has made all its calls."""
        return world.at[session][0] == len(self.program)

    def step(self, world: World, session: int) -> tuple[World, Entry]:
        """The next step of a session that is not at its end."""
        call, number = world.at[session]
        parts = self.program[call]
        part, ends = parts[number], number == len(parts) - 1
        place = session if self.own else 0
        held = list(world.held[place])
        taken = dict(world.taken[session]) | {layer: held[layer] for layer in part.reads}
        by = Writer(session, call)
        output = None
        if part.writes or ends:
            states = tuple(taken.get(layer, there).states for layer, there in enumerate(held))
            output, after = self.make(call, states)
            for layer in part.writes:
                held[layer] = Held(after[layer], by)
        read = tuple((layer, taken[layer].writer) for layer in part.reads)
        entry = Entry(by, number, len(parts), read, part.writes, output if ends else None)
        world = World(
            _with(world.at, session, (call + 1, 0) if ends else (call, number + 1)),
            _with(world.held, place, tuple(held)),
            _with(world.taken, session, () if ends else tuple(taken.items())),
        )
        return world, entry

    def carried_out(self, order: Order) -> tuple[Entry, ...]:
        """The ledger of an interleaving, or of its beginning."""
        world = self.begin(max(order, default=-1) + 1)
        ledger = []
        for session in order:
            world, entry = self.step(world, session)
            ledger.append(entry)
        return tuple(ledger)

    def alone(self) -> tuple[int | None, ...]:
        """By call, the output that a session gets which has the model for itself."""
        return tuple(entry.output for entry in self.carried_out((0,) * self.steps) if entry.ends)


def whole(program: Program) -> Program:
    """The same calls, none of them torn."""
    return tuple(
        (
            Part(
                tuple(each for part in call for each in part.reads),
                tuple(each for part in call for each in part.writes),
            ),
        )
        for call in program
    )


def _with(values: tuple[Value, ...], at: int, value: Value) -> tuple[Value, ...]:
    return (*values[:at], value, *values[at + 1 :])
