"""The model on its own predictions beside the model on the truth: asked for by who looks at it. Pure."""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.recurrent.free_runs import FreePlan, FreeRun, fed_feature, free_plan, free_run
from lstm_tui.session.effects import Effect, StartFreeRun
from lstm_tui.session.free_run_commands import AboutFreeRuns, FreeRunArrived
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_recording

Result = tuple[Session, tuple[Effect, ...]]


def updated(session: Session, command: AboutFreeRuns) -> Result:
    """The session after a command of this module."""
    if isinstance(command, FreeRunArrived):
        return replace(session, inquiry=session.inquiry.with_free_run(command.key, command.run)), ()
    session = replace(session, cursor=replace(session.cursor, lens="ahead", ahead=command.steps))
    return session, ask_if_unknown(session)


def ask_if_unknown(session: Session) -> tuple[Effect, ...]:
    """The loop is run only for who looks."""
    plan = plan_ahead(session)
    if session.cursor.lens != "ahead" or session.plan is None or isinstance(plan, str) or plan is None:
        return ()
    if _key(session) in session.inquiry.free_runs:
        return ()
    return (StartFreeRun(_key(session), plan.asked(session.plan.run)),)


def plan_ahead(session: Session) -> FreePlan | str | None:
    """What is run, why nothing can be, or None while the recording that tells is on its way."""
    recording = shown_recording(session)
    if session.plan is None or recording is None or not recording.outputs:
        return None
    if session.model.stateful:
        return "A stateful model has its past in its states, not in a window: then stream feeds it by steps."
    if session.plan.run.interventions:
        return "What is tried inside the loops is of the recorded call alone: first u takes it back."
    inputs = session.plan.run.inputs
    name = next((name for name, x in inputs.items() if x.ndim == 3), None)
    if name is None:
        return "The input is no sequence of numbers: predictions cannot be fed back into it."
    tensor = next((each for each in session.model.inputs if each.name == name), None)
    declared = tensor.shape[1] if tensor is not None and len(tensor.shape) > 1 else None
    output, given = next(iter(recording.outputs.items()))
    prefix = recording.prefix.get(output, given)
    feature = fed_feature(inputs[name], given, prefix if prefix.ndim == 3 else None)
    rescaled = bool(session.plan.folded.output_rescales)
    target = None if rescaled else session.material.target
    return free_plan(inputs, declared, session.cursor.sample, session.cursor.ahead, feature, target)


def shown_free_run(session: Session) -> FreeRun | str | None:
    """What came of it, why nothing did, or None while it is on its way."""
    plan = plan_ahead(session)
    run = session.inquiry.free_runs.get(_key(session))
    if isinstance(plan, str) or plan is None or run is None:
        return plan if isinstance(plan, str) else None
    return run if isinstance(run, str) else free_run(plan, run)


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
