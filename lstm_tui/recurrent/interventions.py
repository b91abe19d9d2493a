"""What is tried otherwise inside the loops of a call, as values: a state or a gate set by hand.

They are carried out by the recorder, in the loop that steps the model's own cells, and nowhere else: the
model is not touched, and `model.predict` knows nothing of them. A constructor takes plain values, refuses
nonsense and knows no model; whether a layer has such a state is for `scenario.trying` to say. Steps are the
input's, counted from 0, also where the layer runs backwards; no units or no sample means all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from lstm_tui.errors import EditError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.recurrent.window import Window

#: One unit, several, or None for all.
Units = int | Iterable[int] | None


@dataclass(frozen=True)
class Poke:
    """A state is another after one step: the next step reads it, and where it is the output, so do the layers
    above."""

    layer: str
    state: str
    to: float
    step: int
    units: tuple[int, ...] = ()
    sample: int | None = None

    def describe(self) -> str:
        """`poke lstm_1 c[17] after step 12 to 0`."""
        where = f"{self.layer} {self.state}{units_words(self.units)}{sample_words(self.sample)}"
        return f"poke {where} after step {self.step} to {self.to:g}"

    def to_scenario(self) -> dict[str, object]:
        """`{layer: lstm_1, state: c, unit: 17, step: 12, to: 0.0, sample: 0}`."""
        said: dict[str, object] = {"layer": self.layer, "state": self.state, **_unit(self.units)}
        return said | {"step": self.step, "to": self.to, **_sample(self.sample)}


@dataclass(frozen=True)
class Clamp:
    """A gate or the candidate is held at a value, from one step until another, both included."""

    layer: str
    gate: str
    to: float
    units: tuple[int, ...] = ()
    first: int = 0
    last: int | None = None
    sample: int | None = None

    def describe(self) -> str:
        """`clamp lstm_1 f[3] at 1 from step 10 until 20`."""
        where = f"{self.layer} {self.gate}{units_words(self.units)}{sample_words(self.sample)}"
        if self.first == 0 and self.last is None:
            return f"clamp {where} at {self.to:g}"
        end = "on" if self.last is None else f"until {self.last}"
        return f"clamp {where} at {self.to:g} from step {self.first} {end}"

    def to_scenario(self) -> dict[str, object]:
        """`{layer: lstm_1, gate: f, unit: 3, to: 1.0, from: 10, until: 20}`."""
        said: dict[str, object] = {"layer": self.layer, "gate": self.gate, **_unit(self.units), "to": self.to}
        said |= {"from": self.first} if self.first else {}
        said |= {"until": self.last} if self.last is not None else {}
        return said | _sample(self.sample)


@dataclass(frozen=True)
class Silence:
    """The hidden state of units is 0 at every step, for the layer itself and for all that read it."""

    layer: str
    units: tuple[int, ...] = ()

    def describe(self) -> str:
        """`silence lstm_1 [3, 4]`."""
        return f"silence {self.layer}{units_words(self.units, ' ')}"

    def to_scenario(self) -> dict[str, object]:
        """`{layer: lstm_1, unit: [3, 4]}`."""
        return {"layer": self.layer, **_unit(self.units)}


@dataclass(frozen=True, eq=False)
class StartFrom:
    """A layer that keeps no state starts every call from these, by name, each `(batch, units)` or
    `(1, units)`."""

    layer: str
    states: Mapping[str, Array] = field(default_factory=dict)

    def describe(self) -> str:
        """`lstm_1 starts from given h, c`."""
        return f"{self.layer} starts from given {', '.join(self.states)}"


@dataclass(frozen=True)
class TrainingMode:
    """Every call is made with this `training`; what dropout draws then is drawn from `seed`."""

    on: bool = True
    seed: int = 0

    def describe(self) -> str:
        """`dropout on, seed 0`."""
        return f"dropout on, seed {self.seed}" if self.on else "dropout off"

    def to_scenario(self) -> dict[str, object]:
        """`{on: true, seed: 0}`."""
        return {"on": self.on} | ({"seed": self.seed} if self.on else {})


Intervention = Poke | Clamp | Silence | StartFrom | TrainingMode
InLoop = Poke | Clamp | Silence | StartFrom

# --- constructors: values in, one edit out ------------------------------------------------------------------


def poke(
    layer: str, state: str, to: float, step: int, *, unit: Units = None, sample: int | None = None
) -> Poke:
    """Raises: EditError for a step, unit or value that can be none."""
    where = f"poke of {one_line(layer, 60)}"
    return Poke(
        layer=layer,
        state=state,
        to=_finite(to, where),
        step=_counted(step, "step", where),
        units=_units(unit, where),
        sample=None if sample is None else _counted(sample, "sample", where),
    )


def clamp(
    layer: str,
    gate: str,
    to: float,
    *,
    unit: Units = None,
    first: int = 0,
    last: int | None = None,
    sample: int | None = None,
) -> Clamp:
    """`first` and `last` are both held. Raises: EditError for a range, unit or value that can be none."""
    where = f"clamp of {one_line(layer, 60)}"
    start = _counted(first, "step", where)
    if last is not None and _counted(last, "step", where) < start:
        raise EditError(f"The {where} ends before it begins: from {start} until {last}.")
    return Clamp(
        layer=layer,
        gate=gate,
        to=_finite(to, where),
        units=_units(unit, where),
        first=start,
        last=last,
        sample=None if sample is None else _counted(sample, "sample", where),
    )


def silence(layer: str, *, unit: Units = None) -> Silence:
    """Raises: EditError for a unit that can be none."""
    return Silence(layer, _units(unit, f"silence of {one_line(layer, 60)}"))


def dropout(on: bool = True, *, seed: int = 0) -> TrainingMode:
    """Raises: EditError for a seed that can be none."""
    return TrainingMode(bool(on), _counted(seed, "seed", "dropout"))


def _finite(value: float, where: str) -> float:
    if isinstance(value, bool) or not math.isfinite(value):
        raise EditError(f"The {where} sets no number: {one_line(value, 40)}.", expected="a finite number")
    return float(value)


def _counted(value: int, what: str, where: str) -> int:
    if isinstance(value, bool) or value != int(value) or value < 0:
        raise EditError(
            f"The {where} has no {what} {one_line(value, 40)}.", expected=f"a {what}, counted from 0"
        )
    return int(value)


def _units(unit: Units, where: str) -> tuple[int, ...]:
    if unit is None:
        return ()
    several = (unit,) if isinstance(unit, int) else tuple(unit)
    if not several:
        raise EditError(f"The {where} names no unit.", todo="leave the unit out to mean all of them")
    return tuple(sorted({_counted(one, "unit", where) for one in several}))


# --- in words -----------------------------------------------------------------------------------------------


def units_words(units: Sequence[int], between: str = "") -> str:
    """`[17]`, `[3, 4]`; nothing for all."""
    return f"{between}[{', '.join(map(str, units))}]" if units else ""


def sample_words(sample: int | None) -> str:
    """` of sample 2`; nothing for all."""
    return "" if sample is None else f" of sample {sample}"


def _unit(units: tuple[int, ...]) -> dict[str, object]:
    return {} if not units else {"unit": units[0] if len(units) == 1 else list(units)}


def _sample(sample: int | None) -> dict[str, object]:
    return {} if sample is None else {"sample": sample}


# --- of a part of the batch ---------------------------------------------------------------------------------

Kind = TypeVar("Kind", bound=Intervention)


def for_rows(interventions: Iterable[Kind], rows: Window) -> tuple[Kind, ...]:
    """What is to be done where only these samples are run: their own numbers, nothing that is of others."""
    return tuple(_of_rows(one, rows) for one in interventions if _concerns(one, rows))


def _concerns(one: Intervention, rows: Window) -> bool:
    return not isinstance(one, Poke | Clamp) or one.sample is None or one.sample in rows


def _of_rows(one: Kind, rows: Window) -> Kind:
    if isinstance(one, Poke | Clamp) and one.sample is not None:
        return replace(one, sample=one.sample - rows.start)
    if isinstance(one, StartFrom):
        own = {name: value if len(value) == 1 else value[rows.slice] for name, value in one.states.items()}
        return replace(one, states={name: read_only(np.asarray(value)) for name, value in own.items()})
    return one
