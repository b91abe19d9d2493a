"""The one function that changes a Session: `update(session, command) -> (session, effects)`.

Nothing here reads a file, draws or waits. An edit that does not fit changes nothing and says why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from lstm_tui.checks.finding import Finding
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.scenario.plan import recordable_calls
from lstm_tui.session import commands as c
from lstm_tui.session import diagnosing, generating, rebuilding, shape_choice, shrinking, variance, walks
from lstm_tui.session.commands import Change, Command, FromEngine, Inquire
from lstm_tui.session.comparing_commands import AboutSides
from lstm_tui.session.edits import History, Material
from lstm_tui.session.effects import Announce, Effect
from lstm_tui.session.following_commands import AboutFollowing
from lstm_tui.session.form_commands import AboutForms
from lstm_tui.session.free_run_commands import AboutFreeRuns
from lstm_tui.session.keeping import DEFAULT_MEMORY
from lstm_tui.session.kept_runs import kept_runs
from lstm_tui.session.layer_outputs import ask_for_output, move_output, with_fetched
from lstm_tui.session.long_update import long_update
from lstm_tui.session.moving import moved, with_valid_cursor, zoomed
from lstm_tui.session.planning import (
    ask_again,
    ask_for_view,
    model_loaded,
    refold,
    show_call,
    with_gradients,
    with_sample_kept,
)
from lstm_tui.session.question_commands import AboutQuestions
from lstm_tui.session.reach import NO_TARGET, has_target
from lstm_tui.session.replays import replay_update
from lstm_tui.session.state import Cursor, Session, Story
from lstm_tui.session.whys import ask_if_unknown, asked_why, unasked

Result = tuple[Session, tuple[Effect, ...]]


def open_session(
    model: ModelFacts,
    material: Material | None = None,
    *,
    story: Story | None = None,
    history: History | None = None,
    cursor: Cursor | None = None,
    call: int | None = None,
    memory: int = DEFAULT_MEMORY,
) -> Result:
    """A new session, with the effect that starts its first run once the model is loaded.

    call: index of the call to show, the last one that can be recorded where left out.
    memory: bytes that recordings may take.
    """
    session = Session(
        model=model,
        story=story or Story(),
        material=material or Material(),
        cursor=cursor or Cursor(),
        call=call,
        memory=memory,
    )
    wanted = history or History()
    return refold(replace(session, saved_history=wanted), wanted)


def update(session: Session, command: Command) -> Result:
    """`session` after `command`, and what is to be done about it."""
    if session.following is None and not isinstance(command, AboutFollowing):
        return _asked(session, command)
    from lstm_tui.session import following  # for who follows

    return following.update_followed(session, command, _asked, _changed)


def _asked(session: Session, command: Command) -> Result:
    if session.questions.seeking is not None or isinstance(command, AboutQuestions):
        from lstm_tui.session import questions  # for who asks

        return questions.updated(session, command, _taken)
    return _taken(session, command)


def _taken(session: Session, command: Command) -> Result:
    if isinstance(command, AboutSides):
        from lstm_tui.session import comparing  # for who compares: the first frame does not wait for it

        return comparing.update_sides(session, command)
    if isinstance(command, AboutForms):
        return rebuilding.updated(session, command)
    if isinstance(command, AboutFreeRuns):
        return generating.updated(session, command)
    taken = walks.taken(session, command) or asked_why(session, command)
    session, effects = taken or _updated(session, command)
    session, fetch = ask_for_output(session)
    session, insides = ask_if_unknown(session)
    return session, (*effects, *fetch, *insides)


def _updated(session: Session, command: Command) -> Result:
    match command:
        case c.MakeEdits() | c.Undo() | c.Redo() | c.OpenInputs() | c.Saved() | c.AskAgain():
            return _changed(session, command)
        case c.ModelLoaded() | c.ModelRefused() | c.RunArrived() | c.RunRefused() | c.GradientsArrived():
            return _told(session, command)
        case c.LongOpened() | c.StretchArrived() | c.StretchRefused() | c.ToggleRecording():
            session, effects = long_update(session, command)
            session, gradients = with_gradients(with_valid_cursor(session))
            return session, (*effects, *gradients)
        case c.EngineSaid(state):
            return replace(session, engine=state), ()
        case (
            c.RunChecks() | c.TryFix() | c.TakeShapes() | c.WantShape()
            | c.FindingArrived() | c.DiagnosisArrived() | c.ShapesArrived() | c.VarianceArrived()
            | c.Shrink() | c.ShrinkProgressed() | c.ShrinkArrived()
        ):  # fmt: skip
            return _inquired(session, command)
        case c.MoveCall(by):
            return _move_call(session, by)
        case c.MoveFinding(by):
            return _move_finding(session, by)
        case c.MoveLayer(by) if session.cursor.lens in {"shapes", "outputs"}:
            move = shape_choice.move if session.cursor.lens == "shapes" else move_output
            return move(session, by), ()
        case c.ReplayHere() | c.ReplayArrived() | c.OutputFetched():
            return _fetched(session, command)
        case c.Zoom(by, columns):
            return zoomed(session, by, columns)
        case c.ChooseLens() | c.SwitchGoal() | c.SwitchPrecision():
            return _look_through(session, command)
        case _:
            session = with_valid_cursor(replace(session, cursor=moved(session, command)))
            return with_sample_kept(session)


def _fetched(session: Session, command: c.ReplayHere | c.ReplayArrived | c.OutputFetched) -> Result:
    """What is asked for one by one: a prediction at the cursor, what a layer gave."""
    if isinstance(command, c.OutputFetched):
        return with_fetched(session, command.key, command.fetched), ()
    return replay_update(session, command)


def _look_through(session: Session, command: c.ChooseLens | c.SwitchGoal | c.SwitchPrecision) -> Result:
    """Another view of the recording; gradients are asked for once somebody looks at them."""
    cursor = session.cursor
    reach, looking = cursor.reach, cursor.lens == "gradients"
    match command:
        case c.ChooseLens(lens):
            cursor = replace(unasked(cursor), lens="states" if cursor.lens == lens else lens)
        case c.SwitchGoal():
            if not has_target(session):
                return session, (Announce(NO_TARGET),)
            of: Literal["output", "error"] = "output" if looking and reach.of == "error" else "error"
            cursor = replace(cursor, lens="gradients", reach=replace(reach, of=of))
        case c.SwitchPrecision():
            float64 = not (looking and reach.float64)
            cursor = replace(cursor, lens="gradients", reach=replace(reach, float64=float64))
    session, effects = with_gradients(replace(session, cursor=cursor))
    return session, (*effects, *ask_for_view(session))


def _changed(session: Session, command: Change) -> Result:
    """What the user does to the input, the states or the calls."""
    match command:
        case c.MakeEdits(edits):
            freed = replace(session, call=None)
            return refold(freed, session.history.doing(edits), otherwise=session)
        case c.Undo():
            return _step_history(session, session.history.undoing(), "nothing to undo")
        case c.Redo():
            return _step_history(session, session.history.redoing(), "nothing to redo")
        case c.OpenInputs(inputs, source, target):
            material = replace(session.material, inputs=inputs, target=target)
            story = replace(session.story, input_source=source)
            with_inputs = replace(session, material=material, story=story)
            return refold(with_inputs, session.history, otherwise=session)
        case c.Saved(path, stamp):
            story = replace(session.story, path=path, stamp=stamp)
            return replace(session, story=story, saved_history=session.history), ()
        case c.AskAgain():
            return ask_again(session)


def _inquired(session: Session, command: Inquire) -> Result:
    """Findings and shapes: asked for, arrived, or taken up as edits."""
    match command:
        case c.RunChecks():
            return diagnosing.begin(session)
        case c.FindingArrived() | c.DiagnosisArrived():
            return diagnosing.told(session, command), ()
        case c.ShapesArrived(key, shapes):
            return shape_choice.arrived(session, key, shapes), ()
        case c.VarianceArrived(key, test):
            return variance.arrived(session, key, test), ()
        case c.Shrink() | c.ShrinkProgressed() | c.ShrinkArrived():
            return _shrunk(session, command)
        case c.WantShape(shape):
            material = replace(session.material, expected_shape=shape)
            return replace(session, material=material, cursor=replace(session.cursor, finding=None)), ()
        case c.TryFix():
            answer = diagnosing.fix_of(session)
        case c.TakeShapes():
            answer = shape_choice.change_of(session)
    if isinstance(answer, Announce):
        return session, (answer,)
    if isinstance(command, c.TryFix):
        return _tried(session, answer, diagnosing.finding_in_view(session))
    return _changed(session, answer)


def _tried(session: Session, remedy: c.MakeEdits, finding: Finding | None) -> Result:
    """The remedy made; where the calls so far do not show the fault, calls that do are a step before it."""
    fault = diagnosing.fault_edits(finding)
    shown, before = _changed(session, c.MakeEdits(fault)) if fault else (session, ())
    changed, effects = _changed(shown, remedy)
    if finding is not None and changed is not session:
        changed = replace(changed, inquiry=changed.inquiry.with_tried(finding))
    return changed, (*before, *effects)


def _shrunk(session: Session, command: c.Shrink | c.ShrinkProgressed | c.ShrinkArrived) -> Result:
    """The smallest case: looked for, on its way, taken up as an edit."""
    match command:
        case c.Shrink():
            return shrinking.begin(session)
        case c.ShrinkProgressed(key, words):
            return shrinking.progressed(session, key, words), ()
        case c.ShrinkArrived():
            session, answer = shrinking.arrived(session, command)
    if not isinstance(answer, c.MakeEdits):
        return session, () if answer is None else (answer,)
    changed, effects = _changed(session, answer)
    said = shrinking.words_of(command, session) if changed is not session else None
    return changed, (*effects, *([said] if said is not None else []))


def _told(session: Session, command: FromEngine) -> Result:
    """What the engine says, kept under the key of what it is about."""
    match command:
        case c.ModelLoaded(facts):
            return model_loaded(session, facts)
        case c.RunArrived(run):
            session = replace(
                session, runs=kept_runs({**session.runs, run.key: run}, run.key, session.memory)
            )
            session, effects = with_gradients(with_valid_cursor(session))
            return session, (*effects, *generating.ask_if_unknown(session))
        case c.RunRefused(key, refusal):
            return replace(session, refusals={**session.refusals, key: refusal}), ()
        case c.ModelRefused(refusal, facts):
            return replace(session, model_refusal=refusal, model=facts or session.model), ()
        case c.GradientsArrived(key, gradients):
            same_run = {old: each for old, each in session.gradients.items() if old.startswith(session.key)}
            return replace(session, gradients={**same_run, key: gradients}), ()


def _step_history(session: Session, history: History, nothing: str) -> Result:
    if history is session.history:
        return session, (Announce(nothing),)
    return refold(session, history)


def _move_call(session: Session, by: int) -> Result:
    if session.plan is None:
        return session, ()
    recordable = recordable_calls(session.plan.run.calls)
    if len(recordable) < 2:
        return session, (Announce("there is only one call; p predicts again"),)
    here = recordable.index(session.plan.run.record) if session.plan.run.record in recordable else 0
    return show_call(session, recordable[(here + by) % len(recordable)])


def _move_finding(session: Session, by: int) -> Result:
    """To the next finding, and the cursor to where it shows: call, layer, sample, step, unit."""
    session, place = diagnosing.move(session, by)
    if place is None:
        checkup = diagnosing.shown_checkup(session)
        return session, (Announce("d runs the checks" if checkup is None else "nothing was found so far"),)
    effects: tuple[Effect, ...] = ()
    recording = session.run.recording if session.run else None
    checkup = diagnosing.shown_checkup(session)
    runs = checkup is not None and checkup.running  # another run would stop the checks
    if not runs and session.plan is not None and place.call in recordable_calls(session.plan.run.calls):
        session, effects = show_call(session, place.call)
    cursor = diagnosing.cursor_at(session.cursor, place, recording)
    return with_valid_cursor(replace(session, cursor=cursor)), effects
