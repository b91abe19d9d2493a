"""The gallery as files: what is listed, what each scenario consists of, what its text promises in form."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lstm_tui.scenario.gallery import gallery, gallery_folder, gallery_in

SCENARIOS = Path(__file__).parents[2] / "scenarios"
README = (SCENARIOS / "README.md").read_text(encoding="utf-8")
#: Their fault is that they hold something else, or do not open at all.
NOT_PLAIN = {"lambda-inside", "cut-off"}
MODELS = [path for path in sorted(SCENARIOS.glob("*/models/*.keras")) if path.stem not in NOT_PLAIN]
SMALL = 60_000
ALL_TOGETHER = 2_000_000
#: Where Keras keeps what is its own; anything else in a configuration would be somebody's code.
KERAS_MODULES = {
    "builtins", "keras", "keras.initializers", "keras.layers", "keras.losses", "keras.optimizers",
    "keras.src.models.functional", "keras.src.ops.numpy",
}  # fmt: skip
KERAS_CLASSES = {
    "Adam", "Any", "BatchNormalization", "Bidirectional", "Concatenate", "DTypePolicy", "Dense", "Dropout",
    "Embedding", "Flatten", "Functional", "GRU", "GetItem", "GlorotUniform", "InputLayer", "LSTM",
    "LSTMCell", "Masking", "Multiply", "Normalization", "NotEqual", "Ones", "Orthogonal", "RNN",
    "RandomNormal", "RandomUniform", "Rescaling", "Sequential", "SimpleRNN", "StackedRNNCells", "Zeros",
    "__keras_tensor__",
}  # fmt: skip


def test_each_question_has_at_least_three_scenarios_in_order() -> None:
    questions: dict[str, int] = {}
    for entry in gallery():
        questions[entry.heading] = questions.get(entry.heading, 0) + 1
    assert [question[0] for question in questions] == ["1", "2", "3", "4", "5"]
    assert min(questions.values()) >= 3
    assert sum(questions.values()) == len(list(SCENARIOS.glob("*/*.yaml")))


def test_the_quick_look_says_what_yaml_says(each_case: Any) -> None:
    entry = next(entry for entry in gallery() if entry.path.name == each_case.path.name)
    assert entry.name == each_case.words["name"]
    assert entry.description == each_case.words["description"].strip()


def test_numbers_order_the_scenarios_and_other_folders_are_left_out(tmp_path: Path) -> None:
    for name in ("10-last/1-a", "2-first/10-b", "2-first/9-a", "recipes/1-x"):
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text("name: 'quoted'\nmodel: m.keras\n", encoding="utf-8")
    entries = gallery_in(tmp_path)
    assert [entry.path.stem for entry in entries] == ["9-a", "10-b", "1-a"]
    assert [entry.heading for entry in entries] == ["2  First", "2  First", "10  Last"]
    assert {entry.name for entry in entries} == {"quoted"}
    assert {entry.description for entry in entries} == {""}


def test_a_scenario_without_a_name_goes_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "1-question").mkdir()
    (tmp_path / "1-question" / "1-nameless.yaml").write_bytes(b"version: 1\ndescription: plain\n\xff\xfe")
    (entry,) = gallery_in(tmp_path)
    assert (entry.name, entry.description) == ("1-nameless", "plain")


def test_the_first_screen_waits_for_no_yaml_and_no_pydantic() -> None:
    look = "import sys; from lstm_tui.scenario import gallery as g; print(len(g.gallery()), *sys.modules)"
    answer = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    count, *modules = answer.split()
    assert int(count) == len(gallery())
    assert not {"pydantic", "ruamel.yaml", "numpy", "tensorflow"} & set(modules)


def test_a_checkout_shows_its_own_scenarios() -> None:
    assert gallery_folder() == SCENARIOS


def test_the_text_tells_what_one_sees_why_and_which_keys(each_case: Any) -> None:
    lines = each_case.words["description"].strip().splitlines()
    assert lines[0].startswith("You see: ")
    assert any(line.startswith("Why: ") for line in lines)
    assert any(line.startswith("Keys: ") for line in lines)
    assert 4 <= len(lines) <= 10
    assert max(map(len, lines)) <= 76


def test_every_file_is_named_and_every_name_is_a_file(each_case: Any) -> None:
    text = each_case.path.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:models|inputs|expected)/[\w-]+\.\w+", text))
    there = {
        path.relative_to(each_case.path.parent).as_posix()
        for path in each_case.path.parent.glob(f"*/{each_case.name}*")
    }
    assert named == there


def test_no_scenario_begins_with_the_name_of_another() -> None:
    names = sorted(path.stem.partition("-")[2] for path in SCENARIOS.glob("*/*.yaml"))
    assert not [(one, other) for one in names for other in names if other.startswith(f"{one}-")]


def test_the_readme_lists_every_scenario() -> None:
    for path in SCENARIOS.glob("*/*.yaml"):
        assert f"]({path.parent.name}/{path.name})" in README


def test_files_are_small() -> None:
    sizes = {
        path: path.stat().st_size for path in SCENARIOS.rglob("*") if path.is_file() and path.suffix != ".pyc"
    }
    assert max(sizes.values()) < SMALL
    assert sum(sizes.values()) < ALL_TOGETHER


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_models_consist_of_what_keras_brings(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["config.json", "metadata.json", "model.weights.h5"]
        config = json.loads(archive.read("config.json"))
    modules, classes = set(), set()
    for node in _objects(config):
        modules.add(node["module"])
        classes.add(node["class_name"])
    assert modules <= KERAS_MODULES
    assert classes <= KERAS_CLASSES


def _objects(node: Any) -> list[dict[str, Any]]:
    """Every serialised object in a configuration, nested ones included."""
    if isinstance(node, list):
        return [found for part in node for found in _objects(part)]
    if not isinstance(node, dict):
        return []
    inner = [found for part in node.values() for found in _objects(part)]
    return [node, *inner] if "module" in node and "class_name" in node else inner
