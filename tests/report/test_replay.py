from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

import numpy as np
import pytest

from lstm_tui.engine.client import EngineProcess
from lstm_tui.errors import EngineDied, EngineUnavailable
from lstm_tui.report.expectations import Difference
from lstm_tui.report.replay import Replayer, ReplayResult, Replays, exit_status
from lstm_tui.report.replay_files import scenario_files
from lstm_tui.report.replay_report import replay_json, replay_junit, replay_text

Ask = Callable[..., object]


def result(name: str, status: str = "passed", *reasons: str, **more: object) -> ReplayResult:
    return ReplayResult(Path("cases") / name, name, status, reasons, **more)


def replay(paths: list[Path], ask: Ask, **options: object) -> list[ReplayResult]:
    """All of them, one after the other."""
    replayer = Replayer(ask, **options)
    return [replayer.result(path) for path in scenario_files(paths)]


def never(_request: object, _on_progress: object = None) -> NoReturn:
    raise AssertionError("no engine is needed for this")


# --- which files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "b.yaml",
        "a.yml",
        "sub/c.yaml",
        "sub/deep/d.yaml",
        ".ci/e.yaml",
        "x.arrays/f.npy",
        "notes.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def names(paths: Iterator[Path]) -> list[str]:
    return [path.name for path in paths]


def test_folders_are_searched_at_any_depth(tree: Path):
    assert names(scenario_files([tree])) == ["a.yml", "b.yaml", "c.yaml", "d.yaml"]


def test_patterns_and_files_in_the_order_named(tree: Path):
    assert names(scenario_files([tree / "sub" / "*.yaml", tree / "b.yaml"])) == ["c.yaml", "b.yaml"]
    assert names(scenario_files([tree / "**" / "*.yaml"])) == ["b.yaml", "c.yaml", "d.yaml"]
    assert names(scenario_files([tree / "s*"])) == ["c.yaml", "d.yaml"]


def test_a_file_counts_once(tree: Path):
    assert names(scenario_files([tree / "b.yaml", tree, tree / "b.yaml"])) == [
        "b.yaml",
        "a.yml",
        "c.yaml",
        "d.yaml",
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tree: Path):
    (tree / "[1].yaml").touch()
    assert names(scenario_files([tree / "[1].yaml"])) == ["[1].yaml"]


@pytest.mark.parametrize("name", ["none.yaml", "empty", "no*.yaml"])
def test_what_names_no_scenario_is_told(tree: Path, name: str):
    (tree / "empty").mkdir()
    (found,) = replay([tree / name], never)
    assert found.status == "not checked"
    assert "cannot be read" in found.reasons[0] or "is a folder" in found.reasons[0]


# --- questions that cannot be asked


def test_a_mistake_in_one_file_does_not_keep_the_others_from_being_tried(tmp_path: Path):
    (tmp_path / "one.yaml").write_text("version: 1\nmodel: none.keras\n")
    (tmp_path / "two.yaml").write_text("version: 3\n")
    one, two = replay([tmp_path], never)
    assert (one.status, two.status) == ("not checked", "not checked")
    assert one.reasons[0].endswith("one.yaml:2:8: model: no such file: none.keras")
    assert "newer" in two.reasons[0]


def scenario(folder: Path, more: str = "", name: str = "case.yaml") -> Path:
    (folder / "gold.keras").touch()
    path = folder / name
    path.write_text(f"version: 1\nmodel: gold.keras\n{more}")
    return path


def test_an_engine_that_dies_costs_one_scenario(tmp_path: Path):
    def die(_request: object, _on_progress: object) -> NoReturn:
        raise EngineDied("The engine was killed by signal 9.")

    scenario(tmp_path, name="a.yaml")
    scenario(tmp_path, name="b.yaml")
    assert [each.reasons for each in replay([tmp_path], die)] == [("The engine was killed by signal 9.",)] * 2


def test_an_engine_that_cannot_start_ends_the_replay(tmp_path: Path):
    def refuse(_request: object, _on_progress: object) -> NoReturn:
        raise EngineUnavailable("TensorFlow is not installed.")

    with pytest.raises(EngineUnavailable):
        replay([scenario(tmp_path)], refuse)


# --- exit status and reports


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["passed", "passed"], 0),
        (["passed", "failed"], 1),
        (["passed", "not checked"], 2),
        (["failed", "not checked"], 2),
        ([], 2),
    ],
)
def test_exit_status(statuses: list[str], status: int):
    assert exit_status([result("a.yaml", each) for each in statuses]) == status


RESULTS = Replays((
    result("good.yaml", checked=("shape (1, 1)",), output_shapes=(("y", (1, 1)),), seconds=0.25),
    result("wrong.yaml", "failed", "expected shape (1, 1), got (1, 20, 1)", seconds=0.5),
    result(
        "bad.yaml",
        "not checked",
        "cases/bad.yaml:3:8: model: no such file: a\ncases/bad.yaml:9:1: b: unknown key",
    ),
    result("free.yaml", output_shapes=(("y", (2, 3)),)),
), seconds=0.75)  # fmt: skip


def test_text_at_80_columns():
    assert replay_text(RESULTS) == (
        "passed       good.yaml   shape (1, 1)\n"
        "failed       wrong.yaml  expected shape (1, 1), got (1, 20, 1)\n"
        "not checked  bad.yaml    3:8: model: no such file: a\n"
        "                         9:1: b: unknown key\n"
        "passed       free.yaml   expects nothing; gave (2, 3)\n"
        "4 scenarios: 2 passed, 1 failed, 1 not checked in 0.8 s\n"
    )


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_text_keeps_within_the_width_and_loses_nothing(width: int):
    long = result("a-scenario-with-a-long-name-of-many-words.yaml", "failed", "expected " + "something " * 30)
    text = replay_text(Replays((long,)), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("something"[:4]) == 30


def test_text_is_coloured_only_when_asked():
    assert "\x1b" not in replay_text(RESULTS)
    assert "\x1b[" in replay_text(RESULTS, color=True)


def test_text_reads_no_markup_and_no_control_characters():
    strange = result("[red]x\x1b[31m.yaml", "failed", "[bold]\x1b]52;c;aGk=\x07")
    text = replay_text(Replays((strange,)))
    assert "[red]x" in text and "[bold]" in text
    assert "\x1b" not in text and "\x07" not in text


def test_scenarios_of_the_same_name_are_told_apart():
    twice = tuple(ReplayResult(Path(folder) / "case.yaml", "case", "passed") for folder in ("a", "b"))
    assert "a/case.yaml" in replay_text(Replays(twice))


def test_of_many_that_passed_the_folders_are_counted_and_the_others_stand_out():
    passed = [
        ReplayResult(Path(f"cases/{folder}/{n}.yaml"), "", "passed") for folder in "ab" for n in range(30)
    ]
    note = result("noted.yaml", notes=("m.keras is not the file that was recorded",))
    text = replay_text(Replays((*passed, result("wrong.yaml", "failed", "because"), note), seconds=2.0))
    assert text == (
        "passed  cases/a/          30 scenarios\n"
        "passed  cases/b/          30 scenarios\n"
        "failed  cases/wrong.yaml  because\n"
        "passed  cases/noted.yaml  expects nothing; gave no output\n"
        "                          note: m.keras is not the file that was recorded\n"
        "62 scenarios: 61 passed, 1 failed in 2.0 s\n"
    )


def test_a_replay_that_was_stopped_says_so_everywhere():
    stopped = Replays((result("a.yaml"),), left=(Path("cases/b.yaml"), Path("cases/c.yaml")), seconds=1.0)
    assert stopped.exit_status == 130
    assert replay_text(stopped).splitlines()[-1] == (
        "1 scenario: 1 passed in 1.0 s; stopped before the end: 2 not replayed"
    )
    told = replay_json(stopped)
    assert (told["stopped"], told["not_replayed"], told["exit_status"]) == (
        True, ["cases/b.yaml", "cases/c.yaml"], 130,
    )  # fmt: skip
    root = ElementTree.fromstring(replay_junit(stopped))
    assert (root.get("tests"), root.get("skipped")) == ("3", "2")
    assert len(list(root.iter("skipped"))) == 2


def test_json_holds_all_and_is_json():
    difference = Difference(float("inf"), (0, 1), float("nan"), 2.0, 1, 2)
    nan = result("nan.yaml", "failed", "x", difference=difference)
    found = replay_json(Replays((*RESULTS.results, nan)))
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again["version"] == 1
    assert again["exit_status"] == 2
    assert again["results"][0] == {
        "path": "cases/good.yaml",
        "name": "good.yaml",
        "status": "passed",
        "reasons": [],
        "checked": ["shape (1, 1)"],
        "output_shapes": {"y": [1, 1]},
        "difference": None,
        "notes": [],
        "seconds": 0.25,
    }
    assert again["results"][2]["status"] == "not_checked"
    assert again["results"][4]["difference"]["largest"] == "inf"


def test_junit_counts_and_tells():
    root = ElementTree.fromstring(replay_junit(RESULTS))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "1")
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert cases["wrong.yaml"].find("failure").get("message") == "expected shape (1, 1), got (1, 20, 1)"
    assert "9:1" in cases["bad.yaml"].find("error").text
    assert len(cases["good.yaml"]) == 0
    assert cases["good.yaml"].get("classname") == "cases"


def test_junit_is_xml_whatever_a_message_holds():
    strange = "".join(map(chr, (0, 1, 8, 11, 27, 0x7F, 0x85, 0xFFFE, 0xFFFF, 0xD800))) + "<&>\"']]> ä 🎉"
    root = ElementTree.fromstring(replay_junit(Replays((result(f"{strange}.yaml", "failed", strange),))))
    assert root.find(".//failure").text.endswith("<&>\"']]> ä 🎉")


# --- on real models

TWO_FEATURES = "input: x.npy\nactions: [{reshape: {select: [0, 1]}}]"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models made with plain Keras, and what Keras itself predicts with them."""
    import keras

    folder = tmp_path_factory.mktemp("models")
    keras.utils.set_random_seed(1)
    plain = keras.Sequential([keras.Input((4, 3), name="x"), keras.layers.LSTM(2), keras.layers.Dense(1)])
    plain.save(folder / "plain.keras")
    x = np.linspace(0, 1, 12, dtype="float32").reshape(1, 4, 3)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", plain.predict(x, verbose=0))
    carry = keras.Sequential([keras.Input((4, 3), batch_size=1), keras.layers.LSTM(2, stateful=True)])
    carry.save(folder / "carry.keras")
    np.save(folder / "first.npy", carry.predict(x, verbose=0))
    np.save(folder / "second.npy", carry.predict(x, verbose=0))
    return folder


@pytest.mark.keras
@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("input: x.npy\nexpect: {shape: [1, 1], output: {file: y.npy}}", "passed", "output equal"),
        ("input: x.npy\nexpect: {shape: [1, 4, 1]}", "failed", "expected shape (1, 4, 1), got (1, 1)"),
        ("input: x.npy\nexpect: {output: {values: [[9]], rtol: 0.0}}", "failed", "differs by up to"),
        ("input: {values: [[1, 2, 3]]}\nexpect: {error: input-rank}", "passed", "fails with input-rank"),
        (f"{TWO_FEATURES}\nexpect: {{shape: [1, 1]}}", "failed", "predict, failed"),
        (f"{TWO_FEATURES}\nexpect: {{error: input-features}}", "passed", "fails with input-features"),
        ("input: x.npy\nexpect: {error: input-rank}", "failed", "all succeeded"),
        ("input: x.npy\nexpect: {findings: []}", "not checked", "expect.findings"),
        ("input: x.npy\nactions: [{reset: {layers: [lstm_7]}}]", "not checked", "lstm_7"),
        ("expect: {shape: [1, 1]}", "not checked", "There is no input"),
    ],
)  # fmt: skip
def test_replay_of_a_plain_model(models: Path, engine: EngineProcess, text: str, status: str, told: str):
    path = models / "case.yaml"
    path.write_text(f"version: 1\nmodel: plain.keras\n{text}\n")
    (found,) = replay([path], engine.ask)
    assert found.status == status
    assert told in " ".join((*found.reasons, *found.checked))


@pytest.mark.keras
def test_calls_and_resets_of_a_stateful_model(models: Path, engine: EngineProcess):
    head = "version: 1\nmodel: carry.keras\ninput: x.npy\n"
    first, second = "expect: {output: {file: first.npy}}\n", "expect: {output: {file: second.npy}}\n"
    texts = {
        "once": head + first,
        "twice": head + "calls: [{predict: {}}, {predict: {}}]\n" + second,
        "between": head + "calls: [{predict: {}}, {reset: {}}, {predict: {}}]\n" + first,
        "before": head + "actions: [{reset: {to: random}}]\n" + first,
    }
    folder = models / "stateful"
    folder.mkdir()
    for name in ("carry.keras", "x.npy", "first.npy", "second.npy"):
        (folder / name).write_bytes((models / name).read_bytes())
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    statuses = {found.path.stem: found.status for found in replay([folder], engine.ask)}
    assert statuses == {"once": "passed", "twice": "passed", "between": "passed", "before": "failed"}


@pytest.mark.keras
def test_another_model_takes_the_place_of_all(models: Path, engine: EngineProcess):
    path = models / "other.yaml"
    path.write_text("version: 1\nmodel: gone.keras\ninput: {file: x.npy}\nexpect: {shape: [1, 1]}\n")
    (found,) = replay([path], engine.ask, model=models / "plain.keras")
    assert found.status == "passed"


@pytest.mark.keras
def test_states_that_were_captured_are_not_set_in_a_model_that_keeps_none(
    models: Path, engine: EngineProcess
):
    np.savez(models / "states.npz", **{"gone/h": np.ones((1, 2), np.float32)})
    path = models / "captured.yaml"
    calls = "[{predict: {}}, {reset: {to: {file: states.npz}}}, {predict: {}}]"
    actions = "[{reset: {to: {file: states.npz}}}]"
    path.write_text(
        f"version: 1\nmodel: gone.keras\ninput: {{file: x.npy}}\nactions: {actions}\ncalls: {calls}\n"
    )
    stateless, stateful = (
        replay([path], engine.ask, model=models / name)[0] for name in ("plain.keras", "carry.keras")
    )
    assert stateless.status == "passed"
    assert "plain.keras keeps no states" in stateless.notes[0]
    assert stateful.status == "failed", "another stateful model has other states: that is a difference"
    assert "gone/h" in stateful.reasons[0]


@pytest.mark.keras
def test_a_model_that_does_not_load(models: Path, engine: EngineProcess):
    (models / "torn.keras").write_bytes((models / "plain.keras").read_bytes()[:2000])
    path = models / "torn.yaml"
    path.write_text("version: 1\nmodel: torn.keras\n")
    (found,) = replay([path], engine.ask)
    assert found.status == "not checked"
    assert "does not load" in found.reasons[0]
    path.write_text("version: 1\nmodel: torn.keras\nexpect: {error: load-corrupt}\n")
    assert replay([path], engine.ask)[0].status == "passed"
