"""Files opened, and files refused, each with words that help."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.errors import ModelFileError  # noqa: E402
from lstm_tui.keras_adapter import load_model, open_model  # noqa: E402
from lstm_tui.keras_adapter.load import load_keras  # noqa: E402
from lstm_tui.recurrent.calls import RunPlan  # noqa: E402
from tests.keras_adapter import own_layers, specimens, zoo_layers, zoo_models  # noqa: E402

OWN = "tests.keras_adapter.own_layers"


class Options:
    trust = False
    custom_objects: tuple[str, ...] = ()


def saved(model: keras.Model, path: Path) -> Path:
    model.save(path)
    return path


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_file_gives_the_model_that_was_saved(tmp_path, name):
    specimen = specimens.build(zoo_layers.two_lstms)
    loaded = open_model(saved(specimen.model, tmp_path / name), Options())
    assert loaded.facts.format == name.partition(".")[2]
    assert loaded.facts.from_keras
    assert not loaded.model.compiled
    x = specimen.inputs["x"]
    np.testing.assert_array_equal(loaded.model.predict(x, verbose=0), specimen.model.predict(x, verbose=0))


def test_paths_of_the_file_and_of_keras_are_the_same(tmp_path):
    from lstm_tui.model_file import read_model_file

    path = saved(specimens.build(zoo_layers.stateful_nested).model, tmp_path / "model.keras")
    on_file, loaded = read_model_file(path), load_model(path)
    assert [layer.path for layer in on_file.layers] == [layer.path for layer in loaded.facts.layers]
    assert on_file.recurrent_layers == loaded.facts.recurrent_layers


def test_a_lambda_is_refused_unless_trusted(tmp_path):
    x = keras.Input((None, 3))
    model = keras.Model(x, layers.Lambda(lambda value: value * 2.0)(layers.LSTM(2)(x)))
    path = saved(model, tmp_path / "model.keras")
    with pytest.raises(ModelFileError, match="--trust"):
        load_model(path)
    assert load_model(path, trust=True).facts.layer("lambda") is not None


def test_layers_of_the_users_own_need_their_module(tmp_path):
    path = saved(specimens.build(zoo_layers.rnn_of_minimal_cell).model, tmp_path / "model.keras")
    with pytest.raises(ModelFileError, match="--custom-objects"):
        load_model(path)
    run = load_model(path, custom_objects=(OWN,)).run(RunPlan({"x": specimens.sequence()}), lambda *_: None)
    assert run.recording is not None
    assert run.recording.layers[0].cell.states == ("state_0",)


def test_classes_that_were_never_registered_are_found_by_name(tmp_path, monkeypatch):
    (tmp_path / "my_layers.py").write_text(
        "import keras\nclass Scaled(keras.layers.Layer):\n    def call(self, x):\n        return 2.0 * x\n"
    )
    monkeypatch.chdir(tmp_path)
    import importlib
    import sys

    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("my_layers")
    path = saved(
        keras.Sequential([keras.Input((None, 3)), module.Scaled(), layers.LSTM(2)]), tmp_path / "model.keras"
    )
    del sys.modules["my_layers"]
    loaded = load_model(path, custom_objects=("my_layers",))
    assert loaded.facts.layers[1].class_name == "Scaled"


def test_a_module_that_cannot_be_imported_is_named(tmp_path):
    path = saved(specimens.build(zoo_layers.lstm).model, tmp_path / "model.keras")
    with pytest.raises(ModelFileError, match="no_such_module"):
        load_model(path, custom_objects=("no_such_module",))


def test_a_subclassed_model_opens_with_its_module(tmp_path):
    model = specimens.build(zoo_models.subclassed).model
    path = saved(model, tmp_path / "model.keras")
    loaded = load_model(path, custom_objects=(OWN,))
    assert [layer.path for layer in loaded.facts.recurrent_layers] == ["low", "high"]
    np.testing.assert_array_equal(
        loaded.model.predict(specimens.sequence(), verbose=0), model.predict(specimens.sequence(), verbose=0)
    )


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.txt"])
def test_what_is_no_model_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"not a model at all")
    with pytest.raises(ModelFileError):
        load_model(tmp_path / name)


def test_a_saved_model_directory_is_refused(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"\x08\x01")
    with pytest.raises(ModelFileError):
        load_model(tmp_path / "model")


def test_what_keras_refuses_is_said_in_its_words_made_safe(tmp_path):
    (tmp_path / "evil\x1b[2J.keras").write_bytes(b"")
    with pytest.raises(ModelFileError) as raised:
        load_keras(tmp_path / "evil\x1b[2J.keras", trust=False, custom_objects=())
    assert "Keras cannot load" in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_own_layers_are_what_the_zoo_uses():
    assert own_layers.MinimalCell(3).state_size == 3
