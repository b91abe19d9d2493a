"""What `read_model_file` says of architectures: paths, shapes, parameters, recurrence."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from lstm_tui.model_file import distinct_names, read_model_file


def test_a_small_model_is_told_in_full(craft: Any) -> None:
    facts = read_model_file(craft.keras(*craft.small()))
    assert (facts.name, facts.format, facts.keras_version, facts.from_keras) == (
        "model",
        "keras",
        "3.15.1",
        False,
    )
    assert [(t.name, t.shape, t.dtype) for t in facts.inputs] == [("x", (None, 7, 2), "float32")]
    assert [(t.name, t.shape) for t in facts.outputs] == [("head", (None, 1))]
    assert [(item.path, item.output_shapes, item.parameters) for item in facts.layers] == [
        ("x", ((None, 7, 2),), 0),
        ("lstm", ((None, 3),), 72),
        ("head", ((None, 1),), 4),
    ]
    assert facts.parameters == 76
    assert facts.obstacles == ()
    lstm = facts.recurrent_layers[0].recurrent
    assert lstm is not None
    assert (lstm.cell, lstm.units, lstm.return_sequences, lstm.stateful) == ("lstm", 3, False, False)


def test_a_legacy_h5_file_says_the_same(craft: Any) -> None:
    config, weights = craft.small()
    by_name = {
        f"{layer}/model/{layer}/{name}": array
        for layer, name, array in zip(
            ["lstm"] * 3 + ["head"] * 2,
            ["kernel", "recurrent_kernel", "bias", "kernel", "bias"],
            weights.values(),
            strict=True,
        )
    }
    old = read_model_file(craft.h5(config, by_name))
    new = read_model_file(craft.keras(config, weights))
    assert old.format == "h5"
    assert (old.layers, old.inputs, old.outputs, old.obstacles) == (new.layers, new.inputs, new.outputs, ())


def test_keras_2_configurations_are_understood(craft: Any) -> None:
    """Nested lists for nodes, batch_input_shape for the input, layers without modules."""
    layers = [
        {
            "class_name": "InputLayer",
            "name": "a",
            "inbound_nodes": [],
            "config": {"batch_input_shape": [None, 5, 3], "name": "a"},
        },
        {
            "class_name": "LSTM",
            "name": "encoder",
            "config": {"name": "encoder", "units": 4, "return_state": True},
            "inbound_nodes": [[["a", 0, 0, {}]]],
        },
        {
            "class_name": "Concatenate",
            "name": "both",
            "config": {"name": "both", "axis": -1},
            "inbound_nodes": [[["encoder", 0, 1, {}], ["encoder", 0, 2, {}]]],
        },
    ]
    config = {
        "layers": layers,
        "input_layers": [["a", 0, 0]],
        "output_layers": [["both", 0, 0]],
        "name": "old",
    }
    facts = read_model_file(craft.h5({"class_name": "Model", "config": config}, keras_version="2.4.0"))
    assert {item.path: item.output_shapes for item in facts.layers} == {
        "a": ((None, 5, 3),),
        "encoder": ((None, 4), (None, 4), (None, 4)),
        "both": ((None, 8),),
    }
    assert [(t.name, t.shape) for t in facts.inputs] == [("a", (None, 5, 3))]


def test_bidirectional_halves_are_listed_below_it(craft: Any) -> None:
    inner = craft.layer("GRU", "gru", units=4, return_sequences=True, go_backwards=False)
    config = craft.sequential(
        craft.input(None, 3), craft.layer("Bidirectional", "both", merge_mode="concat", layer=inner)
    )
    facts = read_model_file(craft.keras(config))
    assert [(item.path, item.depth, item.output_shapes) for item in facts.layers[1:]] == [
        ("both", 0, ((None, None, 8),)),
        ("both/forward_gru", 1, ((None, None, 4),)),
        ("both/backward_gru", 1, ((None, None, 4),)),
    ]
    assert [item.recurrent.go_backwards for item in facts.recurrent_layers if item.recurrent] == [False, True]
    assert facts.layers[1].parameters == facts.layers[2].parameters * 2
    assert facts.layers[1].own_parameters == 0


@pytest.mark.parametrize(("mode", "shapes"), [("sum", ((None, 4),)), (None, ((None, 4), (None, 4)))])
def test_merge_modes_give_their_shapes(craft: Any, mode: str | None, shapes: Any) -> None:
    inner = craft.layer("LSTM", "lstm", units=4)
    config = craft.sequential(
        craft.input(6, 3), craft.layer("Bidirectional", "both", merge_mode=mode, layer=inner)
    )
    assert read_model_file(craft.keras(config)).layers[1].output_shapes == shapes


def test_cells_of_a_stack_are_listed_and_carry_the_state(craft: Any) -> None:
    cells = [craft.layer("LSTMCell", "first", units=4), craft.layer("GRUCell", "second", units=2)]
    stack = craft.layer("StackedRNNCells", "stack", cells=cells)
    config = craft.sequential(craft.input(6, 3), craft.layer("RNN", "rnn", cell=stack, stateful=True))
    facts = read_model_file(craft.keras(config))
    assert [item.path for item in facts.layers] == ["x", "rnn", "rnn/cell_0", "rnn/cell_1"]
    assert [item.path for item in facts.recurrent_layers] == ["rnn/cell_0", "rnn/cell_1"]
    assert [item.recurrent.cell for item in facts.recurrent_layers if item.recurrent] == ["lstm", "gru"]
    assert facts.stateful
    assert facts.layers[1].output_shapes == ((None, 2),)


def test_a_custom_cell_is_recurrent_of_another_kind(craft: Any) -> None:
    cell = {
        "module": "mine.cells",
        "class_name": "Leaky",
        "config": {"units": 9},
        "registered_name": "Mine>Leaky",
    }
    config = craft.sequential(craft.input(6, 3), craft.layer("RNN", "rnn", cell=cell, return_sequences=True))
    facts = read_model_file(craft.keras(config))
    recurrent = facts.recurrent_layers[0].recurrent
    assert recurrent is not None
    assert (recurrent.cell, recurrent.units) == ("other", 9)
    assert [item.code for item in facts.obstacles] == ["load-custom"]


def test_nested_models_keep_their_paths_and_depth(craft: Any) -> None:
    inner = craft.sequential(
        craft.input(5, 3, name="inner_x"), craft.layer("LSTM", "lstm", units=2), name="tower"
    )
    wrapped = craft.layer("TimeDistributed", "each", layer=inner)
    facts = read_model_file(craft.keras(craft.sequential(craft.input(4, 5, 3), wrapped)))
    assert [(item.path, item.depth, item.output_shapes) for item in facts.layers[1:]] == [
        ("each", 0, ((None, 4, 2),)),
        ("each/tower", 1, ((None, 2),)),
        ("each/tower/inner_x", 2, ((None, 5, 3),)),
        ("each/tower/lstm", 2, ((None, 2),)),
    ]


def test_a_layer_that_is_called_twice_is_listed_once(craft: Any) -> None:
    tower = craft.layer("LSTM", "tower", units=4)
    layers = [
        craft.input(5, 3, name="a"),
        craft.input(5, 3, name="b"),
        craft.call(craft.call(tower, ("a", 0, 0)), ("b", 0, 0)),
        craft.call(craft.layer("Concatenate", "both", axis=-1), ("tower", 0, 0), ("tower", 1, 0)),
    ]
    facts = read_model_file(craft.keras(craft.functional(layers, [["a", 0, 0], ["b", 0, 0]], ["both", 0, 0])))
    assert [item.path for item in facts.layers] == ["a", "b", "tower", "both"]
    assert facts.layers[2].note == "called 2 times"
    assert facts.outputs[0].shape == (None, 8)


def test_an_object_shared_by_two_models_is_counted_once(craft: Any) -> None:
    shared = {**craft.layer("LSTM", "common", units=4), "shared_object_id": 7}
    first = craft.sequential(craft.input(5, 3), shared, name="first")
    second = craft.sequential(craft.input(5, 3), shared, name="second")
    layers = [
        craft.input(5, 3, name="x"),
        craft.call(first, ("x", 0, 0)),
        craft.call(second, ("x", 0, 0)),
        craft.call(craft.layer("Add", "sum"), ("first", 0, 0), ("second", 0, 0)),
    ]
    facts = read_model_file(craft.keras(craft.functional(layers, [["x", 0, 0]], [["sum", 0, 0]])))
    assert [item.path for item in facts.layers] == [
        "x", "first", "first/x", "first/common", "second", "second/x", "sum"
    ]  # fmt: skip
    assert facts.parameters == 128


def test_dictionaries_of_outputs_come_in_the_order_of_their_keys(craft: Any) -> None:
    layers = [
        craft.input(5, 3),
        craft.call(craft.layer("LSTM", "lstm", units=2), ("x", 0, 0)),
        craft.call(craft.layer("Dense", "late", units=1), ("lstm", 0, 0)),
    ]
    outputs = {"z": ["late", 0, 0], "a": ["lstm", 0, 0]}
    facts = read_model_file(craft.keras(craft.functional(layers, {"x": ["x", 0, 0]}, outputs)))
    assert [(t.name, t.shape) for t in facts.outputs] == [("a", (None, 2)), ("z", (None, 1))]


def test_outputs_of_one_layer_have_names_of_their_own() -> None:
    assert distinct_names(["lstm", "head", "lstm", "lstm"]) == ("lstm", "head", "lstm#2", "lstm#3")


def test_a_slash_in_a_name_does_not_add_a_step_to_the_path(craft: Any) -> None:
    config = craft.sequential(craft.input(5, 3), craft.layer("LSTM", "a/b", units=2))
    assert [item.path for item in read_model_file(craft.keras(config)).layers] == ["x", "a_b"]


def test_operations_pass_shapes_on_without_being_layers(craft: Any) -> None:
    """`keras.ops.mean` has no rule: the shape that the file recorded for its tensor stands in."""
    mean = craft.call(craft.layer("Mean", "mean", module="keras.src.ops.numpy"), ("lstm", 0, 0))
    head = craft.call(craft.layer("Dense", "head", units=1), ("mean", 0, 0))
    head["inbound_nodes"][0]["args"][0]["config"]["shape"] = [None, 4]
    layers = [
        craft.input(5, 3),
        craft.call(craft.layer("LSTM", "lstm", units=4, return_sequences=True), ("x", 0, 0)),
        {**mean, "registered_name": "Mean"},
        head,
    ]
    facts = read_model_file(craft.keras(craft.functional(layers, [["x", 0, 0]], [["head", 0, 0]])))
    assert [item.path for item in facts.layers] == ["x", "lstm", "head"]
    assert facts.layer("head").parameters == 5  # type: ignore[union-attr]


def test_shapes_stay_unknown_after_a_layer_that_nothing_is_known_of(craft: Any) -> None:
    custom = {**craft.layer("Mystery", "mystery", module="mine"), "registered_name": "Mine>Mystery"}
    config = craft.sequential(craft.input(5, 3), custom, craft.layer("LSTM", "lstm", units=2))
    facts = read_model_file(craft.keras(config))
    assert [item.output_shapes for item in facts.layers] == [((None, 5, 3),), (), ()]


def test_a_stateful_model_is_bound_to_its_batch_size(craft: Any) -> None:
    layer = craft.layer("LSTM", "lstm", units=3, stateful=True)
    facts = read_model_file(craft.keras(craft.sequential(craft.input(None, 2, batch=4), layer)))
    assert (facts.stateful, facts.stateful_batch) == (True, 4)
    layer = craft.layer("LSTM", "lstm", units=3, stateful=False)
    facts = read_model_file(craft.keras(craft.sequential(craft.input(None, 2, batch=4), layer)))
    assert (facts.stateful, facts.stateful_batch) == (False, None)


def test_layers_of_a_frozen_model_are_frozen(craft: Any) -> None:
    inner = craft.sequential(craft.input(5, 3), craft.layer("LSTM", "lstm", units=2), name="tower")
    inner["config"]["trainable"] = False
    facts = read_model_file(craft.keras(craft.sequential(craft.input(5, 3), inner)))
    assert facts.layer("tower/lstm").trainable is False  # type: ignore[union-attr]
    assert facts.layer("x").trainable is True  # type: ignore[union-attr]


def test_names_from_the_file_cannot_steer_the_terminal(craft: Any) -> None:
    evil = "lstm\x1b]52;c;aGk=\x07\u202e"
    config = craft.sequential(craft.input(5, 3), craft.layer("LSTM", evil, units=2), name="m\x1b[2J")
    facts = read_model_file(craft.keras(config))
    shown = repr((facts.name, facts.layers, facts.outputs, facts.obstacles))
    assert "\\x1b" not in shown
    assert "\\u202e" not in shown


def test_unknown_parameters_are_counted_in_the_file(craft: Any) -> None:
    custom = {**craft.layer("Scale", "scale", module=None), "registered_name": "Mine>Scale"}
    config = craft.sequential(craft.input(5, 3), craft.layer("LSTM", "lstm", units=2), custom)
    weights = {**craft.lstm_weights("layers/lstm", 3, 2), "layers/scale/vars/0": np.ones(11, np.float32)}
    facts = read_model_file(craft.keras(config, weights), look_into_weights=False)
    assert facts.layer("scale").parameters == 11  # type: ignore[union-attr]


def test_the_first_screen_opens_neither_weights_nor_tensorflow(craft: Any) -> None:
    path = craft.keras(*craft.small())
    program = (
        "import sys; from lstm_tui.model_file import read_model_file;"
        f"facts = read_model_file({str(path)!r}, look_into_weights=False);"
        "assert facts.parameters == 76;"
        "print([name for name in ('h5py', 'tensorflow', 'keras', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_first_layer_that_declares_the_input_itself(craft: Any) -> None:
    """Before Keras 2.3 a sequential model had no InputLayer."""
    first = {"class_name": "LSTM", "config": {"name": "lstm", "units": 3, "batch_input_shape": [None, 7, 2]}}
    facts = read_model_file(craft.h5({"class_name": "Sequential", "config": [first]}, keras_version="2.1.6"))
    assert [(t.name, t.shape) for t in facts.inputs] == [("input_layer", (None, 7, 2))]
    assert [(item.path, item.output_shapes, item.parameters) for item in facts.layers] == [
        ("lstm", ((None, 3),), 72)
    ]
