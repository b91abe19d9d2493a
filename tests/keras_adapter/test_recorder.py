"""What a recording holds beyond the zoo: batches, names, masks, sizes, damage that is undone."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from keras import layers  # noqa: E402

from lstm_tui.keras_adapter import LoadedModel  # noqa: E402
from lstm_tui.keras_adapter.recorder import record_call, record_predict  # noqa: E402
from lstm_tui.recurrent.calls import Predict, RunPlan  # noqa: E402
from lstm_tui.recurrent.recording import Recording  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402


def recorded(kind, **inputs: np.ndarray) -> tuple[LoadedModel, Recording]:
    specimen = specimens.build(kind)
    loaded = LoadedModel.in_memory(specimen.model)
    return loaded, record_predict(loaded, inputs or specimen.inputs)


def test_more_rows_than_a_batch_are_put_together():
    loaded, recording = recorded(zoo_layers.two_lstms, x=specimens.sequence(40, 4, specimens.FEATURES))
    assert recording.layers[0].steps["h"].shape == (40, 4, 4)
    assert recording.prefix["dense"].shape == (40, 4, 1)
    expected = loaded.model.predict(recording.inputs["x"], verbose=0)
    np.testing.assert_array_equal(recording.outputs["dense"], expected)
    assert recording.layer_outputs[0].shapes[0][0] == 40


def test_stateful_batches_hand_their_states_on():
    loaded = LoadedModel.in_memory(specimens.build(zoo_layers.stateful_gru).model)
    inputs = {"x": specimens.sequence(6, 4, specimens.FEATURES)}
    run = loaded.run(RunPlan(inputs, calls=(Predict(batch_size=2),)), lambda *_: None)
    assert run.recording is not None and run.recording.disagreement == 0.0
    trace = run.recording.layers[0]
    np.testing.assert_array_equal(trace.initial["h"][2:4], trace.steps["h"][0:2, -1])


def test_a_smaller_batch_is_broadcast_as_keras_does_it():
    """After a full batch Keras takes a smaller one; the states of all rows then answer for it."""
    loaded = LoadedModel.in_memory(specimens.build(zoo_layers.stateful_lstm).model)
    inputs = {"x": specimens.sequence(3, 4, specimens.FEATURES)}
    run = loaded.run(RunPlan(inputs, calls=(Predict(batch_size=2),)), lambda *_: None)
    assert run.outcomes[0].failure is None
    assert run.recording is not None and run.recording.disagreement == 0.0
    assert run.recording.outputs["dense"].shape[0] == 4


def test_a_masked_step_repeats_the_state_before_it():
    _, recording = recorded(zoo_layers.masking_inside)
    trace = recording.layers[0]
    assert trace.mask is not None
    assert not trace.mask[0, 2:4].any()
    np.testing.assert_array_equal(trace.steps["h"][0, 2], trace.steps["h"][0, 1])
    np.testing.assert_array_equal(trace.steps["h"][0, 3], trace.steps["h"][0, 1])


def test_a_step_that_is_masked_first_repeats_the_initial_state():
    _, recording = recorded(zoo_layers.masking_left)
    trace = recording.layers[0]
    np.testing.assert_array_equal(trace.steps["c"][0, 0], trace.initial["c"][0])


def test_backward_steps_stand_at_the_timestep_of_the_input():
    _, recording = recorded(zoo_layers.go_backwards)
    trace = recording.layers[0]
    assert trace.go_backwards
    head = recording.layer_outputs[0].values
    assert head is not None
    np.testing.assert_array_equal(trace.steps["h"][:, 0], head[0])


def test_layers_called_again_are_numbered():
    _, recording = recorded(zoo_models.shared_tower)
    assert [trace.path for trace in recording.layers] == [
        "tower/gru",
        "tower/lstm",
        "tower/gru#2",
        "tower/lstm#2",
    ]
    assert [output.path for output in recording.layer_outputs][-1] == "subtract"


def test_a_cell_stepped_by_hand_has_one_step_a_call():
    _, recording = recorded(zoo_layers.cells_by_hand)
    (trace,) = recording.layers
    assert trace.path == "cell"
    assert trace.steps["i"].shape == (specimens.BATCH, specimens.STEPS, 4)
    i, f, g, o, c = (trace.steps[name] for name in "ifgoc")
    before = np.concatenate([trace.initial["c"][:, None], c[:, :-1]], axis=1)
    np.testing.assert_allclose(c, f * before + i * g, atol=1e-6)
    np.testing.assert_allclose(trace.steps["h"], o * np.tanh(c), atol=1e-6)


def test_a_state_that_is_not_one_row_a_sample_is_named_and_the_rest_is_shown():
    class Counting(layers.Layer):
        state_size = (3, 1)

        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")

        def get_initial_state(self, batch_size=None):
            return [keras.ops.zeros((batch_size, 3)), keras.ops.zeros(())]

        def call(self, inputs, states):
            h = keras.ops.tanh(inputs @ self.kernel + states[0])
            return h, [h, states[1] + 1.0]

    model = keras.Sequential([keras.Input((None, 3)), layers.RNN(Counting(), name="counts"), layers.Dense(1)])
    run = LoadedModel.in_memory(model).run(RunPlan({"x": specimens.sequence()}), lambda *_: None)
    assert run.recording is not None
    assert run.recording.disagreement == 0.0
    assert "state_1" in run.recording.unrecorded["counts"]


def test_a_layer_that_is_never_called_is_named():
    class Idle(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.idle = layers.LSTM(3, name="used"), layers.LSTM(3, name="idle")

        def call(self, x):
            return self.used(x)

    model = Idle()
    model(specimens.sequence())
    recording = record_predict(LoadedModel.in_memory(model), {"input": specimens.sequence()})
    assert [trace.path for trace in recording.layers] == ["used"]
    assert "does not call it" in recording.unrecorded["idle"]


def test_gates_that_cannot_be_told_apart_are_left_out():
    twice = layers.LSTMCell(3)
    stack = layers.StackedRNNCells([twice, twice])
    model = keras.Sequential([keras.Input((None, 3)), layers.RNN(stack, name="rnn")])
    recording = record_predict(LoadedModel.in_memory(model), {"x": specimens.sequence()})
    assert [trace.cell.series for trace in recording.layers] == [("h", "c"), ("h", "c")]


def test_large_outputs_are_told_by_shape_alone():
    model = keras.Sequential(
        [keras.Input((None, 3)), layers.LSTM(300, return_sequences=True), layers.Dense(1)]
    )
    x = specimens.sequence(2, 200, 3)
    recording = record_predict(LoadedModel.in_memory(model), {"x": x})
    lstm, dense = recording.layer_outputs
    assert (lstm.shapes, lstm.values) == (((2, 200, 300),), None)
    assert dense.values is not None


def test_shapes_that_are_known_only_when_it_runs_are_told():
    class Chosen(layers.Layer):
        """Keeps the rows whose sum is positive: nobody knows beforehand how many."""

        def call(self, x):
            return tf.boolean_mask(x, tf.reduce_sum(x, axis=[1, 2]) > 0)

        def compute_output_shape(self, shape):
            return shape

    inputs = keras.Input((None, 3))
    steps = layers.LSTM(4, return_sequences=True)(inputs)
    model = keras.Model(inputs, [layers.Dense(1)(steps), Chosen(name="chosen")(steps)])
    specimens.enliven(model, 1)
    recording = record_predict(LoadedModel.in_memory(model), {"x": specimens.sequence(5, 4, 3)})
    chosen = next(output for output in recording.layer_outputs if output.path == "chosen")
    assert chosen.shapes == (next(reversed(recording.outputs.values())).shape,)


def test_what_would_not_fit_into_memory_is_refused_before_a_step_is_made(monkeypatch):
    from lstm_tui.keras_adapter.recorder import record

    monkeypatch.setattr(record, "LARGEST", 1000)
    loaded = LoadedModel.in_memory(specimens.build(zoo_layers.lstm).model)
    run = loaded.run(RunPlan({"x": specimens.sequence()}), lambda *_: None)
    assert run.outcomes[0].failure is None
    assert run.recording is None
    assert "fewer steps" in run.recording_note


def test_arrays_of_a_recording_cannot_be_written():
    _, recording = recorded(zoo_layers.two_lstms)
    arrays = [
        *recording.outputs.values(),
        *recording.prefix.values(),
        *recording.layers[0].steps.values(),
        *recording.layers[0].initial.values(),
    ]
    assert not any(array.flags.writeable for array in arrays)


def test_a_recording_is_compiled_once_for_a_shape():
    specimen = specimens.build(zoo_layers.two_lstms)
    loaded = LoadedModel.in_memory(specimen.model)
    calls = []
    original = layers.LSTMCell.call

    def counted(self, *args, **kwargs):
        calls.append(self)
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers.LSTMCell, "call", counted)
        record_predict(loaded, specimen.inputs)
        traced = len(calls)
        record_predict(loaded, {"x": specimens.sequence(seed=4)})
    assert traced > 0
    assert len(calls) == traced


def test_an_error_while_tracing_leaves_the_model_whole():
    specimen = specimens.build(zoo_models.nested_sequential)
    loaded = LoadedModel.in_memory(specimen.model)
    called = keras.layers.Layer.__call__
    with pytest.raises(ValueError):
        record_predict(loaded, {"x": specimens.sequence(2, 4, 7)})
    assert keras.layers.Layer.__call__ is called
    assert not [place.path for place in loaded.placed if "call" in vars(place.layer)]
    assert record_predict(loaded, specimen.inputs).outputs["dense"].shape == (2, 1)


def test_a_call_in_training_draws_the_dropout_of_that_call():
    specimen = specimens.build(zoo_models.dropout)
    loaded = LoadedModel.in_memory(specimen.model)
    first = record_call(loaded, specimen.inputs, training=True)
    again = record_call(loaded, specimen.inputs, training=True)
    np.testing.assert_array_equal(first.outputs["dense"], again.outputs["dense"])
    np.testing.assert_allclose(
        first.outputs["dense"], specimen.model(specimen.inputs["x"], training=True), atol=1e-6
    )
    assert first.prefix == {}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_inf_are_recorded_as_they_come(value):
    x = specimens.sequence()
    x[0, 2, 1] = value
    loaded, recording = recorded(zoo_layers.gru, x=x)
    run = loaded.run(RunPlan({"x": x}), lambda *_: None)
    assert run.recording is not None and run.recording.disagreement == 0.0
    if np.isnan(value):
        assert np.isnan(recording.layers[0].steps["h"][0, 2:]).all()
    assert np.isfinite(recording.layers[0].steps["h"][1]).all()


def test_one_step_is_its_own_prefix():
    _, recording = recorded(zoo_layers.two_lstms, x=specimens.sequence(2, 1, specimens.FEATURES))
    np.testing.assert_array_equal(recording.prefix["dense"][:, 0], recording.outputs["dense"])


def test_a_wrong_folding_is_found_by_the_replay():
    _, recording = recorded(zoo_models.attention_from_last_step)
    assert recording.prefix == {}
    assert "differs from a run on the first" in recording.prefix_missing["dense"]


def test_the_layer_that_reads_backwards_is_named_as_the_reason():
    _, recording = recorded(zoo_layers.bidirectional)
    assert "bidirectional/backward_lstm reads the sequence backwards" in recording.prefix_missing["dense"]


def test_a_model_for_one_length_has_prefixes_too():
    model = keras.Sequential([keras.Input((6, 3)), layers.LSTM(4), layers.Dense(1)])
    specimens.enliven(model, 3)
    x = specimens.sequence()
    recording = record_predict(LoadedModel.in_memory(model), {"x": x})
    free = keras.Sequential([keras.Input((None, 3)), *model.layers])
    for length in (1, 4):
        np.testing.assert_allclose(
            next(iter(recording.prefix.values()))[:, length - 1],
            free.predict(x[:, :length], verbose=0),
            atol=1e-6,
        )
