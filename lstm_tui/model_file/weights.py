"""The weights themselves: do they fit the configuration, and what are their values like.

Values are read in pieces of at most a few million, so that the memory it takes does not depend on the file.
Statistics are over finite values; NaN and infinities are counted apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lstm_tui.model_file.cudnn_weights import fused_bias
from lstm_tui.model_file.declared import DeclaredLayer
from lstm_tui.model_file.facts import Obstacle
from lstm_tui.model_file.guarded import in_child
from lstm_tui.model_file.hdf5 import Listing, list_file, open_weights
from lstm_tui.model_file.layer_weights import Weights
from lstm_tui.model_file.weights_layout import LocatedArray, is_weight, locate
from lstm_tui.plain_text import one_line

if TYPE_CHECKING:
    import h5py

_BLOCK = 2**21
#: A gigabyte of weights takes about ten seconds.
_READING_SECONDS = 600.0
_TODO = "Copy the file again, or save the model again from where it works."
#: It keeps its layer's kernel a second time.
_KEPT_TWICE = "SpectralNormalization"


@dataclass(frozen=True)
class WeightStats:
    """One weight: where it belongs and what its values are like.

    layer: path, empty for weights of the model itself. name: `kernel`, `recurrent_kernel`, ....
    minimum, maximum, mean, std: of the finite values, NaN where there are none.
    nans, infs: how many. zeros: the share of values that are exactly 0.
    """

    layer: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    minimum: float
    maximum: float
    mean: float
    std: float
    nans: int
    infs: int
    zeros: float

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class FoundWeights:
    """What the weights file holds, by place, and what is wrong with it."""

    located: tuple[LocatedArray, ...]
    obstacles: tuple[Obstacle, ...]

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """How many values belong to each layer itself, by path."""
        sizes: dict[str, int] = {}
        for item in self.located:
            sizes[item.layer] = sizes.get(item.layer, 0) + item.array.size
        return sizes


def find_weights(
    path: Path,
    file_format: str,
    root: DeclaredLayer,
    declared: Mapping[str, Weights | None],
    fused: Mapping[str, str],
) -> FoundWeights:
    """List the weights and hold their shapes against the declared ones; no value is read.

    fused: layers that were CuDNN layers, by path: they hold two biases where one is declared.
    """
    listing = Listing.from_json(in_child(path, _listing, file_format))
    located = locate(listing, root, declared, file_format)
    as_stored = {path: _as_stored(own, _fused_at(path, fused)) for path, own in declared.items()}
    return FoundWeights(located, (*listing.obstacles, *_misfits(root, as_stored, located, file_format)))


def _fused_at(path: str, fused: Mapping[str, str]) -> str | None:
    """The CuDNN class at a path; the halves of a Bidirectional are one layer in the file."""
    parent, _, name = path.rpartition("/")
    whole = name.removeprefix("forward_").removeprefix("backward_")
    return fused.get(path) or fused.get(f"{parent}/{whole}".lstrip("/"))


def _as_stored(own: Weights | None, fused: str | None) -> Weights | None:
    if own is None or fused is None:
        return own
    return tuple(
        replace(weight, shape=fused_bias(fused, weight.shape)) if weight.name == "bias" else weight
        for weight in own
    )


def _misfits(
    root: DeclaredLayer,
    declared: Mapping[str, Weights | None],
    located: tuple[LocatedArray, ...],
    file_format: str,
) -> Iterator[Obstacle]:
    """Layers whose weights are missing, or have other shapes than the configuration declares.

    Keras reads a `.keras` file layer by layer, a `.h5` file by layers of the top level.
    """
    stored: dict[str, list[tuple[int, ...]]] = {}
    for item in located:
        stored.setdefault(item.layer, []).append(item.array.shape)
    layers = root.inner if file_format == "h5" else tuple(root.walk())
    for layer in layers:
        own = tuple(layer.walk()) if file_format == "h5" else (layer,)
        wanted = [declared.get(inner.path) for inner in own if not inner.repeated]
        uncertain = None in wanted or any(inner.below_custom or inner.kind == _KEPT_TWICE for inner in own)
        shapes = sorted(weight.shape for weights in wanted for weight in weights or ())
        if uncertain or not shapes:
            continue
        found = sorted(shape for path in {inner.path for inner in own} for shape in stored.get(path, ()))
        if not found:
            yield _corrupt(layer.path, "Its weights are missing from the file.")
        elif found != shapes:
            yield _corrupt(layer.path, f"{_listed(found)} in the file, {_listed(shapes)} declared.")


def _listed(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes))


def _corrupt(where: str, what: str) -> Obstacle:
    return Obstacle("load-corrupt", one_line(where or "the model"), one_line(what), _TODO)


def _listing(path: Path, file_format: str) -> dict[str, Any]:
    with open_weights(path, file_format) as file:
        return list_file(file).to_json()


def statistics(
    path: Path, file_format: str, root: DeclaredLayer, declared: Mapping[str, Weights | None]
) -> tuple[WeightStats, ...]:
    """The statistics of every weight that may be read, in the order of the layers."""
    answer = in_child(path, _measured, file_format, seconds=_READING_SECONDS)
    located = locate(Listing.from_json(answer["listing"]), root, declared, file_format)
    tallies = answer["tallies"]
    return tuple(
        WeightStats(
            layer=one_line(item.layer),
            name=one_line(item.name),
            shape=item.array.shape,
            dtype=item.array.dtype,
            **tallies[item.array.path],
        )
        for item in located
        if item.array.path in tallies
    )


def _measured(path: Path, file_format: str) -> dict[str, Any]:
    """The listing and, by path, what is to be said of the values of each weight that may be read."""
    with open_weights(path, file_format) as file:
        listing = list_file(file)
        readable = [array for array in listing.arrays if array.readable and is_weight(array.path)]
        tallies = {array.path: _tally(file[array.path], array.dtype) for array in readable}
    return {"listing": listing.to_json(), "tallies": tallies}


def _tally(dataset: h5py.Dataset, dtype: str) -> dict[str, Any]:
    tally = _Tally()
    for block in _blocks(dataset, dtype):
        tally.add(block)
    return {
        "minimum": tally.minimum if tally.finite else math.nan,
        "maximum": tally.maximum if tally.finite else math.nan,
        "mean": tally.mean if tally.finite else math.nan,
        "std": math.sqrt(tally.squares / tally.finite) if tally.finite else math.nan,
        "nans": tally.nans,
        "infs": tally.infs,
        "zeros": tally.zeros / tally.count if tally.count else 0.0,
    }


def _blocks(dataset: h5py.Dataset, dtype: str) -> Iterator[NDArray[np.float64]]:
    """The values as float64, some rows at a time."""
    shape = dataset.shape
    if not shape:
        yield _floats(np.asarray(dataset[()]), dtype).reshape(1)
        return
    rows = max(1, _BLOCK // max(1, math.prod(shape[1:])))
    for start in range(0, shape[0], rows):
        yield _floats(np.asarray(dataset[start : start + rows]), dtype).ravel()


def _floats(values: NDArray[Any], dtype: str) -> NDArray[np.float64]:
    if dtype == "bfloat16":  # the upper half of a float32
        return (values.view(np.uint16).astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return values.astype(np.float64)


@dataclass
class _Tally:
    """Counts and moments, block by block (Chan's parallel update, which does not cancel)."""

    count: int = 0
    finite: int = 0
    nans: int = 0
    infs: int = 0
    zeros: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    mean: float = 0.0
    squares: float = 0.0

    def add(self, block: NDArray[np.float64]) -> None:
        finite = block[np.isfinite(block)]
        self.count += block.size
        self.nans += int(np.isnan(block).sum())
        self.infs += int(np.isinf(block).sum())
        self.zeros += int((block == 0).sum())
        if not finite.size:
            return
        self.minimum = min(self.minimum, float(finite.min()))
        self.maximum = max(self.maximum, float(finite.max()))
        with np.errstate(over="ignore"):  # values near the largest float64: their spread is infinite
            mean = float(finite.mean())
            total = self.finite + finite.size
            shift = mean - self.mean
            spread = float(((finite - mean) ** 2).sum())
            self.squares += spread + shift * shift * self.finite * finite.size / total
            self.mean += shift * finite.size / total
            self.finite = total
