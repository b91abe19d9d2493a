"""Healthy models that a careless rule about constant or meaningless predictions would flag."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.constant_weights import fitted, head, recurrent_layers
from benchmarks.faults.draws import Draw, Floats, used
from benchmarks.faults.specimen import HealthyRecipe, Specimen
from lstm_tui.recurrent.calls import Fit, Predict

layers = keras.layers


def _cut(series: Floats, length: int) -> tuple[Floats, Floats]:
    """Windows `(rows, length, features)` and the first feature one step later `(rows, 1)`."""
    starts = np.arange(len(series) - length)[:, None] + np.arange(length)
    return series[starts], series[length:, :1]


def _built(draw: Draw, features: int, *head_layers: Any, **options: Any) -> Any:
    keras.utils.set_random_seed(draw.seed % 2**31)
    shape = keras.Input((None, features), name="x")
    return keras.Sequential([shape, *draw.recurrent(**options), *(head_layers or (head(),))])


def _autoregressive(draw: Draw) -> Specimen:
    """A series that keeps 80 to 90 % of its last value: good forecasts look like an echo of it."""
    keep = 0.8 + 0.03 * draw.index
    series = np.zeros((420, 1), np.float32)
    for step in range(1, 420):
        series[step] = keep * series[step - 1] + draw.rng.normal()
    series /= series.std()
    x, y = _cut(series, draw.timesteps)
    model = fitted(draw, _built(draw, 1), x[:260], y[:260], epochs=12)
    return Specimen(
        model, {"x": x[260:360]}, target=y[260:360], reference={"x": x[:260]}, reference_target=y[:260]
    )


def _large_states(draw: Draw) -> Specimen:
    """Linear units that work in the thousands, and stay there."""
    model = _built(draw, draw.features, head(), activation="linear")
    for layer in recurrent_layers(model)[-1:]:
        kernel, recurrent, bias = layer.get_weights()
        layer.set_weights([kernel, 0.3 * recurrent, bias])
    used(model, draw.seed)
    return Specimen(model, {"x": 2000 * draw.series(300)[None]})


def _accumulator(draw: Draw) -> Specimen:
    """A ReLU layer that adds up what comes in: its state grows by an amount a step, without bound."""
    units = draw.units
    layer = layers.SimpleRNN(units, activation="relu", recurrent_initializer="identity", name="sum")
    model = keras.Sequential([keras.Input((None, 1), name="x"), layer, head()])
    _, recurrent, bias = layer.get_weights()
    kernel = draw.rng.uniform(0.5, 20, (1, units)).astype(np.float32)
    layer.set_weights([kernel, recurrent, bias])
    x = np.abs(draw.rng.normal(10, 5, (2, 400 + 100 * draw.index, 1))).astype(np.float32)
    return Specimen(model, {"x": x})


def _rightly_zero(draw: Draw) -> Specimen:
    """Counts behind a ReLU, asked in a quiet stretch: nothing is what comes."""
    x, y = draw.windows(220)
    counts = np.maximum(y - 0.3, 0) * 3
    start = {"bias_initializer": "ones"}
    model = fitted(draw, draw.model(head(activation="relu", **start)), x[:180], counts[:180], epochs=15)
    quiet = np.argsort(model.predict(x, verbose=0)[:, 0])[:12]
    beside: dict[str, Any] = {"target": counts[quiet]} if draw.index % 2 else {}
    return Specimen(model, {"x": x[quiet]}, **beside)


def _bounded_output(draw: Draw) -> Specimen:
    """A tanh head for targets scaled into its range, a sigmoid for shares."""
    x, y = draw.windows(200)
    scaled = (y - y.min()) / np.ptp(y)
    activation = "sigmoid" if draw.index % 2 else "tanh"
    scaled = scaled if draw.index % 2 else 1.8 * scaled - 0.9
    model = fitted(draw, draw.model(head(activation=activation)), x[:150], scaled[:150], epochs=8)
    return Specimen(model, {"x": x[150:]}, target=scaled[150:].astype(np.float32))


def _scaled_outputs(draw: Draw) -> Specimen:
    """A sigmoid head for scaled targets, no labels at hand."""
    x, y = draw.windows(160)
    scaled = (y - y.min()) / np.ptp(y)
    model = fitted(draw, draw.model(head(activation="sigmoid")), x, scaled, epochs=6)
    return Specimen(model, {"x": x[:40]}, reference={"x": x}, reference_target=scaled.astype(np.float32))


def _lively(draw: Draw) -> Specimen:
    """Weights somewhat larger than usual on a long sequence: rounding grows, slowly."""
    model = draw.model(head())
    for layer in recurrent_layers(model):
        layer.set_weights([1.4 * weight for weight in layer.get_weights()])
    return Specimen(model, {"x": draw.series(500)[None]})


def _differs_early(draw: Draw) -> Specimen:
    """Rows that moved long ago and have been still since: a short memory is all that is needed."""
    x, y = draw.windows(200)
    model = fitted(draw, draw.model(head()), x, y, epochs=8)
    still = np.repeat(x[:12, :1], 5 * draw.timesteps, axis=1) * 0.0
    still[:, : draw.timesteps] = x[:12]
    still[:, draw.timesteps :] = 0.02 * draw.rng.normal(size=still[:, draw.timesteps :].shape)
    levels = draw.rng.normal(size=(12, 1, 1)).astype(np.float32)
    return Specimen(model, {"x": still + levels})


def _long_history(draw: Draw) -> Specimen:
    """Windows many times longer than what the target depends on, with the target."""
    series = draw.series(230 + 6 * draw.timesteps)
    x, y = _cut(series, 6 * draw.timesteps)
    model = fitted(draw, draw.model(head()), x[:160], y[:160], epochs=8)
    return Specimen(model, {"x": x[160:220]}, target=y[160:220])


def _raw_but_learned(draw: Draw) -> Specimen:
    """Degrees between 0 and 40, not scaled, behind a LayerNormalization or with kernels that have shrunk."""
    x, y = draw.windows(200)
    raw = (8 * x + 20).astype(np.float32)
    if draw.index % 2:
        keras.utils.set_random_seed(draw.seed % 2**31)
        norm = layers.BatchNormalization(momentum=0.7, name="norm")
        shape = keras.Input((None, draw.features), name="x")
        model = keras.Sequential([shape, norm, *draw.recurrent(), head()])
        fitted(draw, model, raw, y, epochs=10)
    else:
        model = fitted(draw, draw.model(head()), x, y, epochs=10)
        _absorb(model, 20.0, 8.0)
    return Specimen(model, {"x": raw[:40]}, target=y[:40], reference={"x": raw}, reference_target=y)


def _absorb(model: Any, level: float, size: float) -> None:
    """Scaling taken into the weights of the first recurrent layer: the same predictions, from raw ones."""
    first = next(layer for layer in model.layers if recurrent_layers_of(layer))
    for layer in recurrent_layers_of(first):
        kernel, recurrent, bias = layer.get_weights()
        shift = (level / size) * kernel.sum(axis=0)
        bias = bias.copy()
        if bias.ndim == 1:
            bias -= shift
        else:
            bias[0] -= shift
        layer.set_weights([kernel / size, recurrent, bias])


def recurrent_layers_of(layer: Any) -> list[Any]:
    """The layer itself where it carries a state, or both halves of a Bidirectional."""
    if isinstance(layer, layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer] if isinstance(layer, layers.RNN) else []


def _known_future(draw: Draw) -> Specimen:
    """A calendar column that tells much of the target, here as in training, and a smooth series besides."""
    time = np.arange(420)
    season = np.sin(2 * np.pi * (time + 1) / (9 + draw.index))
    noise = 0.15 * draw.rng.normal(size=420)
    series = np.stack([np.roll(season, 1) + noise, season], axis=-1).astype(np.float32)
    x, y = _cut(series, draw.timesteps)
    model = fitted(draw, _built(draw, 2), x[:260], y[:260], epochs=10)
    return Specimen(
        model, {"x": x[260:340]}, target=y[260:340], reference={"x": x[:260]}, reference_target=y[:260]
    )


def _smooth(draw: Draw) -> Specimen:
    """A slow wave: its last value is nearly its next, and so is any good forecast."""
    time = np.arange(500)
    series = np.sin(2 * np.pi * time / (40 + 7 * draw.index)) + 0.3 * np.sin(2 * np.pi * time / 23)
    x, y = _cut(series[:, None].astype(np.float32), draw.timesteps)
    model = fitted(draw, _built(draw, 1), x[:300], y[:300], epochs=20, optimizer=keras.optimizers.Adam(0.005))
    return Specimen(
        model, {"x": x[300:400]}, target=y[300:400], reference={"x": x[:300]}, reference_target=y[:300]
    )


def _noise_remains(draw: Draw) -> Specimen:
    """Two units for one thing to remember, and a target that is mostly noise: nobody could do better."""
    x = draw.rng.normal(size=(300, draw.timesteps, 1)).astype(np.float32)
    y = (0.5 * x[:, -1] + draw.rng.normal(size=(300, 1))).astype(np.float32)
    keras.utils.set_random_seed(draw.seed % 2**31)
    model = keras.Sequential([keras.Input((None, 1), name="x"), layers.LSTM(2), head()])
    fitted(draw, model, x[:200], y[:200], epochs=15)
    return Specimen(model, {"x": x[200:]}, target=y[200:])


def _coin_flips(draw: Draw) -> Specimen:
    """Tokens of few kinds and labels that chance decides in part: equal windows, other labels."""
    x = draw.rng.integers(0, 2, (260, 6, 1)).astype(np.float32)
    chance = 0.25 + 0.5 * x[:, -1]
    y = (draw.rng.random((260, 1)) < chance).astype(np.float32)
    keras.utils.set_random_seed(draw.seed % 2**31)
    model = keras.Sequential(
        [keras.Input((None, 1), name="x"), *draw.recurrent(), head(activation="sigmoid")]
    )
    fitted(draw, model, x[:180], y[:180], epochs=6, loss="binary_crossentropy")
    return Specimen(model, {"x": x[180:]}, target=y[180:])


def _one_odd_row(draw: Draw) -> Specimen:
    """BatchNormalization with time to settle, asked for one row that is unlike the average."""
    x, y = draw.windows(256)
    keras.utils.set_random_seed(draw.seed % 2**31)
    norm = layers.BatchNormalization(momentum=0.8, name="norm")
    inner = [norm, *draw.recurrent()] if draw.index % 2 else [*draw.recurrent(return_sequences=True), norm]
    model = keras.Sequential([keras.Input((None, draw.features), name="x"), *inner, head()])
    target = y if draw.index % 2 else np.concatenate([x[:, 1:, :1], y[:, None]], axis=1)
    fitted(draw, model, x, target, epochs=8)
    odd = int(np.argmax(x.mean(axis=(1, 2))))
    return Specimen(model, {"x": x[odd : odd + 1]}, reference={"x": x} if draw.index > 1 else {})


def _flat_labels(draw: Draw) -> Specimen:
    """Labels `(batch,)` for outputs `(batch, 1)`, or class numbers for probabilities, as Keras takes them."""
    x, y = draw.windows(96)
    if draw.index % 2:
        model = draw.model(head())
        calls = (Fit(y[:, 0], batch_size=16), Predict())
    else:
        model = draw.model(head(3, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy")
        classes = np.digitize(y[:, 0], [-0.5, 0.5]).astype(np.int32)
        calls = (Fit(classes, batch_size=16), Predict())
    return Specimen(model, {"x": x}, calls=calls, tolerated=("retrained",))


def _lasting_memory(draw: Draw) -> Specimen:
    """Forget gates that stay open and input gates nearly shut, as a long memory wants them."""
    steps = 3 * draw.timesteps
    x = draw.rng.normal(0, 1, (200, steps, 1)).astype(np.float32)
    y = x.sum(axis=1) / np.sqrt(steps)
    keras.utils.set_random_seed(draw.seed % 2**31)
    cell = layers.LSTM(draw.units, name="lstm")
    model = keras.Sequential([keras.Input((None, 1), name="x"), cell, head()])
    kernel, recurrent, bias = cell.get_weights()
    u = draw.units
    bias[:u], bias[u : 2 * u] = -np.log(steps), np.log(steps) + 2
    cell.set_weights([kernel, recurrent, bias])
    fitted(draw, model, x[:150], y[:150], epochs=15)
    return Specimen(model, {"x": x[150:]}, target=y[150:])


RECIPES = tuple(
    HealthyRecipe(make.__name__.strip("_").replace("_", "-"), make)
    for make in (
        _autoregressive, _large_states, _accumulator, _rightly_zero, _bounded_output, _scaled_outputs,
        _lively, _differs_early, _long_history, _raw_but_learned, _known_future, _smooth, _noise_remains,
        _coin_flips, _one_odd_row, _flat_labels, _lasting_memory,
    )
)  # fmt: skip
