"""What all tests share: slow ones last, one real engine, and small models for it.

The test process does not import TensorFlow for these; the models are built by a child, once for all workers.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions
from tests.built_once import SHARED, built_once

# No test is held to a clock: on a busy machine any example may take long.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """What the tests start runs as it does for a user, whatever shell they are run from.

    Ctrl-C works, also where a shell runs them in the background and ignores it. Bytecode is kept: without it
    every one of some hundred starts compiles two hundred modules. Workers inherit the environment.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not _is_worker(config):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="lstm-tui-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """What the workers shared goes with the last of them."""
    if not _is_worker(config):
        shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True)


def _is_worker(config: pytest.Config) -> bool:
    """Whether this is one of xdist's workers."""
    return hasattr(config, "workerinput")


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
def tiny_models() -> Path:
    """A folder with the models of `tiny_models.py`, named as their functions. Nobody writes there."""
    return built_once("tiny", _build_tiny_models)


def _build_tiny_models(folder: Path) -> None:
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


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineProcess]:
    """One real engine for all who leave it as they find it: with no request under way."""
    with EngineProcess() as process:
        yield process
