"""The model on its own predictions beside the model on the truth: asked for by who looks at it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from lstm_tui.model_file.facts import TensorFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallModel, Decode, Inputs, Predict, inputs_of
from lstm_tui.recurrent.recording import Array, Recording
from lstm_tui.session.edits import Material, Plan
from lstm_tui.session.effects import Effect, StartFreeRun
from lstm_tui.session.free_run_commands import AboutFreeRuns, FreeRunArrived
from lstm_tui.session.state import Ahead, Session
from lstm_tui.session.targets import target_of_call
from lstm_tui.session.view import shown_outcome, shown_recording

if TYPE_CHECKING:  # the loops are for who looks at them
    from lstm_tui.recurrent.calls import Run
    from lstm_tui.recurrent.carried_runs import CarriedPlan
    from lstm_tui.recurrent.decoder_runs import DecoderPlan, DecoderRun
    from lstm_tui.recurrent.free_runs import FreePlan, FreeRun

    #: Both runs as they are asked for, and what came of them.
    Loop = FreePlan | CarriedPlan | DecoderPlan
    Ran = FreeRun | DecoderRun

Result = tuple[Session, tuple[Effect, ...]]


def updated(session: Session, command: AboutFreeRuns) -> Result:
    """The session after a command of this module."""
    if isinstance(command, FreeRunArrived):
        inquiry = session.inquiry.with_free_run(command.key, command.run)
        return _where_it_parts(replace(session, inquiry=inquiry), command.key), ()
    session = replace(session, cursor=replace(session.cursor, lens="ahead", ahead=command.wanted))
    return session, ask_if_unknown(session)


def ask_if_unknown(session: Session) -> tuple[Effect, ...]:
    """The loop is run only for who looks."""
    if session.cursor.lens != "ahead" or session.plan is None or _key(session) in session.inquiry.free_runs:
        return ()
    plan = plan_ahead(session)
    if plan is None or isinstance(plan, str):
        return ()
    return (StartFreeRun(_key(session), plan.asked(session.plan.run)),)


@dataclass(frozen=True)
class _Form:
    """The model's inputs, the batch that its states are of, whether the recording is whole.

    follows: the input whose timesteps the output has, where that is known.
    """

    inputs: tuple[TensorFacts, ...]
    bound: int | None
    is_whole: bool
    follows: str

    @property
    def declared(self) -> dict[str, int | None]:
        """Timesteps that each input insists on."""
        return {each.name: each.shape[1] if len(each.shape) > 1 else None for each in self.inputs}


@dataclass(frozen=True, eq=False)
class _Ground:
    """What a run can be made of: what went into the recorded call, and what should have come out of it."""

    recording: Recording
    inputs: Inputs
    target: Array | None
    form: _Form
    sample: int


def plan_ahead(session: Session) -> Loop | str | None:
    """What is run, why nothing can be, or None while the recording that tells is on its way."""
    recording, model = shown_recording(session), session.model
    outcome = shown_outcome(session)
    if outcome is not None and outcome.failure is not None:
        return "The call that is shown fails: there is nothing to run ahead of."
    if session.plan is None or recording is None or not recording.outputs:
        return None
    if session.plan.run.interventions:
        return "What is tried inside the loops is of the recorded call alone: first u takes it back."
    form = _Form(
        model.inputs,
        (model.stateful_batch or 1) if model.stateful else None,
        session.long is None,
        model.follows,
    )
    cursor = session.cursor
    return _planned(recording, session.plan, session.material, form, cursor.sample, cursor.ahead)


@lru_cache(maxsize=2)
def _planned(
    recording: Recording, plan: Plan, material: Material, form: _Form, sample: int, wanted: Ahead
) -> Loop | str:
    """Kept while it holds: its windows are copies, and every drawing asks for it."""
    call = plan.run.calls[plan.run.record]
    if not isinstance(call, Predict | CallModel):
        return "No call of the plan runs the model over a sequence."
    target = None if plan.folded.output_rescales else target_of_call(material, plan)
    ground = _Ground(recording, inputs_of(call, plan.run.inputs), target, form, sample)
    decoder = _decoder(ground, wanted) if form.is_whole else None
    if decoder is not None:
        return decoder
    if wanted != Ahead(wanted.steps):
        return "This model writes nothing into an input of its own: it is told how many steps, and no more."
    return _one_step(ground, wanted.steps)


def _decoder(ground: _Ground, wanted: Ahead) -> DecoderPlan | str | None:
    from lstm_tui.recurrent.decoder_runs import Said, decoder_plan

    recording, sample, form = ground.recording, ground.sample, ground.form
    name, output = next(iter(recording.outputs.items()))
    timesteps = output.shape[1] if output.ndim == 3 else 0
    layers = [trace for trace in recording.layers if trace.timesteps == timesteps and trace.has(sample)]
    said = Said(
        output=output,
        target=ground.target,
        prefix=recording.prefix_of(name, sample),
        mask=layers[-1].mask_over_time(sample) if layers else None,
        follows=form.follows,
    )
    call = Decode(wanted.steps or 0, wanted.into, wanted.temperature, wanted.seed, wanted.keep, wanted.stop)
    return decoder_plan(ground.inputs, said, call, sample, form.declared, bound=form.bound)


def _one_step(ground: _Ground, steps: int | None) -> FreePlan | CarriedPlan | str:
    """A model that predicts what follows the one sequence that it is given."""
    from lstm_tui.recurrent.free_runs import fed_feature, fed_sequence, free_plan

    recording, form = ground.recording, ground.form
    found = fed_sequence(ground.inputs)
    if isinstance(found, str):
        return found
    name, x = found
    output, given = next(iter(recording.outputs.items()))
    if form.is_whole and given.ndim == 3 and given.shape[1] != x.shape[1]:
        return (
            f"The model gives {given.shape[1]} steps for {x.shape[1]}: none of them is fed back as the next."
        )
    prefix = recording.prefix.get(output, given)
    feature = fed_feature(x, given, prefix if prefix.ndim == 3 else None)
    declared = form.declared.get(name)
    if form.bound is None:
        return free_plan(ground.inputs, declared, ground.sample, steps, feature, ground.target)
    from lstm_tui.recurrent.carried_runs import carried_plan

    return carried_plan(ground.inputs, declared, ground.sample, steps, feature, form.bound)


def shown_free_run(session: Session) -> Ran | str | None:
    """What came of it, why nothing did, or None while it is on its way."""
    plan = plan_ahead(session)
    run = session.inquiry.free_runs.get(_key(session))
    if isinstance(plan, str) or plan is None or run is None:
        return plan if isinstance(plan, str) else None
    return run if isinstance(run, str) else _made(plan, run)


@lru_cache(maxsize=2)
def _made(plan: Loop, run: Run) -> Ran | str:
    from lstm_tui.recurrent.carried_runs import CarriedPlan, carried_run
    from lstm_tui.recurrent.decoder_runs import DecoderPlan, decoder_run
    from lstm_tui.recurrent.decoder_words import decoder_code
    from lstm_tui.recurrent.free_runs import FreeRun, free_run

    if isinstance(plan, DecoderPlan):
        made = decoder_run(plan, run)
        return replace(made, code=decoder_code(plan)) if isinstance(made, FreeRun) else made
    return carried_run(plan, run) if isinstance(plan, CarriedPlan) else free_run(plan, run)


def _key(session: Session) -> str:
    return f"{session.key}/{session.cursor.sample}/{session.cursor.ahead}"


def _where_it_parts(session: Session, key: str) -> Session:
    """The first row of a table that matters, once it has come."""
    if key != _key(session) or not is_written(session):
        return session
    from lstm_tui.recurrent.decoder_runs import DecoderRun

    run = shown_free_run(session)
    parts = run.parts if isinstance(run, DecoderRun) else None
    walked = replace(session.cursor.walked, step=parts or 0)
    return replace(session, cursor=replace(session.cursor, walked=walked))


def is_written(session: Session) -> bool:
    """Whether the view is a table of what a decoder writes: its rows are walked, not timesteps."""
    if session.cursor.lens != "ahead":
        return False
    from lstm_tui.recurrent.decoder_runs import DecoderPlan

    plan = plan_ahead(session)
    return isinstance(plan, DecoderPlan) and plan.form != "numbers"


def steps_written(session: Session) -> int:
    """Rows of that table; those that are wanted while it is on its way."""
    from lstm_tui.recurrent.decoder_runs import DecoderPlan, DecoderRun

    run, plan = shown_free_run(session), plan_ahead(session)
    if isinstance(run, DecoderRun):
        return len(run.tokens)
    return plan.steps if isinstance(plan, DecoderPlan) else 0


def loop_lines(session: Session, run: Ran) -> tuple[str, ...]:
    """The loop as lines of Keras 3."""
    from lstm_tui.recurrent.free_runs import FreeRun, fed_as_code, loop_code

    if not isinstance(run, FreeRun):
        from lstm_tui.recurrent.decoder_words import decoder_code

        return decoder_code(run.plan, logits=run.logits)
    recording = shown_recording(session)
    if run.code or recording is None:
        return run.code
    plan, output = run.plan, next(iter(recording.outputs.values()))
    fed = fed_as_code(plan.given, plan.name, "window")
    return loop_code(plan.start.shape, output.shape, plan.steps, plan.feature, fed)


def ahead_words(run: Ran) -> tuple[str, ...]:
    """What came of it, a sentence each."""
    from lstm_tui.recurrent.free_runs import FreeRun

    if isinstance(run, FreeRun):
        return tuple(words for words in (_drift_words(run), _end_words(run), _fed_words(run)) if words)
    from lstm_tui.recurrent.decoder_words import decoder_words

    return decoder_words(run)


def _drift_words(run: FreeRun) -> str:
    steps, drift = run.plan.steps, run.drift
    if drift is None:
        return f"{steps} steps on its own predictions; the data ends before them: no truth beside."
    spread = run.spread or 1.0
    half = next((at for at, gap in enumerate(drift) if gap > spread / 2), None)
    when = "never" if half is None else f"at step {half + 1} for the first time"
    return (
        f"After {steps} steps the free run is {drift[-1]:.4g} from the run on the truth, "
        f"{drift[-1] / spread:.2g} deviations of the sequence; half a deviation apart {when}."
    )


def _fed_words(run: FreeRun) -> str:
    """Which feature is fed back, where there are several."""
    features = run.plan.start.shape[-1]
    if features < 2 or run.whole:
        return ""
    return f"Predictions go into feature {run.plan.feature} of {one_line(run.plan.name, 40)}, of {features}."


def _end_words(run: FreeRun) -> str:
    if run.rate is None:
        return "The loop does not come to stand."
    return f"The loop comes to stand at {run.end:.4g}; each step leaves {run.rate:.0%} of the distance to it."
