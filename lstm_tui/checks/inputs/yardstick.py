"""How far an input lies from what the model was trained on, feature by feature. NumPy alone.

The yardstick is a sample of the training data or, where the model begins with one, the statistics of a
Normalization or BatchNormalization layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.checks.case import Case
from lstm_tui.recurrent.recording import Array, read_only

#: What `Yardstick.source` says of a sample.
REFERENCE = "the reference"
#: Values of a feature that are looked at.
_MOST_VALUES = 100_000
#: A feature is far where at least half of its values lie beyond the known range by half of that range.
_MARGIN, _HALF = 0.5, 0.5
#: It has collapsed where it moves this much less than the quietest window that is known, at an edge of the
#: range: a quiet stretch lies anywhere.
_COLLAPSED, _EDGE = 0.2, 0.02
#: Statistics of a layer stand for a range of so many deviations to each side.
_DEVIATIONS = 3.5


@dataclass(frozen=True, eq=False)
class Yardstick:
    """Per feature `(features,)`: middle, spread and range of what is known; quietest: the least spread of a
    window of it (zero where only statistics are known). source: what says so."""

    middle: Array
    spread: Array
    low: Array
    high: Array
    quietest: Array
    source: str


@dataclass(frozen=True, eq=False)
class Distance:
    """Of an input from a yardstick, per feature `(features,)`.

    shift: of the middle, in spreads. ratio: of the spreads. outside: share of values far out of range.
    far: whether the feature is on another scale.
    """

    middle: Array
    spread: Array
    shift: Array
    ratio: Array
    outside: Array
    far: Array


def yardstick(case: Case, name: str) -> Yardstick | None:
    """What is known of the input `name`; None where nothing is."""
    reference = case.reference.get(name)
    array = case.inputs[name]
    if reference is not None and reference.ndim == array.ndim and reference.shape[-1] == array.shape[-1]:
        return of_sample(reference)
    return _of_layer(case, name, array.shape[-1])


def of_sample(sample: Array) -> Yardstick:
    """Of windows `(batch, timesteps, features)` or rows `(batch, features)`."""
    columns = _columns(sample)
    low, high = columns.min(axis=0), columns.max(axis=0)
    windows = sample.astype(np.float64).std(axis=1) if sample.ndim > 2 else columns.std(axis=0)[None]
    return Yardstick(
        middle=np.median(columns, axis=0),
        spread=_positive(columns.std(axis=0), columns),
        low=low,
        high=high,
        quietest=np.quantile(windows, 0.02, axis=0),
        source=REFERENCE,
    )


def _of_layer(case: Case, name: str, features: int) -> Yardstick | None:
    for path, said in case.settings.items():
        kind = said.get("class_name")
        if kind not in ("Normalization", "BatchNormalization") or name not in case.wiring.get(path, ()):
            continue
        statistics = _normalization(case, path) if kind == "Normalization" else _batch_norm(case, path)
        if statistics is not None:
            mean, deviation = (np.broadcast_to(np.ravel(each), (features,)) for each in statistics)
            low, high = mean - _DEVIATIONS * deviation, mean + _DEVIATIONS * deviation
            nothing = np.zeros(features)
            return Yardstick(mean, deviation, low, high, nothing, f"{path} ({kind})")
    return None


def _normalization(case: Case, path: str) -> tuple[Array, Array] | None:
    said = case.settings[path]
    mean, variance = said.get("mean"), said.get("variance")
    if mean is None or variance is None:
        mean, variance = case.weights.get(f"{path}/mean"), case.weights.get(f"{path}/variance")
    if mean is None or variance is None:
        return None
    return np.asarray(mean, np.float64), np.sqrt(np.maximum(np.asarray(variance, np.float64), 1e-24))


def _batch_norm(case: Case, path: str) -> tuple[Array, Array] | None:
    """Moving statistics, unless they are still those of a layer that was never trained."""
    mean = case.weights.get(f"{path}/moving_mean")
    variance = case.weights.get(f"{path}/moving_variance")
    if mean is None or variance is None or (not mean.any() and (variance == 1).all()):
        return None
    return mean.astype(np.float64), np.sqrt(np.maximum(variance.astype(np.float64), 1e-24))


def distance(array: Array, known: Yardstick) -> Distance:
    """Of `(batch, timesteps, features)` or `(batch, features)`; constant features are never far."""
    columns = _columns(array)
    middle, spread = np.median(columns, axis=0), columns.std(axis=0)
    reach = _MARGIN * (known.high - known.low)
    outside = ((columns < known.low - reach) | (columns > known.high + reach)).mean(axis=0)
    shift = np.abs(middle - known.middle) / known.spread
    ratio = spread / known.spread
    moves = spread > 1e-6 * np.maximum(np.abs(middle), known.spread * 1e-3)
    edge = _EDGE * (known.high - known.low)
    at_edge = (middle < known.low + edge) | (middle > known.high - edge)
    collapsed = (spread < _COLLAPSED * known.quietest) & at_edge
    far = moves & ((outside >= _HALF) | collapsed | (_scaled_before(middle, spread, known) & (shift > 1.5)))
    return Distance(middle, spread, shift, ratio, outside, far)


def _scaled_before(middle: Array, spread: Array, known: Yardstick) -> Array:
    """Whether numbers look as a scaler leaves them, where a layer of the model is there to scale raw ones."""
    scaled = (np.abs(middle) < 1.5) & (spread > 0.05) & (spread < 2.5)
    raw = (np.abs(known.middle) > 4.0) | (known.spread > 6.0)
    by_layer = known.source != REFERENCE
    looks: Array = scaled & raw & (spread < 0.35 * known.spread) & by_layer
    return looks


def rescale_onto(found: Distance, known: Yardstick) -> Rescale:
    """The rescale that gives the far features the middle and the spread that are known."""
    scale = np.where(found.far, found.spread / known.spread, 1.0)
    center = np.where(found.far, found.middle - known.middle * scale, 0.0)
    return Rescale("standard", center, scale, origin=f"onto {known.source}")


def _columns(array: Array) -> Array:
    """Finite values, `(values, features)` in float64, at most so many spread evenly over all."""
    columns = array.reshape(-1, array.shape[-1])
    columns = columns[:: max(-(-len(columns) // _MOST_VALUES), 1)].astype(np.float64)
    finite = columns[np.isfinite(columns).all(axis=1)]
    return read_only(finite if len(finite) else np.zeros((1, array.shape[-1])))


def _positive(spread: Array, columns: Array) -> Array:
    """Spreads of features that do not move in the sample: a thousandth of their size, so that they divide."""
    floor = np.maximum(1e-3 * np.abs(columns).max(axis=0), 1e-9)
    return read_only(np.maximum(spread, floor))
