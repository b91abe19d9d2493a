"""The same model in another form: written where it predicts the same, refused with the reason where not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter import load_model  # noqa: E402
from lstm_tui.keras_adapter.rebuilding import rebuild  # noqa: E402
from lstm_tui.recurrent.forms import Form, Rebuilt  # noqa: E402

KERAS_2 = Path(__file__).parents[1] / "keras_2_files"


def rebuilt(tmp_path: Path, model: Any, form: Form, **inputs: Any) -> tuple[Rebuilt, Any]:
    """What was said, and what stands in the file as plain Keras reads it."""
    model.save(tmp_path / "model.keras")
    out = tmp_path / "out.keras"
    said = rebuild(load_model(tmp_path / "model.keras"), form, inputs, out, lambda *_: None)
    return said, keras.models.load_model(out)


def refused(tmp_path: Path, model: Any, form: Form) -> str:
    model.save(tmp_path / "model.keras")
    out = tmp_path / "out.keras"
    with pytest.raises(EditError) as raised:
        rebuild(load_model(tmp_path / "model.keras"), form, {}, out, lambda *_: None)
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
    return str(raised.value)


def stateful(*recurrent: Any, batch: int = 4, steps: int | None = 6) -> Any:
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input(batch_shape=(batch, steps, 2)), *recurrent, layers.Dense(1)])


def test_stateless_with_any_batch_size(tmp_path: Path) -> None:
    model = stateful(layers.LSTM(5, stateful=True, return_sequences=True), layers.GRU(4, stateful=True))
    x = np.random.default_rng(0).normal(size=(4, 6, 2)).astype("float32")
    said, plain = rebuilt(tmp_path, model, Form(stateless=True), **{model.inputs[0].name: x})
    assert plain.input_shape == (None, 6, 2)
    assert said.changes == ("stateful → stateless", "batch size 4 → any")
    assert said.compared[-1].on == "your input, (4, 6, 2)"
    np.testing.assert_allclose(
        plain.predict(x, verbose=0), model.predict(x, batch_size=4, verbose=0), atol=1e-6
    )
    np.testing.assert_array_equal(plain.predict(x, verbose=0), plain.predict(x, verbose=0))


def test_another_batch_size_in_nested_models_too(tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input(batch_shape=(4, 6, 2)), layers.LSTM(3, stateful=True)])
    x = keras.Input(batch_shape=(4, 6, 2))
    said, plain = rebuilt(tmp_path, keras.Model(x, layers.Dense(1)(inner(x))), Form(batch_size=7))
    assert plain.input_shape == (7, 6, 2)
    assert plain.layers[1].layers[-1].states[0].shape == (7, 3)
    assert len(said.compared) == 3


def test_a_step_at_a_time_with_the_state_carried(tmp_path: Path) -> None:
    model = stateful(layers.LSTM(5, stateful=True, return_sequences=True))
    _, plain = rebuilt(tmp_path, model, Form(batch_size=4, timesteps=1))
    x = np.random.default_rng(0).normal(size=(4, 6, 2)).astype("float32")
    whole = model.predict(x, batch_size=4, verbose=0)
    steps = [plain.predict(x[:, t : t + 1], batch_size=4, verbose=0) for t in range(6)]
    np.testing.assert_allclose(np.concatenate(steps, axis=1), whole, atol=1e-6)


NOT_IN_PIECES = {
    "a layer that is not stateful": (
        lambda: [layers.GRU(2, stateful=True, return_sequences=True), layers.LSTM(3, name="anew")],
        "anew is not stateful",
    ),
    "bidirectional": (lambda: [layers.Bidirectional(layers.LSTM(3, stateful=True))], "from its end"),
    "convolution": (
        lambda: [layers.Conv1D(3, 3, padding="causal"), layers.LSTM(3, stateful=True)],
        "the steps beside",
    ),
}


@pytest.mark.parametrize("kind", NOT_IN_PIECES)
def test_what_pieces_cannot_give_is_refused_with_the_reason(tmp_path: Path, kind: str) -> None:
    make, why = NOT_IN_PIECES[kind]
    message = refused(tmp_path, stateful(*make()), Form(timesteps=1))
    assert "would predict something else" in message
    assert why in message


def test_attention_is_refused_in_pieces(tmp_path: Path) -> None:
    x = keras.Input(batch_shape=(2, 6, 2))
    steps = layers.LSTM(4, stateful=True, return_sequences=True)(x)
    model = keras.Model(x, layers.Attention()([steps, steps]))
    assert "compares the steps of one call" in refused(tmp_path, model, Form(timesteps=2))


def test_a_shared_stateful_layer_is_refused_as_stateless(tmp_path: Path) -> None:
    """Its second call starts from the state of its first, in every call of the model."""
    x = keras.Input(batch_shape=(2, 6, 2))
    shared = layers.LSTM(4, stateful=True)
    model = keras.Model(x, layers.Concatenate()([shared(x), shared(x * 2.0)]))
    assert "called more than once" in refused(tmp_path, model, Form(stateless=True))


def test_a_window_length_that_the_weights_do_not_fit_is_refused(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((6, 2)), layers.LSTM(3, return_sequences=True), layers.Flatten(), layers.Dense(1)]
    )
    assert "cannot be built in this form" in refused(tmp_path, model, Form(timesteps=4))


def test_another_window_length_of_a_stateless_model(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((6, 2)), layers.Bidirectional(layers.LSTM(3)), layers.Dense(1)])
    said, plain = rebuilt(tmp_path, model, Form(timesteps=9))
    assert plain.input_shape == (None, 9, 2)
    assert said.compared[0].on.startswith("the old window length")


def test_random_outputs_cannot_be_shown_equal(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("rebuilding")
    class Noise(layers.Layer):
        def call(self, x: Any) -> Any:
            return x + keras.random.normal(keras.ops.shape(x))

    model = keras.Sequential([keras.Input((6, 2)), layers.LSTM(3), Noise()])
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras", custom_objects=("math",))
    with pytest.raises(EditError, match="different outputs for the same input"):
        rebuild(loaded, Form(), {}, tmp_path / "out.keras", lambda *_: None)


@pytest.mark.parametrize("name", ["hard_sigmoid.h5", "cudnn.h5", "seq2seq.keras"])
def test_a_file_of_keras_2_becomes_one_that_plain_keras_3_reads(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out.keras"
    rebuild(load_model(KERAS_2 / name), Form(), {}, out, lambda *_: None)
    kept = np.load((KERAS_2 / name).with_suffix(".npz"))
    inputs = [kept[key] for key in sorted(kept.files) if key != "y"]
    answer = keras.models.load_model(out).predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    np.testing.assert_allclose(answer, kept["y"], atol=1e-6)


def test_a_function_without_weights_of_its_own_is_refused(tmp_path: Path) -> None:
    from lstm_tui.keras_adapter.keras_2_functions import keras_2_hard_sigmoid

    model = keras.Sequential([keras.Input((6, 2)), layers.LSTM(3), layers.Activation(keras_2_hard_sigmoid)])
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras", custom_objects=("math",))
    with pytest.raises(EditError, match="cannot be said by weights"):
        rebuild(loaded, Form(), {}, tmp_path / "out.keras", lambda *_: None)
