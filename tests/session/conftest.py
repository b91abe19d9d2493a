"""A session opened on one input, and one on a batch of two, their first runs arrived."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.recording import Array
from lstm_tui.session.edits import Material
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session
from tests.session.hand_made import arrived, gold


@pytest.fixture
def facts() -> ModelFacts:
    return gold()


@pytest.fixture
def x() -> Array:
    return np.arange(20, dtype=np.float32).reshape(1, 10, 2)


@pytest.fixture
def session(facts: ModelFacts, x: Array) -> Session:
    return arrived(open_session(facts, Material(inputs={"x": x}))[0])


@pytest.fixture(scope="session")
def session_of_two() -> Session:
    two = np.arange(40, dtype=np.float32).reshape(2, 10, 2)
    return arrived(open_session(gold(), Material(inputs={"x": two}))[0])
