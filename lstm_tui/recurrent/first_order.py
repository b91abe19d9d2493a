"""Gradient times activation: what stands in for a split where the arithmetic in between is not understood.

A value is held against the values that it comes from, across everything in between: each gets its gradient
times itself. That is the first order of a Taylor series about 0: exact where all in between is linear without
a bias, and otherwise an approximation, of which the sum says how much of the value it explains.

The same gradient tells which inputs would have to move for the value to become another, and how far, to first
order. What is really reached is found by running the moved inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.gradients import GradientPlan
from lstm_tui.recurrent.recording import Array


@dataclass(frozen=True, eq=False)
class FirstOrderPlan:
    """One value of one call of the model, and what it is to be explained by.

    call: the inputs, and the states that the call starts from. row: the sample's place in those inputs.
    path: of the layer that gives the value; empty for the model's output `output`. step, unit: of the value;
        the step counts where what gives it is a sequence.
    steps: only so many first steps of the sequences are run; None for all.
    cut: paths of layers whose outputs explain it. inputs: names of inputs that do.
    goal: what the value should have been, else None. deviations: by input, `(features,)`, in which its moves
        are measured.
    """

    call: GradientPlan
    row: int
    output: str
    path: str
    step: int
    unit: int
    steps: int | None = None
    cut: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    goal: float | None = None
    deviations: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FirstOrder:
    """The value, and by path of a layer or name of an input what it gave and the gradient, of one sample.

    gradients, given: `(timesteps, units)`, or `(units,)` of what is no sequence.
    moves: by input name, how far each number would have to move for the goal. reached: the value with the
        inputs moved so; NaN where there is no goal, or no move that leads there.
    """

    value: float
    gradients: Mapping[str, Array]
    given: Mapping[str, Array]
    goal: float | None = None
    moves: Mapping[str, Array] = field(default_factory=dict)
    reached: float = float("nan")


def smallest_move(
    gradients: Mapping[str, Array], gap: float, deviations: Mapping[str, Array]
) -> dict[str, Array] | None:
    """The move of all inputs that closes the gap to first order and is the smallest, or None without one.

    It is measured as the root of the summed squares of moves, each in deviations of its feature (the last
    axis); in the input's own units where no deviation is known. A feature that never changes is not moved.

    Minimising |m / s|² where g·m = gap gives m = gap · s²g / Σ(s·g)².
    """
    scales = {name: _scale(gradient, deviations.get(name)) for name, gradient in gradients.items()}
    scaled = {name: gradient.astype(np.float64) * scales[name] for name, gradient in gradients.items()}
    with np.errstate(all="ignore"):
        steepness = sum(float((each**2).sum()) for each in scaled.values())
    if not (steepness > 0 and np.isfinite(steepness) and np.isfinite(gap)):
        return None
    return {name: gap / steepness * scaled[name] * scales[name] for name in gradients}


def _scale(gradient: Array, deviations: Array | None) -> Array:
    if deviations is None or gradient.shape[-1:] != deviations.shape or not (deviations > 0).any():
        return np.ones(gradient.shape[-1:])
    return np.where(np.isfinite(deviations) & (deviations > 0), deviations, 0.0)


@dataclass(frozen=True)
class Move:
    """One number of an input: where it is, how far it would have to move, and that in deviations.

    step: None for an input that is no sequence. deviations: NaN where none is known.
    """

    name: str
    step: int | None
    feature: int
    by: float
    deviations: float


def largest_moves(
    found: FirstOrder, deviations: Mapping[str, Array], most: int
) -> tuple[tuple[Move, ...], int]:
    """The largest moves, by how many deviations they are, and how many more there are."""
    moves = [
        _move(name, place, float(value), deviations.get(name))
        for name, values in found.moves.items()
        for place, value in _largest(values, _scale(values, deviations.get(name)), most)
    ]
    moves.sort(key=lambda each: -abs(each.by if np.isnan(each.deviations) else each.deviations))
    count = sum(int(np.count_nonzero(values)) for values in found.moves.values())
    return tuple(moves[:most]), max(count - most, 0)


def _largest(values: Array, scale: Array, most: int) -> list[tuple[tuple[int, ...], float]]:
    with np.errstate(all="ignore"):
        size = np.nan_to_num(np.abs(values) / np.where(scale > 0, scale, np.inf))
    flat = size.reshape(-1)
    best = np.argpartition(flat, -most)[-most:] if len(flat) > most else np.arange(len(flat))
    places = [np.unravel_index(int(index), values.shape) for index in best if flat[index]]
    return [(tuple(int(axis) for axis in place), float(values[place])) for place in places]


def _move(name: str, place: tuple[int, ...], by: float, deviations: Array | None) -> Move:
    feature = place[-1]
    known = deviations is not None and feature < len(deviations) and deviations[feature] > 0
    in_deviations = by / float(deviations[feature]) if known and deviations is not None else float("nan")
    return Move(name, place[0] if len(place) > 1 else None, feature, by, in_deviations)


def move_words(move: Move) -> str:
    """`x[t=57, 2] +0.12 (0.4 sd)`."""
    when = f"t={move.step}, " if move.step is not None else ""
    sd = "" if np.isnan(move.deviations) else f" ({abs(move.deviations):.2g} sd)"
    return f"{one_line(move.name, 40)}[{when}{move.feature}] {move.by:+.3g}{sd}"


def moves_words(found: FirstOrder, deviations: Mapping[str, Array], most: int = 6) -> str:
    """`to reach 0.73 (is 0.58): x[t=57, 2] +0.12 (0.4 sd), … and 110 more; tried: 0.71`."""
    if found.goal is None:
        return ""
    head = f"to reach {found.goal:.4g} (is {found.value:.4g})"
    if not found.moves:
        return f"{head}: no input moves it, its gradient is 0"
    moves, more = largest_moves(found, deviations, most)
    listed = ", ".join(move_words(each) for each in moves)
    rest = f" and {more:,} more" if more else ""
    return f"{head}: {listed}{rest}; tried: {found.reached:.4g}"
