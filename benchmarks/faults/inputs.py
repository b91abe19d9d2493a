"""Input of the wrong shape, in the wrong order or outside what the model knows."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.draws import Draw, Floats, used
from benchmarks.faults.specimen import Pair, Recipe, Specimen
from lstm_tui.recurrent.calls import CallModel, Fit, Inputs, Predict, ResetStates

layers = keras.layers


def _head() -> Any:
    return layers.Dense(1, name="head")


def univariate(draw: Draw, length: int | None = None, batch: int | None = None, **options: Any) -> Any:
    """The drawn architecture on one feature."""
    x = keras.Input(batch_shape=(batch, length, 1), name="x")
    return used(keras.Sequential([x, *draw.recurrent(**options), _head()]), draw.seed)


def _rank(draw: Draw) -> Pair:
    """A table without a batch axis, an axis too many, a bare series, one reading of a stream."""
    model = draw.model(_head())
    right = draw.series(draw.timesteps)[None]
    table = right[0] if draw.features > 1 else right[0, :, 0]
    wrong = (table, right[None], np.stack([right, right]), right[0, -1])[draw.index % 4]
    if draw.index % 4 == 2:
        right = np.concatenate([right, right])
    return Pair(Specimen(model, {"x": wrong}, "input-rank"), Specimen(model, {"x": right}))


def _ambiguous(draw: Draw) -> Pair:
    """A column of a table, read as sequences of one step; every other time the wanted shape is known, and two
    times in four the model declares a length, which a Sequential one does not insist on."""
    model = univariate(draw, length=draw.timesteps if draw.index % 4 > 1 else None)
    column = draw.series(draw.timesteps)[:, :1]
    shape = (1, 1) if draw.index % 2 else None
    wrong = Specimen(model, {"x": column}, "input-ambiguous", expected_shape=shape)
    return Pair(wrong, Specimen(model, {"x": column[None]}, expected_shape=shape))


def _swapped_axes(draw: Draw) -> Pair:
    model = draw.model(_head())
    x, _ = draw.windows(1 + draw.index)
    return Pair(Specimen(model, {"x": x.transpose(0, 2, 1)}, "input-axes-swapped"), Specimen(model, {"x": x}))


def _features(draw: Draw) -> Pair:
    """A row number in front, a column dropped, the label left in, every feature twice."""
    model = draw.model(_head())
    x, y = draw.windows(8)
    number = np.broadcast_to(np.arange(draw.timesteps, dtype=np.float32)[None, :, None], (*x.shape[:2], 1))
    label = np.broadcast_to(y[:, :, None], (*x.shape[:2], 1))
    fewer = x[..., :-1] if draw.features > 1 else np.concatenate([x, label, number], axis=-1)
    wrong = (
        np.concatenate([number, x], axis=-1),
        fewer,
        np.concatenate([x, label], axis=-1),
        np.concatenate([x, x], axis=-1),
    )[draw.index % 4]
    return Pair(Specimen(model, {"x": wrong}, "input-features"), Specimen(model, {"x": x}))


def _length(draw: Draw) -> Pair:
    """Flatten, a fixed Input, a convolution that needs more; and the silent one, a few steps for a window."""
    x, _ = draw.windows(4)
    short = x[:, -(draw.timesteps // 2 + 1) :]
    match draw.index % 4:
        case 0:
            model = draw.model(
                layers.Flatten(name="flatten"), _head(), length=draw.timesteps, return_sequences=True
            )
        case 1:
            inputs = keras.Input((draw.timesteps, draw.features), name="x")
            hidden = inputs
            for layer in draw.recurrent():
                hidden = layer(hidden)
            model = used(keras.Model(inputs, _head()(hidden)), draw.seed)
        case 2:
            conv = layers.Conv1D(8, 6, name="conv", activation="relu")
            inputs = keras.Input((None, draw.features), name="x")
            model = used(keras.Sequential([inputs, conv, *draw.recurrent(), _head()]), draw.seed)
            short = x[:, -4:]
        case _:
            model, windows, _ = draw.forecaster(rows=192, epochs=8)
            seen = {"x": windows}
            few = Specimen(model, {"x": windows[100:104, -2:]}, "input-length", reference=seen)
            return Pair(few, Specimen(model, {"x": windows[100:104]}, reference=seen))
    return Pair(Specimen(model, {"x": short}, "input-length"), Specimen(model, {"x": x}))


def _streams(draw: Draw, rows: int, batches: int) -> Floats:
    """So many batches of `rows`, `(batches * rows, timesteps, features)`: row i goes on in the next batch."""
    series = draw.series(rows * batches * draw.timesteps)
    cut = series.reshape(rows, batches, draw.timesteps, draw.features)
    return cut.swapaxes(0, 1).reshape(rows * batches, draw.timesteps, draw.features)


def _batch_size(draw: Draw) -> Pair:
    """32 at a time where the model is bound to fewer, a single row, a rest, and fit."""
    bound = (4, 16, 6, 8)[draw.index % 4] + (draw.split == "report")
    model = draw.model(_head(), batch=bound, stateful=True)
    x, (_, y) = _streams(draw, bound, 3), draw.windows(3 * bound)
    whole: Inputs = {"x": x}
    right = (ResetStates(), Predict(batch_size=bound))
    match draw.index % 4:
        case 0:
            wrong = Specimen(model, whole, "batch-size", (Predict(),))
        case 1:
            wrong = Specimen(model, {"x": x[:1]}, "batch-size", (Predict(),))
        case 2:
            wrong = Specimen(model, {"x": x[: 2 * bound - 2]}, "batch-size", (CallModel(),))
        case _:
            model.compile("adam", "mse")
            # the rest of the history is right
            fit = Fit(y[: 3 * bound], epochs=1, shuffle=False)
            wrong = Specimen(model, whole, "batch-size", (fit,))
    return Pair(wrong, Specimen(model, whole, calls=right))


def _broadcast(draw: Draw) -> Pair:
    """A batch and then a single row; or one row more than whole batches."""
    bound = (4, 8, 5, 3)[draw.index % 4] + (draw.split == "report")
    model = draw.model(_head(), batch=bound, stateful=True)
    x = _streams(draw, bound, 3)[: 2 * bound + 1]
    whole = tuple(range(bound))
    if draw.index % 2:
        wrong = (ResetStates(), Predict(batch_size=bound))
        right = (ResetStates(), Predict(batch_size=bound, rows=tuple(range(2 * bound))))
    else:
        wrong = (Predict(rows=whole), Predict(rows=(bound,)))
        right = (Predict(rows=whole), Predict(rows=tuple(range(bound, 2 * bound))))
    return Pair(
        Specimen(model, {"x": x}, "batch-broadcast", wrong),
        Specimen(model, {"x": x}, calls=right),
    )


def _missing(draw: Draw) -> Pair:
    """A decoder without its states, a series without its calendar, one of two series, a state alone."""
    units, width = draw.units, draw.features
    x, _ = draw.windows(3)
    rng = draw.rng
    inputs = keras.Input((None, width), name="steps")
    match draw.index % 4:
        case 0:
            h, c = keras.Input((units,), name="state_h"), keras.Input((units,), name="state_c")
            out = layers.LSTM(units, return_sequences=True)(inputs, initial_state=[h, c])
            model, more = keras.Model([inputs, h, c], _head()(out)), {"state_h": units, "state_c": units}
        case 1:
            calendar = keras.Input((7,), name="calendar")
            joined = layers.Concatenate()([layers.GRU(units)(inputs), calendar])
            model, more = keras.Model([inputs, calendar], _head()(joined)), {"calendar": 7}
        case 2:
            h = keras.Input((units,), name="state")
            model = keras.Model([inputs, h], _head()(layers.GRU(units)(inputs, initial_state=[h])))
            more = {"state": units}
        case _:
            calendar = keras.Input((3,), name="static")
            first = layers.RepeatVector(draw.timesteps)(layers.Dense(4)(calendar))
            model = keras.Model(
                [inputs, calendar], _head()(layers.LSTM(units)(layers.Concatenate()([inputs, first])))
            )
            more = {"static": 3}
    model = used(model, draw.seed)
    rest = {name: rng.normal(size=(3, size)).astype(np.float32) for name, size in more.items()}
    return Pair(Specimen(model, {"steps": x}, "input-missing"), Specimen(model, {"steps": x, **rest}))


def _two_series(draw: Draw, rows: int) -> tuple[dict[str, Floats], Floats]:
    """Two series of equal shape that are unlike: a level and its changes, a wave and a count, …"""
    rng = np.random.default_rng(draw.seed + 5)
    x, y = draw.windows(rows)
    steady = x[..., :1]
    rough = (
        rng.normal(size=steady.shape),
        rng.poisson(1.5, steady.shape) / 2,
        np.diff(steady, axis=1, prepend=steady[:, :1]),
        np.exp(0.5 * rng.normal(size=steady.shape)),
    )[draw.index % 4]
    return {"level": steady, "other": rough.astype(np.float32)}, y


def two_inputs(draw: Draw) -> Any:
    """Two series read by layers of their own, or joined first."""
    level, other = (keras.Input((None, 1), name=name) for name in ("level", "other"))
    if draw.index % 2:
        hidden = layers.Concatenate()([level, other])
        for layer in draw.recurrent():
            hidden = layer(hidden)
    else:
        hidden = layers.Concatenate()([layers.LSTM(draw.units)(level), layers.GRU(draw.units)(other)])
    return keras.Model([level, other], _head()(hidden))


def _swapped_inputs(draw: Draw) -> Pair:
    keras.utils.set_random_seed(draw.seed % 2**31)
    seen, y = _two_series(draw, 160)
    model = draw.trained(two_inputs(draw), seen, y, epochs=6)
    right = {name: array[60:64] for name, array in seen.items()}
    wrong = {"level": right["other"], "other": right["level"]}
    return Pair(
        Specimen(model, wrong, "inputs-swapped", reference=seen), Specimen(model, right, reference=seen)
    )


def words(draw: Draw, rows: int, vocabulary: int) -> Floats:
    """Token ids from 1 on, `(rows, timesteps)`: few frequent, many rare."""
    ranks = draw.rng.zipf(1.4, (rows, draw.timesteps)) % (vocabulary - 1)
    return (ranks + 1).astype(np.int64)


def reader(draw: Draw, vocabulary: int, **options: Any) -> Any:
    """Token ids to one number."""
    embedding = layers.Embedding(vocabulary, 8, name="embedding", **options)
    ids = keras.Input((None,), dtype="int32", name="ids")
    return used(keras.Sequential([ids, embedding, *draw.recurrent(), _head()]), draw.seed)


def _index_range(draw: Draw) -> Pair:
    """Ids from another vocabulary, a table one row short, and -1 for padding, which is no error to Keras."""
    vocabulary = 40 + 10 * draw.index
    model = reader(draw, vocabulary)
    ids = words(draw, 4, vocabulary)
    wrong = ids.copy()
    match draw.index % 4:
        case 0:
            wrong[2, draw.timesteps // 2] = vocabulary
        case 1:
            wrong = ids * 3 + vocabulary
        case 2:
            wrong[1, -3:] = -1
        case _:
            wrong[0, 0] = 10 * vocabulary
    return Pair(Specimen(model, {"ids": wrong}, "index-range"), Specimen(model, {"ids": ids}))


def _retrace(draw: Draw) -> Pair:
    """One call with an axis too many or too few, which succeeds; then the right one, which does not."""
    if draw.index % 2:
        model, name = draw.model(_head()), "x"
        right = draw.series(draw.timesteps)[None]
        other = right[..., None]
    else:
        model, name = univariate(draw), "x"
        right = draw.series(draw.timesteps)[None, :, :1]
        other = right[0]
    calls = (Predict(inputs={name: other}), Predict())
    again = (Predict(inputs={name: right * 0.5}), Predict())
    wrong = Specimen(model, {name: right}, "predict-retrace", calls, tolerated=("input-ambiguous",))
    return Pair(wrong, Specimen(model, {name: right}, calls=again))


def _not_finite(draw: Draw) -> Pair:
    """One missing reading, a gap, an overflow; in a trained forecaster."""
    model, windows, _ = draw.forecaster(rows=128, epochs=4)
    right = windows[40:44]
    wrong = right.copy()
    row, step = draw.index % 4, draw.timesteps // 2
    wrong[row, step, -1] = (np.nan, np.inf, np.nan, -np.inf)[draw.index % 4]
    if draw.index % 4 == 2:
        wrong[:, :3] = np.nan
    return Pair(Specimen(model, {"x": wrong}, "input-nan"), Specimen(model, {"x": right}))


RECIPES = (
    Recipe("input-rank", _rank),
    Recipe("input-ambiguous", _ambiguous),
    Recipe("input-axes-swapped", _swapped_axes),
    Recipe("input-features", _features),
    Recipe("input-length", _length),
    Recipe("batch-size", _batch_size),
    Recipe("batch-broadcast", _broadcast),
    Recipe("input-missing", _missing),
    Recipe("inputs-swapped", _swapped_inputs),
    Recipe("index-range", _index_range),
    Recipe("predict-retrace", _retrace),
    Recipe("input-nan", _not_finite),
)
