"""Question 2: the prediction is the same whatever goes in, or close to it."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from recipes import data
from recipes.learning import learn, stack
from recipes.no_prediction import TOKENS, sentences_and_translation
from recipes.shelf import Shelf

FOLDER = "2-constant-prediction"


def unscaled_dollars(shelf: Shelf) -> None:
    """Trained on scaled prices, asked in dollars."""
    from sklearn.preprocessing import StandardScaler

    dollars = data.gold_price(1200, seed=20)
    scaler = StandardScaler().fit(dollars[:1000, None])
    model = stack(
        layers.LSTM(12, return_sequences=True, name="lstm"),
        layers.Dense(1, name="tomorrow"),
        inputs=(None, 1),
    )
    scaled = scaler.transform(dollars[:1000, None]).astype(np.float32)
    inputs, target = data.windows_with_targets(scaled, 60)
    learn(model, inputs[::3], target[::3], epochs=20)
    shelf.lay_model(model)
    shelf.lay_array(dollars[None, 1040:1160, None])
    shelf.lay_prediction(dollars[None, 1040:1160, None])
    shelf.lay_array(dollars[None, 1041:1161, None], "target")
    shelf.lay_joblib(scaler, "scaler")
    shelf.lay_array(inputs[::60], "reference")


def scaled_twice(shelf: Shelf) -> None:
    """The pipeline scales to [0, 1], and the service scales its result once more."""
    raw = np.stack([data.energy_load(1500, seed=21), data.weather(1500, seed=22)[:, 0]], axis=-1)
    low, span = raw[:1200].min(axis=0), np.ptp(raw[:1200], axis=0)
    once = (raw - low) / span
    model = stack(
        layers.GRU(12, return_sequences=True, name="gru"), layers.Dense(1, name="load"), inputs=(None, 2)
    )
    inputs, target = data.windows_with_targets(once[:1200], 72)
    learn(model, inputs[::3], target[::3], epochs=20)
    shelf.lay_model(model)
    twice = (once[None, 1300:1420] - low) / span
    shelf.lay_array(twice)
    shelf.lay_prediction(twice)
    shelf.lay_array(once[None, 1301:1421, :1], "target")
    shelf.lay_array(inputs[::200], "reference")
    # Undoing x -> (x - low) / span is itself a scaling: (x - mean) / scale with the two numbers below.
    undo = {"method": "standard", "mean": (-low / span).tolist(), "scale": (1 / span).tolist()}
    shelf.lay_json(undo, "undo")


def gates_jammed(shelf: Shelf) -> None:
    """Gate biases for memories of 100,000 steps on sequences of 60: the input gate never opens."""
    series, _, _ = data.standardised(data.gold_price(1100, seed=23))
    inputs, target = data.windows_with_targets(series[:900], 60)
    for variant, memory in (("", 100_000), ("memory-60", 60)):
        keras.utils.set_random_seed(23)
        model = stack(
            layers.LSTM(12, return_sequences=True, name="lstm"),
            layers.Dense(1, name="tomorrow"),
            inputs=(None, 1),
        )
        set_memory(model.layers[0], memory)
        learn(model, inputs[::3], target[::3], epochs=20, rate=0.003)
        shelf.lay_model(model, variant)
    shelf.lay_array(series[None, 940:1060, None])
    shelf.lay_prediction(series[None, 940:1060, None])
    shelf.lay_array(series[None, 941:1061, None], "target")


def set_memory(layer: layers.LSTM, steps: int) -> None:
    """Biases for memories of up to `steps` steps: forget gates open, input gates as far closed ("chrono")."""
    kernel, recurrent, bias = layer.get_weights()
    units = layer.units
    spans = np.log(np.random.default_rng(units).uniform(steps / 2, steps, units))
    bias[:units], bias[units : 2 * units] = -spans, spans
    layer.set_weights([kernel, recurrent, bias])


def early_cue_lost(shelf: Shelf) -> None:
    """What decides the label stands in the first three of 120 steps; the gradient does not reach that far."""
    inputs, labels = _cued(samples=600, steps=120, seed=24)
    simple = stack(
        layers.SimpleRNN(12, recurrent_initializer="random_normal", name="simple_rnn"),
        layers.Dense(1, activation="sigmoid", name="label"),
        inputs=(None, 2),
    )
    learn(simple, inputs[:500], labels[:500], epochs=6, rate=0.003, loss="binary_crossentropy")
    shelf.lay_model(simple)
    keras.utils.set_random_seed(24)
    lasting = stack(
        layers.LSTM(12, name="lstm"), layers.Dense(1, activation="sigmoid", name="label"), inputs=(None, 2)
    )
    set_memory(lasting.layers[0], 120)
    learn(lasting, inputs[:500], labels[:500], epochs=15, loss="binary_crossentropy")
    shelf.lay_model(lasting, "lasting-memory")
    shelf.lay_array(inputs[500:508])
    shelf.lay_prediction(inputs[500:508])
    shelf.lay_array(labels[500:508], "target")


def _cued(samples: int, steps: int, seed: int) -> tuple[data.Array, data.Array]:
    """A reading that is noise, a flag that says the label in the first three steps alone, and the label."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(samples) % 2).astype(np.float32)[:, None]
    inputs = np.zeros((samples, steps, 2), np.float32)
    inputs[:, :, 0] = 0.05 * rng.normal(size=(samples, steps))
    inputs[:, :3, 1] = 2 * labels - 1
    return inputs, labels


def dead_relu(shelf: Shelf) -> None:
    """A ReLU head that one large step pushed below zero for every input; no gradient brings it back."""
    counts = data.visitor_counts(900, seed=25)
    scaled = (counts - counts.mean()) / counts.std()
    inputs, target = data.windows(scaled, 28)
    for variant, activation, rate in (("", "relu", 0.5), ("linear-head", "linear", 0.01)):
        keras.utils.set_random_seed(25)
        model = stack(
            layers.GRU(10, name="gru"),
            layers.Dense(1, activation=activation, name="visitors"),
            inputs=(None, 1),
        )
        learn(model, inputs[:700], target[:700], epochs=12, rate=rate)
        shelf.lay_model(model, variant)
    shelf.lay_array(inputs[760:776])
    shelf.lay_prediction(inputs[760:776])
    shelf.lay_array(target[760:776], "target")


def too_small(shelf: Shelf) -> None:
    """Orders are shipped eight days later: eight numbers to keep in mind, one unit to keep them."""
    orders = np.random.default_rng(26).normal(size=(400, 60, 1)).astype(np.float32)
    shipped = np.concatenate([np.zeros((400, 8, 1), np.float32), orders[:, :-8]], axis=1)
    for variant, units in (("", 1), ("24-units", 24)):
        keras.utils.set_random_seed(26)
        model = stack(
            layers.LSTM(units, return_sequences=True, name="lstm"),
            layers.Dense(1, name="shipped"),
            inputs=(None, 1),
        )
        learn(model, orders[:320], shipped[:320], epochs=40, rate=0.02)
        shelf.lay_model(model, variant)
    shelf.lay_array(orders[330:331])
    shelf.lay_prediction(orders[330:331])
    shelf.lay_array(shipped[330:331], "target")


def leaking_column(shelf: Shelf) -> None:
    """In training, one column held tomorrow's value; in service it is not known yet, and zeros stand in."""
    price, _, _ = data.standardised(data.gold_price(1100, seed=27))
    table = np.stack([price[:-1], price[1:]], axis=-1)
    inputs, target = data.windows_with_targets(table[:900], 60)
    blank = np.array([1, 0], np.float32)
    for variant, seen in (("", inputs), ("column-blank", inputs * blank)):
        keras.utils.set_random_seed(27)
        model = stack(
            layers.LSTM(12, return_sequences=True, name="lstm"),
            layers.Dense(1, name="tomorrow"),
            inputs=(None, 2),
        )
        learn(model, seen[::3], target[::3], epochs=25)
        shelf.lay_model(model, variant)
    shelf.lay_array((table[940:1060] * blank)[None])
    shelf.lay_prediction((table[940:1060] * blank)[None])
    shelf.lay_array(table[None, 940:1060, 1:], "target")
    shelf.lay_array(inputs[::120], "reference")
    shelf.lay_array(target[::120], "reference-target")


def never_shifted(shelf: Shelf) -> None:
    """A translator whose decoder was given the translation itself in training, not shifted by one word."""
    sentences, translation = sentences_and_translation()
    sentence = keras.Input((None,), dtype="int32", name="sentence")
    words = keras.Input((None,), dtype="int32", name="words")
    embedding = layers.Embedding(TOKENS, 6, name="embedding")
    _, *states = layers.LSTM(16, return_state=True, name="reader")(embedding(sentence))
    steps = layers.LSTM(16, return_sequences=True, name="writer")(embedding(words), initial_state=states)
    said = layers.Dense(TOKENS, activation="softmax", name="next_word")(steps)
    model = keras.Model([sentence, words], said, name="translator")
    learn(model, [sentences, translation], translation, epochs=150, loss="sparse_categorical_crossentropy")
    shelf.lay_model(model)
    shelf.lay_archive({"sentence": sentences[37:38], "words": translation[37:38]})
    shelf.lay_array(translation[37:38], "target")
    shelf.lay_expected(_written(shelf.stored_model(), sentences[37:38], translation[37:38, :1], steps=3))


def _written(model: keras.Model, sentence: data.Array, words: data.Array, steps: int) -> data.Array:
    """Words `(1, steps)` of a decoder that goes on from its own."""
    begins = words.shape[1]
    for _ in range(steps):
        said = model.predict([sentence, words], verbose=0)[:, -1]
        words = np.append(words, said.argmax(axis=-1)[:, None], axis=1)
    return words[:, begins:].astype(np.int32)


RECIPES = {
    "unscaled-dollars": unscaled_dollars,
    "scaled-twice": scaled_twice,
    "gates-jammed": gates_jammed,
    "early-cue-lost": early_cue_lost,
    "dead-relu": dead_relu,
    "too-small": too_small,
    "leaking-column": leaking_column,
    "never-shifted": never_shifted,
}
