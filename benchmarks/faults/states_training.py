"""Faults of training and of layers that behave otherwise in training: what `fit` does to states and weights,
dropout that is on, statistics of the batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from benchmarks.faults.draws import Draw, Floats
from benchmarks.faults.specimen import Pair, Recipe, Specimen
from benchmarks.faults.states import stateful
from lstm_tui.recurrent.calls import Call, CallModel, Fit, Predict, ResetStates


def pieces(draw: Draw, batch: int, count: int) -> tuple[Floats, Floats]:
    """Rows `(count * batch, timesteps, features)` of which row i + batch continues row i, and the first
    feature a step after each."""
    series = [draw.series(count * draw.timesteps + 1 + 97 * slot)[97 * slot :] for slot in range(batch)]
    rows = [
        series[slot][k * draw.timesteps :][: draw.timesteps] for k in range(count) for slot in range(batch)
    ]
    after = [series[slot][(k + 1) * draw.timesteps, :1] for k in range(count) for slot in range(batch)]
    return np.stack(rows), np.stack(after)


def _shuffled(draw: Draw) -> Pair:
    """The default of fit, on rows that continue each other."""
    batch = (1, 2, 4)[draw.index % 3]
    model = stateful(draw, batch=batch)
    x, y = pieces(draw, batch, 8)
    return Pair(
        Specimen(
            model, {"x": x}, "state-shuffled", (Fit(y, batch_size=batch), ResetStates(), *_asked(x, batch))
        ),
        Specimen(
            model, {"x": x}, calls=(Fit(y, batch_size=batch, shuffle=False), ResetStates(), *_asked(x, batch))
        ),
    )


def _asked(x: Floats, batch: int) -> tuple[Call, ...]:
    return (Predict({"x": x[:batch]}, batch_size=batch),)


def _validated(draw: Draw) -> Pair:
    """Validation after each epoch, through the states of the training."""
    batch = (1, 2)[draw.index % 2]
    model = stateful(draw, batch=batch)
    x, y = pieces(draw, batch, 8)
    split = 6 * batch
    held = ({"x": x[split:]}, y[split:])
    fit = {"epochs": 2, "batch_size": batch, "shuffle": False}
    return Pair(
        Specimen(model, {"x": x[:split]}, "state-contaminated", (Fit(y[:split], validation=held, **fit),)),
        Specimen(model, {"x": x[:split]}, calls=(Fit(y[:split], **fit),)),
    )


def _retrained(draw: Draw) -> Pair:
    """A fit on the newest windows between two predictions; its twin trains once, and then predicts."""
    x, y = draw.windows(120)
    model = draw.trained(draw.model(layers.Dense(1)), x[:96], y[:96], epochs=5)
    newest, labels = x[96:104], y[96:104]
    fit = Fit(labels, each_sample=draw.index % 2 == 0, shuffle=False)
    if draw.index % 4 == 3:
        asked = (Predict({"x": x[104:105]}), fit, Predict({"x": x[105:106]}), fit, Predict({"x": x[106:107]}))
    else:
        asked = (Predict(), fit, Predict())
    once = (fit, *(call for call in asked if isinstance(call, Predict)))
    return Pair(
        Specimen(model, {"x": newest}, "retrained", asked), Specimen(model, {"x": newest}, calls=once)
    )


def _dropout(draw: Draw) -> Pair:
    """training=True in the call, or in the graph."""
    x, y = draw.windows(96)
    stored = draw.index % 2 == 1
    model = _dropping(draw, stored)
    draw.trained(model, x, y, epochs=3)
    on: Call = CallModel() if stored else CallModel(training=True)
    off: Call = Predict() if draw.index % 4 < 2 else CallModel(training=False)
    inputs = {"x": x[:4]}
    return Pair(
        Specimen(model, inputs, "dropout-active", (on,) * 3), Specimen(model, inputs, calls=(off,) * 3)
    )


def _dropping(draw: Draw, stored: bool) -> Any:
    """Dropout behind the recurrent layers, or inside the last one; told to be on in the graph, or not."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    x = keras.Input((None, draw.features), name="x")
    told = {"training": True} if stored else {}
    if draw.index % 4 in (0, 1):
        hidden = layers.Dropout(0.3, name="dropped")(_through(draw, x), **told)
    else:
        hidden = layers.LSTM(draw.units, return_sequences=True)(x)
        hidden = layers.GRU(draw.units, dropout=0.3, recurrent_dropout=0.1)(hidden, **told)
    return keras.Model(x, layers.Dense(1)(hidden))


def _through(draw: Draw, x: Any, **options: Any) -> Any:
    for layer in draw.recurrent(**options):
        x = layer(x)
    return x


def _batchnorm(draw: Draw) -> Pair:
    """The batch's own statistics: in the call, or in the graph."""
    x, y = draw.windows(96)
    stored = draw.index % 2 == 1
    keras.utils.set_random_seed(draw.seed % 2**31)
    entry = keras.Input((None, draw.features), name="x")
    told = {"training": True} if stored else {}
    norm = layers.BatchNormalization(momentum=0.6, name="norm")  # so that the few steps are enough
    if draw.index % 4 < 2:
        hidden = norm(_through(draw, entry), **told)
    else:
        hidden = layers.GRU(draw.units)(norm(layers.LSTM(draw.units, return_sequences=True)(entry), **told))
    model = draw.trained(keras.Model(entry, layers.Dense(1)(hidden)), x, y, epochs=4)
    on: Call = CallModel() if stored else CallModel(training=True)
    off: Call = Predict() if draw.index % 2 else CallModel(training=False)
    inputs = {"x": x[: 1 + 5 * (draw.index % 3)]}
    return Pair(
        Specimen(model, inputs, "batchnorm-training", (on,)), Specimen(model, inputs, calls=(off, off))
    )


RECIPES = (
    Recipe("state-shuffled", _shuffled),
    Recipe("state-contaminated", _validated),
    Recipe("retrained", _retrained),
    Recipe("dropout-active", _dropout),
    Recipe("batchnorm-training", _batchnorm),
)
