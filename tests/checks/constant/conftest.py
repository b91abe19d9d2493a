"""Layers draw the seeds of their initialisers when they are made: each test begins from the same."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _seeded(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("keras") is not None:
        import keras

        keras.utils.set_random_seed(3)
