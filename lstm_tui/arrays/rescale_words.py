"""How scenarios and scaler files spell a rescale: `{method: standard, mean: .., scale: ..}` and its kin.

One spelling for both, so that a scaler file's content can be pasted into a scenario. Where the numbers come
from instead (`fit: reference`, `file:`), and `inverse`, is the scenario's own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lstm_tui.arrays.opening import nearest
from lstm_tui.arrays.rescale import METHODS, Method, Numbers, Rescale, minmax_onto
from lstm_tui.errors import EditError
from lstm_tui.plain_text import one_line

#: Other names for a parameter, as people and scikit-learn write them.
_SAME = {
    "mean_": "mean",
    "std": "scale",
    "std_": "scale",
    "scale_": "scale",
    "data_min_": "min",
    "data_max_": "max",
    "center_": "center",
    "median": "center",
    "iqr": "scale",
    "max_abs": "scale",
    "max_abs_": "scale",
}
#: What scikit-learn stores beside the numbers; says nothing that they do not.
_IGNORED = {"var_", "data_range_", "n_features_in_", "n_samples_seen_", "feature_names_in_"}

#: The names of center and scale, beside `center` and `scale` themselves, which every method takes.
_OWN_NAMES: dict[Method, tuple[str, str]] = {
    "standard": ("mean", "scale"),
    "minmax": ("min", "max"),
    "robust": ("center", "scale"),
    "maxabs": ("center", "scale"),
}
_OPTIONS = ("feature_range", "limits")


def rescale_from_numbers(said: Mapping[str, Any], origin: str = "") -> Rescale:
    """The rescale of named numbers; the method may be left out where the names tell it."""
    numbers = {_SAME.get(str(key), str(key)): value for key, value in said.items() if key not in _IGNORED}
    method = _method(numbers.pop("method", None) or _method_by_names(numbers))
    limits = _pair(numbers["limits"], "limits") if numbers.get("limits") is not None else None
    if method == "minmax" and "scale" not in numbers:
        _check_names(method, numbers, ("min", "max"), _OPTIONS)
        feature_range = _pair(numbers.get("feature_range", (0.0, 1.0)), "feature_range")
        low, high = _numbers(numbers["min"], "min"), _numbers(numbers["max"], "max")
        return replace(minmax_onto(low, high, feature_range, origin), limits=limits)
    if method == "maxabs":
        numbers = {"center": 0.0} | numbers
    name = "center" if "center" in numbers else _OWN_NAMES[method][0]
    _check_names(method, numbers, (name, "scale"), ("limits",))
    center, scale = _numbers(numbers[name], name), _numbers(numbers["scale"], "scale")
    return Rescale(method, center, scale, limits=limits, origin=origin)


def _method(name: object) -> Method:
    for method in METHODS:
        if name == method:
            return method
    meant = nearest(str(name), METHODS)
    raise EditError(
        f"There is no rescale method {one_line(name, 40)}.",
        expected=f"one of {', '.join(METHODS)}",
        todo=f"did you mean {meant}?" if meant else "",
    )


def _method_by_names(numbers: Mapping[str, Any]) -> Method:
    for method in METHODS:
        if set(_OWN_NAMES[method]) <= set(numbers):
            return method
    raise EditError(
        f"A rescale says {', '.join(one_line(key, 40) for key in list(numbers)[:8]) or 'nothing'}.",
        expected="method with mean and scale, min and max, or center and scale",
    )


def _check_names(
    method: str, said: Mapping[str, Any], required: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    missing = [name for name in required if said.get(name) is None]
    unknown = [str(name) for name in said if name not in (*required, *optional)]
    if missing or unknown:
        wrong = f"lacks {', '.join(missing)}" if missing else f"does not know {one_line(unknown[0], 40)}"
        raise EditError(
            f"The rescale {method} {wrong}.",
            expected=" and ".join(required) + (f", perhaps {', '.join(optional)}" if optional else ""),
        )


def _pair(value: Any, name: str) -> tuple[float, float]:
    numbers = _numbers(value, name)
    if numbers.shape != (2,):
        raise EditError(f"The rescale's {name} is not a pair.", expected="two numbers, for instance [0, 1]")
    return float(numbers[0]), float(numbers[1])


def _numbers(value: Any, name: str) -> Numbers:
    try:
        array = np.asarray(value)
        if array.dtype.kind in "iuf":
            return array.astype(np.float64)
    except ValueError:
        pass  # ragged: told below, like any other value that is no array of numbers
    raise EditError(
        f"The rescale's {name} is not a number or a list of numbers.", expected="one number a feature"
    )
