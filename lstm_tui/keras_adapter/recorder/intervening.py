"""Where a state, a gate or a first state is another than the cell gives: in the recorder's loop alone.

What cannot be done in a loop is noted while it is traced, and said afterwards: an error raised inside a
layer's call would come out of Keras in other words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from lstm_tui.arrays.opening import nearest
from lstm_tui.errors import InterventionError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.cells import CellKind
from lstm_tui.recurrent.interventions import Clamp, InLoop, Intervention, Poke, Silence, StartFrom
from lstm_tui.recurrent.live_cells import cell_kind, cells_of

#: `(end of the path, series, value)` to the value that holds.
Held = Callable[[str, str, Any], Any]


class Intervening:
    """What is to be tried in one traced call, and what of it found no place.

    any_length: steps beyond the end are left out without a word: the sequence was cut on purpose.
    """

    def __init__(self, wanted: Sequence[Intervention], *, any_length: bool = False) -> None:
        self._wanted = [one for one in wanted if isinstance(one, InLoop)]
        self._any_length = any_length
        self._reached: set[str] = set()
        self._problems: list[str] = []

    def of(
        self, path: str, cell: Any, states: Mapping[str, Any], timesteps: Any, *, go_backwards: bool
    ) -> InLoopOf | None:
        """What concerns the loop at `path`, which steps this cell from `states`; None where nothing does."""
        kinds = {end: cell_kind(inner) for end, inner in cells_of(cell)}
        own = [(one.layer.removeprefix(path), one) for one in self._wanted if _is_of(one.layer, path, kinds)]
        self._reached.update(one.layer for _, one in own)
        problems = [
            _problem(one, kinds[end], self._last(timesteps))
            or _in_stack(end, one, list(kinds))
            or _misfit(end, one, states)
            for end, one in own
        ]
        self._problems += [problem for problem in problems if problem]
        return InLoopOf(own, timesteps, go_backwards) if own and not any(problems) else None

    def concerns(self, path: str) -> bool:
        """Whether anything is to be tried in the layer at this path."""
        return any(one.layer == path or one.layer.startswith(f"{path}/cell_") for one in self._wanted)

    def refuse(self, what: str) -> None:
        """Note that something cannot be done."""
        self._problems.append(what)

    def raise_problems(self, refused: Mapping[str, str], loops: Sequence[str]) -> None:
        """After the trace. Raises InterventionError where something found no place.

        refused: by path, why a loop is not recorded. loops: the paths of those that are.
        """
        missed = [one.layer for one in self._wanted if one.layer not in self._reached]
        problems = [*self._problems, *(_missed(path, refused, loops) for path in dict.fromkeys(missed))]
        if problems:
            raise InterventionError("\n".join(dict.fromkeys(problems)))

    def _last(self, timesteps: Any) -> int | None:
        return timesteps if isinstance(timesteps, int) and not self._any_length else None


def _is_of(layer: str, path: str, kinds: Mapping[str, CellKind]) -> bool:
    return layer.startswith(path) and layer.removeprefix(path) in kinds


def _problem(one: InLoop, kind: CellKind, timesteps: int | None) -> str:
    """Why this cannot be done to such a cell over so many steps; empty where it can."""
    if isinstance(one, Poke) and one.state not in kind.states:
        return f"{one_line(one.layer)} has no state {_of(one.state, kind.states)}"
    if isinstance(one, StartFrom) and (unknown := [name for name in one.states if name not in kind.states]):
        return f"{one_line(one.layer)} has no state {_of(unknown[0], kind.states)}"
    if isinstance(one, Clamp) and one.gate not in kind.series[len(kind.states) :]:
        gates = kind.series[len(kind.states) :]
        return f"{one_line(one.layer)} has no gate {_of(one.gate, gates)}"
    if isinstance(one, Silence) and kind.states[:1] != ("h",):
        return f"{one_line(one.layer)} is a cell of its own kind: which state is its output is not known"
    step = {Poke: "step", Clamp: "first"}.get(type(one))
    if step is not None and timesteps is not None and getattr(one, step) >= timesteps:
        return f"{one_line(one.layer)} has no step {getattr(one, step)}: the last one is {timesteps - 1}"
    return ""


def _misfit(end: str, one: InLoop, states: Mapping[str, Any]) -> str:
    """Why units or values do not fit the states of this loop."""
    if isinstance(one, StartFrom):
        for name, value in one.states.items():
            own = tuple(states[f"{end}/{name}"].shape)
            rows = {1, len(value)} if own[0] is None else {1, own[0]}
            if value.size != len(value) * np.prod(own[1:]) or len(value) not in rows:
                wrong = f"{name} of shape {value.shape}: its own has {own}, (batch, units)"
                return f"{one_line(one.layer)} cannot start from {wrong}"
        return ""
    name = one.state if isinstance(one, Poke) else "h"
    width = int(np.prod(states[f"{end}/{name}"].shape[1:]))
    if one.units and one.units[-1] >= width:
        return f"{one_line(one.layer)} has no unit {one.units[-1]}: the last one is {width - 1}"
    return ""


def _of(name: str, known: Sequence[str]) -> str:
    meant = nearest(name, known)
    return f"{one_line(name, 40)}; " + (
        f"did you mean {meant}?" if meant else f"it has {', '.join(known) or 'none'}"
    )


def _in_stack(end: str, one: InLoop, ends: Sequence[str]) -> str:
    """A cell below the top of a stack hands its output on within the step."""
    if isinstance(one, Silence) and end != ends[-1]:
        return f"{one_line(one.layer)} is read within the step by the cell above it and cannot be silenced"
    return ""


def _missed(path: str, refused: Mapping[str, str], loops: Sequence[str]) -> str:
    why = refused.get(path) or refused.get(path.rpartition("/")[0])
    if why:
        return f"nothing can be tried in {one_line(path)}: {one_line(why)}"
    if path in loops:
        return f"nothing can be tried in {one_line(path)}: the model steps this cell itself"
    return f"the call has no recurrent layer at {_of(path, loops)}"


class InLoopOf:
    """What is tried in one loop, by the end of the path of the cell (`` or `/cell_0`)."""

    def __init__(self, own: Sequence[tuple[str, InLoop]], timesteps: Any, go_backwards: bool) -> None:
        self._own = own
        self._timesteps, self._backwards = timesteps, go_backwards

    @property
    def clamped(self) -> set[str]:
        """The ends of the paths of cells whose gates are held."""
        return {end for end, one in self._own if isinstance(one, Clamp)}

    def start(self, states: dict[str, Any]) -> dict[str, Any]:
        """The states before the first step."""
        for end, one in self._own:
            if isinstance(one, StartFrom):
                for name, value in one.states.items():
                    own = states[f"{end}/{name}"]
                    given = tf.cast(np.reshape(value, (len(value), *own.shape[1:])), own.dtype)
                    states[f"{end}/{name}"] = tf.broadcast_to(given, tf.shape(own))
            elif isinstance(one, Silence):
                states[f"{end}/h"] = _replaced(states[f"{end}/h"], 0.0, one.units)
        return states

    def states(self, time: Any, states: dict[str, Any]) -> dict[str, Any]:
        """The states after the loop's step `time`."""
        step = self._step(time)
        for end, one in self._own:
            if isinstance(one, Poke):
                name = f"{end}/{one.state}"
                states[name] = _replaced(states[name], one.to, one.units, one.sample, step == one.step)
            elif isinstance(one, Silence):
                states[f"{end}/h"] = _replaced(states[f"{end}/h"], 0.0, one.units)
        return states

    def gates(self, time: Any) -> Held:
        """What holds the gates while the cell computes the loop's step `time`."""
        step = self._step(time)

        def held(end: str, series: str, value: Any) -> Any:
            for own, one in self._own:
                if isinstance(one, Clamp) and (own, one.gate) == (end, series):
                    last = True if one.last is None else step <= one.last
                    when = tf.logical_and(step >= one.first, last)
                    value = _replaced(value, one.to, one.units, one.sample, when)
            return value

        return held

    def _step(self, time: Any) -> Any:
        """The input's timestep."""
        return self._timesteps - 1 - time if self._backwards else time


def _replaced(
    values: Any, to: float, units: Sequence[int], sample: int | None = None, when: Any = True
) -> Any:
    """`values` `(batch, ...)` with `to` in these units, further axes flattened, of this sample."""
    chosen = np.zeros(int(np.prod(values.shape[1:])), bool)
    chosen[list(units) if units else slice(None)] = True
    where = tf.constant(chosen.reshape(1, *values.shape[1:]))
    if sample is not None:
        is_sample = tf.range(tf.shape(values)[0]) == sample
        where = tf.logical_and(where, tf.reshape(is_sample, (-1, *[1] * (len(values.shape) - 1))))
    return tf.where(tf.logical_and(where, when), tf.cast(to, values.dtype), values)
