"""Question 3: something comes out, in a shape that was not meant."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from recipes import data
from recipes.learning import learn, learn_in_stretches, stack
from recipes.shelf import Shelf

FOLDER = "3-unexpected-shape"


def sequence_returned(shelf: Shelf) -> None:
    """`return_sequences=True` on the last recurrent layer: a prediction for each of 48 steps, not one."""
    scaled, _, _ = data.standardised(data.weather(1400, seed=31))
    inputs, target = data.windows_with_targets(scaled[:1200], 48)
    model = _forecaster(return_sequences=True)
    learn(model, inputs[::3], target[::3], epochs=10)
    once = _forecaster(return_sequences=False)
    once.set_weights(model.get_weights())
    shelf.lay_model(model)
    shelf.lay_model(once, "last-step")
    shelf.lay_array(scaled[None, 1300:1348])
    shelf.lay_prediction(scaled[None, 1300:1348])


def _forecaster(return_sequences: bool) -> keras.Sequential:
    return stack(
        layers.LSTM(10, return_sequences=True, name="lstm_1"),
        layers.LSTM(8, return_sequences=return_sequences, name="lstm_2"),
        layers.Dense(1, name="temperature"),
        inputs=(None, 4),
    )


def states_returned(shelf: Shelf) -> None:
    """`return_state=True`, left over from an encoder: the states come out beside the prediction."""
    runs, failing = data.machine_runs(240, 80, seed=32)
    sequence = keras.Input((None, 3), name="sequence")
    last, hidden, cell = layers.LSTM(10, return_state=True, name="lstm")(sequence)
    failing_now = layers.Dense(1, activation="sigmoid", name="failing")(last)
    alone = keras.Model(sequence, failing_now, name="failing_alone")
    learn(alone, runs[:200], failing[:200], epochs=10, loss="binary_crossentropy")
    shelf.lay_model(keras.Model(sequence, [failing_now, hidden, cell], name="failing_and_states"))
    shelf.lay_model(alone, "prediction-alone")
    shelf.lay_array(runs[201:202])
    shelf.lay_prediction(runs[201:202])


#: What a word is. Some are several things, by what stands before them.
PADDING, ARTICLE, NOUN, VERB, ADJECTIVE = range(5)
VOCABULARY = 20


def last_only(shelf: Shelf) -> None:
    """`return_sequences=False`, but a tag for every word was wanted."""
    sentences, tags = _tagged_sentences(samples=500, words=24, seed=33)
    model = _tagger(return_sequences=True)
    learn(model, sentences[:450], tags[:450], epochs=8, loss="sparse_categorical_crossentropy")
    last = _tagger(return_sequences=False)
    last.set_weights(model.get_weights())
    shelf.lay_model(last)
    shelf.lay_model(model, "every-word")
    shelf.lay_prediction(sentences[460:461])  # its words stand in the scenario itself
    shelf.lay_array(tags[460:461], "tags")


def _tagger(return_sequences: bool) -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32", name="words"),
            layers.Embedding(VOCABULARY, 6, name="embedding"),
            layers.GRU(12, return_sequences=return_sequences, name="gru"),
            layers.Dense(5, activation="softmax", name="tag"),
        ]
    )


def _tagged_sentences(samples: int, words: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Words `(samples, words)` of article, perhaps adjectives, noun, verb, again and again; and their tags.

    Words 11 to 13 are nouns after an article or adjective and verbs after a noun, as "plays" is.
    """
    rng = np.random.default_rng(seed)
    sentences, tags = np.zeros((samples, words), np.int32), np.zeros((samples, words), np.int32)
    ranges = {ARTICLE: (1, 3), ADJECTIVE: (14, 20), NOUN: (3, 14), VERB: (8, 14)}
    for row in range(samples):
        tag = VERB
        for place in range(words):
            tag = _next_tag(tag, rng)
            tags[row, place] = tag
            sentences[row, place] = rng.integers(*ranges[tag])
    return sentences, tags


def _next_tag(tag: int, rng: np.random.Generator) -> int:
    if tag in (ARTICLE, ADJECTIVE):
        return ADJECTIVE if rng.random() < 0.3 else NOUN
    return {NOUN: VERB, VERB: ARTICLE}[tag]


def halves_joined(shelf: Shelf) -> None:
    """Bidirectional joins its two halves end to end: 8 units give 16 features."""
    runs, failing = data.machine_runs(240, 80, seed=34)
    model = stack(
        layers.Bidirectional(layers.GRU(8, name="gru"), name="bidirectional"),
        layers.Dense(1, activation="sigmoid", name="failing"),
        inputs=(None, 3),
    )
    learn(model, runs[:200], failing[:200], epochs=8, loss="binary_crossentropy")
    for variant, merge in (("", "concat"), ("averaged", "ave")):
        encoder = stack(
            layers.Bidirectional(layers.GRU(8, name="gru"), merge_mode=merge, name="bidirectional"),
            inputs=(None, 3),
        )
        encoder.set_weights(model.get_weights()[:-2])
        shelf.lay_model(encoder, variant)
    # Any input shows it: the scenario draws these numbers itself.
    noise = np.random.RandomState(34).standard_normal((1, 40, 3)).astype(np.float32)
    shelf.lay_prediction(noise)


def head_missing(shelf: Shelf) -> None:
    """The Dense head was cut off when the model was saved: the states of 16 units stand for a price."""
    scaled, _, _ = data.standardised(data.gold_price(1100, seed=35))
    model = stack(layers.LSTM(16, name="lstm"), layers.Dense(1, name="tomorrow"), inputs=(None, 1))
    inputs, target = data.windows(scaled[:900], 60)
    learn(model, inputs[::3], target[::3], epochs=20)
    headless = stack(layers.LSTM(16, name="lstm"), inputs=(None, 1))
    headless.set_weights(model.get_weights()[:3])
    shelf.lay_model(headless)
    shelf.lay_model(model, "with-head")
    shelf.lay_array(scaled[None, 1000:1060, None])
    shelf.lay_prediction(scaled[None, 1000:1060, None])
    shelf.lay_array(scaled[None, 1060:1061], "target")


def steps_as_rows(shelf: Shelf) -> None:
    """A column of 84 days is taken for 84 sequences of one day each, and nobody objects."""
    counts = data.visitor_counts(1100, seed=36)
    mean, deviation = float(counts[:900].mean()), float(counts[:900].std())
    model = stack(
        layers.Normalization(mean=mean, variance=deviation**2, axis=None, name="to_scale"),
        layers.LSTM(12, name="lstm"),
        layers.Dense(1, name="scaled_visitors"),
        layers.Rescaling(deviation, mean, name="visitors"),
        inputs=(None, 1),
    )
    inputs, target = data.windows(counts[:900], 28)
    learn(model, inputs, target, epochs=25)
    shelf.lay_model(model)
    shelf.lay_table({"visitors": counts[950:1034]}, digits=0)
    shelf.lay_prediction(counts[950:1034, None])
    shelf.lay_array(counts[None, 1034:1035], "target")


def surplus_rows(shelf: Shelf) -> None:
    """Five stations, a state for four: the fifth is added to the states of all four."""
    stations = [data.standardised(data.daily_temperature(400, seed))[0] for seed in range(5)]
    series = np.stack(stations)[:, :, None]
    model = stack(
        layers.LSTM(8, stateful=True, name="lstm"),
        layers.Dense(1, name="tomorrow"),
        inputs=(None, 1),
        batch=4,
    )
    learn_in_stretches(model, series[:4, :361], stretch=30, rounds=8)
    shelf.lay_model(model)
    shelf.lay_array(series[:, 360:390])


RECIPES = {
    "sequence-returned": sequence_returned,
    "last-only": last_only,
    "states-returned": states_returned,
    "halves-joined": halves_joined,
    "head-missing": head_missing,
    "steps-as-rows": steps_as_rows,
    "surplus-rows": surplus_rows,
}
