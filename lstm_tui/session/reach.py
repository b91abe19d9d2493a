"""Which gradients the user looks at, what is asked of the engine for them, and what has come of it."""

from __future__ import annotations

from functools import lru_cache

from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.calls import Call, Fit, Threads, fingerprint
from lstm_tui.recurrent.gradients import GradientPlan, Gradients
from lstm_tui.session.edits import Material, Plan
from lstm_tui.session.state import Session
from lstm_tui.session.targets import model_target, target_of_call

NO_TARGET = "there is no target to measure an error against: --target names one, or a scenario does"
_TRAINED = "The model is trained within this run, before this call: its gradients are not computed."


def gradients_key(session: Session) -> str:
    """Of the gradients that are looked at: the run, what they are of, in which precision."""
    reach = session.cursor.reach
    goal = ""
    if reach.of == "error" and session.plan is not None:
        goal = _print_of_target(session.material, session.plan)
    return f"{session.key} {goal} {'float64' if reach.float64 else ''}".rstrip()


def shown_gradients(session: Session) -> Gradients | str | None:
    """Those that are looked at, why there are none, or None while they are computed."""
    return session.gradients.get(gradients_key(session))


def gradient_plan(session: Session) -> GradientPlan | str:
    """What to ask of the engine for the recorded call, or why it is not asked."""
    recording = session.run.recording if session.run else None
    if recording is None or session.plan is None:
        return "There is no recorded call."
    run = session.plan.run
    if any(_trains(call) for call in run.calls[: run.record]):
        return _TRAINED
    try:
        wants_error = session.cursor.reach.of == "error"
        target = model_target(session.material, session.plan) if wants_error else None
    except LstmTuiError as error:
        return str(error)
    return GradientPlan(
        inputs=recording.inputs,
        states=recording.states_before,
        target=target,
        float64=session.cursor.reach.float64,
        alterations=run.alterations,
    )


def has_target(session: Session) -> bool:
    """Whether the outputs of the recorded call can be held against something."""
    return session.plan is not None and target_of_call(session.material, session.plan) is not None


def _trains(call: Call) -> bool:
    return isinstance(call, Fit) or (isinstance(call, Threads) and any(_trains(one) for one in call.each))


@lru_cache(maxsize=4)
def _print_of_target(material: Material, plan: Plan) -> str:
    return fingerprint((target_of_call(material, plan), plan.folded.output_rescales))
