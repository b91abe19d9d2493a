"""`lstm-tui trace`: one run of a model or scenario, every recorded array in one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lstm_tui.arrays.assignment import assign
from lstm_tui.arrays.files import read_arrays
from lstm_tui.checks.call_failure import recording_of
from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import LoadModel, RunCalls
from lstm_tui.errors import UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Run, RunPlan
from lstm_tui.recurrent.recording import Recording
from lstm_tui.recurrent.stretches import LongCall
from lstm_tui.report.long_trace import trace_in_stretches
from lstm_tui.report.trace import write_trace
from lstm_tui.session.keeping import DEFAULT_MEMORY, keeping

OnProgress = Callable[[str, float | None], None]


def trace_to_file(
    source: Path,
    input_path: Path | None,
    output: Path,
    options: EngineOptions,
    on_progress: OnProgress,
    *,
    memory: int = DEFAULT_MEMORY,
) -> tuple[str, ...]:
    """Record `source`, a model with an input file or a scenario, and write `output`.

    Gives what is to be known of the arrays that the file cannot say: what is not in it and why, how far the
    output is from what `model.predict` gives, that the model is not the file that was recorded. memory: bytes
    that the recording may take; what takes more is written in stretches.
    Raises: LstmTuiError where something cannot be read, run or written; then `output` is as it was.
    """
    engine = LocalEngine(options)

    def load(model: Path) -> ModelFacts:
        facts = engine.ask(LoadModel(model), on_progress)
        assert isinstance(facts, ModelFacts)
        return facts

    is_scenario = source.suffix in {".yaml", ".yml"}
    facts, plan, note = _scenario(source, load) if is_scenario else _model(source, input_path, load)
    kept = keeping(plan, facts, memory, 0, every_sample=True)
    if kept.what == "stretches":
        written = trace_in_stretches(kept, output, engine.ask, on_progress)
        if isinstance(written, LongCall):
            return (*note, *_notes(written, written.compared))
        on_progress(f"not in stretches: {written.reason}", None)
    run = engine.ask(RunCalls(plan), on_progress)
    assert isinstance(run, Run)
    recording = recording_of(run, plan, facts)
    write_trace(recording, output)
    return (*note, *_notes(recording))


def _notes(known: Recording | LongCall, compared: int = 0) -> tuple[str, ...]:
    """Lines for standard error. compared: the steps on which outputs were compared; 0 for all of them."""
    where = f" on the first {compared:,} steps" if compared else ""
    notes = [f"{one_line(path)} is not recorded: {one_line(why)}" for path, why in known.unrecorded.items()]
    notes += [
        f"no prefix/{one_line(name)}: {one_line(why)}; the workbench replays single steps (m)"
        for name, why in known.prefix_missing.items()
    ]
    if isinstance(known, Recording) and known.tried:
        notes.append(
            f"made by the recorder, with {'; '.join(known.tried)}: model.predict gives another output"
        )
    if known.disagreement:
        notes.append(f"the output is off model.predict by at most {known.disagreement:.3g}{where}")
    return tuple(notes)


def _scenario(
    source: Path, load: Callable[[Path], ModelFacts]
) -> tuple[ModelFacts, RunPlan, tuple[str, ...]]:
    from lstm_tui.scenario.loading import load_scenario
    from lstm_tui.scenario.plan import run_plan
    from lstm_tui.scenario.reading import read_scenario
    from lstm_tui.scenario.recorded_model import model_note

    loaded = load_scenario(read_scenario(source))
    facts = load(loaded.scenario.model_path)
    note = model_note(loaded.scenario)
    return facts, run_plan(loaded, facts), ((note,) if note else ())


def _model(
    source: Path, input_path: Path | None, load: Callable[[Path], ModelFacts]
) -> tuple[ModelFacts, RunPlan, tuple[str, ...]]:
    if input_path is None:
        raise UsageError(
            "there is no input to trace", todo=f"lstm-tui trace {source} --input x.npy -o OUT.npz"
        )
    arrays = read_arrays(input_path)
    facts = load(source)
    return facts, RunPlan(inputs=assign(arrays, facts.inputs)), ()
