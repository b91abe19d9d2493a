"""Gradients per step, against a plain gradient tape and against the model cut in two at that step."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter import LoadedModel  # noqa: E402
from lstm_tui.keras_adapter.feeding import as_tensors  # noqa: E402
from lstm_tui.keras_adapter.recorder import record_call  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402

KINDS = [
    zoo_layers.two_lstms,
    zoo_layers.gru,
    zoo_layers.simple_rnn,
    zoo_layers.rnn_of_three_states,
    zoo_layers.stacked_mixed_cells,
    zoo_layers.unrolled,
    zoo_layers.bidirectional,
    zoo_layers.masking_zero_output,
    zoo_layers.go_backwards_sequences,
    zoo_layers.encoder_decoder,
    zoo_models.shared_tower,
    zoo_layers.stateful_nested,
    zoo_models.conv_lstm_1d,
    zoo_models.nested_functional,
    zoo_models.subclassed,
    zoo_models.float64,
]


def close(one, other) -> None:
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_gradients_of_the_inputs_are_those_of_a_plain_tape(kind):
    specimen = specimens.build(kind)
    loaded = LoadedModel.in_memory(specimen.model)
    made = loaded.gradients(specimen.inputs)
    fed = as_tensors(specimen.model, specimen.inputs)
    with tf.GradientTape() as tape:
        tape.watch(keras.tree.flatten(fed))
        output = keras.tree.flatten(specimen.model(fed, training=False))[0]
        value = tf.reduce_sum(output[:, -1] if len(output.shape) > 2 else output)
    for plain, ours in zip(tape.gradient(value, keras.tree.flatten(fed)), made.inputs.values(), strict=True):
        close(ours, plain)
    np.testing.assert_allclose(made.value.sum(), value, rtol=1e-4)
    # in training, so that no prefix predictions are traced as well; the states are the same
    recorded = record_call(loaded, specimen.inputs, training=True)
    states = {
        f"{trace.path}/{name}": trace.initial[name] for trace in recorded.layers for name in trace.cell.states
    }
    assert set(made.states) == set(states)


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_of_a_state_are_those_of_the_rest_of_the_model(masked):
    stages = [layers.Masking()] if masked else []
    lstm, head = layers.LSTM(4, name="lstm"), layers.Dense(2)
    model = keras.Sequential([keras.Input((None, specimens.FEATURES)), *stages, lstm, head])
    specimens.enliven(model, 7)
    x = specimens.sequence()
    if masked:
        x[0, 3:5] = 0.0
    loaded = LoadedModel.in_memory(model)
    made, trace = loaded.gradients({"x": x}), record_call(loaded, {"x": x}, training=True).layers[0]
    for time in range(specimens.STEPS - 1):
        states = [tf.constant(trace.steps[name][:, time]) for name in ("h", "c")]
        with tf.GradientTape() as tape:
            tape.watch(states)
            mask = None if trace.mask is None else tf.constant(trace.mask[:, time + 1 :])
            value = tf.reduce_sum(head(lstm(x[:, time + 1 :], initial_state=states, mask=mask)))
        expected = tape.gradient(value, states)
        if not masked or trace.mask[:, time + 1 :].any(axis=1).all():
            close(made.states["lstm/h"][:, time], expected[0])
        close(made.states["lstm/c"][:, time], expected[1])


def test_the_last_state_of_a_layer_read_at_its_end_is_what_the_head_weighs():
    model = keras.Sequential(
        [keras.Input((None, specimens.FEATURES)), layers.GRU(4, name="gru"), layers.Dense(1)]
    )
    specimens.enliven(model, 3)
    made = LoadedModel.in_memory(model).gradients({"x": specimens.sequence()})
    kernel = keras.ops.convert_to_numpy(model.layers[-1].kernel)
    close(made.states["gru/h"][:, -1], np.tile(kernel.T, (specimens.BATCH, 1)))


def test_backward_layers_have_their_gradients_at_the_timestep_of_the_input():
    model = keras.Sequential(
        [
            keras.Input((None, specimens.FEATURES)),
            layers.GRU(4, name="gru", go_backwards=True),
            layers.Dense(1),
        ]
    )
    specimens.enliven(model, 3)
    made = LoadedModel.in_memory(model).gradients({"x": specimens.sequence()})
    kernel = keras.ops.convert_to_numpy(model.layers[-1].kernel)
    close(made.states["gru/h"][:, 0], np.tile(kernel.T, (specimens.BATCH, 1)))


def test_with_a_target_it_is_the_squared_error():
    specimen = specimens.build(zoo_layers.two_lstms)
    loaded = LoadedModel.in_memory(specimen.model)
    target = np.array([[3.0], [-2.0]], np.float32)
    made = loaded.gradients(specimen.inputs, target=target)
    error = specimen.model.predict(specimen.inputs["x"], verbose=0) - target
    close(made.value, error[:, 0] ** 2)
    plain = loaded.gradients(specimen.inputs)
    close(made.inputs["x"], 2 * error[:, None] * plain.inputs["x"])
    assert made.of == "squared error of output dense"


def test_another_output_can_be_asked_for():
    specimen = specimens.build(zoo_models.two_outputs)
    loaded = LoadedModel.in_memory(specimen.model)
    assert loaded.gradients(specimen.inputs, output="each").of == "sum of the last step of output each"
    with pytest.raises(EditError, match="now, each"):
        loaded.gradients(specimen.inputs, output="never")


def test_token_ids_have_no_gradient_but_states_have():
    specimen = specimens.build(zoo_layers.embedding_mask)
    made = LoadedModel.in_memory(specimen.model).gradients(specimen.inputs)
    assert made.inputs == {}
    assert made.states["lstm/h"].any()


def test_the_model_is_left_as_it_was():
    specimen = specimens.build(zoo_layers.stateful_lstm)
    loaded = LoadedModel.in_memory(specimen.model)
    before = {place.path: dict(vars(place.layer)) for place in loaded.placed}
    loaded.gradients(specimen.inputs)
    assert {place.path: dict(vars(place.layer)) for place in loaded.placed} == before
    assert not any(np.any(state) for state in specimen.model.layers[0].states)


def test_a_layer_that_runs_its_own_loop_is_named():
    specimen = specimens.build(zoo_layers.own_loop)
    made = LoadedModel.in_memory(specimen.model).gradients(specimen.inputs)
    assert "loop of its own" in made.missing["own"]
    assert made.inputs["x"].any()


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (zoo_layers.two_lstms, np.array([3.0, -2.0])),
        (zoo_layers.two_lstms, np.stack([np.zeros((specimens.STEPS, 1)), np.ones((specimens.STEPS, 1))])),
        (zoo_layers.lstm_sequences, np.ones((specimens.BATCH, specimens.STEPS, 2))),
        (zoo_layers.lstm_sequences, np.ones((specimens.BATCH, 2))),
    ],
    ids=["a_number_a_sample", "a_number_a_step", "sequences", "end_of_sequences"],
)
def test_a_target_is_read_where_the_output_is(kind, target):
    specimen = specimens.build(kind)
    made = LoadedModel.in_memory(specimen.model).gradients(specimen.inputs, target=target)
    output = specimen.model.predict(specimen.inputs["x"], verbose=0)
    end = output[:, -1] if output.ndim == 3 else output
    at_end = target[:, -1] if target.size != end.size else target.reshape(end.shape)
    close(made.value, np.square(end - at_end.reshape(end.shape)).sum(axis=-1))


def test_a_target_that_does_not_fit_is_refused():
    specimen = specimens.build(zoo_layers.two_lstms)
    with pytest.raises(EditError, match="does not fit output dense"):
        LoadedModel.in_memory(specimen.model).gradients(specimen.inputs, target=np.zeros((3, 2)))
