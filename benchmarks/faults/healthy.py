"""Healthy models that look suspicious to a careless rule: a diagnosis should find nothing above info."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from benchmarks.faults.draws import Draw
from benchmarks.faults.specimen import HealthyRecipe, Specimen
from lstm_tui.recurrent.calls import Predict, ResetStates


def _forecaster(draw: Draw) -> Specimen:
    """The plain case: trained, asked on new windows, with its training data beside it."""
    model, x, y = draw.forecaster()
    return Specimen(
        model, {"x": x[200:232]}, reference={"x": x[:200]}, reference_target=y[:200], target=y[200:232]
    )


def _one_row(draw: Draw) -> Specimen:
    """A single sequence and nothing else: most people's first question."""
    model, x, _ = draw.forecaster(epochs=6)
    return Specimen(model, {"x": x[-1:]})


def _sequence_tagger(draw: Draw) -> Specimen:
    """An output for every step, wanted for every step."""
    x, _ = draw.windows(200)
    y = (x[..., :1] > 0).astype(np.float32)
    model = draw.model(layers.Dense(1, activation="sigmoid"), return_sequences=True)
    draw.trained(model, x, y, epochs=6)
    return Specimen(model, {"x": x[:8]}, target=y[:8], expected_shape=(8, draw.timesteps, 1))


def _confident_classifier(draw: Draw) -> Specimen:
    """Two classes far apart: probabilities of 0 and 1, gates that saturate."""
    labels = draw.rng.integers(0, 2, 240)
    noise = draw.rng.normal(0, 0.2, (240, draw.timesteps, draw.features))
    x = (np.where(labels, 2.0, -2.0)[:, None, None] + noise).astype(np.float32)
    model = draw.model(layers.Dense(1, activation="sigmoid"))
    y = labels[:, None].astype(np.float32)
    draw.trained(model, x, y, epochs=15, rate=0.02)
    return Specimen(model, {"x": x[:32]}, reference={"x": x}, reference_target=y, target=y[:32])


def _flat_data(draw: Draw) -> Specimen:
    """A quiet stretch of the series: hardly anything moves, and so hardly does the prediction."""
    model, x, y = draw.forecaster()
    level = x.mean(axis=(0, 1), keepdims=True)
    quiet = level + 0.01 * draw.rng.normal(size=(6, draw.timesteps, draw.features))
    return Specimen(model, {"x": quiet.astype(np.float32)}, reference={"x": x}, reference_target=y)


def _long_window(draw: Draw) -> Specimen:
    """A sequence much longer than memory: early steps do not matter, and need not."""
    model, _, _ = draw.forecaster()
    return Specimen(model, {"x": draw.series(300 + 40 * draw.index)[None]})


def _stateful_with_resets(draw: Draw) -> Specimen:
    """A stateful model whose owner resets before each sequence."""
    trained, x, _ = draw.forecaster(rows=128, epochs=5)
    model = draw.model(layers.Dense(1), batch=1, stateful=True)
    model.set_weights(trained.get_weights())
    calls = (ResetStates(), Predict({"x": x[:1]}), ResetStates(), Predict({"x": x[:1]}))
    return Specimen(model, {"x": x[:1]}, calls=calls)


def _stateful_stream(draw: Draw) -> Specimen:
    """Chunks of one sequence, each continuing the last: what a stateful model is for."""
    trained, _, _ = draw.forecaster(rows=128, epochs=5)
    model = draw.model(layers.Dense(1), batch=1, stateful=True)
    model.set_weights(trained.get_weights())
    series = draw.series(4 * draw.timesteps)[None]
    chunks = np.split(series, 4, axis=1)
    return Specimen(model, {"x": chunks[0]}, calls=tuple(Predict({"x": chunk}) for chunk in chunks))


def _heavy_mask(draw: Draw) -> Specimen:
    """Short sequences in long padding, masked as they should be."""
    x, y = draw.windows(160)
    lengths = draw.rng.integers(3, draw.timesteps // 2, 160)
    padded = np.where(np.arange(draw.timesteps)[None, :, None] < lengths[:, None, None], x, -9.0)
    keras.utils.set_random_seed(draw.seed % 2**31)
    model = keras.Sequential(
        [keras.Input((draw.timesteps, draw.features), name="x"), layers.Masking(-9.0),
         layers.LSTM(draw.units), layers.Dense(1)]
    )  # fmt: skip
    draw.trained(model, padded.astype(np.float32), y, epochs=5)
    return Specimen(model, {"x": padded[:16].astype(np.float32)}, reference={"x": padded.astype(np.float32)})


def _token_classifier(draw: Draw) -> Specimen:
    """Words as ids, 0 for padding, an Embedding that masks it."""
    lengths = draw.rng.integers(4, draw.timesteps, 200)
    ids = draw.rng.integers(1, 40, (200, draw.timesteps))
    ids = np.where(np.arange(draw.timesteps) < lengths[:, None], ids, 0)
    y = (ids == 7).any(axis=1).astype(np.float32)[:, None]
    keras.utils.set_random_seed(draw.seed % 2**31)
    cell = layers.GRU if draw.split == "report" else layers.LSTM
    model = keras.Sequential(
        [keras.Input((draw.timesteps,), dtype="int32", name="x"),
         layers.Embedding(40, 12, mask_zero=True), cell(draw.units), layers.Dense(1, activation="sigmoid")]
    )  # fmt: skip
    draw.trained(model, ids.astype(np.int32), y, epochs=8)
    return Specimen(model, {"x": ids[:12].astype(np.int32)}, reference={"x": ids.astype(np.int32)})


def _float_noise(draw: Draw) -> Specimen:
    """The same rows in batches of another size: sums in another order, not another answer."""
    model, x, _ = draw.forecaster(epochs=4)
    calls = (Predict(batch_size=4), Predict(batch_size=7), Predict())
    return Specimen(model, {"x": x[:28]}, calls=calls)


def _reservoir(draw: Draw) -> Specimen:
    """An echo-state network: the recurrent part is random on purpose, only the head is trained."""
    x, y = draw.windows(200)
    model = draw.model(layers.Dense(1, name="head"))
    for layer in model.layers[:-1]:
        layer.trainable = False
    draw.trained(model, x, y, epochs=25, rate=0.02)
    return Specimen(model, {"x": x[:16]}, reference={"x": x}, reference_target=y, target=y[:16])


def _counter(draw: Draw) -> Specimen:
    """A cell that counts: its state grows with every step, and is right to."""
    units = draw.units
    model = keras.Sequential(
        [keras.Input((None, 1), name="x"), layers.LSTM(units, name="lstm"), layers.Dense(1)]
    )
    kernel, recurrent, bias = (np.zeros(w.shape, np.float32) for w in model.layers[0].weights)
    bias[:units], bias[units : 2 * units], bias[3 * units :] = 6.0, 12.0, 6.0
    kernel[0, 2 * units : 3 * units] = draw.rng.uniform(0.2, 0.6, units)
    model.layers[0].set_weights([kernel, recurrent, bias])
    model.layers[1].set_weights([np.full((units, 1), 1 / units, np.float32), np.zeros(1, np.float32)])
    steps = 120 + 30 * draw.index
    x = np.abs(draw.rng.normal(0.4, 0.2, (2, steps, 1))).astype(np.float32)
    return Specimen(model, {"x": x})


def _dropout_off(draw: Draw) -> Specimen:
    """Dropout in the model, and calls that leave it off."""
    x, y = draw.windows(160)
    model = draw.model(layers.Dropout(0.4), layers.Dense(1), dropout=0.2)
    draw.trained(model, x, y, epochs=5)
    return Specimen(model, {"x": x[:8]}, calls=(Predict(), Predict(), Predict()))


def _normalized(draw: Draw) -> Specimen:
    """Raw data of a large scale into a model that normalises it itself."""
    x, y = draw.windows(200)
    raw = (x * 40 + 300).astype(np.float32)
    norm = layers.Normalization()
    norm.adapt(raw)
    keras.utils.set_random_seed(draw.seed % 2**31)
    model = keras.Sequential(
        [keras.Input((None, draw.features), name="x"), norm, *draw.recurrent(), layers.Dense(1)]
    )
    draw.trained(model, raw, y, epochs=8)
    return Specimen(model, {"x": raw[:16]}, reference={"x": raw}, reference_target=y, target=y[:16])


def _two_inputs(draw: Draw) -> Specimen:
    """A sequence and facts that do not change, joined behind the recurrent layer."""
    x, y = draw.windows(160)
    facts = draw.rng.normal(size=(160, 3)).astype(np.float32)
    keras.utils.set_random_seed(draw.seed % 2**31)
    sequence, static = keras.Input((None, draw.features), name="sequence"), keras.Input((3,), name="static")
    hidden = sequence
    for layer in draw.recurrent():
        hidden = layer(hidden)
    joined = layers.Concatenate()([hidden, static])
    model = keras.Model([sequence, static], layers.Dense(1)(joined))
    draw.trained(model, [x, facts], y + facts[:, :1], epochs=6)
    return Specimen(model, {"sequence": x[:8], "static": facts[:8]}, target=(y + facts[:, :1])[:8])


RECIPES = tuple(
    HealthyRecipe(make.__name__.strip("_").replace("_", "-"), make, draws=6)
    for make in (
        _forecaster, _one_row, _sequence_tagger, _confident_classifier, _flat_data, _long_window,
        _stateful_with_resets, _stateful_stream, _heavy_mask, _token_classifier, _float_noise, _reservoir,
        _counter, _dropout_off, _normalized, _two_inputs,
    )
)  # fmt: skip
