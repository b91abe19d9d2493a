from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from lstm_tui.scenario.reading import read_scenario
from lstm_tui.scenario.recorded_model import model_note
from lstm_tui.scenario.scenario import Scenario

Written = Callable[[str], Scenario]
HEAD = "version: 1\nmodel: models/gold.keras\n"


def test_another_model_than_the_recorded_one_is_told(folder: Path, written: Written):
    model = folder / "models/gold.keras"
    recorded = hashlib.sha256(model.read_bytes()).hexdigest()
    scenario = written(f"{HEAD}model_sha256: '{recorded}'\n")
    assert model_note(scenario) == ""
    model.write_bytes(b"retrained")
    now = hashlib.sha256(b"retrained").hexdigest()[:12]
    assert model_note(scenario) == (
        f"gold.keras is not the file that was recorded: SHA-256 {now}… instead of {recorded[:12]}…"
    )


def test_a_model_named_on_the_command_line_is_compared_too(folder: Path, written: Written):
    written(f"{HEAD}model_sha256: '{'0' * 64}'\n")
    other = folder / "other.keras"
    other.write_bytes(b"other")
    assert "other.keras is not the file" in model_note(read_scenario(folder / "case.yaml", model=other))


def test_nothing_is_said_of_a_scenario_that_names_no_digest_or_whose_model_is_gone(written: Written):
    assert model_note(written(HEAD)) == ""
    scenario = written(f"{HEAD}model_sha256: '{'0' * 64}'\n")
    scenario.model_path.unlink()
    assert model_note(scenario) == ""
