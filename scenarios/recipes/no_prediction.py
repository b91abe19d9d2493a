"""Question 1: the call fails, or what comes back is no prediction."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from recipes import data
from recipes.learning import fed_back, learn, learn_in_stretches, stack
from recipes.shelf import Shelf

FOLDER = "1-no-prediction"


def batch_axis_missing(shelf: Shelf) -> None:
    """A table of readings is `(timesteps, features)`; the model wants `(batch, timesteps, features)`."""
    readings = data.weather(1600, seed=1)
    mean, variance = readings[:1400].mean(axis=0), readings[:1400].var(axis=0)
    model = stack(
        layers.Normalization(mean=mean.tolist(), variance=variance.tolist(), name="to_scale"),
        layers.LSTM(12, name="lstm"),
        layers.Dense(1, name="scaled_temperature"),
        layers.Rescaling(float(variance[0] ** 0.5), float(mean[0]), name="degrees"),
        inputs=(None, 4),
    )
    learn(model, *data.windows(readings[:1400], 48), epochs=8)
    shelf.lay_model(model)
    names = ("temperature", "humidity", "pressure", "wind")
    shelf.lay_table(dict(zip(names, readings[1450:1546].T, strict=True)))
    shelf.lay_array(readings[1546:1547, :1], "target")


def axes_swapped(shelf: Shelf) -> None:
    """A recorder writes channels first; Keras wants the timesteps before the features."""
    runs, failing = data.machine_runs(240, 120, seed=2)
    model = stack(
        layers.GRU(10, name="gru"), layers.Dense(1, activation="sigmoid", name="failing"), inputs=(None, 3)
    )
    learn(model, runs[:200], failing[:200], epochs=8, loss="binary_crossentropy")
    shelf.lay_model(model)
    shelf.lay_array(runs[201:202].transpose(0, 2, 1))
    shelf.lay_array(failing[201:202], "target")


def surplus_column(shelf: Shelf) -> None:
    """The export has grown a column that the model was never trained on."""
    table, following = _load_table(hours=1500, seed=3)
    inputs, target = data.windows_with_targets(table, 96)
    model = stack(
        layers.LSTM(12, return_sequences=True, name="lstm"), layers.Dense(1, name="load"), inputs=(None, 4)
    )
    learn(model, inputs[:1000:4], target[:1000:4], epochs=12)
    shelf.lay_model(model)
    row_number = np.arange(1300, 1396, dtype=np.float32)[:, None]
    window = np.concatenate([table[1300:1396], row_number], axis=-1)[None]
    shelf.lay_archive({"window": window, "target": following[None, 1300:1396]})


def _load_table(hours: int, seed: int) -> tuple[data.Array, data.Array]:
    """Scaled load, the hour as sine and cosine, weekend: `(hours - 1, 4)`; and the load an hour later."""
    load, _, _ = data.standardised(data.energy_load(hours, seed))
    hour = np.arange(hours)
    angle = 2 * np.pi * hour / 24
    weekend = (hour // 24) % 7 >= 5
    table = np.stack([load, np.sin(angle), np.cos(angle), weekend], axis=-1).astype(np.float32)
    return table[:-1], load[1:, None]


def missing_reading(shelf: Shelf) -> None:
    """One NaN: from that step on every state is NaN, and so is the prediction."""
    runs, failing = data.machine_runs(240, 120, seed=4)
    model = stack(
        layers.LSTM(10, name="lstm"), layers.Dense(1, activation="sigmoid", name="failing"), inputs=(None, 3)
    )
    learn(model, runs[:200], failing[:200], epochs=8, loss="binary_crossentropy")
    shelf.lay_model(model)
    gap = runs[203:204].copy()
    gap[0, 73, 1] = np.nan
    shelf.lay_array(gap)
    filled = gap.copy()
    filled[0, 73, 1] = (gap[0, 72, 1] + gap[0, 74, 1]) / 2
    shelf.lay_array(filled, "filled")
    shelf.lay_array(failing[203:204], "target")


def bound_to_batch(shelf: Shelf) -> None:
    """A stateful model trained on 16 stations takes 16 rows at a time; `predict` sends batches of 32."""
    stations = [data.standardised(data.daily_temperature(420, seed))[0] for seed in range(48)]
    series = np.stack(stations)[:, :, None]
    model = stack(
        layers.LSTM(12, stateful=True, name="lstm"),
        layers.Dense(1, name="tomorrow"),
        inputs=(None, 1),
        batch=16,
    )
    learn_in_stretches(model, series[:16, :361], stretch=30, rounds=8)
    shelf.lay_model(model)
    shelf.lay_array(series[:, 360:400])


def horizon_wanted(shelf: Shelf) -> None:
    """The model says the next hour; a day was wanted. Its own predictions have to be fed back."""
    load = data.energy_load(1600, seed=6)
    mean, deviation = float(load.mean()), float(load.std())
    model = stack(
        layers.Normalization(mean=mean, variance=deviation**2, axis=None, name="to_scale"),
        layers.GRU(16, name="gru"),
        layers.Dense(1, name="scaled_load"),
        layers.Rescaling(deviation, mean, name="megawatts"),
        inputs=(None, 1),
    )
    inputs, target = data.windows(load[:1400], 72)
    learn(model, inputs[::3], target[::3], epochs=30)
    shelf.lay_model(model)
    shelf.lay_array(load[None, 1440:1512, None])
    shelf.lay_expected(fed_back(shelf.stored_model(), load[None, 1440:1512, None], steps=24))
    shelf.lay_array(load[None, 1512:1536, None], "next-day")


#: Words of a toy language, 0 is padding and 1 starts a sentence; the translation says the verb last.
SUBJECTS, VERBS, OBJECTS = range(2, 6), range(6, 10), range(10, 14)
TOKENS = 14


def decoder_state_missing(shelf: Shelf) -> None:
    """A decoder is asked for words without the two states that its encoder hands over."""
    sentences, translation = sentences_and_translation()
    shifted = np.concatenate([np.ones((len(sentences), 1), int), translation[:, :-1]], axis=1)
    encoder, decoder, together = _translator(units=16)
    learn(together, [sentences, shifted], translation, epochs=150, loss="sparse_categorical_crossentropy")
    shelf.lay_model(decoder)
    hidden, cell = encoder.predict(sentences[37:38], verbose=0)
    shelf.lay_json(shifted[37:38].tolist())
    shelf.lay_archive({"words": shifted[37:38], "state_h": hidden, "state_c": cell}, "with-states")


def sentences_and_translation() -> tuple[data.Array, data.Array]:
    """All sentences of three words, and what they become, `(64, 3)` each."""
    sentences = np.array([(s, v, o) for s in SUBJECTS for v in VERBS for o in OBJECTS])
    return sentences, sentences[:, [0, 2, 1]]


def _translator(units: int) -> tuple[keras.Model, keras.Model, keras.Model]:
    """Encoder, decoder, and both as the one model that is trained."""
    embedding = layers.Embedding(TOKENS, 6, name="embedding")
    read = layers.LSTM(units, return_state=True, name="reader")
    write = layers.LSTM(units, return_sequences=True, name="writer")
    choose = layers.Dense(TOKENS, activation="softmax", name="next_word")
    source = keras.Input((None,), dtype="int32", name="sentence")
    _, hidden, cell = read(embedding(source))
    encoder = keras.Model(source, [hidden, cell], name="encoder")
    words = keras.Input((None,), dtype="int32", name="words")
    state_h, state_c = keras.Input((units,), name="state_h"), keras.Input((units,), name="state_c")
    written = choose(write(embedding(words), initial_state=[state_h, state_c]))
    decoder = keras.Model([words, state_h, state_c], written, name="decoder")
    return (
        encoder,
        decoder,
        keras.Model([source, words], decoder([words, *encoder(source)]), name="translator"),
    )


def file_of_keras_2(shelf: Shelf) -> None:
    """A forecaster that Keras 2.15 saved as .h5; Keras 3 stops at the first word that it does not know."""
    model, windows, target = _load_forecaster(seed=31)
    learn(model, windows[:400], target[:400], epochs=15)
    shelf.lay_old_model(model, _as_keras_2_wrote, "2.15.0")
    shelf.lay_array(windows[500:501])
    shelf.lay_array(target[500:501], "target")


def _as_keras_2_wrote(config: dict[str, Any]) -> None:
    """`time_major` in every recurrent layer, the input's shape in the first layer and no InputLayer."""
    inside = config["config"]["layers"]
    given = inside.pop(0)["config"]
    inside[0]["config"]["batch_input_shape"] = given.get("batch_shape") or given["batch_input_shape"]
    for layer in inside:
        if layer["class_name"] in {"LSTM", "GRU"}:
            layer["config"]["time_major"] = False


def _load_forecaster(seed: int) -> tuple[keras.Model, data.Array, data.Array]:
    """Two recurrent layers on a day of a town's load, and the next hour."""
    series, _, _ = data.standardised(data.energy_load(700, seed=seed))
    windows, target = data.windows(series, 24)
    model = stack(
        layers.LSTM(10, return_sequences=True, name="lstm_1"),
        layers.GRU(8, name="gru"),
        layers.Dense(1, name="next_hour"),
        inputs=(24, 1),
    )
    return model, windows, target


def lambda_inside(shelf: Shelf) -> None:
    """A head that takes the last step by a Lambda: Python code in the file."""
    _, windows, target = _load_forecaster(seed=32)
    model, fresh = _with_lambda(), _with_lambda()
    learn(model, windows[:400], target[:400], epochs=5)
    fresh.set_weights(model.get_weights())
    shelf.lay_model(fresh, compiled=True)  # as it is: a copy of a Lambda is refused too
    shelf.lay_array(windows[500:501])


def _with_lambda() -> keras.Model:
    x = keras.Input((24, 1), name="load")
    steps = layers.LSTM(10, return_sequences=True, name="lstm")(x)
    last = layers.Lambda(lambda each: each[:, -1], output_shape=(10,), name="last_step")(steps)
    return keras.Model(x, layers.Dense(1, name="next_hour")(last))


def weights_alone(shelf: Shelf) -> None:
    """save_weights in place of save: arrays by layer, and nothing that says how layers are connected."""
    model, windows, target = _load_forecaster(seed=33)
    learn(model, windows[:400], target[:400], epochs=2)
    shelf.lay_weights(model)


def cut_off(shelf: Shelf) -> None:
    """A copy that stopped at three quarters: a zip's list of contents stands at its end."""
    model, windows, target = _load_forecaster(seed=34)
    learn(model, windows[:400], target[:400], epochs=2)
    shelf.lay_cut_model(model, 0.75)


def unknown_word(shelf: Shelf) -> None:
    """A word that came after the vocabulary was closed: its id has no row in the Embedding."""
    reviews, labels = _reviews(600, words=20, seed=8)
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32", name="words"),
            layers.Embedding(VOCABULARY, 4, name="embedding"),
            layers.GRU(8, name="gru"),
            layers.Dense(1, activation="sigmoid", name="good"),
        ]
    )
    learn(model, reviews[:560], labels[:560], epochs=15, loss="binary_crossentropy")
    shelf.lay_model(model)
    asked = reviews[np.flatnonzero(labels[560:, 0] == 1)[0] + 560][None].copy()
    asked[0, 11] = VOCABULARY + 17
    shelf.lay_array(asked)
    asked[0, 11] = 1
    shelf.lay_array(asked, "mapped")


#: Ids: 0 is padding, 1 the unknown word, 2 to 9 praise, 10 to 17 complain, the rest says nothing.
VOCABULARY = 40


def _reviews(rows: int, words: int, seed: int) -> tuple[data.Array, data.Array]:
    """Token ids `(rows, words)`, and whether there is more praise than complaint `(rows, 1)`."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(18, VOCABULARY, (rows, words))
    mood = rng.random((rows, 1)) < 0.5
    telling = rng.random(ids.shape) < 0.3
    ids = np.where(telling, rng.integers(2, 10, ids.shape) + 8 * ~mood, ids)
    ids[rng.random(ids.shape) < 0.03] = 1
    return ids.astype(np.int32), mood.astype(np.float32)


def window_too_long(shelf: Shelf) -> None:
    """Flatten fixes the window: a head for 24 hours takes 24 and no other number."""
    load, _, _ = data.standardised(data.energy_load(1200, seed=9))
    model = stack(
        layers.GRU(8, return_sequences=True, name="gru"),
        layers.Flatten(name="flatten"),
        layers.Dense(1, name="next_hour"),
        inputs=(24, 1),
    )
    inputs, target = data.windows(load[:1000], 24)
    learn(model, inputs[::2], target[::2], epochs=10)
    shelf.lay_model(model)
    shelf.lay_array(load[None, 1050:1086, None])
    shelf.lay_array(load[None, 1086:1087], "target")


def rank_changed(shelf: Shelf) -> None:
    """A service is asked once with a bare column; from then on it fails on what it took before."""
    load, _, _ = data.standardised(data.energy_load(1200, seed=10))
    model = stack(layers.LSTM(8, name="lstm"), layers.Dense(1, name="next_hour"), inputs=(None, 1))
    inputs, target = data.windows(load[:1000], 48)
    learn(model, inputs[::4], target[::4], epochs=10)
    shelf.lay_model(model)
    shelf.lay_array(load[None, 1050:1098, None])
    shelf.lay_array(load[1050:1098, None], "column")
    shelf.lay_array(load[None, 1098:1099], "target")


RECIPES = {
    "batch-axis-missing": batch_axis_missing,
    "axes-swapped": axes_swapped,
    "surplus-column": surplus_column,
    "missing-reading": missing_reading,
    "bound-to-batch": bound_to_batch,
    "horizon-wanted": horizon_wanted,
    "decoder-state-missing": decoder_state_missing,
    "file-of-keras-2": file_of_keras_2,
    "lambda-inside": lambda_inside,
    "weights-alone": weights_alone,
    "cut-off": cut_off,
    "unknown-word": unknown_word,
    "window-too-long": window_too_long,
    "rank-changed": rank_changed,
}
