"""`lstm-tui rebuild`: the model in another form, and on standard output what was changed and how it was shown
to be the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from lstm_tui.arrays.assignment import assign
from lstm_tui.arrays.files import read_arrays
from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import LoadModel, Rebuild
from lstm_tui.errors import UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.forms import Form, Rebuilt

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
    _refuse_names(model, out)
    arrays = read_arrays(input_path) if input_path is not None else {}
    engine = LocalEngine(options)
    facts = engine.ask(LoadModel(model), on_progress)
    assert isinstance(facts, ModelFacts)
    inputs = assign(arrays, facts.inputs) if arrays else {}
    answer = engine.ask(Rebuild(form, inputs, out), on_progress)
    assert isinstance(answer, Rebuilt)
    on_progress("", None)
    print("\n".join(_told(model, out, answer)))


def _refuse_names(model: Path, out: Path) -> None:
    if out.suffix != ".keras":
        raise UsageError(f"{one_line(out)} is not the name of a .keras file", todo="end it in .keras")
    if out.exists() and model.exists() and out.samefile(model):
        raise UsageError(
            f"{one_line(out)} is the model itself, which is never changed", todo="name another file with -o"
        )
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {one_line(out.parent)}", todo="make it, or name another")


def _told(model: Path, out: Path, rebuilt: Rebuilt) -> Iterator[str]:
    yield f"{one_line(model.name)} → {one_line(out)}"
    yield from (f"  changed: {one_line(change, 300)}" for change in rebuilt.changes)
    if not rebuilt.changes:
        yield "  changed: nothing but the file's form"
    yield from (f"  same prediction: {comparison.describe()}" for comparison in rebuilt.compared)
    yield from (f"  {remark}" for remark in rebuilt.remarks)
