"""Predictions that are constant or meaningless because of what the model was trained on, and against what."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.constant_weights import fitted, head
from benchmarks.faults.draws import Draw, Floats
from benchmarks.faults.specimen import Pair, Recipe, Specimen
from lstm_tui.recurrent.calls import Fit, Predict

layers = keras.layers

#: Levels and sizes of raw series, by draw: prices, pressures, loads, altitudes.
_RAW = ((1800.0, 120.0), (300.0, 40.0), (520.0, 90.0), (5000.0, 900.0))


def _unscaled(draw: Draw) -> Pair:
    """Raw prices, and nobody scaled them; the twin normalises in the model, or was trained on scaled ones."""
    x, y = draw.windows(176)
    level, size = _RAW[draw.index % 4]
    raw, truth = (size * x + level).astype(np.float32), (size * y + level).astype(np.float32)
    rate = keras.optimizers.Adam(level / 300)  # enough for the head's bias to get to the target's level
    bad = fitted(draw, draw.model(head(), fresh=True), raw[:128], truth[:128], epochs=12, optimizer=rate)
    beside: dict[str, Any] = {"reference": {"x": raw[:128]}} if draw.index % 2 else {"target": truth[128:]}
    good, asked, told = _scaled_twin(draw, raw, y)
    if not draw.index % 2:
        told = {"target": y[128:]}
    return Pair(
        Specimen(bad, {"x": raw[128:]}, "training-unscaled", **beside),
        Specimen(good, {"x": asked[128:]}, **told),
    )


def _scaled_twin(draw: Draw, raw: Floats, y: Floats) -> tuple[Any, Floats, dict[str, Any]]:
    norm = layers.Normalization(name="norm")
    norm.adapt(raw[:128])
    keras.utils.set_random_seed(draw.seed % 2**31)
    good = keras.Sequential([keras.Input((None, draw.features), name="x"), norm, *draw.recurrent(), head()])
    return fitted(draw, good, raw[:128], y[:128], epochs=6), raw, {"reference": {"x": raw[:128]}}


def _broadcast(draw: Draw) -> Pair:
    """`fit` with labels of another shape than the outputs, which the loss stretches."""
    x, y = draw.windows(64)
    each_step = draw.index % 4 in (0, 1)
    outputs = 1 if each_step else 3
    model = draw.model(head(outputs), return_sequences=each_step)
    right = _labels(draw, x, y, each_step, outputs)
    wrong = (y, y[:, 0], y, np.concatenate([y] * 4, axis=1)[:, :, None].mean(axis=1))[draw.index % 4]

    def asked(labels: Floats, code: str = "") -> Specimen:
        calls = (Fit(labels, epochs=1, batch_size=16), Predict())
        return Specimen(model, {"x": x}, code, calls, tolerated=("retrained",))

    return Pair(asked(wrong, "target-broadcast"), asked(right))


def _labels(draw: Draw, x: Floats, y: Floats, each_step: bool, outputs: int) -> Floats:
    """As the model gives them; labels without their last axis of 1 are right as well."""
    if not each_step:
        return np.repeat(y, outputs, axis=1)
    following = np.concatenate([x[:, 1:, :1], y[:, None]], axis=1)
    return following[..., 0] if draw.index % 2 else following


def _leakage(draw: Draw) -> Pair:
    """A column that holds tomorrow's value in training; in service it is empty, or today's."""
    x, y = draw.windows(240)
    each_step = draw.index % 2 == 0
    tomorrow = np.concatenate([x[:, 1:, :1], y[:, None]], axis=1)
    noise = 0.3 * draw.rng.normal(size=x.shape).astype(np.float32)
    series, truth = x + noise, tomorrow if each_step else y
    leak = tomorrow + 0.01 * draw.rng.normal(size=tomorrow.shape).astype(np.float32)
    empty = np.zeros_like(leak) if draw.index % 4 < 2 else series[..., :1]
    model = _with_column(draw, each_step)
    trained = np.concatenate([series, leak], axis=-1)[:180]
    fitted(draw, model, trained, truth[:180], epochs=14, optimizer=keras.optimizers.Adam(0.02))
    asked = np.concatenate([series, empty], axis=-1)[180:]
    honest = _with_column(draw, each_step)
    known = np.concatenate([series, np.abs(series[..., :1])], axis=-1)
    fitted(draw, honest, known[:180], truth[:180], epochs=8)
    return Pair(
        Specimen(
            model, {"x": asked}, "target-leakage", reference={"x": trained}, reference_target=truth[:180],
            target=truth[180:] if draw.index < 2 else None,
        ),
        Specimen(
            honest, {"x": known[180:]}, reference={"x": known[:180]}, reference_target=truth[:180],
            target=truth[180:] if draw.index < 2 else None,
        ),
    )  # fmt: skip


def _with_column(draw: Draw, each_step: bool) -> Any:
    keras.utils.set_random_seed(draw.seed % 2**31)
    shape = keras.Input((None, draw.features + 1), name="x")
    return keras.Sequential([shape, *draw.recurrent(return_sequences=each_step), head()])


def _squashed(draw: Draw) -> Pair:
    """tanh for standardised targets, a sigmoid on a tanh, sigmoid for prices in tens, ReLU for changes."""
    x, y = draw.windows(176)
    kind = draw.index % 4
    y = ((y - y.mean()) / y.std()).astype(np.float32) * (1.0 if kind != 2 else 4.0) + (
        8.0 if kind == 2 else 0.0
    )
    if kind == 1:
        return _twice_squashed(draw, x, (y > 0).astype(np.float32))
    activation = {0: "tanh", 2: "sigmoid", 3: "relu"}[kind]
    asked, truth = {"x": x[120:]}, y[120:]
    good = fitted(draw, draw.model(head()), x[:120], y[:120], epochs=8)
    start = {"bias_initializer": "ones"} if kind == 3 else {}
    bad = fitted(draw, draw.model(head(activation=activation, **start)), x[:120], y[:120], epochs=10)
    return Pair(Specimen(bad, asked, "output-squashed", target=truth), Specimen(good, asked, target=truth))


def _twice_squashed(draw: Draw, x: Floats, labels: Floats) -> Pair:
    """A recurrent layer of one unit as the output, and a sigmoid on top of its tanh."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    cell = layers.LSTM if draw.split == "tune" else layers.GRU
    shape = (None, draw.features)
    bad = keras.Sequential(
        [keras.Input(shape, name="x"), *draw.recurrent(return_sequences=True), cell(1, name="last"),
         layers.Activation("sigmoid", name="probability")]
    )  # fmt: skip
    good = draw.model(head(activation="sigmoid"))
    for model in (bad, good):
        fitted(draw, model, x[:120], labels[:120], epochs=10, loss="binary_crossentropy",
               optimizer=keras.optimizers.Adam(0.02))  # fmt: skip
    asked = {"x": x[120:]}
    return Pair(
        Specimen(bad, asked, "output-squashed", target=labels[120:]),
        Specimen(good, asked, target=labels[120:]),
    )


RECIPES = (
    Recipe("training-unscaled", _unscaled),
    Recipe("target-broadcast", _broadcast),
    Recipe("target-leakage", _leakage),
    Recipe("output-squashed", _squashed),
)
