"""Two runs that are compared, as they are walked: what is laid side by side, and where one looks. Pure.

What was computed is there before anybody walks: nothing here asks for more, and nothing runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from lstm_tui.recurrent.divergence import Course, Divergence, Pair, gaps, output_stations, pairs
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.sides import Sides
from lstm_tui.session.edits import Edit, Material

#: What the maps show: A, B and their difference, or one of them.
Maps = Literal["all", "A", "B", "B-A"]
MAPS: tuple[Maps, ...] = ("all", "A", "B", "B-A")
#: In the order of the workbench: states, gates, candidate.
_FIRST_SERIES = ("h", "c", "i", "f", "o", "z", "r", "g")


@dataclass(frozen=True, eq=False)
class Case:
    """One side: what is run on which model, and which of its calls is compared (None: the last).

    name: for whoever reads the comparison.
    """

    name: str
    model: Path
    material: Material
    edits: tuple[Edit, ...] = ()
    call: int | None = None


@dataclass(frozen=True)
class Place:
    """Where one looks: a pair of layers, a series of it, a timestep, a unit (None for all), a sample."""

    pair: int = 0
    series: str = ""
    step: int = 0
    unit: int | None = None
    sample: int = 0
    maps: Maps = "all"


@dataclass(frozen=True, eq=False)
class Comparing:
    """Two sides on their way to be compared, or compared.

    doing: what is being done for it; empty when it is over. refusal: why there is none.
    pairs: what both computed, layer by layer, once both have run. divergence: where they first part.
    sides: the whole answer, its cause among it.
    """

    key: str
    cases: tuple[Case, Case]
    doing: str = ""
    refusal: str = ""
    pairs: tuple[Pair, ...] = ()
    divergence: Divergence | None = None
    sides: Sides | None = None
    place: Place = Place()

    @property
    def pair(self) -> Pair | None:
        """The pair of layers that one looks at."""
        return self.pairs[self.place.pair] if self.pairs else None


@dataclass(frozen=True, eq=False)
class Tracks:
    """One series of one sample on both sides, over what both have: `(timesteps, units)` each.

    gap: B minus A; 0 where both are NaN, NaN or infinite where one is no number.
    """

    one: Array
    other: Array
    gap: Array


def laid_side_by_side(one: Course, other: Course) -> tuple[Pair, ...]:
    """The layers that can be walked in step, in the order of computation; the model's outputs last."""
    both = (*pairs(one, other), *output_stations(one, other))
    return tuple(pair for pair in both if series_of(pair))


def series_of(pair: Pair) -> tuple[str, ...]:
    """What both have of a pair of layers, states first."""
    shared = [name for name in pair.one.series if name in pair.other.series and _shared(pair, name)]
    return tuple(sorted(shared, key=lambda name: _FIRST_SERIES.index(name) if name in _FIRST_SERIES else 9))


def shown_series(comparing: Comparing) -> str:
    """The series that one looks at; the first of a layer that lacks the chosen one."""
    assert comparing.pair is not None
    names = series_of(comparing.pair)
    return comparing.place.series if comparing.place.series in names else names[0]


def sizes(comparing: Comparing) -> tuple[int, int, int]:
    """Samples, timesteps and units that both have of what one looks at."""
    assert comparing.pair is not None
    one, _ = _laid(comparing.pair, shown_series(comparing))
    return one.shape[0], one.shape[1], one.shape[2]


def shown_place(comparing: Comparing) -> Place:
    """The place as far as this pair goes: another layer may have fewer steps, units or samples."""
    samples, steps, units = sizes(comparing)
    place = comparing.place
    return replace(
        place,
        series=shown_series(comparing),
        step=min(place.step, steps - 1),
        unit=None if place.unit is None else min(place.unit, units - 1),
        sample=min(place.sample, samples - 1),
    )


@lru_cache(maxsize=24)
def tracks(pair: Pair, series: str, sample: int) -> Tracks:
    """One series of one sample."""
    one, other = (side[sample] for side in _laid(pair, series))
    with np.errstate(invalid="ignore", over="ignore"):
        gap = other.astype(np.float64) - one
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return Tracks(one, other, np.where(same, 0.0, gap))


def mask_of(pair: Pair, side: Literal["one", "other"], sample: int) -> Array | None:
    """`(timesteps,)`, True where the step counts on that side; None where nothing is masked."""
    station = pair.one if side == "one" else pair.other
    if station.mask is None or not _timed(pair):
        return None
    return np.asarray(station.mask[min(sample, len(station.mask) - 1)], bool)


@lru_cache(maxsize=24)
def furthest(pair: Pair, series: str) -> tuple[float, int, int, int]:
    """The largest |difference| of a series, and its sample, timestep and unit."""
    gap = gaps(*_laid(pair, series))
    sample, step, unit = (int(index) for index in np.unravel_index(int(np.argmax(gap)), gap.shape))
    return float(gap[sample, step, unit]), sample, step, unit


@lru_cache(maxsize=24)
def furthest_units(pair: Pair, series: str, sample: int) -> tuple[int, ...]:
    """The units of a sample, those that are furthest apart anywhere first."""
    one, other = (side[sample] for side in _laid(pair, series))
    return tuple(int(unit) for unit in np.argsort(-gaps(one, other).max(axis=0), kind="stable"))


def at_divergence(comparing: Comparing) -> Place:
    """Where the two first part; the first recurrent layer's beginning where they do not."""
    found, place = comparing.divergence, comparing.place
    if found is not None:
        index = next((i for i, pair in enumerate(comparing.pairs) if pair.place == found.place), None)
        if index is not None:
            return replace(
                place,
                pair=index,
                series=found.series,
                step=found.timestep or 0,
                unit=found.unit,
                sample=found.sample or 0,
            )
    recurrent = (i for i, pair in enumerate(comparing.pairs) if pair.one.is_recurrent)
    return replace(place, pair=next(recurrent, 0))


# --- arrays -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=24)
def _laid(pair: Pair, series: str) -> tuple[Array, Array]:
    """Both sides over what both have, `(batch, timesteps, units)`; one timestep where there are none."""
    found = []
    shape = _shared(pair, series)
    for station in (pair.one, pair.other):
        values = station.series[series][tuple(slice(0, size) for size in shape)]
        if values.dtype.kind not in "f":
            values = values.astype(np.float64)
        steps = shape[1] if _timed(pair) else 1
        found.append(values.reshape(shape[0], steps, -1))
    return found[0], found[1]


def _shared(pair: Pair, series: str) -> tuple[int, ...]:
    """The shape that both have of a series; empty where they cannot be laid side by side."""
    one, other = pair.one.series[series].shape, pair.other.series[series].shape
    if len(one) != len(other) or len(one) < 2:
        return ()
    shape = tuple(min(axis) for axis in zip(one, other, strict=True))
    return shape if all(shape) else ()


def _timed(pair: Pair) -> bool:
    return pair.one.timed and pair.other.timed
