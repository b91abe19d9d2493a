"""TensorFlow without a card and without chatter; set before anything here imports it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session", autouse=True)
def imported_for_good() -> Iterator[None]:
    """What has been imported by now stays, so the collector need not look at it again.

    `clear_session` collects twice a model, and TensorFlow alone is half a million objects: with them it took
    more than a third of the zoo's time.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
