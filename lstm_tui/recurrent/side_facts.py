"""In what two runs differ before anything is computed, and in what computing leaves its mark.

A fact is a difference that was looked up, whether or not it matters; what it does to the outputs is found by
running (`comparing`). Every fact names where it is and how far the two are apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lstm_tui.recurrent.divergence import Course, Pair, Station, gaps, pairs
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.recording import Array, States

#: What two runs can differ by. settings: how layers are set (`activation`). call: `predict` or a call in
#: training mode. unknown: nothing that was looked at tells it.
Cause = Literal[
    "input", "initial state", "call", "weights", "mask", "dtype", "settings", "randomness", "unknown"
]

#: Settings that name a layer or say how it computes, and not what.
_IMMATERIAL = {
    "name", "trainable", "stateful", "unroll", "seed", "batch_shape", "dtype", "quantization_config",
    "kernel_initializer", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer",
    "activity_regularizer", "unit_forget_bias",
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One difference. layer: the path that it belongs to, empty for what is of the whole run.

    largest: how far the two are apart, at most; None where that is no number. relative: the same against the
    largest value.
    """

    cause: Cause
    where: str
    told: str
    layer: str = ""
    largest: float | None = None
    relative: float | None = None


# --- what goes in -------------------------------------------------------------------------------------------


def input_facts(one: Mapping[str, Array], other: Mapping[str, Array]) -> Iterator[Fact]:
    """Inputs by name, or by their place where the names are others."""
    found = input_names(one, other)
    for name, its_name in found.items():
        told, largest = _apart(one[name], other[its_name])
        if told:
            yield Fact("input", name, told, largest=largest)
    alone = {name: "A" for name in one if name not in found}
    alone |= {name: "B" for name in other if name not in found.values()}
    for name, letter in alone.items():
        yield Fact("input", name, f"only {letter} has it")


def input_names(one: Mapping[str, Array], other: Mapping[str, Array]) -> dict[str, str]:
    """Names of the other's inputs by those of the one: the same name, else the same place."""
    same = {name: name for name in one if name in other}
    return same or dict(zip(one, other, strict=False))


def _apart(one: Array, other: Array) -> tuple[str, float | None]:
    """How two inputs differ, in words; nothing where they are equal."""
    if one.ndim != other.ndim:
        return f"shape {one.shape} against {other.shape}", None
    shapes = f"shape {one.shape} against {other.shape}; " if one.shape != other.shape else ""
    shared = tuple(slice(0, min(sizes)) for sizes in zip(one.shape, other.shape, strict=True))
    a, b = _as_keras_casts(one[shared], other[shared])
    gap = gaps(a, b)
    apart = np.argwhere(gap > 0)
    if not len(apart):
        return (f"{shapes}what both have is equal" if shapes else ""), None
    at = min((tuple(map(int, index)) for index in apart), key=lambda index: (index[1:2], index))
    values = f"{_number(a[at])} against {_number(b[at])}"
    words = f"{shapes}{len(apart)} of {gap.size} values differ, first {_where(at)}: {values}"
    return words, float(gap.max())


def _as_keras_casts(one: Array, other: Array) -> tuple[Array, Array]:
    """A model is given float32 whatever the file holds: what differs by that alone is no other input."""
    if {one.dtype.name, other.dtype.name} == {"float32", "float64"}:
        return one.astype(np.float32), other.astype(np.float32)
    return one, other


def _where(at: tuple[int, ...]) -> str:
    """`timestep 17, feature 2`, with the sample where it is not the first."""
    sample = f" of sample {at[0]}" if at[0] else ""
    if len(at) < 3:
        return f"at position {at[1]}{sample}" if len(at) > 1 else f"in sample {at[0]}"
    return f"at timestep {at[1]}, feature {', '.join(map(str, at[2:]))}{sample}"


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def state_facts(one: States, other: States) -> Iterator[Fact]:
    """States before the call by `path/state`; a run that keeps none starts from zeros."""
    for name in dict.fromkeys([*one, *other]):
        a, b = one.get(name), other.get(name)
        layer = name.rpartition("/")[0]
        if a is not None and b is not None and a.shape != b.shape:
            yield Fact("initial state", name, f"shape {a.shape} against {b.shape}", layer)
            continue
        values = [each for each in (a, b) if each is not None]
        largest = float(gaps(values[0], values[1] if len(values) > 1 else np.zeros_like(values[0])).max())
        if largest > 0:
            alone = "" if len(values) > 1 else f"; {'B' if b is None else 'A'} starts from zeros"
            yield Fact("initial state", name, f"up to {largest:.3g} apart{alone}", layer, largest)


# --- what computes ------------------------------------------------------------------------------------------


def inside_facts(one: Insides, other: Insides, renamed: Mapping[str, str]) -> Iterator[Fact]:
    """Weights, settings and types. renamed: paths of layers of the other by those of the one."""
    yield from _weight_facts(one.weights, other.weights, renamed)
    for path, settings in one.settings.items():
        its = other.settings.get(renamed.get(path, path))
        for word in () if its is None else other_settings(settings, its):
            a, b = settings.get(word), (its or {}).get(word)
            yield Fact("settings", f"{path}/{word}", f"{word} = {a} against {b}", path)
    for path, dtype in one.dtypes.items():
        its_dtype = other.dtypes.get(renamed.get(path, path), dtype)
        if its_dtype != dtype:
            yield Fact("dtype", path, f"computes in {dtype} against {its_dtype}", path)


def _weight_facts(
    one: Mapping[str, Array], other: Mapping[str, Array], renamed: Mapping[str, str]
) -> Iterator[Fact]:
    for name, values in one.items():
        layer, _, weight = name.rpartition("/")
        its = other.get(f"{renamed.get(layer, layer)}/{weight}")
        if its is None:
            continue
        if its.shape != values.shape:
            yield Fact("weights", name, f"shape {values.shape} against {its.shape}", layer)
            continue
        gap = gaps(values, its)
        largest = float(gap.max(initial=0.0))
        if largest > 0:
            of = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
            told = (
                f"{int((gap > 0).sum())} of {gap.size} values differ, up to {largest:.3g} (largest {of:.3g})"
            )
            yield Fact("weights", name, told, layer, largest, largest / max(of, 1e-30))


def other_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Words of two layers' settings that say something else and may change what is computed."""
    words = (word for word in dict.fromkeys([*one, *other]) if word not in _IMMATERIAL)
    return [word for word in words if _plain(one.get(word)) != _plain(other.get(word))]


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


# --- what shows in the traces -------------------------------------------------------------------------------


def trace_facts(one: Course, other: Course) -> Iterator[Fact]:
    """Masks and types of the values, layer by layer."""
    for pair in pairs(one, other):
        yield from _mask_facts(pair)
        kinds = [
            sorted({values.dtype.name for values in station.series.values()})
            for station in (pair.one, pair.other)
        ]
        if kinds[0] != kinds[1]:
            told = f"values in {', '.join(kinds[0])} against {', '.join(kinds[1])}"
            yield Fact("dtype", pair.one.path, told, pair.one.path)


def _mask_facts(pair: Pair) -> Iterator[Fact]:
    path = pair.one.path
    differs = mask_difference(pair)
    if differs is None:
        return
    steps = np.flatnonzero(differs.any(axis=0))
    if len(steps):
        step = int(steps[-1] if pair.one.go_backwards else steps[0])
        masked = [_masked_at(station, differs, step) for station in (pair.one, pair.other)]
        told = f"timestep {step} is {masked[0]} in A, {masked[1]} in B; {len(steps)} timesteps in all"
        yield Fact("mask", path, told, path)


def mask_difference(pair: Pair) -> Array | None:
    """`(batch, timesteps)`, True where one run masks a step and the other does not; None where none masks."""
    if (pair.one.mask is None and pair.other.mask is None) or not pair.one.timed:
        return None
    sizes = [next(iter(each.series.values())).shape[:2] for each in (pair.one, pair.other)]
    shape = tuple(min(axis) for axis in zip(*sizes, strict=True))
    one, other = (_mask_of(each, shape) for each in (pair.one, pair.other))
    return np.asarray(one != other)


def _mask_of(station: Station, shape: tuple[int, ...]) -> Array:
    if station.mask is None:
        return np.ones(shape, bool)
    return np.broadcast_to(np.asarray(station.mask, bool)[: shape[0], : shape[1]], shape)


def _masked_at(station: Station, differs: Array, step: int) -> str:
    row = int(np.flatnonzero(differs[:, step])[0])
    return "read" if bool(_mask_of(station, differs.shape)[row, step]) else "masked"
