"""Input or output on another scale than that of the training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.draws import Draw, Floats
from benchmarks.faults.specimen import Pair, Recipe, Specimen
from lstm_tui.arrays.rescale import Rescale

layers = keras.layers

#: Middle and spread of the raw series, as prices, loads, temperatures and pressures have them.
_UNITS = ((1800.0, 120.0), (520.0, 90.0), (14.0, 6.0), (1013.0, 9.0))


def _head() -> Any:
    return layers.Dense(1, name="head")


def _raw(draw: Draw, scaled: Floats) -> Floats:
    middle, spread = _UNITS[draw.index % 4]
    return (scaled * spread + middle).astype(np.float32)


def _unit_interval(draw: Draw, rows: int) -> tuple[Floats, Floats, float, float]:
    """Windows and labels scaled to [0, 1], with the minimum and range of the raw series."""
    x, y = draw.windows(rows)
    low, span = float(x.min()), float(np.ptp(x))
    middle, spread = _UNITS[draw.index % 4]
    return (x - low) / span, (y - low) / span, middle + spread * low, spread * span


def _input_scale(draw: Draw) -> Pair:
    """Raw numbers; scaled once more; scaled in front of a Normalization layer; one feature forgotten."""
    match draw.index % 4:
        case 1:
            x, y, low, span = _unit_interval(draw, 200)
            model = draw.trained(draw.model(_head()), x, y, epochs=8)
            wrong, right, seen = (x[150:154] - low) / span, x[150:154], {"x": x[:150]}
        case 2:
            x, y = draw.windows(200)
            raw = _raw(draw, x)
            norm = layers.Normalization(name="normalization")
            norm.adapt(raw)
            inputs = keras.Input((None, draw.features), name="x")
            model = keras.Sequential([inputs, norm, *draw.recurrent(), _head()])
            model = draw.trained(model, raw, y, epochs=8)
            wrong, right, seen = x[150:154], raw[150:154], {}
        case _:
            model, x, _ = draw.forecaster(rows=200, epochs=8)
            right, seen = x[150:154], {"x": x[:150]}
            wrong = _raw(draw, right)
            if draw.index % 4 == 3:
                wrong = np.concatenate([wrong[..., :1], right[..., 1:]], axis=-1)
    return Pair(
        Specimen(model, {"x": wrong}, "input-scale", reference=seen),
        Specimen(model, {"x": right}, reference=seen),
    )


def _output_scale(draw: Draw) -> Pair:
    """Labels were scaled for training, the target is raw; in the twin predictions are turned back."""
    middle, spread = _UNITS[draw.index % 4]
    if draw.index % 2:
        x, y, low, span = _unit_interval(draw, 256)
        middle, spread = low, span
        model = draw.trained(draw.model(_head()), x, y, epochs=12)
    else:
        model, x, y = draw.forecaster(rows=256, epochs=12)
    rows = slice(180, 240)
    target = (y[rows] * spread + middle).astype(np.float32)
    back = Rescale("standard", np.array(middle), np.array(spread), inverse=True)
    return Pair(
        Specimen(model, {"x": x[rows]}, "output-scale", target=target),
        Specimen(model, {"x": x[rows]}, target=target, output_rescales=(back,)),
    )


RECIPES = (Recipe("input-scale", _input_scale), Recipe("output-scale", _output_scale))
