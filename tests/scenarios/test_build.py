"""The script that builds the scenarios: equal seeds give equal files, and nothing is overwritten unasked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCENARIOS / "build.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.keras
def test_building_again_gives_the_stored_scenario(tmp_path):
    import keras

    built = build("--only", "trained-on-32", "--into", str(tmp_path))
    assert built.returncode == 0, built.stderr
    assert "KB in all" in built.stdout
    stored = SCENARIOS / "5-retraining"
    fresh = tmp_path / "5-retraining"
    names = [path.relative_to(fresh).as_posix() for path in sorted(fresh.glob("*/*"))]
    assert names == [path.relative_to(stored).as_posix() for path in sorted(stored.glob("*/trained-on-32*"))]
    for name in names:
        if name.endswith(".npy"):
            assert (fresh / name).read_bytes() == (stored / name).read_bytes()
            continue
        one, other = (keras.saving.load_model(folder / name, compile=False) for folder in (fresh, stored))
        for ours, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
            # Another processor rounds differently, and training carries that on.
            np.testing.assert_allclose(ours, theirs, atol=1e-2)


@pytest.mark.keras
def test_files_that_are_there_stay_unless_forced(tmp_path):
    there = tmp_path / "5-retraining" / "models" / "trained-on-32.keras"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"mine")
    refused = build("--only", "trained-on-32", "--into", str(tmp_path))
    assert refused.returncode == 1
    assert "trained-on-32.keras" in refused.stderr
    assert "--force" in refused.stderr
    assert there.read_bytes() == b"mine"

    assert build("--only", "trained-on-32", "--into", str(tmp_path), "--force").returncode == 0
    assert there.stat().st_size > 10_000


@pytest.mark.keras
def test_an_unknown_name_is_said():
    answer = build("--only", "no-such-scenario")
    assert answer.returncode == 1
    assert "no-such-scenario" in answer.stderr
