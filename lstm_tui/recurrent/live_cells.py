"""Which of the known cells a Keras cell is, and what its states are called.

A cell counts as an LSTM, GRU or SimpleRNN only where Keras' own `call` does the arithmetic: a subclass that
overrides it may compute its gates in any order, so it is a cell with numbered states. Keras is not imported.
"""

from __future__ import annotations

from typing import Any

from lstm_tui.recurrent.cells import GRU, LSTM, SIMPLE_RNN, CellKind, other_cell
from lstm_tui.recurrent.live_layers import flat, is_a

_KNOWN = {"LSTMCell": LSTM, "ConvLSTMCell": LSTM, "GRUCell": GRU, "SimpleRNNCell": SIMPLE_RNN}
#: Methods of LSTMCell that `call` hands its arithmetic to.
_ARITHMETIC = ("call", "_compute_carry_and_output", "_compute_carry_and_output_fused")


def cell_kind(cell: Any) -> CellKind:
    """The kind of one cell (not of a stack: see `cells_of`)."""
    for name, kind in _KNOWN.items():
        if all(_defined_by_keras(cell, method, name) for method in _ARITHMETIC if hasattr(cell, method)):
            return kind
    return other_cell(len(flat(cell.state_size)))


def _defined_by_keras(cell: Any, method: str, class_name: str) -> bool:
    owner = next((base for base in type(cell).__mro__ if method in base.__dict__), None)
    return owner is not None and owner.__name__ == class_name and owner.__module__.startswith("keras.")


def is_cell(layer: Any) -> bool:
    """Whether the layer is a recurrent cell: something with states that is called step by step."""
    return hasattr(layer, "state_size") and not is_a(layer, "RNN")


def is_stack(cell: Any) -> bool:
    """Whether the cell is a stack of cells."""
    return is_a(cell, "StackedRNNCells")


def cells_of(cell: Any, path: str = "") -> list[tuple[str, Any]]:
    """The single cells in `cell`, each with the end of its path: `` for a cell, `/cell_0` … in a stack."""
    if not is_stack(cell):
        return [(path, cell)]
    return [
        found for index, inner in enumerate(cell.cells) for found in cells_of(inner, f"{path}/cell_{index}")
    ]


def state_names(cell: Any) -> list[str]:
    """Names of all states in the order in which Keras flattens them: `/h`, or `/cell_0/h`, `/cell_0/c`, …."""
    return [f"{path}/{name}" for path, inner in cells_of(cell) for name in cell_kind(inner).states]


def cell_units(cell: Any) -> int:
    """Units of one cell; filters of a convolutional one."""
    for attribute in ("units", "filters"):
        if isinstance(value := getattr(cell, attribute, None), int):
            return value
    sizes = [size for size in flat(cell.state_size) if isinstance(size, int)]
    return max(sizes, default=0)
