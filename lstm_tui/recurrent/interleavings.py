"""What is asked of sessions that share a model, and what came of it: which orders of their calls change what.

Sessions are alike and counted from 0; so are calls of a session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from lstm_tui.recurrent.calls import Call, RunPlan, Threads
from lstm_tui.recurrent.recording import Array

#: Interleavings that are tried where nobody says how many.
MOST: Final = 1000

#: So many possible interleavings are told as a number; more are told as this.
UNTOLD: Final = 10**15

#: What keeps sessions apart. none: calls may be torn. call: a lock round each call. session: a lock from the
#: first call of a session to its last. state: a lock round each call, in which the session's own states are
#: put in place before and kept afterwards. stateless: a copy of the model that keeps no states.
Guard = Literal["none", "call", "session", "state", "stateless"]
GUARDS: Final[dict[Guard, str]] = {
    "none": "nothing (calls may be torn)",
    "call": "a lock round each call",
    "session": "a lock round all calls of a session",
    "state": "a state for each session",
    "stateless": "a stateless model",
}


#: A session and its call that wrote a state.
Writer = tuple[int, int]

#: What a scenario writes among its calls to have sessions.
EXAMPLE: Final = "threads: {n: 2, each: [{reset: {}}, {predict: {}}]}"


def sessions_among(calls: Sequence[Call]) -> int | None:
    """Where the sessions stand among the calls; None where none could come in several orders."""
    found = (index for index, call in enumerate(calls) if isinstance(call, Threads) and call.n > 1)
    return next(found, None)


@dataclass(frozen=True, eq=False)
class InterleavePlan:
    """The sessions of the `threads` call that stands at `call` in the plan, after the calls before it.

    most: interleavings to try under each guard. seed: of those that are drawn where there are more.
    """

    run: RunPlan
    call: int
    most: int = MOST
    seed: int = 0


@dataclass(frozen=True)
class Guarded:
    """What interleavings do under a guard.

    possible: how many there are, at most UNTOLD. changed: how many of those tried change a result. whose: the
    same by session. largest: the largest difference from what the same call gives a session alone. note: what
    to know; why nothing was tried.
    """

    guard: Guard
    tried: int = 0
    possible: int = 0
    changed: int = 0
    whose: tuple[int, ...] = ()
    largest: float = 0.0
    note: str = ""


@dataclass(frozen=True, eq=False)
class LedgerLine:
    """A step of an interleaving: a call of a session or, where it is torn, part of one.

    part, parts: which of how many. read: by layer the session and the call that wrote the states which were
    read, None where nobody had. written: layers. outputs: where the call ends here. change: of these from
    what the call gives alone.
    """

    session: int
    call: int
    name: str
    part: int = 0
    parts: int = 1
    read: Mapping[str, Writer | None] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    outputs: Mapping[str, Array] = field(default_factory=dict)
    change: float = 0.0


#: The steps of an interleaving, in order.
Ledger = tuple[LedgerLine, ...]


@dataclass(frozen=True, eq=False)
class Interleaved:
    """The answer to an `InterleavePlan`.

    calls: of a session, by name. alone: by call, what it gives a session that has the model for itself.
    layers: those that keep states. shortest: the ledger of the shortest interleaving of whole calls that
    changes a result. torn: of the shortest one that gives what whole calls never gave. runs: calls of the
    model that were made.
    """

    sessions: int
    calls: tuple[str, ...]
    alone: tuple[Mapping[str, Array], ...]
    layers: tuple[str, ...]
    guards: tuple[Guarded, ...]
    shortest: Ledger = ()
    torn: Ledger = ()
    runs: int = 0
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether any interleaving changes a result, as things are."""
        return any(each.changed for each in self.guards if each.guard in {"none", "call"})
