"""Models that write on, by Keras: asked again as a whole they give what a decoder taken apart gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.keras_adapter import load_model  # noqa: E402
from lstm_tui.keras_adapter.followed import followed_input  # noqa: E402
from lstm_tui.recurrent.calls import (  # noqa: E402
    Call,
    CallOutcome,
    Decode,
    Generate,
    Predict,
    ResetStates,
    RunPlan,
    Stream,
)
from tests.keras_adapter import specimens  # noqa: E402

TOKENS, UNITS = 9, 5
SENTENCE = np.array([[3, 1, 4, 1], [5, 2, 6, 5]], np.int32)
WORDS = np.array([[1, 7, 7], [2, 7, 7]], np.int32)


def made(
    model: keras.Model, folder: Path, inputs: Mapping[str, np.ndarray], *calls: Call
) -> tuple[CallOutcome, ...]:
    specimens.enliven(model, 1)
    model.save(folder / "model.keras")
    loaded = load_model(folder / "model.keras")
    outcomes = loaded.run(RunPlan(inputs, calls=calls, record=len(calls)), lambda *_: None).outcomes
    assert not any(outcome.failure for outcome in outcomes), outcomes
    return outcomes


def translator(form: str, length: int | None = None) -> tuple[keras.Model, keras.Model, keras.Model]:
    """The one that is trained, its encoder and its decoder, as Keras' tutorials take it apart."""
    sentence = keras.Input((None,), dtype="int32", name="sentence")
    shape = (length, TOKENS) if form == "one-hot" else (length,)
    words = keras.Input(shape, dtype="float32" if form == "one-hot" else "int32", name="words")
    taken = words if form == "one-hot" else layers.Embedding(TOKENS, 4, name="taken")(words)
    read = layers.LSTM(UNITS, return_state=True, name="reader")
    _, *states = read(layers.Embedding(TOKENS, 4, name="read")(sentence))
    write = layers.LSTM(UNITS, return_sequences=True, return_state=True, name="writer")
    choose = layers.Dense(TOKENS, activation="softmax", name="next")
    written, *_ = write(taken, initial_state=states)
    handed = [keras.Input((UNITS,)) for _ in states]
    step, *after = write(taken, initial_state=handed)
    return (
        keras.Model([sentence, words], choose(written)),
        keras.Model(sentence, states),
        keras.Model([words, *handed], [choose(step), *after]),
    )


def test_shapes_tell_which_input_the_output_follows() -> None:
    assert followed_input(translator("tokens")[0]) == followed_input(translator("one-hot", 6)[0]) == "words"
    assert followed_input(language(stateful=False)) == followed_input(series(stateful=False)) == ""


@pytest.mark.parametrize("form", ["tokens", "one-hot"])
def test_a_translation_is_that_of_encoder_and_decoder_by_themselves(tmp_path: Path, form: str) -> None:
    model, encoder, decoder = translator(form)
    given = np.eye(TOKENS, dtype=np.float32)[WORDS] if form == "one-hot" else WORDS
    (outcome,) = made(model, tmp_path, {"sentence": SENTENCE, "words": given}, Decode(6, "words"))
    states, token, expected = encoder.predict(SENTENCE, verbose=0), given[:, :1], []
    for _ in range(6):
        said, *states = decoder.predict([token, *states], verbose=0)
        expected.append(said[:, -1])
        token = said[:, -1].argmax(-1)[:, None].astype(np.int32)
        token = np.eye(TOKENS, dtype=np.float32)[token] if form == "one-hot" else token
    np.testing.assert_allclose(outcome.outputs["next"], np.stack(expected, 1), atol=1e-5)
    assert np.array_equal(outcome.outputs["written"], np.argmax(expected, -1).T)


def test_a_fixed_length_gives_what_any_length_gives(tmp_path: Path) -> None:
    outcomes = []
    for length in (None, 6):
        model = translator("tokens", length)[0]
        words = np.pad(WORDS, [(0, 0), (0, (length or 3) - 3)])
        inputs = {"sentence": SENTENCE, "words": words}
        outcomes += made(model, tmp_path, inputs, Decode(6, "words", temperature=1.5, seed=2))
    assert np.array_equal(outcomes[0].outputs["written"], outcomes[1].outputs["written"])
    np.testing.assert_allclose(outcomes[0].outputs["next"], outcomes[1].outputs["next"], atol=1e-6)


def language(stateful: bool, length: int | None = None) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((length,), batch_size=2 if stateful else None, dtype="int32", name="words"),
            layers.Embedding(TOKENS, 4),
            layers.GRU(UNITS, return_sequences=True, stateful=stateful),
            layers.Dense(TOKENS, name="next"),
        ]
    )


def test_carried_states_write_what_the_whole_text_gives(tmp_path: Path) -> None:
    inputs = {"words": SENTENCE}
    (whole,) = made(language(stateful=False), tmp_path, inputs, Decode(5, "words"))
    for length in (None, 1):
        carried = Decode(5, "words", carry=True)
        (outcome,) = made(language(stateful=True, length=length), tmp_path, inputs, carried)
        assert np.array_equal(outcome.outputs["written"], whole.outputs["written"])
        np.testing.assert_allclose(outcome.outputs["next"], whole.outputs["next"], atol=1e-5)


def series(stateful: bool, length: int | None = None) -> keras.Model:
    past = keras.Input((length, 1), batch_size=2 if stateful else None, name="past")
    store = keras.Input((2,), batch_size=2 if stateful else None, name="store")
    state = layers.LSTM(UNITS, stateful=stateful, name="lstm")(past)
    return keras.Model([past, store], layers.Dense(1, name="y")(layers.Concatenate()([state, store])))


@pytest.mark.parametrize("length", [None, 1])
def test_a_carried_loop_is_one_over_all_that_was_seen(tmp_path: Path, length: int | None) -> None:
    x, store = specimens.sequence(2, 8, 1), specimens.sequence(2, 2)
    model = series(stateful=True, length=length)
    calls = (Generate(4, carry=True, keep=6), ResetStates(), Stream())
    generated, _, streamed = made(model, tmp_path, {"past": x, "store": store}, *calls)
    plain = series(stateful=False)
    plain.set_weights(model.get_weights())
    seen = x[:, :6]
    for step in range(4):
        y = plain.predict([seen, store], verbose=0)
        np.testing.assert_allclose(generated.outputs["y"][:, step], y, atol=1e-5)
        seen = np.concatenate([seen, y[:, None]], axis=1)
    assert streamed.outputs["y"].shape == (2, 8, 1)
    np.testing.assert_allclose(streamed.outputs["y"][:, 5], generated.outputs["y"][:, 0], atol=1e-5)


def test_a_call_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    model = series(stateful=False, length=8)
    inputs = {"past": specimens.sequence(2, 8, 1), "store": specimens.sequence(2, 2)}
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    calls = (Generate(2, carry=True), Decode(2, "store"), Predict())
    carried, decoded, _ = loaded.run(RunPlan(inputs, calls=calls, record=2), lambda *_: None).outcomes
    assert carried.failure is not None
    assert "declares 8 timesteps" in carried.failure.message
    assert decoded.failure is not None
    assert "cannot take in" in decoded.failure.message
