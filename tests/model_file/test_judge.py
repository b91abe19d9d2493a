"""What keeps a file from being loaded: every obstacle, its code, its place, and which option lifts it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import h5py
import numpy as np
import pytest

from lstm_tui.model_file import RefusedModelError, read_model_file, refuse_unless_trusted


def obstacles(facts: Any) -> list[tuple[str, str]]:
    return [(item.code, item.where) for item in facts.obstacles]


def with_layer(craft: Any, layer: dict[str, Any]) -> Any:
    """What the configuration of a model with this layer shows; there are no weights to hold it against."""
    path = craft.keras(craft.sequential(craft.input(6, 3), layer))
    return read_model_file(path, look_into_weights=False)


def test_all_obstacles_are_told_at_once(craft: Any) -> None:
    config = craft.sequential(
        craft.input(6, 3),
        craft.layer("Lambda", "double", function={"class_name": "__lambda__", "config": {"code": "4wEA"}}),
        {**craft.layer("Attend", "attend", module="mine.layers"), "registered_name": "Mine>Attend"},
        craft.layer("LSTM", "lstm", units=2, time_major=True, activation="my_tanh"),
    )
    facts = read_model_file(craft.keras(config))
    assert sorted(obstacles(facts)) == [
        ("load-custom", "attend"),
        ("load-custom", "lstm"),
        ("load-legacy", "lstm"),
        ("load-unsafe", "double"),
    ]
    with pytest.raises(RefusedModelError) as refused:
        refuse_unless_trusted(facts, trust=False, custom_objects=False)
    message = str(refused.value)
    assert all(where in message for where in ("double", "attend", "lstm", "my_tanh", "time_major"))
    assert "--trust" in message
    assert "--custom-objects mine.layers" in message


def test_options_lift_what_they_name_and_nothing_else(craft: Any) -> None:
    unsafe = with_layer(craft, craft.layer("Lambda", "double", function="?"))
    custom = with_layer(craft, {**craft.layer("Attend", "a", module=None), "registered_name": "Mine>Attend"})
    legacy = with_layer(craft, craft.layer("CuDNNLSTM", "old", units=2))
    refuse_unless_trusted(unsafe, trust=True, custom_objects=False)
    refuse_unless_trusted(custom, trust=False, custom_objects=True)
    for facts, trust, custom_objects in [(unsafe, False, True), (custom, True, False), (legacy, True, True)]:
        with pytest.raises(RefusedModelError):
            refuse_unless_trusted(facts, trust=trust, custom_objects=custom_objects)


def test_a_model_of_keras_own_layers_is_not_refused(craft: Any) -> None:
    facts = read_model_file(craft.keras(*craft.small()))
    refuse_unless_trusted(facts, trust=False, custom_objects=False)


UNSAFE_LAYERS = {
    "a pickle": {"class_name": "TorchModuleWrapper", "module": "keras.layers"},
    "another model": {"class_name": "TFSMLayer", "module": "keras.layers"},
    "the standard library": {"class_name": "Popen", "module": "subprocess"},
    "a test of keras": {"class_name": "LSTMTest", "module": "keras.src.layers.rnn.lstm_test"},
    "a loader of keras": {"class_name": "load_model", "module": "keras.models"},
    "a typespec": {"class_name": "__typespec__", "module": "builtins"},
    "a registered name on a layer of keras": {
        "class_name": "Popen",
        "module": "os",
        "registered_name": "Evil>X",
    },
}


@pytest.mark.parametrize("case", UNSAFE_LAYERS)
def test_what_a_model_has_no_use_for_is_unsafe(craft: Any, case: str) -> None:
    entry = {"config": {"name": "odd"}, "registered_name": None, **UNSAFE_LAYERS[case]}
    assert obstacles(with_layer(craft, entry)) == [("load-unsafe", "odd")]


def test_unsafe_objects_are_seen_wherever_they_hide(craft: Any) -> None:
    """As an initializer, a constraint, in the arguments of a call, in a nested compile configuration."""
    evil = {"module": "subprocess", "class_name": "Popen", "config": {}, "registered_name": None}
    places = [
        craft.layer("LSTM", "lstm", units=2, kernel_initializer=evil),
        craft.layer("LSTM", "lstm", units=2, kernel_constraint={"deep": [{"down": evil}]}),
        {**craft.layer("LSTM", "lstm", units=2), "inbound_nodes": [{"args": [], "kwargs": {"mask": evil}}]},
        {**craft.layer("LSTM", "lstm", units=2), "compile_config": {"loss": evil}},
        craft.layer(
            "TimeDistributed", "lstm", layer=craft.layer("Dense", "dense", units=1, bias_initializer=evil)
        ),
    ]
    for place in places:
        codes = [code for code, where in obstacles(with_layer(craft, place)) if where.startswith("lstm")]
        assert codes == ["load-unsafe"], place


def test_the_models_own_compile_configuration_does_not_block(craft: Any) -> None:
    config, weights = craft.small()
    config["compile_config"] = {
        "loss": {"module": "mine", "class_name": "MyLoss", "config": {}, "registered_name": "X"}
    }
    facts = read_model_file(craft.keras(config, weights))
    assert [(item.code, item.blocking) for item in facts.obstacles] == [("load-compile", False)]
    refuse_unless_trusted(facts, trust=False, custom_objects=False)


@pytest.mark.parametrize(("loss", "codes"), [("mse", ["load-compile"]), ("mean_squared_error", [])])
def test_losses_that_keras_cannot_read_back_from_h5_are_known(
    craft: Any, loss: str, codes: list[str]
) -> None:
    config, _ = craft.small()
    facts = read_model_file(craft.h5(config, training_config=f'{{"loss": "{loss}", "metrics": ["mae"]}}'))
    assert [item.code for item in facts.obstacles if not item.blocking] == codes


FUNCTIONS = {
    "a function of the user's": ("builtins", "my_act", "load-custom"),
    "a function of a module of the user's": ("mine.acts", "my_act", "load-custom"),
    "a function of the system": ("os", "system", "load-unsafe"),
    "a downloader of keras": ("keras.utils", "get_file", "load-unsafe"),
    "one of keras' own": ("builtins", "tanh", None),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_functions_are_judged_by_module_and_name(craft: Any, case: str) -> None:
    module, name, code = FUNCTIONS[case]
    function = {"module": module, "class_name": "function", "config": name, "registered_name": "function"}
    found = obstacles(with_layer(craft, craft.layer("LSTM", "lstm", units=2, activation=function)))
    assert found == ([(code, "lstm")] if code else [])


def test_a_registered_name_of_its_own_makes_a_class_custom(craft: Any) -> None:
    """Keras looks a registered name up before the class: someone else's `LSTM` is not Keras' LSTM."""
    entry = {**craft.layer("LSTM", "lstm", module=None, units=2), "registered_name": "Mine>LSTM"}
    facts = with_layer(craft, entry)
    assert obstacles(facts) == [("load-custom", "lstm")]
    assert facts.layers[1].recurrent is None


def test_a_vocabulary_by_path_is_unsafe(craft: Any) -> None:
    by_path = craft.layer("StringLookup", "words", vocabulary="/etc/passwd")
    assert obstacles(with_layer(craft, by_path)) == [("load-unsafe", "words")]
    assert obstacles(with_layer(craft, craft.layer("StringLookup", "words", vocabulary=["a"]))) == []


def test_more_parameters_than_the_file_can_hold_are_refused_without_reading_it(craft: Any) -> None:
    config = craft.sequential(craft.input(6, 3), craft.layer("LSTM", "lstm", units=10**3))
    facts = read_model_file(craft.keras(config), look_into_weights=False)
    assert obstacles(facts) == [("load-corrupt", "the model")]
    assert facts.parameters > 4 * 10**6


def test_a_size_beyond_the_file_is_refused_even_where_the_input_is_unknown(craft: Any) -> None:
    custom = {**craft.layer("Mystery", "mystery", module=None), "registered_name": "Mine>Mystery"}
    config = craft.sequential(craft.input(6, 3), custom, craft.layer("LSTM", "lstm", units=10**9))
    facts = read_model_file(craft.keras(config), look_into_weights=False)
    assert obstacles(facts) == [("load-custom", "mystery"), ("load-corrupt", "lstm")]


def test_weights_of_another_shape_are_named(craft: Any) -> None:
    config, weights = craft.small()
    weights["layers/lstm/cell/vars/0"] = np.zeros((5, 12), np.float32)
    (obstacle,) = read_model_file(craft.keras(config, weights)).obstacles
    assert (obstacle.code, obstacle.where) == ("load-corrupt", "lstm")
    assert "(5, 12)" in obstacle.what
    assert "(2, 12)" in obstacle.what


def test_missing_weights_are_named_layer_by_layer(craft: Any) -> None:
    config, _ = craft.small()
    assert obstacles(read_model_file(craft.keras(config))) == [
        ("load-corrupt", "lstm"),
        ("load-corrupt", "head"),
    ]


def test_a_declared_size_that_is_no_size_is_corrupt(craft: Any) -> None:
    for units in (-3, 0, "many", None, True, 2.5):
        facts = with_layer(craft, craft.layer("LSTM", "lstm", units=units))
        expected = [] if units is None else [("load-corrupt", "lstm")]
        assert obstacles(facts) == expected
        assert facts.layers[1].parameters == 0


def test_shared_models_inside_shared_models_are_refused(craft: Any) -> None:
    """Twenty levels, each calling the one below twice: a few kilobytes, a million calls to build."""
    model = craft.sequential(craft.input(3), craft.layer("Dense", "d", units=3), name="m0")
    for level in range(1, 21):
        layers = [
            craft.input(3, name="x"),
            craft.call(craft.call(model, ("x", 0, 0)), (f"m{level - 1}", 0, 0)),
        ]
        model = craft.functional(layers, [["x", 0, 0]], [[f"m{level - 1}", 1, 0]], name=f"m{level}")
    facts = read_model_file(craft.keras(model))
    assert ("load-unsafe", "the model") in obstacles(facts)


def test_unrolling_a_million_steps_is_refused(craft: Any) -> None:
    layer = craft.layer("LSTM", "lstm", units=2, unroll=True)
    short = read_model_file(craft.keras(craft.sequential(craft.input(60, 3), layer)), look_into_weights=False)
    long = read_model_file(
        craft.keras(craft.sequential(craft.input(10**6, 3), layer)), look_into_weights=False
    )
    assert (obstacles(short), obstacles(long)) == ([], [("load-unsafe", "lstm")])


def test_states_for_a_gigantic_batch_are_refused(craft: Any) -> None:
    layer = craft.layer("LSTM", "lstm", units=2, stateful=True)
    facts = read_model_file(craft.keras(craft.sequential(craft.input(6, 3, batch=10**9), layer)))
    assert ("load-unsafe", "lstm") in obstacles(facts)


def test_graphs_that_do_not_connect_are_corrupt(craft: Any) -> None:
    loop = [
        craft.input(6, 3),
        craft.call(craft.layer("Dense", "one", units=2), ("two", 0, 0)),
        craft.call(craft.layer("Dense", "two", units=2), ("one", 0, 0)),
    ]
    dangling = [craft.input(6, 3), craft.call(craft.layer("Dense", "one", units=2), ("ghost", 0, 0))]
    for layers, where in [(loop, {"one", "two"}), (dangling, {"ghost"})]:
        facts = read_model_file(craft.keras(craft.functional(layers, [["x", 0, 0]], [["one", 0, 0]])))
        assert {item.where for item in facts.obstacles if "reaches" in item.what} == where


LEGACY_ENTRIES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "time_major": (
        {"class_name": "LSTM", "config": {"name": "l", "units": 2, "time_major": False}},
        {"keras", "h5"},
    ),
    "batch_input_shape": (
        {"class_name": "LSTM", "config": {"name": "l", "units": 2, "batch_input_shape": [None, 6, 3]}},
        {"keras"},
    ),
    "in a wrapper": (
        {
            "class_name": "Bidirectional",
            "config": {
                "name": "l",
                "layer": {
                    "class_name": "LSTM",
                    "config": {"name": "in", "units": 2, "batch_input_shape": [None, 6, 3]},
                },
            },
        },
        {"keras", "h5"},
    ),
    "gone": ({"class_name": "CuDNNLSTM", "config": {"name": "l", "units": 2}}, {"keras", "h5"}),
    "an operation": (
        {"class_name": "TFOpLambda", "config": {"name": "l", "function": "math.add"}},
        {"keras", "h5"},
    ),
}


@pytest.mark.parametrize("case", LEGACY_ENTRIES)
def test_what_keras_2_left_behind_is_named_per_format(craft: Any, case: str) -> None:
    entry, blocked_in = LEGACY_ENTRIES[case]
    config = craft.sequential(craft.input(6, 3), entry)
    for suffix, path in (("keras", craft.keras(config)), ("h5", craft.h5(config))):
        legacy = [item for item in read_model_file(path).obstacles if item.code == "load-legacy"]
        assert [item.where.partition("/")[0] for item in legacy] == (["l"] if suffix in blocked_in else [])


def test_a_redefined_activation_is_told_and_does_not_block(craft: Any) -> None:
    config = craft.sequential(
        craft.input(6, 3), craft.layer("LSTM", "lstm", units=2, recurrent_activation="hard_sigmoid")
    )
    weights = {
        f"lstm/lstm/{name}": array
        for name, array in zip("abc", craft.lstm_weights("g", 3, 2).values(), strict=True)
    }
    old = read_model_file(craft.h5(config, weights, keras_version="2.2.4"))
    assert [(item.code, item.blocking) for item in old.obstacles] == [("load-activation", False)]
    assert read_model_file(craft.h5(config, weights, keras_version="3.4.0")).obstacles == ()


def test_unexpected_members_of_the_archive_are_unsafe(craft: Any) -> None:
    config, weights = craft.small()
    members = {
        "../evil.py": b"",
        "assets/layers/words/vocabulary.txt": b"a\n",
        "assets/../../x": b"",
        "hook.py": b"",
    }
    facts = read_model_file(craft.keras(config, weights, members=members))
    assert obstacles(facts) == [("load-unsafe", name) for name in ("../evil.py", "assets/../../x", "hook.py")]


def test_a_member_that_is_there_twice_is_unsafe(craft: Any) -> None:
    path = craft.keras(*craft.small())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", archive.read("config.json"))
    assert obstacles(read_model_file(path)) == [("load-unsafe", "config.json")]


def test_a_compression_bomb_is_not_unpacked(craft: Any) -> None:
    config, weights = craft.small()
    path = craft.keras(config, weights, members={"model.weights.h5": None})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(100 * 2**20))
    assert ("load-unsafe", "model.weights.h5") in obstacles(read_model_file(path, look_into_weights=False))


def test_an_archive_without_weights_is_shown_and_does_not_load(craft: Any) -> None:
    facts = read_model_file(craft.keras(craft.small()[0], members={"model.weights.h5": None}))
    assert obstacles(facts) == [("load-corrupt", "model.weights.h5")]
    assert len(facts.layers) == 3


def test_weights_that_cannot_be_read_are_one_obstacle(craft: Any) -> None:
    facts = read_model_file(
        craft.keras(craft.small()[0], members={"model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(900)})
    )
    assert obstacles(facts) == [("load-corrupt", "the weights")]
    assert len(facts.layers) == 3


def hdf5(write: Any) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


def _soft_link(file: h5py.File) -> None:
    file["layers/lstm/cell/vars/0"] = h5py.SoftLink("/elsewhere")


def _external_link(file: h5py.File) -> None:
    file["layers/lstm/cell/vars/0"] = h5py.ExternalLink("/etc/secret.h5", "/x")


def _external_storage(file: h5py.File) -> None:
    file.create_dataset("layers/lstm/cell/vars/0", (2, 12), "f4", external=[("/etc/passwd", 0, 96)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((2, 12), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (2, 12))
    file.create_virtual_dataset("layers/lstm/cell/vars/0", layout)


def _shape_bomb(file: h5py.File) -> None:
    file.create_dataset("layers/lstm/cell/vars/0", (10**6, 10**6), "f4", chunks=(1000, 1000))


def _objects(file: h5py.File) -> None:
    file.create_dataset("layers/lstm/cell/vars/0", (3,), h5py.string_dtype())


@pytest.mark.parametrize(
    "write", [_soft_link, _external_link, _external_storage, _virtual, _shape_bomb, _objects]
)
def test_hdf5_that_reaches_out_or_bursts_is_unsafe(craft: Any, write: Any) -> None:
    path = craft.keras(craft.small()[0], members={"model.weights.h5": hdf5(write)})
    unsafe = [item for item in read_model_file(path).obstacles if item.code == "load-unsafe"]
    assert [item.where for item in unsafe] == ["layers/lstm/cell/vars/0"]


def test_the_number_of_obstacles_is_bounded(craft: Any) -> None:
    layers = [craft.layer("Nonesuch", f"n{index}", module=None) for index in range(500)]
    facts = read_model_file(craft.keras(craft.sequential(craft.input(3), *layers)))
    assert len(facts.obstacles) == 101
    assert "400 more obstacles" in facts.obstacles[100].what
    refuse_unless_trusted(facts, trust=False, custom_objects=True)
