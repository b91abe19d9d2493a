"""Scenario files as tests of pytest: `pytest --lstm-tui scenarios/`.

pytest imports this module wherever lstm-tui is installed, so it imports nothing of the house unasked, and
without `--lstm-tui` it collects nothing. One engine replays all scenarios of a run; started at the first
and keeps a model as long as scenarios share it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lstm_tui.engine.client import EngineProcess
    from lstm_tui.report.replay import Replayer, ReplayResult

_SUFFIXES = {".yaml", ".yml"}
_HEAD = 64 * 1024
_KEY = re.compile(rb"^(version|model|inputs?|actions|calls|expect)[ \t]*:", re.MULTILINE)
_REPLAYER = pytest.StashKey["Replayer"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all under one name."""
    group = parser.getgroup("lstm-tui", "scenarios of lstm-tui")
    group.addoption("--lstm-tui", action="store_true", help="collect scenario files (.yaml) as tests")
    group.addoption(
        "--lstm-tui-model", type=Path, metavar="FILE", help="replay against this model, not each one's own"
    )
    group.addoption("--lstm-tui-trust", action="store_true", help="allow Lambda layers: a model may run code")
    group.addoption(
        "--lstm-tui-custom-objects",
        action="append",
        default=[],
        metavar="MODULE",
        help="import this module for your own layers; may be given again",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """A scenario file, if it was asked for: named itself, or in a folder and with a scenario's keys."""
    if not parent.config.getoption("--lstm-tui") or file_path.suffix not in _SUFFIXES:
        return None
    if parent.session.isinitpath(file_path) or _looks_like_a_scenario(file_path):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


def _looks_like_a_scenario(path: Path) -> bool:
    """Whether at least two keys of the format stand in it: a mistyped one is still to be told."""
    try:
        with path.open("rb") as file:
            return len({found[1] for found in _KEY.finditer(file.read(_HEAD))}) > 1
    except OSError:
        return False


class ScenarioFile(pytest.File):
    """One scenario file, which holds one test."""

    def collect(self) -> Iterator[ScenarioItem]:
        """The test that replays it."""
        yield ScenarioItem.from_parent(self, name="replay")


class NotAsExpected(Exception):  # noqa: N818 - what is the case, not that it is an error
    """A scenario gave something else than it expects, or could not be asked."""

    def __init__(self, result: ReplayResult) -> None:
        super().__init__(*result.reasons)
        self.result = result


class ScenarioItem(pytest.Item):
    """Replays a scenario; fails where `lstm-tui replay` would not say `passed`."""

    def runtest(self) -> None:
        """Raises: NotAsExpected, EngineUnavailable."""
        result = _replayer(self.config).result(self.path)
        if result.notes:
            self.add_report_section("call", "note", "\n".join(result.notes))
        if result.status != "passed":
            raise NotAsExpected(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:  # type: ignore[override]
        """What is not as expected, and how to look into it; no traceback, since it is no bug."""
        from lstm_tui.errors import LstmTuiError

        error = excinfo.value
        if isinstance(error, NotAsExpected):
            name = self.nodeid.partition("::")[0]
            told = "\n".join(error.result.reasons)
            return f"{error.result.name}: {error.result.status}\n\n{told}\n\nlook into it: lstm-tui {name}"
        return str(error) if isinstance(error, LstmTuiError) else str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is and what it is called in pytest's own lines."""
        return self.path, 0, f"scenario {self.path.name}"


def _replayer(config: pytest.Config) -> Replayer:
    """The one of this run; its engine ends with the run."""
    if _REPLAYER not in config.stash:
        from lstm_tui.report.diagnosing import codes_found
        from lstm_tui.report.replay import Replayer

        engine = _engine(config)
        config.add_cleanup(engine.close)
        model = config.getoption("--lstm-tui-model")
        config.stash[_REPLAYER] = Replayer(engine.ask, model=model, diagnose=codes_found(engine.ask))
    return config.stash[_REPLAYER]


def _engine(config: pytest.Config) -> EngineProcess:
    from lstm_tui.engine.client import EngineProcess
    from lstm_tui.engine.options import EngineOptions

    modules = tuple(config.getoption("--lstm-tui-custom-objects"))
    return EngineProcess(EngineOptions(trust=config.getoption("--lstm-tui-trust"), custom_objects=modules))
