"""How far each weight and state moved in each call of a history, as values; what that says, in words.

A weight that a call left alone is equal to the bit: there is no threshold here. What was drawn at random is
told apart: its numbers are counters, not sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

import numpy as np

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Call, CallModel, Predict, ResetStates, RunPlan
from lstm_tui.recurrent.recording import Array, Shape

#: weight: trained by `fit`. fixed: a weight that no gradient moves (moving averages, frozen layers). state:
#: of a stateful layer. seed: of what is drawn at random.
Kind = Literal["weight", "fixed", "state", "seed"]

#: Layers, or calls, that are named one by one.
_TOLD: Final = 4
#: How often a single call is made before the reset.
_TIMES: Final = 3
DEMONSTRATION: Final = "The plan makes one call: here it is made three times, then once more after a reset."


@dataclass(frozen=True)
class Followed:
    """A weight, a state `(batch, units)` or a seed; `layer` is a path, empty for Keras' own seed."""

    layer: str
    name: str
    kind: Kind
    shape: Shape


@dataclass(frozen=True)
class FollowedCall:
    """A call of the history: its name, what to know of it, and whether it failed."""

    name: str
    note: str = ""
    failed: bool = False


@dataclass(frozen=True, eq=False)
class Movements:
    """The answer to `FollowCalls`.

    moved: `(rows, calls)`, the largest |difference| that the call made; 0 where equal to the bit, inf where a
        number became none. sizes: `(rows, calls)`, the largest |value| before or after that call.
    """

    rows: tuple[Followed, ...]
    calls: tuple[FollowedCall, ...]
    moved: Array
    sizes: Array

    @cached_property
    def layers(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """By layer in which anything moved, the indices of its rows, in the order of the model."""
        return self._by_layer(moving=True)

    @cached_property
    def still(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The same of layers in which nothing moved in any call."""
        return self._by_layer(moving=False)

    def _by_layer(self, *, moving: bool) -> tuple[tuple[str, tuple[int, ...]], ...]:
        by: dict[str, list[int]] = {}
        for index, row in enumerate(self.rows):
            by.setdefault(row.layer, []).append(index)
        return tuple(
            (layer, tuple(rows)) for layer, rows in by.items() if bool(self.moved[rows].any()) is moving
        )

    @property
    def weights_moved(self) -> bool:
        """Whether any call moved a weight, trained or not."""
        return bool(self.moved[_indices(self, "weight", "fixed")].any())

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """The rows of layers in which anything moved, in order."""
        return tuple(index for _, rows in self.layers for index in rows)

    def most(self, row: int) -> float:
        """How far the row moved in the call that moved it most."""
        return float(np.max(self.moved[row], initial=0.0))

    def times(self, row: int) -> int:
        """In how many calls it moved."""
        return int(np.count_nonzero(self.moved[row]))

    def share(self, row: int, call: int) -> float:
        """How far it moved in the call, of its size: 0.02 is two in a hundred."""
        size = float(self.sizes[row, call])
        return float(self.moved[row, call]) / size if size else 0.0


def first_to_see(movements: Movements) -> tuple[int, int]:
    """The first call that moved a weight, else the first of all; a place among `shown` that moved in it."""
    moving = movements.moved[_indices(movements, "weight", "fixed")].any(axis=0)
    call = int(np.argmax(moving)) if moving.any() else 0
    rows = (place for place, index in enumerate(movements.shown) if movements.moved[index, call])
    return next(rows, 0), call


def is_demonstration(run: RunPlan) -> bool:
    """Whether the plan's only call has no history and is made again and again to have one."""
    return len(run.calls) == 1 and isinstance(run.calls[0], Predict | CallModel)


def with_history(run: RunPlan) -> RunPlan:
    """The plan whose calls are followed."""
    if not is_demonstration(run):
        return run
    calls: tuple[Call, ...] = (*run.calls * _TIMES, ResetStates(), *run.calls)
    return replace(run, calls=calls)


def movement_words(movements: Movements) -> tuple[str, ...]:
    """The answer to `must I train again?`, in one to a few sentences; that about the weights is the first."""
    failed = [number for number, call in enumerate(movements.calls) if call.failed]
    if len(failed) == len(movements.calls):
        return ("Every call fails: nothing can be said." if failed else "No call was made.",)
    weights = _indices(movements, "weight", "fixed")
    told = [_weights_words(movements, weights), *_fixed_words(movements), _state_words(movements, weights)]
    if not movements.moved[weights].any():
        told.append("No prediction needs a training.")
    drawn = _layers_moved(movements, _indices(movements, "seed"))
    if drawn:
        told.append(f"Random numbers were drawn{_in([name for name in drawn if name])}.")
    if failed:
        told.append(f"{_numbered(failed).capitalize()} {'fail' if len(failed) > 1 else 'fails'}.")
    return tuple(told)


def _weights_words(movements: Movements, weights: list[int]) -> str:
    if not weights:
        return "The model has no weights."
    by: dict[str, list[int]] = {}
    for call in np.flatnonzero(movements.moved[weights].any(axis=0)).tolist():
        name = movements.calls[call].name
        by.setdefault("model(x)" if name == "call" else name, []).append(call)
    many = len(movements.calls)
    if not by:
        which = "in the only call" if many == 1 else f"in any of the {many:,} calls"
        return f"Weights did not move {which}, to the bit."
    parts = []
    for name, calls in by.items():
        moved = movements.moved[np.ix_(weights, calls)]
        count = int(np.max(np.count_nonzero(moved, axis=0)))
        parts.append(
            f"{name} in {_numbered(calls)} moved {count:,} of {len(weights):,} weights, "
            f"by up to {float(np.max(moved)):.3g}"
        )
    rest = many - sum(map(len, by.values()))
    others = f"; the other {'call' if rest == 1 else f'{rest:,} calls'} moved none" if rest else ""
    return "; ".join(parts) + others + "."


def _fixed_words(movements: Movements) -> Iterable[str]:
    """Where only weights moved that no gradient moves, a `fit` is not what did it."""
    fixed, trained = _indices(movements, "fixed"), _indices(movements, "weight")
    if movements.moved[fixed].any() and not movements.moved[trained].any():
        where = _in(_layers_moved(movements, fixed))
        yield f"What moved{where} is no trained weight: averages that a call in training mode keeps."


def _state_words(movements: Movements, weights: list[int]) -> str:
    states = _indices(movements, "state")
    if not states:
        return "The model keeps no state: each prediction comes from its input alone."
    layers = _layers_moved(movements, states)
    if movements.moved[weights].any():
        return f"States moved{_in(layers)}." if layers else "States did not move."
    return f"States did{',' * bool(_in(layers))}{_in(layers)}." if layers else "Nor did states."


def _indices(movements: Movements, *kinds: Kind) -> list[int]:
    return [index for index, row in enumerate(movements.rows) if row.kind in kinds]


def _layers_moved(movements: Movements, rows: list[int]) -> list[str]:
    moving = (movements.rows[row].layer for row in rows if movements.moved[row].any())
    return list(dict.fromkeys(moving))


def _in(layers: Sequence[str]) -> str:
    """` in gru, lstm_1`; nothing where there is none."""
    if not layers:
        return ""
    more = f" and {len(layers) - _TOLD} more layers" if len(layers) > _TOLD else ""
    return " in " + ", ".join(one_line(layer, 40) for layer in layers[:_TOLD]) + more


def _numbered(calls: Sequence[int]) -> str:
    """`call 3`, `calls 3, 5, 7`, as reports count them."""
    some = ", ".join(str(call + 1) for call in calls[:_TOLD])
    return f"call{'s' * (len(calls) > 1)} {some}{', …' if len(calls) > _TOLD else ''}"
