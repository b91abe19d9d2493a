"""Files of which nothing can be shown: each is called what it is, in words a user can act on."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from lstm_tui.errors import ModelFileError
from lstm_tui.model_file import (
    CorruptModelError,
    NotAModelError,
    WeightsOnlyError,
    read_model_file,
    weight_statistics,
)


def refusal(path: Path, kind: type[ModelFileError]) -> str:
    with pytest.raises(kind) as caught:
        read_model_file(path)
    with pytest.raises(kind):
        weight_statistics(path)
    assert str(path) in caught.value.happened
    return str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "gone.keras", NotAModelError)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.keras"
    path.touch()
    assert "is empty" in refusal(path, CorruptModelError)


def test_directories_are_told_apart(tmp_path: Path) -> None:
    plain, saved, unpacked = tmp_path / "plain", tmp_path / "saved", tmp_path / "unpacked"
    for folder in (plain, saved, unpacked):
        folder.mkdir()
    (saved / "saved_model.pb").write_bytes(b"\x08\x01")
    (unpacked / "config.json").write_text("{}")
    (unpacked / "model.weights.h5").write_bytes(b"")
    assert "is a directory" in refusal(plain, NotAModelError)
    assert "SavedModel" in refusal(saved, NotAModelError)
    assert "unpacked" in refusal(unpacked, NotAModelError)


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.keras"
    os.mkfifo(path)
    assert "not a regular file" in refusal(path, NotAModelError)


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.keras"
    path.write_bytes(b"PK\x03\x04")

    def deny(*_arguments: Any, **_options: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(NotAModelError, match="Permission denied"):
        read_model_file(path)


FOREIGN: dict[str, tuple[bytes, str]] = {
    "numpy": (b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'}", "NumPy array"),
    "tflite": (b"\x1c\x00\x00\x00TFL3\x14\x00", "TensorFlow Lite"),
    "gzip": (b"\x1f\x8b\x08\x00", "gzip"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "git lfs pull"),
    "html": (b"<!DOCTYPE html><html>", "web page"),
    "pickle": (pickle.dumps({"a": 1}), "pickle"),
    "safetensors": ((200).to_bytes(8, "little") + b'{"weight":{"dtype":"F32"}}', "safetensors"),
    "json": (b'  {"class_name": "Sequential"}', "architecture without its weights"),
    "noise": (bytes(range(7, 250)), "is not a Keras model"),
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_files_of_other_kinds_are_recognised_by_their_first_bytes(
    tmp_path: Path, kind: str, name: str
) -> None:
    data, words = FOREIGN[kind]
    path = tmp_path / name
    path.write_bytes(data)
    assert words in refusal(path, NotAModelError)


ARCHIVES: dict[str, tuple[list[str], str]] = {
    "pytorch": (["archive/data.pkl", "archive/version", "archive/data/0"], "PyTorch"),
    "npz": (["x.npy", "y.npy"], "NumPy archive"),
    "office": (["[Content_Types].xml", "word/document.xml"], "Office"),
    "saved model": (["m/saved_model.pb", "m/variables/variables.index"], "SavedModel"),
    "subfolder": (["model/config.json", "model/metadata.json"], "subfolder"),
    "other": (["readme.txt"], "something else"),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives_of_other_kinds_are_recognised_by_their_members(tmp_path: Path, kind: str) -> None:
    names, words = ARCHIVES[kind]
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    assert words in refusal(path, NotAModelError)


def test_a_truncated_archive(craft: Any) -> None:
    path = craft.keras(*craft.small())
    path.write_bytes(path.read_bytes()[:-200])
    assert "does not end as one" in refusal(path, CorruptModelError)


def test_a_damaged_configuration(craft: Any) -> None:
    for data, words in [
        (b"{", "not JSON"),
        (b"[]", "not the configuration of a model"),
        (b"{}", "names no class"),
        (b'{"class_name": 3}', "names no class"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (9 * 2**20), "larger than"),
    ]:
        assert words in refusal(craft.keras({}, members={"config.json": data}), CorruptModelError)


def test_a_configuration_that_is_too_deep_or_too_wide(craft: Any) -> None:
    deep = craft.layer("Dense", "d", units=1)
    for _ in range(100):
        deep = craft.layer("TimeDistributed", "t", layer=deep)
    assert "inside each other" in refusal(craft.keras(craft.sequential(deep)), CorruptModelError)
    wide = craft.sequential(*[{"class_name": "A", "config": {"name": str(index)}} for index in range(20_001)])
    assert "more than 20,000 layers" in refusal(craft.keras(wide), CorruptModelError)


def test_weights_without_an_architecture_are_listed(craft: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    path.write_bytes(craft.hdf5_bytes(craft.small()[1]))
    message = refusal(path, WeightsOnlyError)
    assert "layers/lstm/cell/vars/0 (2, 12)" in message
    old = craft.h5(None, {"lstm/kernel:0": np.ones((2, 12))}, name="old.h5")
    assert "model_weights/lstm/kernel:0 (2, 12)" in refusal(old, WeightsOnlyError)


def test_hdf5_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "measurements.h5"
    with h5py.File(path, "w") as file:
        file["temperature"] = np.arange(5)
    assert "HDF5 file of something else" in refusal(path, NotAModelError)


def test_a_configuration_that_is_not_text(craft: Any) -> None:
    for value in (10**12, np.arange(3), h5py.Empty("f4")):
        with h5py.File(craft.folder / "odd.h5", "w") as file:
            file.attrs["model_config"] = value
        assert "model_config is not a text" in refusal(craft.folder / "odd.h5", CorruptModelError)


def test_a_right_file_under_a_wrong_name_is_shown_and_does_not_load(craft: Any) -> None:
    config, weights = craft.small()
    for path, todo in [
        (craft.h5(config, {}, name="model.keras"), "model.h5"),
        (craft.keras(config, weights, name="model.h5"), "model.keras"),
    ]:
        facts = read_model_file(path)
        assert len(facts.layers) == 3
        (obstacle,) = [item for item in facts.obstacles if item.code == "load-format"]
        assert obstacle.blocking
        assert todo in obstacle.todo


def test_refusals_carry_the_finding_they_are() -> None:
    codes = [kind.code for kind in (NotAModelError, WeightsOnlyError, CorruptModelError)]
    assert codes == ["load-format", "load-weights-only", "load-corrupt"]
    error = pickle.loads(pickle.dumps(WeightsOnlyError("a", expected="b", todo="c")))
    assert (error.code, str(error)) == (
        "load-weights-only",
        str(WeightsOnlyError("a", expected="b", todo="c")),
    )


def test_json_in_the_message_cannot_steer_the_terminal(craft: Any) -> None:
    path = craft.keras({}, members={"config.json": json.dumps({"class_name": None}).encode() + b"\x1b[2J"})
    with pytest.raises(CorruptModelError) as caught:
        read_model_file(path)
    assert "\x1b" not in str(caught.value)
