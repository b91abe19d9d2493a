"""What all tests share: slow ones last, one real engine, and small models for it.

The test process does not import TensorFlow for these; the models are built by a child.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions

# No test is held to a clock: on a busy machine any example may take long.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """What the tests start runs as it does for a user, whatever shell they are run from.

    Ctrl-C works, also where a shell runs them in the background and ignores it. Bytecode is kept: without it
    every one of some hundred starts compiles two hundred modules.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that need Keras come last, so that a quick mistake is told quickly: the zoo first, checks last.

    TensorFlow keeps about 30 functions of each model that was trained in a process, whatever is deleted, and
    every function that is made later takes longer for it. The zoo makes the most and trains nothing, checks
    train. With several workers (`--dist loadfile`) the tests of a file share one, and what it has built.
    """
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("keras") is None:
        return 0
    if item.nodeid.startswith("tests/keras_adapter/test_zoo.py"):
        return 1
    return 3 if item.nodeid.startswith("tests/checks/") else 2


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models of `tiny_models.py`, under the names of their functions."""
    folder = tmp_path_factory.mktemp("models")
    environment = {**os.environ, **tensorflow_environment(EngineOptions())}
    script = Path(__file__).with_name("tiny_models.py")
    built = subprocess.run(
        [sys.executable, str(script), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineProcess]:
    """One real engine for all who leave it as they find it: with no request under way."""
    with EngineProcess() as process:
        yield process
