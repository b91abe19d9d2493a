"""What the tests of all checks share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _seeded(request: pytest.FixtureRequest) -> None:
    """Layers draw their initialisers' seeds as they are made: the same ones in whatever order tests run."""
    if request.node.get_closest_marker("keras") is not None:
        import keras

        keras.utils.set_random_seed(7)
