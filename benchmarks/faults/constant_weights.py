"""Predictions that are constant or meaningless because of the weights: broken, untrained, blown up, stale."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.draws import Draw, Floats
from benchmarks.faults.specimen import Pair, Recipe, Specimen

layers = keras.layers


def head(outputs: int = 1, **options: Any) -> Any:
    """The last layer of most models here."""
    return layers.Dense(outputs, name="head", **options)


def fitted(draw: Draw, model: Any, x: Floats, y: Floats, **options: Any) -> Any:
    """`model` after a few epochs; the optimizer and loss are named by `optimizer` and `loss`."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    epochs = options.pop("epochs", 8)
    model.compile(options.pop("optimizer", keras.optimizers.Adam(0.01)), options.pop("loss", "mse"))
    model.fit(x, y, epochs=epochs, batch_size=32, verbose=0, **options)
    return model


def _nan(draw: Draw) -> Pair:
    """A gap in the training data, a rate that explodes, one spoiled value, a gap in a batch's statistics."""
    x, y = draw.windows(160)
    asked = {"x": x[:8]}
    good = fitted(draw, _with_norm(draw) if draw.index % 4 == 3 else draw.model(head()), x, y, epochs=4)
    bad = keras.models.clone_model(good)
    bad.set_weights(good.get_weights())
    spoiled = x.copy()
    spoiled[draw.index, 1, 0] = np.nan
    if draw.index % 4 == 0:
        fitted(draw, bad, spoiled, y, epochs=1)
    elif draw.index % 4 == 1:
        fitted(draw, bad, x, y, optimizer=keras.optimizers.SGD(1e25), epochs=3)
    elif draw.index % 4 == 2:
        weight = bad.trainable_weights[1]
        values = np.array(weight)
        values.flat[values.size // 2] = np.nan
        weight.assign(values)
    else:
        bad(spoiled[:32], training=True)
    return Pair(Specimen(bad, asked, "weights-nan"), Specimen(good, asked))


def _with_norm(draw: Draw) -> Any:
    return draw.model(layers.BatchNormalization(name="norm"), head())


def _untrained(draw: Draw) -> Pair:
    """A model built anew in place of the trained one; the twin is trained, or a reservoir with a head."""
    x, y = draw.windows(120)
    model = draw.model(head(), fresh=True)
    beside = {"target": y[:40]} if draw.index % 2 else {}
    faulty = Specimen(model, {"x": x[:40]}, "weights-untrained", **beside)  # type: ignore[arg-type]
    if draw.index % 2:
        return Pair(faulty, Specimen(_reservoir(draw, x, y), {"x": x[:40]}, **beside))  # type: ignore[arg-type]
    trained = fitted(draw, draw.model(head(), fresh=True), x, y, epochs=3)
    return Pair(faulty, Specimen(trained, {"x": x[:40]}))


def _reservoir(draw: Draw, x: Floats, y: Floats) -> Any:
    """Recurrent layers frozen as they were drawn, and a head that was solved for (an echo state network)."""
    model = draw.model(head(), fresh=True)
    for layer in model.layers[:-1]:
        layer.trainable = False
    states = np.asarray(keras.Model(model.inputs, model.layers[-1].input)(x))
    columns = np.concatenate([states, np.ones((len(states), 1))], axis=1)
    solved = np.linalg.solve(columns.T @ columns + 1e-3 * np.eye(columns.shape[1]), columns.T @ y)
    model.layers[-1].set_weights([solved[:-1].astype(np.float32), solved[-1].astype(np.float32)])
    return model


def _saturated(draw: Draw) -> Pair:
    """Biases for memories far too long, one start for the biases of all gates where the forget gates' was
    meant, biases that training never brought back, weights that were scaled back by a wrong factor."""
    x, y = draw.windows(160)
    good = fitted(draw, draw.model(head()), x, y, epochs=6)
    bad = draw.model(head())
    bad.set_weights(good.get_weights())
    if draw.index % 4 == 0:
        _shut(bad, 11.0)
        fitted(draw, bad, x, y, epochs=3, optimizer=keras.optimizers.Adam(0.003))
    elif draw.index % 4 == 1:
        for layer in recurrent_layers(bad):
            kernel, recurrent, bias = layer.get_weights()
            layer.set_weights([kernel, recurrent, np.full_like(bias, 5)])
        fitted(draw, bad, x, y, epochs=4)
    elif draw.index % 4 == 2:
        _shut(bad, 9.0)
    else:
        for layer in recurrent_layers(bad):
            layer.set_weights([60 * weight for weight in layer.get_weights()])
    beside = {"target": y[60:100]} if draw.index % 2 else {}
    asked = {"x": x[60:100]}
    return Pair(
        Specimen(bad, asked, "gates-saturated", **beside),  # type: ignore[arg-type]
        Specimen(good, asked, **beside),  # type: ignore[arg-type]
    )


def recurrent_layers(model: Any) -> list[Any]:
    """Layers with weights of their own that carry a state, both halves of a Bidirectional."""
    found = []
    for layer in model.layers:
        if isinstance(layer, layers.Bidirectional):
            found += [layer.forward_layer, layer.backward_layer]
        elif isinstance(layer, layers.RNN):
            found.append(layer)
    return found


def _shut(model: Any, by: float) -> None:
    """Biases that keep states as they are: input gates shut, forget gates open (a GRU's update gates)."""
    for layer in recurrent_layers(model):
        kernel, recurrent, bias = layer.get_weights()
        u = layer.units
        if isinstance(layer, layers.LSTM):
            bias[:u], bias[u : 2 * u] = bias[:u] - by, bias[u : 2 * u] + by
        elif isinstance(layer, layers.GRU):
            bias[0, :u] += by
        layer.set_weights([kernel, recurrent, bias])


def _dead(draw: Draw) -> Pair:
    """Counts and a ReLU head: one large step, a bias far below zero, a hidden ReLU, an optimizer without
    brakes."""
    x, y = draw.windows(160)
    y = np.abs(y) + 0.2
    hidden = [layers.Dense(8, activation="relu", name="hidden")] if draw.index % 4 == 2 else []

    def built() -> Any:
        start = {} if hidden else {"activation": "relu", "bias_initializer": "ones"}  # or it may start dead
        return draw.model(*hidden_copy(hidden), head(**start))

    good = fitted(draw, built(), x, y, epochs=6)
    bad = built()
    if draw.index % 4 in (0, 3):
        for layer in bad.layers[:-1]:
            layer.trainable = False  # large steps blow up recurrent weights as well: that is another fault
    if draw.index % 4 == 0:
        fitted(draw, bad, x, y, epochs=4, optimizer=keras.optimizers.SGD(30.0))
    elif draw.index % 4 == 3:
        fitted(draw, bad, x, -y, epochs=6, optimizer=keras.optimizers.Adam(0.5))
    else:
        bad.set_weights(good.get_weights())
        layer = bad.layers[-2] if hidden else bad.layers[-1]
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias - 2.0 - np.abs(kernel).sum(axis=0) * (1 + draw.index % 2)])
    beside = {"target": y[60:90]} if draw.index % 2 else {}
    asked = {"x": x[60:90]}
    return Pair(
        Specimen(bad, asked, "output-dead", **beside),  # type: ignore[arg-type]
        Specimen(good, asked, **beside),  # type: ignore[arg-type]
    )


def hidden_copy(hidden: list[Any]) -> list[Any]:
    """Fresh layers of the same configuration: one layer cannot be part of two models."""
    return [type(layer).from_config(layer.get_config()) for layer in hidden]


def _statistics(draw: Draw) -> Pair:
    """BatchNormalization trained for a few steps with a momentum that needs hundreds; the twin has time."""
    x, y = draw.windows(192)
    shift, scale = (6.0, 3.0) if draw.index % 2 else (0.0, 1.0)
    x = (scale * x + shift).astype(np.float32)
    first = draw.index % 2 == 1

    def built(momentum: float) -> Any:
        keras.utils.set_random_seed(draw.seed % 2**31)
        norm = layers.BatchNormalization(momentum=momentum, name="norm")
        shape = keras.Input((None, draw.features), name="x")
        around_three = layers.Dense(draw.units, bias_initializer=keras.initializers.Constant(3))
        inner = [norm, *draw.recurrent()] if first else [*draw.recurrent(), around_three, norm]
        return keras.Sequential([shape, *inner, head()])

    bad = fitted(draw, built(0.99), x, y, epochs=3, optimizer=keras.optimizers.Adam(0.02))
    good = fitted(draw, built(0.6), x, y, epochs=8)
    beside: dict[str, Any] = {"reference": {"x": x}} if draw.index % 4 < 2 else {"target": y[50:114]}
    asked = {"x": x[50:114]}
    return Pair(Specimen(bad, asked, "batchnorm-statistics", **beside), Specimen(good, asked, **beside))


RECIPES = (
    Recipe("weights-nan", _nan),
    Recipe("weights-untrained", _untrained),
    Recipe("gates-saturated", _saturated),
    Recipe("output-dead", _dead),
    Recipe("batchnorm-statistics", _statistics),
)
