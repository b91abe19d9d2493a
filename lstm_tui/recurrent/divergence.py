"""Where two runs first part, in the order in which they are computed.

Layers in the order of their calls; in a layer the timesteps in the direction in which it reads them; in a
timestep the gates before the states that they make; of one series the unit that is furthest apart. What is
less than float noise is no difference, steps that both runs mask are not compared, and NaN equals NaN.

What it refuses: to guess. Arrays of different shapes are compared over what they share, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from lstm_tui.recurrent.recording import Array, LayerOutput, LayerTrace, Recording

#: A relative difference that is float noise: sums in another order, not another state.
NOISE = 1e-5
#: The same where both sides compute with 16 bits.
NOISE_OF_HALVES = 2e-2
_HALVES = {"float16", "bfloat16"}
#: Series in the order in which a cell computes them; others keep their own.
_ORDER = ("i", "f", "z", "r", "g", "o", "c", "h")


@dataclass(frozen=True, eq=False)
class Station:
    """One call of one layer, as far as it is known.

    series: by name, in the order of computation: those of a recurrent cell, each `(batch, timesteps, units)`,
        or `output`, `(batch, ...)`, of any other layer.
    timed: axis 1 of every series is time.
    mask: `(batch, timesteps)`, True where the step counts; None where nothing is masked.
    class_name: of the layer; empty where it is not known.
    """

    path: str
    series: Mapping[str, Array]
    timed: bool
    go_backwards: bool = False
    mask: Array | None = None
    class_name: str = ""

    @property
    def is_recurrent(self) -> bool:
        """Whether it has gates and states."""
        return "output" not in self.series


@dataclass(frozen=True, eq=False)
class Course:
    """What one run computed: its layers in order, and the outputs of the model by name."""

    stations: tuple[Station, ...]
    outputs: Mapping[str, Array] = field(default_factory=dict)

    def station(self, path: str) -> Station | None:
        """The call of the layer at `path`, or None."""
        return next((station for station in self.stations if station.path == path), None)


@dataclass(frozen=True)
class Divergence:
    """The first value of one run that is another in the other.

    layer, other_layer: its path in the one run and in the other. series: a gate, a state, or `output`.
    timestep: the input's, None where the values have no timesteps. unit: further axes flattened; None where
        there are none. sample: the row of the batch.
    values: in the one run and in the other. relative: their difference against the largest value so far.
    place, turn: where the layer stands in the order of computation, and the timestep in the layer's own.
    shapes: of both, where what they share is equal and the shapes are what differs; then no value is named.
    """

    layer: str
    other_layer: str
    series: str
    timestep: int | None
    unit: int | None
    sample: int | None
    values: tuple[float, float]
    relative: float
    place: int
    turn: int = 0
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    @property
    def order(self) -> tuple[int, int]:
        """Smaller is earlier."""
        return (self.place, self.turn)


@dataclass(frozen=True, eq=False)
class Pair:
    """A layer of one run with the one of the other that it is compared with."""

    place: int
    one: Station
    other: Station


# --- from recordings ----------------------------------------------------------------------------------------


def course_of(recording: Recording) -> Course:
    """The recording in the order of computation; the cells of a stack stand where their layer does."""
    stations: list[Station] = []
    left = list(recording.layers)
    for output in recording.layer_outputs:
        own = [trace for trace in left if trace.path == output.path or _is_cell_of(trace.path, output.path)]
        left = [trace for trace in left if trace not in own]
        stations += [_traced(trace, output.class_name) for trace in own] or _given(output)
    stations += [_traced(trace, "") for trace in left]
    return Course(tuple(stations), recording.outputs)


def _is_cell_of(path: str, layer: str) -> bool:
    return path.startswith(f"{layer}/cell_")


def _traced(trace: LayerTrace, class_name: str) -> Station:
    series = in_order(trace.steps)
    return Station(trace.path, series, True, trace.go_backwards, trace.mask, class_name)


def _given(output: LayerOutput) -> list[Station]:
    """A layer that is not recurrent, where its values are kept and are numbers."""
    values = [each for each in output.values or () if each.dtype.kind in "fiub" or _is_half(each)]
    if not values:
        return []
    names = ["output", *(f"output {number}" for number in range(2, len(values) + 1))]
    series = dict(zip(names, values, strict=True))
    return [Station(output.path, series, values[0].ndim > 2, class_name=output.class_name)]


def recurrent_only(course: Course) -> Course:
    """The course without outputs and layers that are not recurrent."""
    return Course(tuple(station for station in course.stations if station.is_recurrent))


def in_order(series: Mapping[str, Array]) -> dict[str, Array]:
    """The series of a cell in the order in which they are computed."""
    return {name: series[name] for name in sorted(series, key=_turn_of)}


def _turn_of(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


# --- what is compared with what -----------------------------------------------------------------------------


def pairs(one: Course, other: Course) -> tuple[Pair, ...]:
    """Layers of both runs: those of one path, and what is left of the same kind in the same order."""
    found = {a.path: b for a in one.stations if (b := other.station(a.path)) is not None}
    left = [b for b in other.stations if one.station(b.path) is None]
    for a in one.stations:
        fits = None if a.path in found else next((b for b in left if _alike(a, b)), None)
        if fits is not None:
            found[a.path] = fits
            left.remove(fits)
    return tuple(Pair(place, a, found[a.path]) for place, a in enumerate(one.stations) if a.path in found)


def _alike(one: Station, other: Station) -> bool:
    if one.class_name and other.class_name and one.class_name != other.class_name:
        return False
    return set(one.series) == set(other.series) and one.timed == other.timed


def output_pairs(one: Course, other: Course) -> tuple[tuple[str, str], ...]:
    """Names of outputs that are compared: of one name, else of one place."""
    names, others = list(one.outputs), list(other.outputs)
    if set(names) & set(others):
        return tuple((name, name) for name in names if name in others)
    return tuple(zip(names, others, strict=False))


def first_divergence(one: Course, other: Course) -> Divergence | None:
    """Where the two first part; None where all that both have is equal within float noise."""
    return next(_in_layers(pairs(one, other)), None) or _behind_layers(one, other)


def first_recurrent_divergence(one: Course, other: Course) -> Divergence | None:
    """The same, looked for in recurrent layers and in outputs alone.

    A layer in front of them that hands on another input is no news.
    """
    recurrent = [pair for pair in pairs(one, other) if pair.one.is_recurrent]
    return next(_in_layers(recurrent), None) or _behind_layers(one, other)


def _behind_layers(one: Course, other: Course) -> Divergence | None:
    return next(_in_outputs(one, other), None) or next(_other_shapes(one, other), None)


def _in_layers(found_pairs: Iterable[Pair]) -> Iterator[Divergence]:
    for pair in found_pairs:
        found = [
            part
            for name in pair.one.series
            if name in pair.other.series and (part := _in_series(pair, name)) is not None
        ]
        if found:
            yield min(found, key=lambda part: part.turn)


def _in_outputs(one: Course, other: Course) -> Iterator[Divergence]:
    for pair in output_stations(one, other):
        part = _in_series(pair, "output")
        if part is not None:
            yield part


def output_stations(one: Course, other: Course) -> Iterator[Pair]:
    """The outputs of the model as layers behind all others."""
    for number, (name, its_name) in enumerate(output_pairs(one, other)):
        a, b = (
            Station(path, {"output": course.outputs[path]}, course.outputs[path].ndim > 2)
            for path, course in ((name, one), (its_name, other))
        )
        yield Pair(len(one.stations) + number, a, b)


def _other_shapes(one: Course, other: Course) -> Iterator[Divergence]:
    """Values that are equal as far as both have them, in other shapes."""
    for pair in pairs(one, other):
        for name, values in pair.one.series.items():
            theirs = pair.other.series.get(name)
            if theirs is not None and theirs.shape != values.shape:
                yield _of_shapes(pair.one.path, pair.other.path, name, values, theirs, pair.place)
    for number, (name, its_name) in enumerate(output_pairs(one, other)):
        values, theirs = one.outputs[name], other.outputs[its_name]
        if values.shape != theirs.shape:
            yield _of_shapes(name, its_name, "output", values, theirs, len(one.stations) + number)


def _of_shapes(layer: str, its: str, series: str, one: Array, other: Array, place: int) -> Divergence:
    no_values = (float("nan"), float("nan"))
    return Divergence(
        layer, its, series, None, None, None, no_values, 0.0, place, shapes=(one.shape, other.shape)
    )


def _in_series(pair: Pair, name: str) -> Divergence | None:
    one, other = pair.one, pair.other
    a, b = one.series[name], other.series[name]
    if a.ndim != b.ndim or not a.ndim:
        return None
    shared = tuple(slice(0, min(sizes)) for sizes in zip(a.shape, b.shape, strict=True))
    noise = NOISE_OF_HALVES if _is_half(a) and _is_half(b) else NOISE
    a, b = a[shared].astype(np.float64), b[shared].astype(np.float64)
    if not a.size:
        return None
    timed, backwards = one.timed and other.timed, one.go_backwards and other.go_backwards
    gap = gaps(a, b)
    if timed:
        gap[_masked(one, other, a.shape)] = 0.0
    size = _size_so_far(a, b, timed=timed, backwards=backwards)
    apart = gap > noise * size
    if not apart.any():
        return None
    step = _first_step(apart, backwards=backwards) if timed else None
    turn = 0 if step is None else a.shape[1] - 1 - step if backwards else step
    at = _furthest(gap, step)
    rest = at[2:] if step is not None else at[1:]
    sizes = a.shape[2:] if step is not None else a.shape[1:]
    return Divergence(
        layer=one.path,
        other_layer=other.path,
        series=name,
        timestep=step,
        unit=int(np.ravel_multi_index(rest, sizes)) if rest else None,
        sample=at[0],
        values=(float(a[at]), float(b[at])),
        relative=float(gap[at] / np.broadcast_to(size, gap.shape)[at]),
        place=pair.place,
        turn=turn,
    )


def gaps(one: Array, other: Array) -> Array:
    """|difference| of two arrays of one shape: 0 where both are NaN, inf where one is no number."""
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.abs(one - other)
    gap = np.where((one == other) | (np.isnan(one) & np.isnan(other)), 0.0, gap)
    return np.asarray(np.where(np.isnan(gap), np.inf, gap))


def _size_so_far(one: Array, other: Array, *, timed: bool, backwards: bool) -> Array:
    """What noise is measured against: the largest value up to each step.

    A state that explodes at the end must not hide what happened before. Values that are still small are
    measured against 1, the reach of gates and states, or against the largest of all where that is less.
    """
    sizes = np.maximum(*(np.where(np.isfinite(each), np.abs(each), 0.0) for each in (one, other)))
    largest = sizes.max()
    if not timed:
        return np.asarray(largest)
    a_step = sizes.max(axis=tuple(axis for axis in range(sizes.ndim) if axis != 1))
    grown = np.maximum.accumulate(a_step[::-1])[::-1] if backwards else np.maximum.accumulate(a_step)
    floor = np.maximum(grown, min(largest, 1.0))
    return np.asarray(floor.reshape(1, -1, *[1] * (sizes.ndim - 2)))


def _masked(one: Station, other: Station, shape: tuple[int, ...]) -> Array:
    """`shape[:2]`, True at steps that both runs leave out."""
    if one.mask is None or other.mask is None:
        return np.zeros(shape[:2], bool)
    first, second = (
        np.broadcast_to(~np.asarray(m, bool)[: shape[0], : shape[1]], shape[:2])
        for m in (one.mask, other.mask)
    )
    return np.asarray(first & second)


def _first_step(apart: Array, *, backwards: bool) -> int:
    steps = np.flatnonzero(apart.any(axis=tuple(axis for axis in range(apart.ndim) if axis != 1)))
    return int(steps[-1] if backwards else steps[0])


def _furthest(gap: Array, step: int | None) -> tuple[int, ...]:
    """The index of the largest difference, at this step where there is one."""
    if step is None:
        return tuple(int(index) for index in np.unravel_index(int(np.argmax(gap)), gap.shape))
    there = gap[:, step]
    sample, *rest = (int(index) for index in np.unravel_index(int(np.argmax(there)), there.shape))
    return (sample, step, *rest)


def _is_half(values: Array) -> bool:
    return values.dtype.name in _HALVES


# --- what is not compared -----------------------------------------------------------------------------------


def remarks(one: Course, other: Course) -> tuple[str, ...]:
    """What is to be known of it: layers by other names, cut shapes, layers that one side lacks."""
    found = pairs(one, other)
    told = [f"{pair.one.path} of A is {pair.other.path} of B" for pair in found if _renamed(pair)]
    told += [note for pair in found if (note := _cut(pair))]
    paired = {pair.one.path for pair in found}, {pair.other.path for pair in found}
    for letter, course, known in (("A", one, paired[0]), ("B", other, paired[1])):
        alone = [station.path for station in course.stations if station.path not in known]
        if alone:
            told.append(f"only {letter} has {', '.join(alone)}: not compared")
    return tuple(told)


def _renamed(pair: Pair) -> bool:
    return pair.one.path != pair.other.path


def _cut(pair: Pair) -> str:
    shapes = [
        (values.shape, pair.other.series[name].shape)
        for name, values in pair.one.series.items()
        if name in pair.other.series and values.shape != pair.other.series[name].shape
    ]
    if not shapes:
        return ""
    one, other = shapes[0]
    if len(one) != len(other):
        return f"{pair.one.path}: {one} against {other}: not compared"
    shared = tuple(min(sizes) for sizes in zip(one, other, strict=True))
    return f"{pair.one.path}: {one} against {other}, compared over the {shared} that both have"
