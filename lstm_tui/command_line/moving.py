"""Words that move: to steps, layers, series, units, samples, calls and findings."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lstm_tui.command_line.word import Said, Word, nearest, no_more, whole
from lstm_tui.errors import CommandLineError
from lstm_tui.recurrent.recording import Array
from lstm_tui.session import commands as c
from lstm_tui.session.state import Session
from lstm_tui.session.view import is_there, shown_recording, shown_trace, timesteps


def where(session: Session) -> str:
    """The place of the cursor, and the values there: of the unit, or of the most active ones."""
    cursor, steps, trace = session.cursor, timesteps(session), shown_trace(session)
    if trace is None:
        return session.refusal.reason if session.refusal is not None else "nothing is recorded"
    place = f"{cursor.layer} {cursor.series}, step {cursor.step} of 0 to {steps - 1}"
    place += f", sample {cursor.sample} of {trace.batch}" if trace.batch > 1 else ""
    if not is_there(session):
        return place
    values = trace.at(cursor.series, cursor.sample, cursor.step)
    units = [cursor.unit] if cursor.unit is not None else [int(unit) for unit in _largest(values)]
    told = ", ".join(f"unit {unit}: {values[unit]:.6g}" for unit in units)
    return f"{place}\n{told}"


def _largest(values: Array) -> Array:
    """Units by size of their values, the four largest."""
    return np.asarray(np.argsort(-np.abs(np.nan_to_num(values, nan=np.inf)), kind="stable")[:4])


def _step(session: Session, text: str) -> Said:
    del session
    by = whole(text, "the number of timesteps", "step 5, step -3") if text else 1
    return Said((c.MoveStep(by),), show=where)


def _back(session: Session, text: str) -> Said:
    del session
    by = whole(text, "the number of timesteps", "back 5") if text else 1
    return Said((c.MoveStep(-by),), show=where)


def _goto(session: Session, text: str) -> Said:
    steps = timesteps(session)
    if text in ("end", "last"):
        return Said((c.GoToStep(-1),), show=where)
    step = whole(text, "a timestep", "goto 12, goto -1, goto end")
    if not -steps <= step < max(steps, 1):
        raise CommandLineError(
            f"there is no step {step:,}", expected=f"0 to {steps - 1:,}, or -1 from the end"
        )
    return Said((c.GoToStep(step),), show=where)


def layer_names(session: Session) -> tuple[str, ...]:
    """Paths of the recorded layers."""
    recording = shown_recording(session)
    return tuple(trace.path for trace in recording.layers) if recording else ()


def layer_called(session: Session, text: str) -> str:
    """The path of the layer that is named by it or by the end of it. Raises: CommandLineError."""
    paths = layer_names(session)
    found = [path for path in paths if path == text] or [
        path for path in paths if path.rpartition("/")[2] == text
    ]
    if len(found) > 1:
        raise CommandLineError(f"several layers are called {text}", expected=" or ".join(found))
    if not found:
        raise nearest(text, paths, "layer")
    return found[0]


def _layer(session: Session, text: str) -> Said:
    return Said((c.ChooseLayer(layer_called(session, text)),), show=where)


def series_names(session: Session) -> tuple[str, ...]:
    """Series of the layer under the cursor: h, c, gates."""
    trace = shown_trace(session)
    return trace.cell.series if trace else ()


def _series(session: Session, text: str) -> Said:
    names = series_names(session)
    if text not in names:
        raise nearest(text, names, "series")
    by = names.index(text) - (names.index(session.cursor.series) if session.cursor.series in names else 0)
    return Said((c.MoveSeries(by),), show=where)


def _unit(session: Session, text: str) -> Said:
    if text in ("active", ""):
        return Said((c.ChooseUnit(None),), show=where)
    trace = shown_trace(session)
    unit = whole(text, "a unit", "unit 17, unit active")
    if trace is None or not 0 <= unit < trace.units:
        raise CommandLineError(
            f"there is no unit {unit}", expected=f"0 to {trace.units - 1}" if trace else "a recorded layer"
        )
    return Said((c.ChooseUnit(unit),), show=where)


def _sample(session: Session, text: str) -> Said:
    trace = shown_trace(session)
    sample = whole(text, "a sample", "sample 3")
    if trace is None or not 0 <= sample < trace.batch:
        raise CommandLineError(
            f"there is no sample {sample}",
            expected=f"0 to {trace.batch - 1}" if trace else "a recorded batch",
        )
    return Said((c.ChooseSample(sample),), show=where)


def _call(session: Session, text: str) -> Said:
    calls = session.plan.run.calls if session.plan is not None else ()
    number = whole(text, "a call", "call 2: the second call")
    from lstm_tui.scenario.plan import recordable_calls

    recordable = recordable_calls(calls)
    if number - 1 not in recordable:
        raise CommandLineError(
            f"call {number} has no recording",
            expected="one of " + ", ".join(str(each + 1) for each in recordable[:20]) if recordable else "",
        )
    assert session.plan is not None
    now = recordable.index(session.plan.run.record) if session.plan.run.record in recordable else 0
    return Said((c.MoveCall(recordable.index(number - 1) - now),), show=where)


def _where(session: Session, text: str) -> Said:
    del session
    no_more(text, "where")
    return Said(show=where)


def _steps_of(session: Session) -> Iterable[str]:
    return ("end", *(str(step) for step in range(min(timesteps(session), 200))))


WORDS = (
    Word("step", "step [N]", "N timesteps forward, 1 where nothing is said", _step),
    Word("back", "back [N]", "N timesteps back", _back),
    Word("goto", "goto STEP|end", "To this timestep; negative ones count from the end", _goto, _steps_of),
    Word("layer", "layer NAME", "To this recurrent layer, by its path or the end of it", _layer, layer_names),
    Word("series", "series h|c|i|f|o|g|…", "To this state or gate", _series, series_names),
    Word("unit", "unit N|active", "To this unit, or the most active ones", _unit),
    Word("sample", "sample N", "To this sample of the batch", _sample),
    Word("call", "call N", "Show the N-th call, from 1", _call),
    Word("where", "where", "Where the cursor is, and the value there", _where),
)
