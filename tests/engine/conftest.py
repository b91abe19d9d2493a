"""Engines with a stand-in for Keras, so that the process around it can be tested in milliseconds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import EngineOptions

STAND_IN = "stand_in"


@pytest.fixture
def stand_in_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes that are started from here find the stand-in."""
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))


@pytest.fixture
def echo(stand_in_path: None, tmp_path: Path) -> Iterator[EngineProcess]:
    """An engine, not started, whose model echoes or does what its file's name says."""
    with EngineProcess(EngineOptions(log_path=tmp_path / "engine.log"), adapter=STAND_IN) as engine:
        yield engine
