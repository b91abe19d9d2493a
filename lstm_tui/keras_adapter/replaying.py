"""A call of a plan replayed on a shorter sequence, from the states that it started from."""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.errors import EditError
from lstm_tui.keras_adapter.calls import calls_made, trains
from lstm_tui.keras_adapter.failures import keras_words
from lstm_tui.keras_adapter.feeding import as_tensors, output_names
from lstm_tui.keras_adapter.keeping import left_as_found
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.keras_adapter.recorder.purpose import purpose_of
from lstm_tui.keras_adapter.recorder.record import batches_of, rows_of
from lstm_tui.keras_adapter.recorder.replay import Replay
from lstm_tui.keras_adapter.recorder.stretch import record_stretch
from lstm_tui.keras_adapter.states import apply_reset
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallModel, Inputs, Predict, RunPlan, StateReset, inputs_of
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.recurrent.replays import Replayed, ReplayPlan
from lstm_tui.recurrent.sequences import longest


def replay(loaded: LoadedModel, plan: ReplayPlan, on_progress: OnProgress) -> Replayed:
    """Raises EditError where the model does not run on so few steps, or is trained in a call before."""
    if trains(plan.run.calls[: plan.run.record]):
        raise EditError("the model is trained in a call before this one, so that it cannot be replayed")
    on_progress(f"the first {plan.steps} steps", None)
    try:
        return _of_stretch(loaded, plan) if plan.long is not None else _of_call(loaded, plan, on_progress)
    except EditError:
        raise
    except Exception as error:
        raise EditError(
            f"the model does not run on {plan.steps} steps: {one_line(keras_words(error))}"
        ) from error


def _of_stretch(loaded: LoadedModel, plan: ReplayPlan) -> Replayed:
    """From the border before: the steps up to here are a stretch that ends here."""
    assert plan.long is not None and plan.of is not None
    outputs = record_stretch(loaded, plan.long, plan.of, "nothing", ()).outputs
    return Replayed(plan.steps, {name: _at_end(values, plan.sample, 1) for name, values in outputs.items()})


def _of_call(loaded: LoadedModel, plan: ReplayPlan, on_progress: OnProgress) -> Replayed:
    run = plan.run
    call = run.calls[run.record]
    assert isinstance(call, Predict | CallModel)
    with left_as_found(loaded.model):
        batch, row = batch_of_sample(loaded, run, plan.sample, on_progress)
        fed = as_tensors(loaded.model, batch)
        purpose = purpose_of(loaded, call).of_rows(plan.sample - row, rows_of(batch))
        replayed: Replay = loaded.traces.get_or_make(
            purpose.key(fed, "replay at the cursor"),
            lambda: Replay(loaded.model, purpose.call, fed, longest(batch)[0], purpose.interventions),
        )
        outputs = replayed.outputs(fed, plan.steps)
    names = output_names(loaded.model, replayed.struct)
    return Replayed(
        plan.steps,
        {name: _at_end(values, row, plan.steps) for name, values in zip(names, outputs, strict=True)},
    )


def batch_of_sample(
    loaded: LoadedModel, run: RunPlan, sample: int, on_progress: OnProgress
) -> tuple[Inputs, int]:
    """The batch of the sample in the recorded call, and its row there.

    The model is left as it is before that batch: calls and batches before it have handed on their states.
    """
    call = run.calls[run.record]
    assert isinstance(call, Predict | CallModel)
    before = replace(run, calls=run.calls[: run.record], record=run.record)
    _, states = calls_made(loaded, before, on_progress, None)
    apply_reset(state_variables(loaded.placed), StateReset(to="saved", saved=states))
    inputs = inputs_of(call, run.inputs)
    size = call.batch_size if isinstance(call, Predict) else rows_of(inputs)
    batches = batches_of(inputs, size)
    number, row = divmod(sample, rows_of(batches[0]))
    if number and state_variables(loaded.placed):
        earlier = {name: values[: sample - row] for name, values in inputs.items()}
        again = RunPlan(earlier, calls=(replace(call, inputs=None),), interventions=run.interventions)
        calls_made(loaded, again, on_progress, None)
    return batches[number], row


def _at_end(output: Array, row: int, steps: int) -> Array:
    """The sample's own; of a sequence its last step."""
    own = output[row]
    return read_only(own[-1] if own.ndim > 1 and len(own) == steps else own)
