"""The recurrent cells that Keras knows, with the names of their states and gates.

Names follow Hochreiter & Schmidhuber (1997) and Gers et al. (2000) for the LSTM, Cho et al. (2014) for the
GRU, as the `trace` files use them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CellKind:
    """One kind of cell: `states` it carries from step to step, `gates` in (0, 1) and the `candidate`."""

    name: str
    states: tuple[str, ...]
    gates: tuple[str, ...] = ()
    candidate: str | None = None

    @property
    def series(self) -> tuple[str, ...]:
        """Names of all recorded series, states first."""
        return self.states + self.gates + ((self.candidate,) if self.candidate else ())


LSTM = CellKind("lstm", ("h", "c"), ("i", "f", "o"), "g")
GRU = CellKind("gru", ("h",), ("z", "r"), "g")
SIMPLE_RNN = CellKind("simple_rnn", ("h",))


#: By name.
KINDS = {kind.name: kind for kind in (LSTM, GRU, SIMPLE_RNN)}


def other_cell(n_states: int) -> CellKind:
    """A cell that is none of the three: its states are numbered."""
    return CellKind("other", tuple(f"state_{index}" for index in range(n_states)))


#: What each series means, for titles and help.
SERIES_TITLES = {
    "h": "hidden state h",
    "c": "cell state c",
    "i": "input gate i",
    "f": "forget gate f",
    "o": "output gate o",
    "g": "candidate g",
    "z": "update gate z",
    "r": "reset gate r",
}


def series_title(name: str) -> str:
    """`h` → `hidden state h`; `state_1` stays as it is."""
    return SERIES_TITLES.get(name, name)


def is_gate(name: str) -> bool:
    """Whether the series is a gate, with values in [0, 1] (unless the activation was replaced)."""
    return name in {"i", "f", "o", "z", "r"}
