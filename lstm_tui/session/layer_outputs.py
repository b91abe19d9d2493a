"""What the layers of the model gave, call by call: which one is looked at, and its values. Pure.

What a recording keeps is at hand; what was too large is asked for once somebody looks at it, for the sample
under the cursor and, of a recording in stretches, for the window that is held.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

from lstm_tui.arrays.sizes import in_words
from lstm_tui.recurrent.fetching import Fetched, FetchPlan
from lstm_tui.recurrent.recording import Array, LayerOutput
from lstm_tui.recurrent.window import Window
from lstm_tui.session.effects import Effect, StartFetch
from lstm_tui.session.state import OutputKey, Session
from lstm_tui.session.view import is_there, shown_recording

#: How many fetched outputs are kept, and which share of the memory for recordings one may take.
_KEPT, _SHARE = 6, 4
_NUMBER_BYTES = 4

Result = tuple[Session, tuple[Effect, ...]]


def outputs_shown(session: Session) -> tuple[LayerOutput, ...]:
    """Every call of every layer, in the order in which they ended."""
    recording = shown_recording(session)
    return recording.layer_outputs if recording is not None else ()


def chosen_output(session: Session) -> LayerOutput | None:
    """The call that was chosen, else that of the layer under the cursor, else the first."""
    outputs = outputs_shown(session)
    for path in (session.cursor.output, session.cursor.layer):
        found = next((each for each in outputs if each.path == path), None)
        if found is not None:
            return found
    return outputs[0] if outputs else None


def move_output(session: Session, by: int) -> Session:
    """The `by`-th next call."""
    outputs, chosen = outputs_shown(session), chosen_output(session)
    if chosen is None:
        return session
    path = outputs[(outputs.index(chosen) + by) % len(outputs)].path
    return replace(session, cursor=replace(session.cursor, output=path))


def values_of(session: Session, output: LayerOutput) -> Fetched | str:
    """What it gave for the sample under the cursor, or why that is not there: one sentence."""
    recording = shown_recording(session)
    if output.values is not None and recording is not None:
        return _kept_values(output, session.cursor.sample - (recording.sample or 0))
    too_large = _too_large(session, output)
    if too_large:
        return too_large
    return session.fetched.get(_key(session, output), "") or "Fetching what it gave …"


def with_fetched(session: Session, key: OutputKey, fetched: Fetched | str) -> Session:
    """Kept with the last few; what is about another run goes."""
    others = {old: each for old, each in session.fetched.items() if old[0] == session.key and old != key}
    kept = dict(list(others.items())[-_KEPT + 1 :])
    return replace(session, fetched={**kept, key: fetched})


def ask_for_output(session: Session) -> Result:
    """Ask for the values of the call that is looked at, once, where they were not kept."""
    chosen = chosen_output(session) if session.cursor.lens == "outputs" else None
    if chosen is None or chosen.values is not None or session.plan is None or _too_large(session, chosen):
        return session, ()
    key = _key(session, chosen)
    if key in session.fetched or (session.long is not None and not is_there(session)):
        return session, ()
    run, sample = session.plan.run, session.cursor.sample
    long = session.long
    if long is None:
        plan = FetchPlan(run, chosen.path, sample)
    else:
        of = long.window_inputs(_window(session))
        plan = FetchPlan(replace(run, inputs={}), chosen.path, sample, long.plan, of)
    return with_fetched(session, key, ""), (StartFetch(key, plan),)


def forget_fetching(session: Session) -> Session:
    """Nothing is on its way, and what could not be had may be asked for again."""
    found = {key: each for key, each in session.fetched.items() if not isinstance(each, str)}
    return replace(session, fetched=found)


@lru_cache(maxsize=4)
def _kept_values(output: LayerOutput, row: int) -> Fetched:
    """The same value for as long as it is looked at: what is drawn from it is too."""
    return Fetched(output.path, tuple(_row(each, row) for each in output.values or ()))


def _row(values: Array, row: int) -> Array:
    """Of one sample; what has but one row serves all."""
    return values if not values.ndim else values[row if 0 <= row < len(values) else 0]


def _window(session: Session) -> Window:
    recording = shown_recording(session)
    kept = next((trace.kept for trace in recording.layers if len(trace.kept)), None) if recording else None
    return kept or Window(0, 0)


def _key(session: Session, output: LayerOutput) -> OutputKey:
    start = _window(session).start if session.long is not None else 0
    return session.key, output.path, session.cursor.sample, start


def _too_large(session: Session, output: LayerOutput) -> str:
    """One sample, or the window of it that is held."""
    size = sum(math.prod(shape[1:]) for shape in output.shapes) * _NUMBER_BYTES
    if session.long is not None:
        size = size * len(_window(session)) // session.long.plan.timesteps
    most = session.memory // _SHARE
    if size <= most:
        return ""
    return f"One sample takes {in_words(size)}; {in_words(most)} may be fetched (recording_memory_mb)."
