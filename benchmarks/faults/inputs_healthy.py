"""Healthy models and inputs on which a careless rule about inputs would fire."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.draws import Draw, used
from benchmarks.faults.inputs import reader, two_inputs, univariate, words
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


def _one_hot(ids: Any, width: int) -> Any:
    return (ids[..., None] == np.arange(width)).astype(np.float32)


def _one_hot_words(draw: Draw) -> Specimen:
    """Letters as rows of one 1 and many zeros, padded with rows of zeros that are masked."""
    letters = draw.rng.integers(0, 9, (6, draw.timesteps))
    rows = padded(_one_hot(letters, 9), lengths(draw, 6))
    seen = _one_hot(draw.rng.integers(0, 9, (40, draw.timesteps)), 9)
    return Specimen(masked_model(draw, features=9), {"x": rows}, reference={"x": seen})


def _calendar(draw: Draw) -> Specimen:
    """A reading beside the weekday as seven columns; the windows asked about lie in one day."""
    x, y = draw.windows(180)
    days = np.arange(180)[:, None] // 4 % 7 + np.zeros((1, draw.timesteps), int)
    rows = np.concatenate([x[..., :1], _one_hot(days, 7)], axis=-1)
    inputs = keras.Input((None, 8), name="x")
    model = draw.trained(keras.Sequential([inputs, *draw.recurrent(), _head()]), rows, y, epochs=5)
    return Specimen(model, {"x": rows[100:104]}, reference={"x": rows})


def _raw_by_design(draw: Draw) -> Specimen:
    """Degrees as they are, in training and now; a Rescaling layer or the weights make them small."""
    x, y = draw.windows(200)
    x, y = (6 * x + 14).astype(np.float32), (6 * y + 14).astype(np.float32)
    inputs = keras.Input((None, draw.features), name="x")
    front = [layers.Rescaling(1 / 20, name="small")] if draw.index % 2 else []
    back = layers.Rescaling(6.0, 14.0, name="degrees")
    model = keras.Sequential([inputs, *front, *draw.recurrent(), _head(), back])
    model = draw.trained(model, x / 4, y, epochs=10)
    return Specimen(model, {"x": x[150:200] / 4}, reference={"x": x[:150] / 4}, target=y[150:200])


def _rising_target(draw: Draw) -> Specimen:
    """A series that has risen beyond the range of the training: forecasts lag behind, in the same units."""
    x, y = draw.windows(220)
    low, span = float(x.min()), float(np.ptp(x))
    model = draw.trained(draw.model(_head()), (x - low) / span, (y - low) / span, epochs=12)
    higher = (x[150:210] - low) / span + 0.3, (y[150:210] - low) / span + 0.3
    return Specimen(model, {"x": higher[0]}, target=higher[1], reference={"x": (x[:150] - low) / span})


def _heavy_tails(draw: Draw) -> Specimen:
    """Amounts that are small mostly and huge at times, asked in a calm hour."""
    x, y = draw.windows(200)
    amounts = np.exp(1.2 * x)
    model = draw.trained(draw.model(_head()), amounts, y, epochs=6)
    calm = np.argsort(amounts.max(axis=(1, 2)))[: 4 + draw.index]
    return Specimen(model, {"x": amounts[calm]}, reference={"x": amounts})


def _edges_of_the_table(draw: Draw) -> Specimen:
    """The first and the last id that the table has, without a mask: id 0 is a word like others."""
    ids = words(draw, 5, 40)
    ids[:, 0], ids[:, -1], ids[2, draw.timesteps // 2] = 0, 39, 0
    return Specimen(reader(draw, 40), {"ids": ids})


def _calls_of_many_shapes(draw: Draw) -> Specimen:
    """One rank, but other lengths and numbers of rows in each call: nothing breaks."""
    model = draw.model(_head())
    x = draw.series(4 * draw.timesteps)[None]
    rows = np.concatenate([x, x * 0.9, x * 1.1])
    steps = draw.timesteps
    calls = tuple(
        Predict(inputs={"x": part}) for part in (x[:, :steps], rows[:, : 2 * steps], rows[:2, :steps], x)
    )
    return Specimen(model, {"x": x}, calls=calls)


def _trained_on_padding(draw: Draw) -> Specimen:
    """Padded behind without a mask, trained so for long: the answer is held through the padding."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    steps, rng = 16, draw.rng
    first = rng.integers(0, 2, (400, 1)).astype(np.float32)
    x = rng.normal(0, 0.3, (400, steps, 1)).astype(np.float32) + (2 * first - 1)[..., None]
    x = padded(x, np.concatenate([[steps], rng.integers(4, steps, 399)]))
    stack = [keras.Input((None, 1), name="x"), layers.LSTM(12, name="lstm"), _head()]
    model = draw.trained(keras.Sequential(stack), x, first, epochs=25, rate=0.02)
    return Specimen(model, {"x": x[:8]}, reference={"x": x})


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
    HealthyRecipe("one-hot-words", _one_hot_words),
    HealthyRecipe("calendar-columns", _calendar),
    HealthyRecipe("raw-by-design", _raw_by_design),
    HealthyRecipe("rising-target", _rising_target),
    HealthyRecipe("heavy-tails", _heavy_tails),
    HealthyRecipe("edges-of-the-table", _edges_of_the_table),
    HealthyRecipe("calls-of-many-shapes", _calls_of_many_shapes),
    HealthyRecipe("trained-on-padding", _trained_on_padding),
)
