"""`lstm-tui trace` on models made outside, held against a script that knows nothing but Keras."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.keras

SCRIPT = Path(__file__).with_name("plain_keras.py")
QUIET = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A model made, traced and compared: what the trace and the comparison said."""
    folder = tmp_path_factory.mktemp("outside")
    run(SCRIPT, "make", folder)
    model, given, out = folder / "model.keras", folder / "input.npz", folder / "trace.npz"
    trace = run("-m", "lstm_tui", "trace", model, "--input", given, "-o", out)
    assert trace.stdout == ""
    return {"trace": trace.stderr, "check": run(SCRIPT, "check", folder).stdout}


def test_a_plain_keras_script_reproduces_every_array(said: dict[str, str]) -> None:
    """It fails where an array is off, and where one of the trace was not compared."""
    compared = said["check"].splitlines()
    assert len(compared) == 48, compared
    assert {"gru/z", "shared#2/c", "simple/mask", "prefix/once"} <= {each.split()[0] for each in compared}


def test_trace_says_where_there_are_no_predictions_at_each_step(said: dict[str, str]) -> None:
    lines = said["trace"].splitlines()
    assert [line.partition(":")[0] for line in lines] == ["no prefix/backward", "no prefix/twice"]
    assert "backward_lstm reads the sequence backwards" in lines[0]
