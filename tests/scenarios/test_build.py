"""The script that builds the scenarios: equal seeds give equal files, and nothing is overwritten unasked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: it sets TensorFlow to give the same each time, for good."""
    command = [sys.executable, str(SCENARIOS / "build.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def refused(monkeypatch, capsys):
    """What is said where nothing is built, without starting TensorFlow once more."""
    monkeypatch.syspath_prepend(SCENARIOS)
    import build as script

    monkeypatch.setattr(script, "_quiet_and_deterministic", lambda: None)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["build.py", *arguments])
        assert script.main() == 1
        return capsys.readouterr().err

    return run


@pytest.mark.keras
def test_nothing_is_overwritten_unasked_and_equal_seeds_give_the_stored_scenario(tmp_path, refused):
    fresh, stored = tmp_path / "5-retraining", SCENARIOS / "5-retraining"
    there = fresh / "models" / "trained-on-32.keras"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"mine")

    said = refused("--only", "trained-on-32", "--into", str(tmp_path))
    assert "trained-on-32.keras" in said
    assert "--force" in said
    assert there.read_bytes() == b"mine"

    built = build("--only", "trained-on-32", "--into", str(tmp_path), "--force")
    assert built.returncode == 0, built.stderr
    assert "KB in all" in built.stdout
    names = [path.relative_to(fresh) for path in sorted(fresh.glob("*/*"))]
    assert names == [path.relative_to(stored) for path in sorted(stored.glob("*/trained-on-32*"))]
    for name in names:
        compare(fresh / name, stored / name)


def compare(one: Path, other: Path) -> None:
    """Equal bytes for data; for models equal weights, as far as another processor trains them alike."""
    import keras

    if one.suffix != ".keras":
        assert one.read_bytes() == other.read_bytes()
        return
    weights = [keras.saving.load_model(path, compile=False).get_weights() for path in (one, other)]
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-2)


@pytest.mark.keras
def test_an_unknown_name_is_said(refused):
    assert "no-such-scenario" in refused("--only", "no-such-scenario")
