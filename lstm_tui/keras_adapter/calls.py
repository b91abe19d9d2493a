"""A plan carried out on a model: states set, calls made in order, one of them recorded, everything put back.

A call that fails is an outcome, never an exception. What a plan does to the model ends with it: weights,
states and seeds are afterwards as they were. `fit` runs on a second copy loaded from the same file.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from lstm_tui.errors import InterventionError, LstmTuiError
from lstm_tui.keras_adapter.failures import FailureWatch, keras_words
from lstm_tui.keras_adapter.keeping import copy_variables, left_as_found, restore, snapshot
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.keras_adapter.making import Made, Maker, draw_from_seed
from lstm_tui.keras_adapter.recorder import record_call, record_predict, record_sample
from lstm_tui.keras_adapter.states import apply_reset, read_states
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import (
    CALL_NAMES,
    Call,
    CallModel,
    CallOutcome,
    Fit,
    Predict,
    Run,
    RunPlan,
    Threads,
)
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array, Recording, States
from lstm_tui.recurrent.stretches import LongPlan

_log = logging.getLogger(__name__)


def run(loaded: LoadedModel, plan: RunPlan, on_progress: OnProgress) -> Run:
    """Carry out the plan. Raises EditError where a reset, an alteration or what is tried inside the loops
    names what the model has not."""
    working = _working_model(loaded, plan)
    with left_as_found(working.model):
        return _Running(working, plan, on_progress).run()


def _working_model(loaded: LoadedModel, plan: RunPlan) -> LoadedModel:
    """The model itself, or a copy where the plan trains it or wants it otherwise; with what is tried."""
    if plan.alterations:
        return loaded.altered(plan.alterations).tried(plan.interventions)
    return (_copy_of(loaded) if trains(plan.calls) else loaded).tried(plan.interventions)


def calls_made(
    loaded: LoadedModel, plan: RunPlan, on_progress: OnProgress, long: LongPlan | None
) -> tuple[tuple[CallOutcome, ...], States]:
    """Carry out the plan without recording anything and leave behind what it leaves: outcomes and states.

    long: calls over so many timesteps are made chunk by chunk; of an output that is a sequence they give the
    last step.
    """
    running = _Running(loaded, replace(plan, record=len(plan.calls)), on_progress, long)
    return running.run().outcomes, running.states()


def calls_followed(
    loaded: LoadedModel, plan: RunPlan, on_progress: OnProgress, look: Callable[[LoadedModel], None]
) -> tuple[CallOutcome, ...]:
    """Carry out the plan and put everything back, as `run` does; `look` at the model before the first call
    and after each. Raises EditError as `run` does."""
    working = _working_model(loaded, plan)
    with left_as_found(working.model):
        return _Running(working, plan, on_progress).run(look).outcomes


def trains(calls: tuple[Call, ...]) -> bool:
    """Whether weights change."""
    return any(isinstance(call, Fit) or (isinstance(call, Threads) and trains(call.each)) for call in calls)


def _copy_of(loaded: LoadedModel) -> LoadedModel:
    model = loaded.load(loaded.facts.path)
    copy_variables(loaded.model, model)
    return LoadedModel(model, loaded.facts, loaded.load)


class _Running:
    """One plan on its way."""

    def __init__(
        self, loaded: LoadedModel, plan: RunPlan, on_progress: OnProgress, long: LongPlan | None = None
    ) -> None:
        self._plan = plan
        self._on_progress = on_progress
        self._watch = FailureWatch(loaded.placed)
        self._maker = Maker(loaded, plan, self._watch, self._outcome, on_progress, long)
        self._recording: Recording | None = None
        self._note = "" if plan.record < len(plan.calls) else "the plan makes no call to record"

    @property
    def _loaded(self) -> LoadedModel:
        return self._maker.loaded

    def run(self, look: Callable[[LoadedModel], None] = lambda loaded: None) -> Run:
        for reset in self._plan.resets:
            apply_reset(state_variables(self._loaded.placed), reset)
        draw_from_seed(self._loaded)
        look(self._loaded)
        outcomes = []
        for number, call in enumerate(self._plan.calls):
            outcomes.append(self._step(number, call))
            look(self._loaded)
        self._maker.predictor.finish()
        return Run(self._plan.key, tuple(outcomes), self._recording, self._note)

    def _step(self, number: int, call: Call) -> CallOutcome:
        total = len(self._plan.calls)
        self._on_progress(f"{CALL_NAMES[type(call)]}, call {number + 1} of {total}", number / total)
        if number != self._plan.record:
            return self._outcome(call)
        if not isinstance(call, Predict | CallModel):
            self._note = f"a {CALL_NAMES[type(call)]} is not recorded: choose a predict or a call"
            return self._outcome(call)
        start = snapshot(self._loaded.model)
        outcome = self._outcome(call)
        if outcome.failure is None:
            self._on_progress("recording", (number + 0.5) / total)
            self._record(call, outcome, start)
        return outcome

    def _outcome(self, call: Call) -> CallOutcome:
        before = self.states()
        began = time.perf_counter()
        made, failure = Made(), None
        try:
            with self._watch.on():
                made = self._maker.make(call)
        except InterventionError:
            raise
        except LstmTuiError as error:
            self._note = one_line(f"not recorded: {error.happened}; {error.todo}")
        except Exception as error:  # noqa: BLE001 - whatever the user's model raises is the answer to his question
            failure = self._watch.failure(error)
        return CallOutcome(
            call=CALL_NAMES[type(call)],
            outputs=made.outputs,
            failure=failure,
            states_before=before,
            states_after=self.states(),
            seconds=time.perf_counter() - began,
            note=made.note,
            training=made.training,
        )

    def states(self) -> States:
        """Of stateful layers, as they are now."""
        return read_states(state_variables(self._loaded.placed))

    def _record(
        self, call: Predict | CallModel, outcome: CallOutcome, start: list[tuple[object, object]]
    ) -> None:
        """Record the call from the states and seeds that it started from."""
        after = snapshot(self._loaded.model)
        restore(start)
        try:
            self._recording = self._recorded(call, outcome.outputs)
        except LstmTuiError as error:
            self._note = one_line(f"not recorded: {error.happened}; {error.todo}")
        except Exception as error:  # noqa: BLE001 - the outputs stand without a recording
            _log.exception("recording failed")
            self._note = f"the call could not be recorded: {one_line(keras_words(error))}"
        finally:
            restore(after)

    def _recorded(self, call: Predict | CallModel, outputs: Mapping[str, Array]) -> Recording:
        inputs = self._maker.inputs_of(call)
        if self._loaded.interventions:
            return self._tried(call, inputs, outputs)
        if self._plan.sample is not None:
            recording = record_sample(self._loaded, inputs, call, self._plan.sample)
            return _completed(recording, outputs, call, self._plan.sample)
        if isinstance(call, Predict):
            return _compared(record_predict(self._loaded, inputs, call.batch_size), outputs)
        return _compared(record_call(self._loaded, inputs, call.training), outputs)

    def _tried(
        self, call: Predict | CallModel, inputs: Mapping[str, Array], outputs: Mapping[str, Array]
    ) -> Recording:
        """What is tried inside the loops is unknown to `model.predict`: there is nothing to compare with."""
        if self._plan.sample is not None:
            recording = replace(record_sample(self._loaded, inputs, call, self._plan.sample), outputs=outputs)
        elif isinstance(call, Predict):
            recording = record_predict(self._loaded, inputs, call.batch_size)
        else:
            recording = record_call(self._loaded, inputs, call.training)
        tried = tuple(one.describe() for one in self._loaded.interventions)
        return replace(recording, tried=tried)


def _compared(recording: Recording, outputs: Mapping[str, Array]) -> Recording:
    pairs = zip(recording.outputs.values(), outputs.values(), strict=True)
    return replace(recording, disagreement=max((largest_difference(a, b) for a, b in pairs), default=0.0))


def _completed(
    recording: Recording, outputs: Mapping[str, Array], call: Predict | CallModel, sample: int
) -> Recording:
    """With the outputs of all samples, of which those in the batch of the recorded one are compared."""
    rows = slice(None)
    if isinstance(call, Predict):
        size = call.batch_size or 32
        rows = slice(sample // size * size, (sample // size + 1) * size)
    compared = _compared(recording, {name: values[rows] for name, values in outputs.items()})
    return replace(compared, outputs=outputs)


def largest_difference(one: Array, other: Array) -> float:
    """The largest |difference|: 0.0 only where equal to the bit (NaN equals NaN), inf where shapes differ."""
    if one.shape != other.shape:
        return float("inf")
    if np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
        return 0.0
    both_nan = np.isnan(one) & np.isnan(other)
    difference = np.where(both_nan | (one == other), 0.0, np.abs(one.astype(np.float64) - other))
    return float(np.nan_to_num(difference.max(), nan=np.inf))
