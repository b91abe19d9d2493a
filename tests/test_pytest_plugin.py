"""Scenario files as tests, in a pytest run inside this one, with a stand-in for Keras that echoes."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from lstm_tui import pytest_plugin
from lstm_tui.engine.client import EngineProcess
from lstm_tui.report import diagnosing, replay  # noqa: F401 - imported here, or the inner run would import them anew

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[1]
SCENARIO = "version: 1\nmodel: echo.keras\ninput: {values: [[[1], [2]]]}\n"


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(Path(__file__).parent / "engine"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # plugins that cannot run within themselves
    monkeypatch.setattr(pytest_plugin, "_engine", lambda config: EngineProcess(adapter="stand_in"))


@pytest.fixture
def cases(pytester: pytest.Pytester) -> Path:
    folder = pytester.mkdir("cases")
    (folder / "echo.keras").touch()
    (folder / "good.yaml").write_text(f"{SCENARIO}expect: {{shape: [1, 2, 1]}}\n")
    (folder / "wrong.yaml").write_text(f"{SCENARIO}expect: {{shape: [1, 1]}}\n")
    (folder / "mistyped.yaml").write_text("version: 1\nmodle: echo.keras\ninput: {values: [1]}\n")
    (folder / "workflow.yaml").write_text("name: of something else\non: push\njobs: {}\n")
    (folder / "noted.yaml").write_text(f"{SCENARIO}model_sha256: {'a' * 64}\nexpect: {{shape: [3]}}\n")
    return folder


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", "lstm_tui.pytest_plugin", "-p", "no:cacheprovider", *words)


def test_nothing_is_collected_unasked(pytester: pytest.Pytester, cases: Path):
    run(pytester, "cases").assert_outcomes()


def test_scenarios_are_tests_with_a_readable_failure(pytester: pytest.Pytester, cases: Path):
    done = run(pytester, "--lstm-tui", "cases")
    done.assert_outcomes(passed=1, failed=3)
    said = done.stdout.str()
    assert (
        "wrong: failed\n\nexpected shape (1, 1), got (1, 2, 1)\n\nlook into it: lstm-tui cases/wrong.yaml"
        in said
    )
    assert "modle: unknown key; did you mean model?" in said
    assert "echo.keras is not the file that was recorded" in said
    assert "Traceback" not in said and "workflow.yaml" not in said


def test_a_file_named_itself_is_collected_whatever_stands_in_it(pytester: pytest.Pytester, cases: Path):
    run(pytester, "--lstm-tui", "cases/workflow.yaml", "cases/good.yaml").assert_outcomes(passed=1, failed=1)


def test_another_model_takes_the_place_of_all(pytester: pytest.Pytester, cases: Path):
    (cases / "refuse.keras").touch()
    done = run(pytester, "--lstm-tui", "--lstm-tui-model", "cases/refuse.keras", "cases/good.yaml")
    done.assert_outcomes(failed=1)
    assert "The file is cut short." in done.stdout.str()


def test_pytest_finds_the_plugin_by_its_entry_point():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"lstm_tui": pytest_plugin.__name__}
