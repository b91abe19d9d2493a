"""A model that needs no Keras, a recorder for it, and what it has captured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_tui.flight_recorder import FlightRecorder, watch
from lstm_tui.scenario.loading import LoadedScenario, load_scenario
from lstm_tui.scenario.reading import read_scenario
from tests.flight_recorder.stand_ins import stateful_model

X = np.ones((1, 3, 2), np.float32)


@pytest.fixture
def model() -> Any:
    return stateful_model()


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    return tmp_path / "captures"


@pytest.fixture
def watching(model: Any, captures: Path) -> Callable[..., FlightRecorder]:
    """A recorder with these options, which lets nothing wait."""

    def make(**options: Any) -> FlightRecorder:
        return watch(model, folder=captures, **{"spacing": 0.0, **options})

    return make


def scenarios(folder: Path) -> list[LoadedScenario]:
    """Everything captured, as the workbench reads it."""
    return [load_scenario(read_scenario(path)) for path in sorted(folder.glob("*.yaml"))]
