"""Rescaling as a value: `y = (x - center) / scale` per feature, the last axis, or one number for all.

The four methods differ only in what they measure: `standard` mean and standard deviation, `minmax` minimum
and range, `robust` median and interquartile range, `maxabs` zero and the largest magnitude. Definitions
follow scikit-learn, constant features included (their scale is 1). Integers are never scaled into integers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lstm_tui.arrays.sizes import check_result, shown_shape
from lstm_tui.errors import EditError
from lstm_tui.recurrent.recording import Array, read_only

Method = Literal["standard", "minmax", "robust", "maxabs"]
METHODS: tuple[Method, ...] = get_args(Method)

#: Per feature `(features,)`, or one number `()`.
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rescale:
    """`y = (x - center) / scale`, or its inverse.

    center, scale: float64, both `(features,)` or both `()`; a scale of 0 becomes 1, as in scikit-learn.
    limits: the range that results are clipped to (`MinMaxScaler(clip=True)`); the inverse does not clip.
    origin: where the numbers come from (`fitted on the reference`, `scaler.json`), for the undo list.
    """

    method: Method
    center: Numbers
    scale: Numbers
    inverse: bool = False
    limits: tuple[float, float] | None = None
    origin: str = ""

    def __post_init__(self) -> None:
        center, scale = np.broadcast_arrays(*_checked(self.center, self.scale))
        object.__setattr__(self, "center", read_only(center.copy()))
        object.__setattr__(self, "scale", read_only(np.where(scale == 0, 1.0, scale)))

    @property
    def features(self) -> int | None:
        """How many features it was made for; None where one number holds for all."""
        return int(self.center.shape[0]) if self.center.ndim else None

    def inverted(self) -> Rescale:
        """The rescale that undoes this one."""
        return replace(self, inverse=not self.inverse)

    def apply(self, array: Array) -> Array:
        """The rescaled array: float32 where `array` is float32, else float64; NaN and inf stay.

        Refused above `MAX_RESULT_BYTES`: unlike a file, the result cannot be mapped.
        """
        self._check(array.shape)
        dtype = np.dtype(np.float32 if array.dtype == np.float32 else np.float64)
        check_result(array.shape, dtype.itemsize, EditError, self.describe(), "keep fewer timesteps first")
        result = np.empty(array.shape, dtype)
        # NumPy computes each step in float64, in small buffers: no float64 copy of a large array is made.
        with np.errstate(over="ignore", invalid="ignore"):
            if self.inverse:
                np.multiply(array, self.scale, out=result, casting="same_kind")
                np.add(result, self.center, out=result, casting="same_kind")
            else:
                np.subtract(array, self.center, out=result, casting="same_kind")
                np.divide(result, self.scale, out=result, casting="same_kind")
        if self.limits is not None and not self.inverse:
            np.clip(result, *self.limits, out=result)
        return read_only(result)

    def _check(self, shape: tuple[int, ...]) -> None:
        """One feature fits a last axis of 1 and a bare sequence `(timesteps,)`; anything else must match."""
        if self.features is None or (shape and shape[-1] == self.features):
            return
        if self.features == 1 and len(shape) <= 1:
            return
        raise EditError(
            f"This rescale is for {self.features} feature(s), the array has shape {shown_shape(shape)}.",
            expected=f"a last axis of size {self.features}",
            todo="choose the scaler of this array, or reshape it first: {select: [..]} keeps some features",
        )

    def describe(self) -> str:
        """`rescale standard, fitted on the reference`."""
        undone = "undo " if self.inverse else ""
        return f"{undone}rescale {self.method}" + (f", {self.origin}" if self.origin else "")

    def to_scenario(self) -> dict[str, object]:
        """`{method: standard, mean: .., scale: ..}`: the numbers, so that a scenario needs no other file."""
        said: dict[str, object] = {"method": self.method, **self._numbers()}
        if self.limits is not None:
            said["limits"] = list(self.limits)
        return said | ({"inverse": True} if self.inverse else {})

    def _numbers(self) -> dict[str, object]:
        center, scale = self.center.tolist(), self.scale.tolist()
        if self.method == "standard":
            return {"mean": center, "scale": scale}
        maximum = self.center + self.scale
        # Far from zero, a maximum can round the range away; only then are the numbers said as they are.
        if self.method == "minmax" and np.array_equal(maximum - self.center, self.scale):
            return {"min": center, "max": maximum.tolist()}
        return {"center": center, "scale": scale}


def _checked(center: object, scale: object) -> tuple[Numbers, Numbers]:
    try:
        numbers = np.asarray(center, dtype=np.float64), np.asarray(scale, dtype=np.float64)
    except (TypeError, ValueError):
        raise EditError(
            "The numbers of a rescale are not numbers.", expected="one number, or one a feature"
        ) from None
    sizes = {array.size for array in numbers if array.ndim}
    if any(array.ndim > 1 for array in numbers) or len(sizes) > 1 or 0 in sizes:
        shapes = " and ".join(shown_shape(array.shape) for array in numbers)
        raise EditError(
            f"Center and scale of a rescale have shapes {shapes}.",
            expected="one number each, or one a feature",
        )
    if not all(np.isfinite(array).all() for array in numbers):
        raise EditError(
            "A rescale holds NaN or inf.", expected="finite numbers", todo="fit it on data without them"
        )
    if (numbers[1] < 0).any():
        raise EditError(
            "A rescale has a negative scale.", expected="a scale above 0, or a maximum above its minimum"
        )
    return numbers


def fit(
    method: Method,
    sample: Array,
    *,
    feature_range: tuple[float, float] = (0.0, 1.0),
    origin: str = "fitted on the reference",
) -> Rescale:
    """Measure `sample` per feature of its last axis, `(timesteps,)` as one feature. NaN and inf are left out.

    feature_range: where `minmax` puts minimum and maximum.
    """
    if sample.size == 0 or sample.dtype.kind not in "biuf":
        raise EditError(
            f"A sample of shape {shown_shape(sample.shape)}, {sample.dtype.name}, cannot be measured.",
            expected="numbers, (batch, timesteps, features) or (timesteps, features)",
        )
    columns = sample.reshape(-1, sample.shape[-1] if sample.ndim > 1 else 1)
    with np.errstate(over="ignore", invalid="ignore"):
        measured = [_MEASURES[method](_finite(columns[:, index])) for index in range(columns.shape[1])]
    center, scale = (np.array(numbers) for numbers in zip(*measured, strict=True))
    if method == "minmax":
        return _onto(center, scale, feature_range, origin)
    return Rescale(method, center, scale, origin=origin)


def minmax_onto(minimum: Any, maximum: Any, feature_range: tuple[float, float], origin: str = "") -> Rescale:
    """The `minmax` rescale that puts `minimum` and `maximum` on the ends of `feature_range`."""
    low, high = _checked(minimum, 0.0)[0], _checked(maximum, 0.0)[0]
    if low.size != high.size and low.ndim and high.ndim:
        raise EditError(
            f"There are {low.size} minima and {high.size} maxima.", expected="one of each a feature"
        )
    return _onto(low, high - low, feature_range, origin)


def _onto(minimum: Numbers, span: Numbers, feature_range: tuple[float, float], origin: str) -> Rescale:
    low, high = feature_range
    if not low < high:
        raise EditError(
            f"The feature range ({low:g}, {high:g}) is empty.", expected="a lower and a higher number"
        )
    scale = np.where(span == 0, 1.0, span) / (high - low)
    return Rescale("minmax", minimum - low * scale, scale, origin=origin)


def _finite(column: Array) -> Numbers:
    values = column.astype(np.float64)
    return values[np.isfinite(values)]


def _standard(values: Numbers) -> tuple[float, float]:
    if not values.size:
        return 0.0, 1.0
    mean, variance, epsilon = values.mean(), values.var(), np.finfo(np.float64).eps
    # scikit-learn's bound for what rounding alone makes of a constant feature.
    constant = variance <= values.size * epsilon * variance + (values.size * mean * epsilon) ** 2
    return float(mean), 1.0 if constant else float(np.sqrt(variance))


def _minmax(values: Numbers) -> tuple[float, float]:
    if not values.size:
        return 0.0, 1.0
    return float(values.min()), _unless_zero(values.max() - values.min())


def _robust(values: Numbers) -> tuple[float, float]:
    if not values.size:
        return 0.0, 1.0
    low, middle, high = np.percentile(values, (25.0, 50.0, 75.0))
    return float(middle), _unless_zero(high - low)


def _maxabs(values: Numbers) -> tuple[float, float]:
    return 0.0, _unless_zero(np.abs(values).max(initial=0.0))


def _unless_zero(scale: np.floating[Any]) -> float:
    return 1.0 if scale < 10 * np.finfo(np.float64).eps else float(scale)


_MEASURES: dict[Method, Callable[[Numbers], tuple[float, float]]] = {
    "standard": _standard,
    "minmax": _minmax,
    "robust": _robust,
    "maxabs": _maxabs,
}
