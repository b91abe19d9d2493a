"""`lstm-tui rebuild`: the model in another form, and on standard output what was changed and how it was shown
to be the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lstm_tui.arrays.assignment import assign
from lstm_tui.arrays.files import read_arrays
from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import LoadModel, Rebuild
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.forms import Form, Rebuilt, refuse_as_target, told

OnProgress = Callable[[str, float | None], None]


def rebuild_and_print(
    model: Path,
    out: Path,
    form: Form,
    input_path: Path | None,
    options: EngineOptions,
    on_progress: OnProgress,
) -> None:
    """Write `out` and print what was done. Raises: LstmTuiError; then nothing was written."""
    refuse_as_target(model, out)
    arrays = read_arrays(input_path) if input_path is not None else {}
    engine = LocalEngine(options)
    facts = engine.ask(LoadModel(model), on_progress)
    assert isinstance(facts, ModelFacts)
    inputs = assign(arrays, facts.inputs) if arrays else {}
    answer = engine.ask(Rebuild(form, inputs, out), on_progress)
    assert isinstance(answer, Rebuilt)
    on_progress("", None)
    print("\n".join(told(model, out, answer)))
