"""What a file shows by itself, as findings: their evidence, severity and what was changed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from lstm_tui.checks.catalogue import LESSONS
from lstm_tui.checks.finding import Finding
from lstm_tui.checks.loading.from_file import loading_diagnosis, loading_findings
from lstm_tui.checks.loading.lessons import LOADING
from lstm_tui.errors import ModelFileError
from lstm_tui.model_file import read_model_file

KERAS_2 = Path(__file__).parents[2] / "keras_2_files"


def findings(path: Path, **options: bool) -> list[Finding]:
    found = loading_diagnosis(path, ModelFileError("Keras cannot load it: no reason"), **options)
    assert found is not None
    return list(found.findings)


def test_every_code_of_the_family_has_its_lesson() -> None:
    codes = {"legacy", "activation", "format", "weights-only", "compile", "custom", "unsafe", "corrupt"}
    assert {told.code for told in LOADING} == {f"load-{code}" for code in codes}
    assert all(told.code in LESSONS for told in LOADING)
    for told in LOADING:
        assert all(vars(told.lesson).values())


def test_what_was_converted_stands_entry_by_entry() -> None:
    facts = read_model_file(KERAS_2 / "hard_sigmoid.keras")
    legacy, activation = loading_findings(facts.obstacles)
    assert (legacy.code, legacy.severity, activation.code) == ("load-legacy", "error", "load-activation")
    assert "gru: taken out; it was false" in legacy.evidence["changed_on_a_copy"]
    assert any("batch_input_shape" in place for place in legacy.evidence["places"])
    assert len(activation.evidence["places"]) == 3


def test_all_obstacles_stand_side_by_side(tmp_path: Path) -> None:
    (finding,) = [each for each in findings(KERAS_2 / "operations.keras") if each.code == "load-legacy"]
    assert finding.severity == "error"
    assert len([place for place in finding.evidence["places"] if "tf." in place]) == 3
    assert any("time_major" in place for place in finding.evidence["places"])


def test_a_file_of_another_kind_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"\x1c\x00\x00\x00TFL3 rest")
    (finding,) = findings(path)
    assert (finding.code, finding.evidence["first_bytes"]) == ("load-format", "1c 00 00 00 54 46 4c 33")
    assert "TensorFlow Lite" in finding.summary


def test_weights_are_listed_with_their_shapes(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        file["layers/lstm/cell/vars/0"] = np.zeros((2, 12), np.float32)
    (finding,) = findings(tmp_path / "x.weights.h5")
    assert finding.code == "load-weights-only"
    assert finding.evidence["weights"] == ("layers/lstm/cell/vars/0 (2, 12)",)


def test_what_the_options_lift_is_no_obstacle(tmp_path: Path) -> None:
    layer = {"module": "mine", "class_name": "Scale", "config": {"name": "s"}, "registered_name": "Mine>S"}
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
    assert "load-custom" in [each.code for each in findings(tmp_path / "m.keras")]
    lifted = findings(tmp_path / "m.keras", custom_objects=True)
    assert [each.code for each in lifted if each.severity == "error"] == ["load-corrupt"]


def _cut(data: bytes, generator: np.random.Generator) -> bytes:
    return data[: generator.integers(1, len(data))]


def _flipped(data: bytes, generator: np.random.Generator) -> bytes:
    damaged = bytearray(data)
    for place in generator.integers(0, len(data), size=20):
        damaged[place] ^= 1 << generator.integers(0, 8)
    return bytes(damaged)


@pytest.mark.parametrize("damage", [_cut, _flipped])
@pytest.mark.parametrize("name", ["bidirectional.keras", "cudnn.h5"])
def test_whatever_is_damaged_gives_findings_and_nothing_else(tmp_path: Path, damage, name: str) -> None:  # type: ignore[no-untyped-def]
    data = (KERAS_2 / name).read_bytes()
    for seed in range(6):
        path = tmp_path / name
        path.write_bytes(damage(data, np.random.default_rng(seed)))
        found = findings(path)
        assert found
        assert all(finding.code.startswith("load-") for finding in found)


def test_members_that_were_exchanged_are_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(KERAS_2 / "plain.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names = list(members)
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        for name, other in zip(names, [*names[1:], names[0]], strict=True):
            archive.writestr(name, members[other])
    assert [finding.code for finding in findings(tmp_path / "m.keras")] == ["load-corrupt"]
