"""The laboratory and the history of calls in a real terminal, walked within their bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.stepping import BUDGETS, walk
from tests.tui.terminal import ROOT, started

pytestmark = pytest.mark.keras

SCENARIO = ROOT / "scenarios" / "4-same-input-but-another-prediction" / "8-shared-by-threads.yaml"


def test_sessions_and_what_moved_are_walked_within_their_bytes(tmp_path: Path) -> None:
    with started(SCENARIO, place=tmp_path) as terminal:
        terminal.wait_for("engine ready", 120)
        terminal.press("I")
        terminal.wait_for("A lock round each call does not help", 120)
        for size, budget in BUDGETS.items():
            terminal.resize(*size)
            terminal.press("0")
            walked = walk(terminal, 3)
            assert "step 4 of 4" in terminal.text
            assert "reads gru left by B predict" in terminal.text
            assert max(walked.step_bytes) <= budget
        terminal.press("g")
        terminal.wait_for("Go to step (1 to 4", 10)
        terminal.press("2\r")
        terminal.wait_for("step 2 of 4", 10)
        terminal.press("y")
        terminal.wait_for("copied", 10)
        copied = (tmp_path / "state" / "copied.txt").read_text(encoding="utf-8")
        assert "3 B predict: reads gru left by B reset; writes gru" in copied
        terminal.press("H")
        terminal.wait_for("Weights did not move in the only call, to the bit.", 60)
        assert "threads" in terminal.text
        terminal.press("H")
        terminal.wait_for("Layers", 10)
