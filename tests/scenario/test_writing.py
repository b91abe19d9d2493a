from __future__ import annotations

import math
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm_tui.errors import ScenarioError
from lstm_tui.scenario import writing
from lstm_tui.scenario import yaml_text as yaml_text_module
from lstm_tui.scenario.json_schema import scenario_json_schema
from lstm_tui.scenario.loading import load_scenario
from lstm_tui.scenario.reading import parse_scenario, read_scenario
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.schema import Action, Reset, Reshape
from lstm_tui.scenario.words import StatesFile
from lstm_tui.scenario.writing import comments_that_would_go, write_scenario
from lstm_tui.scenario.yaml_text import compose
from lstm_tui.scenario.yaml_writing import yaml_text

HEAD = "version: 1\nmodel: models/gold.keras\n"
Written = Callable[[str], Scenario]


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- what is written is read back


def test_every_form_of_the_format_is_read_back(folder: Path, written: Written, full_text: str):
    scenario = written(full_text)
    again = write_scenario(scenario, {}, folder / "case.yaml")
    assert again == scenario
    assert read_scenario(folder / "case.yaml") == scenario


def test_what_it_looks_like(folder: Path, written: Written):
    text = """\
version: 1
name: Two sevens
description: |
  First line.
  Second: line.
model: models/gold.keras
input: {file: inputs/gold.npy}
actions:
  - reshape: {to: [1, 2, 3]}
  - reset: {}
calls:
  - predict: {}
expect:
  shape: [1, 1]
  findings: []
"""
    write_scenario(written(text), {}, folder / "case.yaml")
    header = "# yaml-language-server: $schema=lstm-tui.schema.json\n"
    assert (folder / "case.yaml").read_text() == header + text.replace(
        "expect:\n  shape: [1, 1]\n  findings: []\n", "expect: {shape: [1, 1], findings: []}\n"
    )


def test_editors_find_the_schema_beside_the_file(folder: Path, written: Written):
    import json

    write_scenario(written(HEAD), {}, folder / "case.yaml")
    first = (folder / "case.yaml").read_text().splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert json.loads((folder / named).read_text()) == scenario_json_schema()


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t"), max_size=40
)
names = texts.filter(lambda text: text.strip() and "\n" not in text)
numbers = st.floats(width=32) | st.integers(-(10**17), 10**17)
arrays = st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=3)
spelled = st.fixed_dictionaries(
    {},
    optional={
        "name": names | st.sampled_from(["on", "1", "1e-6", ".5e3", "null", "~", "0x1", "- a", "a: b", "?0"]),
        "description": texts | st.lists(texts, max_size=4).map("\n".join),
        "inputs": st.dictionaries(names, st.fixed_dictionaries({"values": arrays}), min_size=1, max_size=3),
        "actions": st.lists(
            st.sampled_from(
                [
                    {"reset": {}},
                    {"reset": {"layers": ["on", "1"], "to": "random", "seed": 3}},
                    {"reshape": {"window": 3, "stride": 2}},
                    {"rescale": {"method": "standard", "mean": [0.1, 1e-300], "scale": [1e300, 3]}},
                    {"rescale": {"method": "minmax", "fit": "reference", "feature_range": [-1.0, 1]}},
                ]
            ),
            max_size=3,
        ),
        "expect": st.fixed_dictionaries({}, optional={"findings": st.just([]), "shape": st.just([0, 3])}),
        "breakpoints": st.lists(
            st.sampled_from(["abs(c) > 5", "h > 0 in a/b", "output['x: y'] != 1"]), max_size=3
        ),
        "watches": st.lists(st.sampled_from(["f.mean()", "t % 2", "state"]), max_size=3),
        "view": st.fixed_dictionaries({}, optional={"step": st.integers(-5, 5), "layer": names}),
    },
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=spelled)
def test_any_scenario_is_read_back_equal(folder: Path, said: dict[str, object]):
    text = yaml_text({"version": 1, "model": "models/gold.keras", **said})
    path = folder / "case.yaml"
    scenario = parse_scenario(text, path)
    assert write_scenario(scenario, {}, path) == scenario
    assert read_scenario(path) == scenario


@settings(max_examples=150, deadline=None)
@given(
    value=st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12),
        st.recursive(
            texts | st.integers(-(10**17), 10**17) | st.booleans() | st.floats(allow_nan=False),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=3),
            max_leaves=12,
        ),
        max_size=4,
    )
)
def test_any_tree_is_read_back_equal(value: dict[str, object]):
    document = compose(yaml_text(value))
    assert document.plain() == value
    assert document.mistakes == ()


# --- arrays and other files


def test_new_arrays_stand_beside_the_file(folder: Path, written: Written):
    one, states = np.arange(4, dtype=np.float32), {"lstm/h": np.ones((1, 2)), "file": np.zeros(1)}
    reset = Action(reset=Reset(to=StatesFile(file="NEW/states")))
    scenario = replace(written(HEAD), inputs="NEW/input", actions=(reset,))
    again = write_scenario(scenario, {"NEW/input": one, "NEW/states": states}, folder / "new.yaml")
    assert again.inputs.startswith("new.arrays/input-")
    loaded = load_scenario(read_scenario(folder / "new.yaml"))
    np.testing.assert_array_equal(loaded.inputs[""], one)
    assert loaded.inputs[""].dtype == np.float32
    np.testing.assert_array_equal(loaded.actions[0].saved["lstm/h"], states["lstm/h"])


def test_a_file_name_from_a_stranger_stays_in_the_folder(folder: Path, written: Written):
    scenario = replace(written(HEAD), inputs="../../evil name\n")
    again = write_scenario(scenario, {"../../evil name\n": np.zeros(1)}, folder / "new.yaml")
    assert (folder / str(again.inputs)).parent == folder / "new.arrays"
    assert (folder / str(again.inputs)).is_file()


def test_saved_elsewhere_it_takes_along_what_it_names(folder: Path, written: Written, full_text: str):
    scenario = written(full_text)
    elsewhere = folder.parent / "elsewhere" / "deep" / "case.yaml"
    write_scenario(scenario, {}, elsewhere)
    again = load_scenario(read_scenario(elsewhere))
    assert again.scenario.model_path.read_bytes() == b"a model"
    original = load_scenario(scenario)
    for name, array in original.inputs.items():
        np.testing.assert_array_equal(again.inputs[name], array)
    names = sorted(path.name for path in (elsewhere.parent / "case.arrays").iterdir())
    assert len(names) == 6, "each file once, however often it is named"


def test_a_scenario_above_its_files_names_them_from_there(folder: Path, written: Written):
    below = folder / "inputs" / "case.yaml"
    below.write_text("version: 1\nmodel: gold.npy\ninput: gold.npy\n")
    again = write_scenario(read_scenario(below), {}, folder / "up.yaml")
    assert (again.model, again.inputs) == ("inputs/gold.npy", "inputs/gold.npy")
    assert not (folder / "up.arrays").exists()


def test_a_model_may_be_named_without_copying_it(folder: Path, written: Written):
    elsewhere = folder.parent / "kept" / "case.yaml"
    model = folder / "models" / "gold.keras"
    write_scenario(replace(written(HEAD), model=str(model)), {}, elsewhere, copy_model=False)
    assert read_scenario(elsewhere, model=model).model_path == model
    assert not (elsewhere.parent / "case.arrays").exists()
    with pytest.raises(ScenarioError, match=r"no such file: gold\.keras"):
        read_scenario(elsewhere)


# --- whole or not at all


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """A limit on the size of files stands in for a full disk: writing fails half way, as it would there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 200, 5_000])
def test_a_full_disk_changes_nothing(folder: Path, written: Written, room: int):
    scenario = replace(written(HEAD + "input: inputs/gold.npy\n"), inputs="NEW")
    before = everything(folder.parent)
    with full_disk(room), pytest.raises(ScenarioError, match="cannot be saved"):
        write_scenario(scenario, {"NEW": np.zeros(10_000)}, folder / "case.yaml")
    assert everything(folder.parent) == before
    assert not (folder / "case.arrays").exists()


def test_a_place_that_cannot_be_written_is_told(written: Written):
    with pytest.raises(ScenarioError, match="cannot be saved"):
        write_scenario(written(HEAD), {}, Path("/proc/nowhere/case.yaml"))


def test_a_file_in_the_place_of_a_folder_is_told(folder: Path, written: Written):
    (folder / "case.arrays").write_text("in the way")
    scenario = replace(written(HEAD), inputs="NEW")
    before = everything(folder)
    with pytest.raises(ScenarioError, match="cannot be saved"):
        write_scenario(scenario, {"NEW": np.zeros(3)}, folder / "case.yaml")
    assert everything(folder) == before


def test_the_old_scenario_is_whole_until_the_new_one_is(
    folder: Path, written: Written, monkeypatch: pytest.MonkeyPatch
):
    path = folder / "case.yaml"
    write_scenario(replace(written(HEAD), inputs="NEW"), {"NEW": np.zeros(3)}, path)
    seen = []
    replace_file = Path.replace

    def watch(self: Path, target: Path) -> Path:
        seen.append(load_scenario(read_scenario(path)).inputs[""].tolist())
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", watch)
    write_scenario(replace(read_scenario(path), inputs="NEW"), {"NEW": np.ones(3)}, path)
    assert len(seen) == 3  # the array, the schema, the YAML
    assert seen == [[0.0, 0.0, 0.0]] * 3
    assert load_scenario(read_scenario(path)).inputs[""].tolist() == [1.0, 1.0, 1.0]


def test_a_failure_between_the_renames_leaves_the_old_scenario(
    folder: Path, written: Written, monkeypatch: pytest.MonkeyPatch
):
    path = folder / "case.yaml"
    write_scenario(replace(written(HEAD), inputs="NEW"), {"NEW": np.zeros(3)}, path)
    before = everything(folder)
    replace_file = Path.replace

    def fail_at_the_end(self: Path, target: Path) -> Path:
        if target == path:
            raise OSError(5, "Input/output error")
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_the_end)
    with pytest.raises(ScenarioError, match="Input/output error"):
        write_scenario(replace(read_scenario(path), inputs="NEW"), {"NEW": np.ones(3)}, path)
    assert everything(folder) == before


def test_a_bug_is_no_scenario_error_and_changes_nothing(
    folder: Path, written: Written, monkeypatch: pytest.MonkeyPatch
):
    scenario = replace(written(HEAD), inputs="NEW")
    before = everything(folder)
    monkeypatch.setattr(writing, "yaml_text", lambda _plain: "version: 1\nmodel: inputs/gold.npy\n")
    with pytest.raises(RuntimeError, match="something else"):
        write_scenario(scenario, {"NEW": np.zeros(3)}, folder / "case.yaml")
    assert everything(folder) == before


def test_what_could_not_be_read_again_is_not_written(
    folder: Path, written: Written, monkeypatch: pytest.MonkeyPatch
):
    scenario = written(HEAD + f"actions: [{{rescale: {{mean: {[0.0] * 60}, scale: {[1.0] * 60}}}}}]\n")
    before = everything(folder)
    monkeypatch.setattr(yaml_text_module, "MAX_NODES", 100)
    with pytest.raises(ScenarioError, match="more than 100 values"):
        write_scenario(scenario, {}, folder / "case.yaml")
    assert everything(folder) == before


def test_a_file_that_is_gone_is_told(folder: Path, written: Written):
    scenario = written(HEAD + "input: inputs/gold.npy\n")
    (folder / "inputs" / "gold.npy").unlink()
    with pytest.raises(ScenarioError, match="no such file"):
        write_scenario(scenario, {}, folder.parent / "other" / "case.yaml")
    assert not (folder.parent / "other").exists()


def test_one_nan_is_as_good_as_another(folder: Path, written: Written):
    scenario = written(HEAD + "input: {values: [[.nan, .inf], [-.inf, 1]]}\n")
    assert write_scenario(scenario, {}, folder / "case.yaml") == scenario
    assert math.isnan(load_scenario(read_scenario(folder / "case.yaml")).inputs[""][0, 0])


# --- over a file that was written by hand


BY_HAND = """\
# yaml-language-server: $schema=lstm-tui.schema.json
version: 1
model: models/gold.keras   # in production
input: inputs/gold.npy     # sixty days
actions:
  # between days
  - reset: {}
"""


def test_comments_and_layout_of_what_did_not_change_are_kept(folder: Path, written: Written):
    scenario, path = written(BY_HAND), folder / "case.yaml"
    more = (*scenario.actions, Action(reshape=Reshape(window=10)))
    write_scenario(replace(scenario, name="Gold", actions=more), {}, path, text=BY_HAND)
    assert path.read_text() == BY_HAND.replace("version: 1\n", "version: 1\nname: Gold\n") + (
        "  - reshape: {window: 10}\n"
    )
    assert read_scenario(path).actions == more


def test_the_comments_that_would_go_are_named_before(folder: Path, written: Written):
    scenario, path = written(BY_HAND), folder / "case.yaml"
    assert comments_that_would_go(scenario, path, BY_HAND) == ()
    assert comments_that_would_go(replace(scenario, actions=()), path, BY_HAND) == ("# between days",)
    assert path.read_text() == BY_HAND


@pytest.mark.parametrize(
    "text",
    [
        "# one\n{version: 1, model: models/gold.keras, name: x}\n",
        "# one\nversion: 1\nmodel: models/gold.keras\ninput: &x inputs/gold.npy\nreference: *x\n",
        "# one\nversion: 1\nno scenario: [",
    ],
    ids=["in one line", "aliases", "broken since"],
)
def test_what_cannot_be_kept_is_written_afresh_and_said_before(folder: Path, written: Written, text: str):
    scenario, path = written(BY_HAND), folder / "case.yaml"
    path.write_text(text)
    scenario = replace(scenario, inputs=None, reference="inputs/gold.npy")
    assert comments_that_would_go(scenario, path, text) == ("# one",)
    write_scenario(scenario, {}, path, text=text)
    assert read_scenario(path) == scenario
