"""What is said of a model: every layer, wherever it stands, with its shapes and parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.keras_adapter.facts import model_facts  # noqa: E402
from lstm_tui.model_file.facts import ModelFacts  # noqa: E402
from tests.keras_adapter import own_layers as own  # noqa: E402
from tests.keras_adapter import specimens, zoo, zoo_layers, zoo_models  # noqa: E402


def facts_of(model: keras.Model) -> ModelFacts:
    return model_facts(model, Path("model.keras"), "keras")


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        (zoo_layers.two_lstms, ["input_layer", "lstm", "lstm_1", "dense"]),
        (zoo_layers.bidirectional, ["input_layer", "bidirectional", "bidirectional/forward_lstm",
                             "bidirectional/backward_lstm", "dense"]),
        (zoo_layers.stacked_cells, ["input_layer", "rnn", "rnn/cell_0", "rnn/cell_1", "dense"]),
        (zoo_models.nested_twice, ["input_layer_2", "inner", "inner/input_layer_1", "inner/deepest",
                            "inner/deepest/input_layer", "inner/deepest/gru", "inner/lstm", "dense"]),
        (zoo_models.subclassed, ["low", "high", "head"]),
        (zoo_models.hidden_in_plain_objects, ["core", "head"]),
        (zoo_layers.cells_by_hand, ["cell", "head"]),
        (zoo_models.multi_head_attention, ["input_layer", "lstm", "multi_head_attention", "gru", "dense"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_paths_are_names_joined_from_the_outside_in(kind, paths):
    facts = facts_of(specimens.build(kind).model)
    assert [layer.path for layer in facts.layers] == paths
    assert [layer.depth for layer in facts.layers] == [path.count("/") for path in paths]


@pytest.mark.parametrize("kind", zoo.ZOO[::4], ids=lambda kind: kind.__name__)
def test_parameters_add_up(kind):
    model = specimens.build(kind).model
    facts = facts_of(model)
    assert facts.parameters == model.count_params() - 2 * sum(
        "seed" in weight.path for weight in model.weights
    )
    if kind is not zoo_models.hidden_in_plain_objects:
        assert sum(layer.own_parameters for layer in facts.layers) == facts.parameters


def test_a_recurrent_layer_says_how_it_is_set():
    facts = facts_of(specimens.build(zoo_layers.stateful_bidirectional).model)
    forward, backward = facts.recurrent_layers
    assert forward.recurrent is not None and backward.recurrent is not None
    assert (forward.recurrent.cell, forward.recurrent.units, forward.recurrent.stateful) == ("lstm", 3, True)
    assert (forward.recurrent.go_backwards, backward.recurrent.go_backwards) == (False, True)
    assert facts.stateful and facts.stateful_batch == specimens.BATCH


def test_the_cells_of_a_stack_speak_for_it():
    facts = facts_of(specimens.build(zoo_layers.stacked_mixed_cells).model)
    assert [layer.recurrent.cell for layer in facts.recurrent_layers if layer.recurrent] == [
        "gru", "other", "lstm", "simple_rnn",
    ]  # fmt: skip
    rnn = facts.layer("rnn")
    assert rnn is not None and rnn.recurrent is None


def test_a_stack_in_a_stack_is_walked_too():
    inner = layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)])
    model = keras.Sequential(
        [
            keras.Input((None, 3)),
            layers.RNN(layers.StackedRNNCells([layers.SimpleRNNCell(4), inner]), name="rnn"),
        ]
    )
    assert [layer.path for layer in facts_of(model).recurrent_layers] == [
        "rnn/cell_0", "rnn/cell_1/cell_0", "rnn/cell_1/cell_1",
    ]  # fmt: skip


def test_shapes_name_what_is_free():
    facts = facts_of(specimens.build(zoo_layers.bidirectional_sequences).model)
    assert facts.inputs[0].shape == (None, None, specimens.FEATURES)
    assert facts.outputs[0].shape == (None, None, 1)
    forward = facts.layer("bidirectional/forward_lstm")
    assert forward is not None and forward.output_shapes == ((None, None, 3),)


def test_every_output_has_a_name_of_its_own():
    facts = facts_of(specimens.build(zoo_layers.returned_states).model)
    assert [output.name for output in facts.outputs] == ["lstm", "lstm#2", "lstm#3"]


def test_inputs_of_a_dictionary_have_its_keys():
    facts = facts_of(specimens.build(zoo_models.named_inputs_and_outputs).model)
    assert [each.name for each in facts.inputs] == ["left", "right"]
    assert {each.name for each in facts.outputs} == {"up", "down"}


def test_inputs_of_a_dictionary_have_their_own_shapes_in_the_order_of_keras():
    right, left = keras.Input((None, 3), name="right"), keras.Input((4,), name="left")
    joined = layers.Concatenate()([layers.LSTM(2)(right), left])
    facts = facts_of(keras.Model({"right": right, "left": left}, joined))
    assert [(each.name, each.shape) for each in facts.inputs] == [
        ("left", (None, 4)),
        ("right", (None, None, 3)),
    ]


def test_two_layers_of_one_name_have_two_paths():
    class Twice(keras.Model):
        def __init__(self):
            super().__init__()
            self.a = layers.LSTM(2, name="same", return_sequences=True)
            self.b = layers.LSTM(2, name="same")

        def call(self, x):
            return self.b(self.a(x))

    model = Twice()
    model(specimens.sequence())
    assert [layer.path for layer in facts_of(model).layers] == ["same", "same~2"]


def test_names_from_a_file_are_safe_to_print():
    model = keras.Sequential([keras.Input((None, 3)), layers.LSTM(2, name="evil\x1b]52;c;AA==\x07")])
    names = [layer.name for layer in facts_of(model).layers]
    assert all(name.isprintable() for name in names)


def test_layers_are_found_in_nested_plain_objects():
    class Holder:
        def __init__(self, inside):
            self.inside = inside

    class Deep(keras.Model):
        def __init__(self):
            super().__init__()
            self.holder = Holder({"list": [Holder(layers.GRU(2, name="found"))]})

        def call(self, x):
            return self.holder.inside["list"][0].inside(x)

    model = Deep()
    model(specimens.sequence())
    assert [layer.path for layer in facts_of(model).layers] == ["found"]


def test_a_peephole_cell_is_not_taken_for_an_lstm():
    kinds = {
        kind.__name__: facts_of(specimens.build(kind).model).recurrent_layers[0].recurrent
        for kind in (zoo_layers.rnn_of_peephole_cell, zoo_layers.rnn_of_renamed_cell)
    }
    assert [kind.cell for kind in kinds.values() if kind] == ["other", "lstm"]
    assert issubclass(own.PeepholeCell, layers.LSTMCell)
