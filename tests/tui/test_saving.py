"""Saving over a scenario that somebody wrote by hand: what stays, and what the dialogue says before."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.performing.opening import open_scenario
from tests.tui.conftest import OpenApp

pytestmark = pytest.mark.keras

TEXT = """\
# yaml-language-server: $schema=lstm-tui.schema.json
# What we saw on Monday.
version: 1
name: Monday
model: lstm.keras   # the one in production
input: x.npy
actions:
  # dollars to units
  - rescale: {method: standard, mean: 0, scale: 2}
"""


@pytest.fixture
def scenario(tmp_path: Path, tiny_models: Path) -> Path:
    shutil.copy(tiny_models / "lstm.keras", tmp_path)
    np.save(tmp_path / "x.npy", np.ones((1, 5, 3), np.float32))
    path = tmp_path / "monday.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


async def test_comments_and_layout_stay_where_nothing_changed(open_app: OpenApp, scenario: Path) -> None:
    async with open_app(open_scenario(scenario)) as screen:
        await screen.press("p", "w")
        assert "own file will be replaced" in screen.text
        assert "comments go" not in screen.text
        await screen.press("enter")
        await screen.until(lambda: "saved" in screen.notes())
    said = scenario.read_text(encoding="utf-8")
    assert said.startswith(TEXT)
    assert "  - predict: {}\n" in said.removeprefix(TEXT)


async def test_what_goes_is_named_before(open_app: OpenApp, scenario: Path) -> None:
    async with open_app(open_scenario(scenario)) as screen:
        await screen.press("u", "w")
        assert "comments go with what was changed: # dollars to units" in " ".join(screen.text.split())
        await screen.press("escape")
        assert scenario.read_text(encoding="utf-8") == TEXT
        scenario.write_text(TEXT + "# and on Tuesday\n", encoding="utf-8")
        await screen.press("w")
        assert "Somebody has changed it since" in screen.text
