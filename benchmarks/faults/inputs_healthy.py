"""Healthy models and inputs on which a careless rule about inputs would fire."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.draws import Draw, used
from benchmarks.faults.inputs import two_inputs, univariate
from benchmarks.faults.inputs_masks import lengths, masked_model, padded
from benchmarks.faults.specimen import HealthyRecipe, Specimen
from lstm_tui.recurrent.calls import Predict, ResetStates

layers = keras.layers


def _head() -> Any:
    return layers.Dense(1, name="head")


def _drifted(draw: Draw) -> Specimen:
    """A few percent up and a tenth wider than the training."""
    model, x, _ = draw.forecaster(rows=160, epochs=6)
    return Specimen(model, {"x": x[100:104] * 1.1 + 0.1}, reference={"x": x[:100]})


def _quiet(draw: Draw) -> Specimen:
    """A quiet stretch, at a level that the training knows."""
    model, x, _ = draw.forecaster(rows=160, epochs=6)
    level = np.quantile(x, (0.3, 0.5, 0.7, 0.85)[draw.index % 4], axis=(0, 1))
    noise = 0.02 * np.random.default_rng(draw.seed).normal(size=x[:2].shape)
    return Specimen(model, {"x": (level + noise).astype(np.float32)}, reference={"x": x})


def _flat(draw: Draw) -> Specimen:
    """The same number at every step."""
    model, x, _ = draw.forecaster(rows=160, epochs=6)
    return Specimen(model, {"x": np.full_like(x[:2], float(np.median(x)))}, reference={"x": x})


def _spike(draw: Draw) -> Specimen:
    """One reading far off, the others as ever."""
    model, x, _ = draw.forecaster(rows=160, epochs=6)
    spiked = x[40:43].copy()
    spiked[1, draw.timesteps // 2, 0] += 40
    return Specimen(model, {"x": spiked}, reference={"x": x})


def _heavy_mask(draw: Draw) -> Specimen:
    """Most steps are padding, and masked."""
    x, _ = draw.windows(6)
    real = np.maximum(lengths(draw, 6) // 4, 2)
    value = (0.0, -1.0, -99.0, -10.0)[draw.index % 4]
    return Specimen(masked_model(draw, value=value), {"x": padded(x, real, value)})


def _gaps(draw: Draw) -> Specimen:
    """Steps without a reading, marked with a value off the data's path and masked."""
    x, _ = draw.windows(5)
    x = x + 5
    gone = draw.rng.random(x.shape[:2]) < 0.2
    gone[:, [0, -1]] = False
    return Specimen(masked_model(draw), {"x": np.where(gone[..., None], 0, x).astype(np.float32)})


def _front(draw: Draw) -> Specimen:
    """Trained on windows padded in front, without a mask."""
    x, y = draw.windows(160)
    x = padded(x, lengths(draw, 160, shortest=0.4), in_front=True)
    return Specimen(draw.trained(draw.model(_head()), x, y, epochs=6), {"x": x[:6]})


def _idle(draw: Draw) -> Specimen:
    """A machine that stands still now and then, also at the end: zeros that are readings."""
    x, _ = draw.windows(6)
    works = np.repeat(draw.rng.random((6, draw.timesteps // 3 + 1)) < 0.5, 3, axis=1)[:, : draw.timesteps]
    works[:, 0] = True
    return Specimen(draw.model(_head()), {"x": (x * works[..., None]).astype(np.float32)})


def _tail_of_outputs(draw: Draw) -> Specimen:
    """A prediction at every step under a mask: the masked ones at the end are nobody's result."""
    x, _ = draw.windows(5)
    inputs = keras.Input((None, draw.features), name="x")
    stack = [inputs, layers.Masking(name="masking"), *draw.recurrent(return_sequences=True), _head()]
    return Specimen(
        used(keras.Sequential(stack), draw.seed), {"x": padded(x, lengths(draw, 5))}, tolerated=()
    )


def _repeat_of_last(draw: Draw) -> Specimen:
    """The last step of a plain layer's sequence under a mask is a repeat of the last real one: right."""
    x, _ = draw.windows(5)
    inputs = keras.Input((None, draw.features), name="x")
    cell = (layers.LSTM, layers.GRU)[draw.index % 2]
    hidden = layers.Masking(name="masking")(inputs)
    sequence = cell(draw.units, return_sequences=True)(hidden)
    read = sequence[:, -1] if draw.index < 2 else layers.GlobalAveragePooling1D()(sequence)
    model = used(keras.Model(inputs, _head()(read)), draw.seed)
    return Specimen(model, {"x": padded(x, lengths(draw, 5))})


def _weak(draw: Draw) -> Specimen:
    """Too few epochs: predictions are timid, and a line through them would help a little."""
    x, y = draw.windows(160)
    model = draw.trained(draw.model(_head()), x, y, epochs=2, rate=0.003)
    return Specimen(model, {"x": x[100:150]}, target=y[100:150])


def _alike(draw: Draw) -> Specimen:
    """Two inputs of one kind, in the right order; nobody could tell it from the wrong one."""
    x, y = draw.windows(160)
    seen = {"level": x[..., :1], "other": (x[..., :1] * 0.95 + 0.05).astype(np.float32)}
    model = draw.trained(two_inputs(draw), seen, y, epochs=4)
    return Specimen(model, {name: array[50:54] for name, array in seen.items()}, reference=seen)


def _streams(draw: Draw) -> Specimen:
    """One step of each of several streams, which a stateful model continues: `(streams, 1)` is meant so."""
    rows = 4 + draw.index
    model = univariate(draw, batch=rows, stateful=True)
    x = draw.series(3 * rows)[: 3 * rows, :1].reshape(3, rows, 1)
    calls = (ResetStates(), *(Predict(inputs={"x": step}) for step in x))
    return Specimen(model, {"x": x[-1]}, calls=calls)


def _other_length(draw: Draw) -> Specimen:
    """Longer windows than in training, or a little shorter, for a model that takes any."""
    model, x, _ = draw.forecaster(rows=160, epochs=6)
    longer = np.concatenate([x[:4], x[draw.timesteps : draw.timesteps + 4]], axis=1)
    asked = longer if draw.index % 2 else x[:4, -(3 * draw.timesteps // 4) :]
    return Specimen(model, {"x": asked}, reference={"x": x})


def _counts_masked_below_zero(draw: Draw) -> Specimen:
    """Counts with many zeros, padded and masked with -1."""
    counts = draw.rng.poisson(0.7, (5, draw.timesteps, 1)).astype(np.float32)
    return Specimen(masked_model(draw, value=-1.0, features=1), {"x": padded(counts, lengths(draw, 5), -1.0)})


RECIPES = (
    HealthyRecipe("drifted-input", _drifted),
    HealthyRecipe("quiet-stretch", _quiet),
    HealthyRecipe("flat-input", _flat),
    HealthyRecipe("one-spike", _spike),
    HealthyRecipe("heavy-mask", _heavy_mask),
    HealthyRecipe("marked-gaps", _gaps),
    HealthyRecipe("padded-in-front", _front),
    HealthyRecipe("idle-machine", _idle),
    HealthyRecipe("tail-of-outputs", _tail_of_outputs),
    HealthyRecipe("repeat-of-last", _repeat_of_last),
    HealthyRecipe("weak-forecaster", _weak),
    HealthyRecipe("inputs-alike", _alike),
    HealthyRecipe("streams-of-one-step", _streams),
    HealthyRecipe("other-length", _other_length),
    HealthyRecipe("counts-masked-below-zero", _counts_masked_below_zero),
)
