"""All four settings of each recurrent layer: shapes on this input, names, and who refuses what."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter.load import load_model  # noqa: E402
from lstm_tui.recurrent.calls import Alteration, Predict, RunPlan  # noqa: E402

X = np.zeros((2, 6, 3), np.float32)


@pytest.fixture
def explored(tmp_path):
    def explore(model, x=X, alterations=()):
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        inputs = {loaded.facts.inputs[0].name: x} if x is not None else {}
        return loaded.explore_shapes(inputs, alterations, lambda stage, fraction: None)

    return explore


def graph(build, inputs=(None, 3)):
    x = keras.Input(inputs, name="x")
    return keras.Model(x, build(x))


def said(layer):
    """Name and shape of everything that each option of a layer gives."""
    return [{each.name: each.shape for each in option.outputs} for option in layer.options]


def test_all_four_of_a_single_layer(explored):
    (lstm,) = explored(graph(lambda x: layers.Dense(1, name="head")(layers.LSTM(4, name="lstm")(x)))).layers
    assert (lstm.path, lstm.kind, lstm.present) == ("lstm", "LSTM", 0)
    assert said(lstm) == [
        {"output": (2, 4)},
        {"output": (2, 6, 4)},
        {"output": (2, 4), "h": (2, 4), "c": (2, 4)},
        {"output": (2, 6, 4), "h": (2, 4), "c": (2, 4)},
    ]
    assert [option.model_outputs for option in lstm.options] == [
        (("head", (2, 1)),),
        (("head", (2, 6, 1)),),
        (("head", (2, 1)),),
        (("head", (2, 6, 1)),),
    ]
    assert lstm.options[1].outputs[0].axes == ("batch", "timesteps", "units")


def test_a_layer_that_is_the_output_gives_its_states_too(explored):
    (gru,) = explored(graph(layers.GRU(4, name="gru"))).layers
    assert gru.options[3].model_outputs == (("gru", (2, 6, 4)), ("gru#2", (2, 4)))


def test_who_refuses_is_named_and_the_layer_is_asked_alone(explored):
    model = keras.Sequential(
        [layers.Input((None, 3)), layers.LSTM(4, return_sequences=True, name="first"),
         layers.GRU(5, name="second"), layers.Dense(1)]
    )  # fmt: skip
    first, second = explored(model).layers
    assert first.present == 1
    refused = first.options[0]
    assert said(first)[0] == {"output": (2, 4)}
    assert refused.refused_by == "second"
    assert "expected ndim=3, found ndim=2" in refused.refused
    assert not refused.model_outputs
    assert second.options[1].model_outputs == (("dense", (2, 6, 1)),) or not second.options[1].refused


def test_a_bidirectional_names_the_states_of_both_halves(explored):
    both = layers.Bidirectional(layers.LSTM(4, name="lstm"), name="both")
    (halves,) = explored(graph(lambda x: layers.Dense(1)(both(x)))).layers
    assert (halves.path, halves.kind) == ("both/forward_lstm", "Bidirectional(LSTM)")
    assert said(halves)[2] == {
        "output": (2, 8), "forward h": (2, 4), "forward c": (2, 4), "backward h": (2, 4), "backward c": (2, 4)
    }  # fmt: skip


def test_what_time_distributed_goes_through_are_windows(explored):
    x = np.zeros((2, 5, 6, 3), np.float32)
    model = graph(layers.TimeDistributed(layers.LSTM(4, name="lstm"), name="each"), (None, 6, 3))
    (each,) = explored(model, x).layers
    assert each.kind == "TimeDistributed(LSTM)"
    assert each.options[1].outputs[0].shape == (2, 5, 6, 4)
    assert each.options[1].outputs[0].axes == ("batch", "windows", "timesteps", "units")
    assert each.options[2].refused
    assert not each.options[2].outputs


def test_a_stack_of_cells_and_a_nested_model(explored):
    cells = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], name="cells")
    inner = keras.Sequential([layers.Input((None, 3)), cells], name="inner")
    model = keras.Sequential([layers.Input((None, 3)), inner, layers.Dense(1)])
    (stack,) = explored(model).layers
    assert stack.path == "inner/cells"
    assert said(stack)[1] == {"output": (2, 6, 3)}
    assert list(said(stack)[2]) == ["output", "cell_0 h", "cell_0 c", "cell_1 h"]


def test_without_an_input_axes_are_free(explored):
    (lstm,) = explored(graph(layers.LSTM(4, name="lstm")), None).layers
    assert said(lstm)[1] == {"output": (None, None, 4)}


def test_shapes_as_declared_are_told_too(explored):
    x = keras.Input(batch_shape=(2, 6, 3), name="x")
    (lstm,) = explored(keras.Model(x, layers.LSTM(4, stateful=True, name="lstm")(x))).layers
    assert said(lstm)[1] == {"output": (2, 6, 4)}


def test_an_input_that_does_not_fit_is_said(explored):
    with pytest.raises(EditError, match="does not go through"):
        explored(graph(layers.LSTM(4)), np.zeros((2, 6, 5), np.float32))


def test_what_was_altered_is_where_it_begins(explored):
    change = (Alteration("lstm", (("return_sequences", True),)),)
    (lstm,) = explored(graph(layers.LSTM(4, name="lstm")), X, change).layers
    assert lstm.present == 1


def test_a_chosen_option_gives_what_was_said(explored, tmp_path):
    model = graph(lambda x: layers.Dense(1, name="head")(layers.LSTM(4, name="lstm")(x)))
    found = explored(model)
    layer, index = found.fitting((2, 6, 1))[0]
    change = layer.change_to(index)
    run = load_model(tmp_path / "model.keras").run(
        RunPlan({"x": X}, calls=(Predict(),), alterations=(change,)), lambda stage, fraction: None
    )
    shapes = tuple((name, array.shape) for name, array in run.outcomes[0].outputs.items())
    assert shapes == layer.options[index].model_outputs


class Subclassed(keras.Model):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.lstm = layers.LSTM(4, name="lstm")

    def call(self, x):
        return self.lstm(x)


def test_of_a_subclassed_model_the_layers_alone_are_told():
    from lstm_tui.keras_adapter.loaded import LoadedModel

    model = Subclassed()
    model(X)
    loaded = LoadedModel.in_memory(model)
    (lstm,) = loaded.explore_shapes({"input": X}, (), lambda stage, fraction: None).layers
    assert lstm.options[0].model_outputs == (("output", (2, 4)),)
    assert said(lstm)[1] == {"output": (2, 6, 4)}
    assert lstm.options[1].refused
