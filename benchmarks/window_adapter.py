"""Stands in for `keras_adapter` where only the way between processes is measured: answers with a window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.window import a_window
from lstm_tui.engine.options import EngineOptions
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import CallOutcome, Run, RunPlan


class _Windows:
    """A model without layers whose output is always the same window."""

    facts = ModelFacts(
        path=Path("window"),
        name="window",
        format="keras",
        keras_version="",
        inputs=(),
        outputs=(),
        layers=(),
        parameters=0,
    )

    def __init__(self) -> None:
        self._window = a_window()

    def run(self, plan: RunPlan, on_progress: Callable[[str, float | None], None]) -> Run:
        """The window."""
        del on_progress
        return Run(plan.key, (CallOutcome("predict", {"window": self._window}),))


def open_model(path: Path, options: EngineOptions) -> _Windows:
    """Whatever the file."""
    del path, options
    return _Windows()


def versions() -> str:
    """No TensorFlow here."""
    return "stand-in"
