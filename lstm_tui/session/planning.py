"""What is shown follows from the history: the plan folded from it, its run, what a view asks for.

Pure. A history that does not fit changes nothing and says why; what is known already is not asked again.
"""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.errors import LstmTuiError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.scenario.plan import recordable_calls
from lstm_tui.session import diagnosing, generating, shape_choice, variance, walks
from lstm_tui.session.edits import History, Plan, fold, material_under
from lstm_tui.session.effects import Announce, Effect, StartGradients, StartRun
from lstm_tui.session.keeping import keeping
from lstm_tui.session.layer_outputs import forget_fetching
from lstm_tui.session.long_update import ask, forget_requests, open_if_unknown
from lstm_tui.session.moving import with_valid_cursor
from lstm_tui.session.reach import (
    can_be_computed,
    gradient_plan,
    gradients_key,
    has_target,
    shown_gradients,
)
from lstm_tui.session.state import Session
from lstm_tui.session.whys import forget_pending

Result = tuple[Session, tuple[Effect, ...]]


def refold(session: Session, history: History, *, otherwise: Session | None = None) -> Result:
    """The session with `history` and its plan folded anew; `otherwise` if it does not fit."""
    session = replace(session, material=material_under(session.material, session.history, history))
    if not session.material.inputs:
        session = _asked_about(replace(session, history=history, plan=None, key=""), None)
        return session, ask_for_view(session)
    try:
        question = plan = fold(session.material, history.done, session.model)
        if session.call in recordable_calls(plan.run.calls):
            plan = plan.recording(session.call)
        planned = _planned(replace(session, history=history), plan)
    except LstmTuiError as error:
        return otherwise or session, (Announce(str(error), "error"),)
    before, session = session.key, planned
    if before and session.key != before:
        session = replace(session, before=before)
    return with_run(_asked_about(with_valid_cursor(session), question))


def _asked_about(session: Session, plan: Plan | None) -> Session:
    """The session asking about this plan, whichever call is shown."""
    key = diagnosing.question_of(session, plan)
    if key == session.inquiry.plan:
        return session
    cursor = replace(session.cursor, finding=None)
    return replace(session, inquiry=replace(session.inquiry, plan=key), cursor=cursor)


def _planned(session: Session, plan: Plan) -> Session:
    """The session with this plan, and what is kept of its recording; that of another plan is let go."""
    kept = keeping(plan.run, session.model, session.memory, session.cursor.sample)
    key = kept.plan.key
    long = session.long if session.long is not None and session.long.key == key else None
    cursor = session.cursor if kept.what == "whole" else replace(session.cursor, sample=kept.sample)
    plan = replace(plan, run=kept.plan)
    return replace(session, plan=plan, key=key, keeping=kept, long=long, cursor=cursor)


def with_run(session: Session) -> Result:
    """The session, and what is to be asked of the engine for what it shows."""
    session, gradients = with_gradients(session)
    return session, (*_run_if_unknown(session), *gradients, *ask_for_view(session))


def _run_if_unknown(session: Session) -> tuple[Effect, ...]:
    """Once Keras has said what the model is, a plan without a run is asked of the engine."""
    if session.plan is None or not session.model.from_keras:
        return ()
    kept = session.keeping
    if kept is not None and kept.what == "stretches":
        return open_if_unknown(session, kept)
    return () if session.run is not None else (StartRun(session.plan.run),)


def with_sample_kept(session: Session) -> Result:
    """Where only one sample is kept, another one under the cursor is asked for; in a long one its steps."""
    kept = session.keeping
    if session.plan is None or kept is None or kept.what == "whole" or kept.sample == session.cursor.sample:
        session, effects = ask(session)
        return session, (*effects, *generating.ask_if_unknown(session))
    return with_run(with_valid_cursor(_planned(session, session.plan)))


def show_call(session: Session, call: int) -> Result:
    """Another call of the plan recorded and shown, by its index."""
    if session.plan is None or call == session.plan.run.record:
        return session, ()
    plan = session.plan.recording(call)
    session = _planned(replace(session, call=call), plan)
    return with_run(with_valid_cursor(session))


def ask_again(session: Session) -> Result:
    """What was refused is forgotten, so that it is awaited again."""
    refusals = {key: refusal for key, refusal in session.refusals.items() if key != session.key}
    found = {key: each for key, each in session.gradients.items() if not isinstance(each, str)}
    inquiry = session.inquiry.without_refusals()
    session = replace(session, refusals=refusals, model_refusal=None, gradients=found, inquiry=inquiry)
    session, long = ask(forget_pending(forget_fetching(forget_requests(session))))
    session, effects = with_run(session)
    return session, (*long, *effects)


def with_gradients(session: Session) -> Result:
    """Gradients are computed only for who looks at them, and for the run that is shown."""
    wanted = session.cursor.lens == "gradients" and can_be_computed(session)
    if not wanted or shown_gradients(session) is not None:
        return session, ()
    if session.cursor.reach.of == "error" and not has_target(session):
        cursor = replace(session.cursor, reach=replace(session.cursor.reach, of="output"))
        return with_gradients(replace(session, cursor=cursor))
    plan, key = gradient_plan(session), gradients_key(session)
    if isinstance(plan, str):
        return replace(session, gradients={**session.gradients, key: plan}), ()
    return session, (StartGradients(key, plan),)


def ask_for_view(session: Session) -> tuple[Effect, ...]:
    """What a view shows that the run does not hold."""
    asked = (shape_choice, variance, walks, generating)
    return tuple(effect for each in asked for effect in each.ask_if_unknown(session))


def model_loaded(session: Session, facts: ModelFacts) -> Result:
    """Keras knows more than the file: names of inputs and bound batch sizes can change the plan."""
    again = session.model.from_keras
    session, effects = refold(replace(session, model=facts), session.history)
    return session if again else replace(session, before=""), effects
