"""The model on its own predictions beside the model on the truth: asked for by who looks at it. Pure."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from lstm_tui.model_file.facts import TensorFacts
from lstm_tui.recurrent.recording import Recording
from lstm_tui.session.edits import Material, Plan
from lstm_tui.session.effects import Effect, StartFreeRun
from lstm_tui.session.free_run_commands import AboutFreeRuns, FreeRunArrived
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_recording

if TYPE_CHECKING:  # the loop is for who looks at it
    from lstm_tui.recurrent.calls import Run
    from lstm_tui.recurrent.free_runs import FreePlan, FreeRun

Result = tuple[Session, tuple[Effect, ...]]


def updated(session: Session, command: AboutFreeRuns) -> Result:
    """The session after a command of this module."""
    if isinstance(command, FreeRunArrived):
        return replace(session, inquiry=session.inquiry.with_free_run(command.key, command.run)), ()
    session = replace(session, cursor=replace(session.cursor, lens="ahead", ahead=command.steps))
    return session, ask_if_unknown(session)


def ask_if_unknown(session: Session) -> tuple[Effect, ...]:
    """The loop is run only for who looks."""
    if session.cursor.lens != "ahead" or session.plan is None or _key(session) in session.inquiry.free_runs:
        return ()
    plan = plan_ahead(session)
    if plan is None or isinstance(plan, str):
        return ()
    return (StartFreeRun(_key(session), plan.asked(session.plan.run)),)


def plan_ahead(session: Session) -> FreePlan | str | None:
    """What is run, why nothing can be, or None while the recording that tells is on its way."""
    recording, cursor = shown_recording(session), session.cursor
    if session.plan is None or recording is None or not recording.outputs:
        return None
    if session.model.stateful:
        return "A stateful model has its past in its states, not in a window: then stream feeds it by steps."
    if session.plan.run.interventions:
        return "What is tried inside the loops is of the recorded call alone: first u takes it back."
    tensors = session.model.inputs
    return _planned(recording, session.plan, session.material, tensors, cursor.sample, cursor.ahead)


@lru_cache(maxsize=2)
def _planned(
    recording: Recording,
    plan: Plan,
    material: Material,
    tensors: tuple[TensorFacts, ...],
    sample: int,
    steps: int | None,
) -> FreePlan | str:
    """Kept while it holds: its windows are copies, and every drawing asks for it."""
    from lstm_tui.recurrent.free_runs import fed_feature, free_plan

    inputs = plan.run.inputs
    name = next((name for name, x in inputs.items() if x.ndim == 3), None)
    if name is None:
        return "The input is no sequence of numbers: predictions cannot be fed back into it."
    tensor = next((each for each in tensors if each.name == name), None)
    declared = tensor.shape[1] if tensor is not None and len(tensor.shape) > 1 else None
    output, given = next(iter(recording.outputs.items()))
    prefix = recording.prefix.get(output, given)
    feature = fed_feature(inputs[name], given, prefix if prefix.ndim == 3 else None)
    target = None if plan.folded.output_rescales else material.target
    return free_plan(inputs, declared, sample, steps, feature, target)


def shown_free_run(session: Session) -> FreeRun | str | None:
    """What came of it, why nothing did, or None while it is on its way."""
    plan = plan_ahead(session)
    run = session.inquiry.free_runs.get(_key(session))
    if isinstance(plan, str) or plan is None or run is None:
        return plan if isinstance(plan, str) else None
    return run if isinstance(run, str) else _made(plan, run)


@lru_cache(maxsize=2)
def _made(plan: FreePlan, run: Run) -> FreeRun | str:
    from lstm_tui.recurrent.free_runs import free_run

    return free_run(plan, run)


def _key(session: Session) -> str:
    return f"{session.key}/{session.cursor.sample}/{session.cursor.ahead}"


def ahead_words(run: FreeRun) -> tuple[str, ...]:
    """The drift and where the loop ends, a sentence each."""
    return _drift_words(run), _end_words(run)


def _drift_words(run: FreeRun) -> str:
    steps, drift = run.plan.steps, run.drift
    if drift is None:
        return f"{steps} steps on its own predictions; the data ends before them: no truth beside."
    spread = float(run.before.std()) or 1.0
    half = next((at for at, gap in enumerate(drift) if gap > spread / 2), None)
    when = "never" if half is None else f"at step {half + 1} for the first time"
    return (
        f"After {steps} steps the free run is {drift[-1]:.4g} from the run on the truth, "
        f"{drift[-1] / spread:.2g} deviations of the sequence; half a deviation apart {when}."
    )


def _end_words(run: FreeRun) -> str:
    if run.rate is None:
        return "The loop does not come to stand."
    return f"The loop comes to stand at {run.end:.4g}; each step leaves {run.rate:.0%} of the distance to it."
