from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import UsageError
from lstm_tui.report.replay import ReplayResult
from lstm_tui.report.replay_engines import replay_in_engines
from lstm_tui.report.replaying import replay_paths


def silent(_stage: str, _fraction: float | None) -> None:
    """Progress is not looked at."""


@pytest.fixture
def mistaken(tmp_path: Path) -> Path:
    """A scenario that needs no engine to be refused."""
    path = tmp_path / "case.yaml"
    path.write_text("version: 1\nmodel: none.keras\n")
    return path


def test_text_goes_to_standard_output_alone(mistaken: Path, capsys: pytest.CaptureFixture[str]):
    assert replay_paths([mistaken], None, False, None, EngineOptions(), silent) == 2
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "not checked  case.yaml  2:8: model: no such file: none.keras"
    assert err == ""


def test_json_and_junit(mistaken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    junit = tmp_path / "junit.xml"
    replay_paths([mistaken], None, True, junit, EngineOptions(), silent)
    assert json.loads(capsys.readouterr().out)["exit_status"] == 2
    assert ElementTree.parse(junit).getroot().get("errors") == "1"


def test_a_report_that_cannot_be_written_is_told(mistaken: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be written"):
        replay_paths([mistaken], None, False, tmp_path / "none" / "junit.xml", EngineOptions(), silent)


HEAD = "version: 1\nmodel: kept.keras\ninput: {random: {shape: [1, 4, 3]}}\n"
TWICE, RESET = "[{predict: {}}, {predict: {}}]", "[{predict: {}}, {reset: {}}, {predict: {}}]"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[ReplayResult]:
    """Of scenarios that expect a shape, then of some that expect findings, by two engines of one host."""
    import keras

    folder = tmp_path_factory.mktemp("replayed")
    kept = keras.layers.LSTM(2, stateful=True)
    model = keras.Sequential([keras.Input((None, 3), batch_size=1), kept])
    model.set_weights([weight + 0.01 for weight in model.get_weights()])  # or it would be untrained as well
    model.save(folder / "kept.keras")
    for number in range(4):
        shape = [1, 2] if number % 2 else [1, 1]
        (folder / f"{number}.yaml").write_text(f"{HEAD}expect: {{shape: {shape}}}\n")
    for name, calls, codes in [
        ("carried", TWICE, "[state-carryover]"),
        ("denied", TWICE, "[]"),
        ("reset", RESET, "[]"),
    ]:
        (folder / f"{name}.yaml").write_text(f"{HEAD}calls: {calls}\nexpect: {{findings: {codes}}}\n")
    return list(replay_in_engines([folder], EngineOptions(), jobs=2).results)


@pytest.mark.keras
def test_several_engines_give_the_results_of_one_in_the_same_order(results: list[ReplayResult]):
    names = [each.path.name for each in results]
    assert names == ["0.yaml", "1.yaml", "2.yaml", "3.yaml", "carried.yaml", "denied.yaml", "reset.yaml"]
    assert [each.status for each in results[:4]] == ["failed", "passed", "failed", "passed"]


@pytest.mark.keras
def test_findings_are_looked_for_and_are_exactly_those(results: list[ReplayResult]):
    found = {each.path.stem: each for each in results[4:]}
    assert {name: each.status for name, each in found.items()} == {
        "carried": "passed", "denied": "failed", "reset": "passed",
    }  # fmt: skip
    assert found["carried"].checked == ("findings: state-carryover",)
