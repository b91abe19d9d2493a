"""Which gradients the user looks at, what is asked of the engine for them, and what has come of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.calls import Call, Fit, Inputs, Threads, fingerprint
from lstm_tui.recurrent.gradients import GradientPlan, Gradients
from lstm_tui.recurrent.interventions import TrainingMode, for_rows
from lstm_tui.recurrent.recording import States
from lstm_tui.recurrent.sequences import part_of
from lstm_tui.recurrent.stretches import Border
from lstm_tui.recurrent.window import Window
from lstm_tui.session.edits import Material, Plan
from lstm_tui.session.state import Session
from lstm_tui.session.targets import model_target, target_of_call
from lstm_tui.session.view import shown_recording

NO_TARGET = "there is no target to measure an error against: --target names one, or a scenario does"
_DRAWN = (
    "With dropout tried on or off, gradients would be of another call than the one shown: u takes it back."
)
_TRAINED = "The model is trained within this run, before this call: its gradients are not computed."


def gradients_key(session: Session) -> str:
    """Of the gradients that are looked at: the run, what they are of, in which precision."""
    reach = session.cursor.reach
    goal = ""
    if reach.of == "error" and session.plan is not None:
        goal = _print_of_target(session.material, session.plan)
    end = "" if session.long is None else f"to {session.long.recorded}"
    return f"{session.key} {goal} {'float64' if reach.float64 else ''} {end}".rstrip()


def shown_gradients(session: Session) -> Gradients | str | None:
    """Those that are looked at, why there are none, or None while they are computed."""
    return session.gradients.get(gradients_key(session))


def gradient_plan(session: Session) -> GradientPlan | str:
    """What to ask of the engine for the recorded call, or why it is not asked."""
    span = _span(session)
    if span is None or session.plan is None:
        return "There is no recorded call."
    run = session.plan.run
    if any(_trains(call) for call in run.calls[: run.record]):
        return _TRAINED
    if any(isinstance(one, TrainingMode) for one in run.interventions):
        return _DRAWN
    try:
        wants_error = session.cursor.reach.of == "error"
        target = model_target(session.material, session.plan) if wants_error else None
    except LstmTuiError as error:
        return str(error)
    if target is not None and len(target) > span.rows.stop - span.rows.start:
        target = target[span.rows]
    return GradientPlan(
        inputs=span.inputs,
        states=span.states,
        target=target,
        float64=session.cursor.reach.float64,
        alterations=run.alterations,
        interventions=for_rows(run.interventions, Window(span.rows.start, span.rows.stop)),
        border=span.border,
        start=span.start,
        first_sample=span.rows.start,
    )


def can_be_computed(session: Session) -> bool:
    """Whether there is a recording that will not grow any more by itself."""
    if session.long is not None:
        return session.long.recorded > 0 and (session.long.is_whole or not session.long.running)
    return session.run is not None and session.run.recording is not None


@dataclass(frozen=True, eq=False)
class _Span:
    """Which part of the recorded call gradients are computed over: all of it, or what is kept of it."""

    inputs: Inputs
    states: States
    rows: slice
    border: Border | None = None
    start: int = 0


def _span(session: Session) -> _Span | None:
    """Of a recording in stretches its last steps; of a batch that is too much the chosen sample.

    That sample is run by itself, unless the model is stateful and bound to its batch.
    """
    kept, recording = session.keeping, shown_recording(session)
    if recording is None or kept is None:
        return None
    states = recording.states_before
    if kept.what == "whole":
        rows = max((len(values) for values in recording.inputs.values() if values.ndim), default=1)
        return _Span(recording.inputs, states, slice(0, rows))
    own = kept.batch.slice if states else slice(kept.sample, kept.sample + 1)
    if session.long is None:
        return _Span({name: values[own] for name, values in recording.inputs.items()}, states, own)
    window, border = session.long.end()
    inputs = part_of(kept.inputs, session.long.plan.sequences, window, own)
    if border is not None and not states:
        row = kept.sample - kept.batch.start
        border = {name: values[row : row + 1] for name, values in border.items()}
    return _Span(inputs, states, own, border, window.start)


def has_target(session: Session) -> bool:
    """Whether the outputs of the recorded call can be held against something."""
    return session.plan is not None and target_of_call(session.material, session.plan) is not None


def _trains(call: Call) -> bool:
    return isinstance(call, Fit) or (isinstance(call, Threads) and any(_trains(one) for one in call.each))


@lru_cache(maxsize=4)
def _print_of_target(material: Material, plan: Plan) -> str:
    return fingerprint((target_of_call(material, plan), plan.folded.output_rescales))
