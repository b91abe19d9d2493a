"""The calls of a plan made one by one, as a user's program makes them. What fails is left to raise."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np

from lstm_tui.errors import InterventionError
from lstm_tui.keras_adapter.facts import model_facts
from lstm_tui.keras_adapter.failures import FailureWatch
from lstm_tui.keras_adapter.feeding import (
    as_tensors,
    by_name,
    functional_of,
    sequence_length,
    training_argument,
)
from lstm_tui.keras_adapter.fitting import fit
from lstm_tui.keras_adapter.keeping import seeds
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.keras_adapter.predicting import Predictor
from lstm_tui.keras_adapter.recorder.record import rows_of, tried_outputs
from lstm_tui.keras_adapter.recorder.stretch import outputs_in_stretches
from lstm_tui.keras_adapter.states import apply_reset
from lstm_tui.recurrent.calls import (
    CALL_NAMES,
    Call,
    CallModel,
    CallOutcome,
    Decode,
    Fit,
    Generate,
    Inputs,
    LegacyResetStates,
    Loops,
    Predict,
    Reload,
    ResetStates,
    RunPlan,
    StateReset,
    Stream,
    Threads,
    Training,
    inputs_of,
)
from lstm_tui.recurrent.decoding import decoded, fed_once
from lstm_tui.recurrent.interventions import Clamp, Poke, TrainingMode
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.sequences import longest
from lstm_tui.recurrent.stretches import LongPlan

#: Said of a call whose loops do something else than the model's own.
TRIED = "the recorder's, not model.predict's"


def draw_from_seed(loaded: LoadedModel) -> None:
    """Where dropout is tried, what it draws comes from the seed that was asked for."""
    mode = next((one for one in reversed(loaded.interventions) if isinstance(one, TrainingMode)), None)
    for index, variable in enumerate(seeds(loaded.model) if mode is not None and mode.on else ()):
        drawn = np.random.default_rng([mode.seed if mode is not None else 0, index]).integers(2**31)
        variable.assign(np.array([drawn, 0], "uint32"))


@dataclass(frozen=True, eq=False)
class Made:
    """What a call gave, and what a reader should know of it."""

    outputs: Mapping[str, Array] = field(default_factory=dict)
    note: str = ""
    training: Training | None = None


class Maker:
    """Makes calls on one model; `reload` puts another in its place.

    watch: told where in the layers something fails.
    outcome_of: makes a call and says what became of it, for calls inside calls.
    long: how calls over a sequence of that length are cut.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        plan: RunPlan,
        watch: FailureWatch,
        outcome_of: Callable[[Call], CallOutcome],
        on_progress: OnProgress,
        long: LongPlan | None = None,
    ) -> None:
        self.loaded = loaded
        self._watch = watch
        self._on_progress = on_progress
        self._long = long
        self.predictor = Predictor(loaded)
        self._plan = plan
        self._outcome_of = outcome_of

    def make(self, call: Call) -> Made:
        """Make one call. Raises whatever the call raises."""
        match call:
            case Predict() | CallModel() if self.loaded.interventions:
                return self._tried(call)
            case _ if isinstance(call, Loops) and self.loaded.interventions:
                raise InterventionError(
                    f"a {CALL_NAMES[type(call)]} knows nothing of what is tried in the loops"
                )
            case Predict() | CallModel() if self._is_long(call):
                return self._in_stretches(call)
            case Predict():
                return Made(self.predictor.predict(self.inputs_of(call), call.batch_size))
            case CallModel():
                return self._call(call)
            case ResetStates():
                return self._reset(call)
            case Generate() | Decode():
                return self._fed_back(call)
            case Stream():
                return self._stream(call)
            case Reload():
                return self._reload()
            case LegacyResetStates():
                self.loaded.model.reset_states()
                return Made()
            case Fit():
                return Made(*fit(self.loaded, self._plan.inputs, call))
            case Threads():
                return self._threads(call)

    def inputs_of(self, call: Predict | CallModel) -> Inputs:
        """What goes into the call: its own inputs or the plan's, the rows and the order it asks for."""
        return inputs_of(call, self._plan.inputs)

    def _is_long(self, call: Predict | CallModel) -> bool:
        return self._long is not None and longest(self.inputs_of(call))[0] == self._long.timesteps

    def _in_stretches(self, call: Predict | CallModel) -> Made:
        assert self._long is not None
        inputs = self.inputs_of(call)
        plan = replace(self._long, call=call, sequences=longest(inputs)[1], sample=None)
        return Made(outputs_in_stretches(self.loaded, plan, inputs, self._on_progress))

    def _tried(self, call: Predict | CallModel) -> Made:
        """Made by the recorder: nothing else knows what is tried inside the loops."""
        inputs = self.inputs_of(call)
        samples = [one.sample for one in self.loaded.interventions if isinstance(one, Poke | Clamp)]
        last = rows_of(inputs) - 1
        if any(sample is not None and sample > last for sample in samples):
            most = max(filter(None, samples))
            raise InterventionError(f"this call has no sample {most}: the last one is {last}")
        return Made(tried_outputs(self.loaded, inputs, call), TRIED)

    def _tell(self, call: str, step: int, steps: int) -> None:
        """Progress now and then: a message costs more than a step."""
        if step and step % 50 == 0:
            self._on_progress(f"{call}, step {step} of {steps}", step / steps)

    def _call(self, call: CallModel) -> Made:
        model = self.loaded.model
        arguments = training_argument(model, call.training)
        return Made(by_name(model, model(as_tensors(model, self.inputs_of(call)), **arguments)))

    def _reset(self, call: ResetStates) -> Made:
        if call.scope == "top_level":
            return Made(note=_reset_top_level(self.loaded, self._watch))
        reached = apply_reset(state_variables(self.loaded.placed), call.to or StateReset())
        return Made(note=f"reset {', '.join(reached)}" if reached else "no layer of this model is stateful")

    def _fed_back(self, call: Generate | Decode) -> Made:
        return self._generate(call) if isinstance(call, Generate) else self._decode(call)

    def _generate(self, call: Generate) -> Made:
        name, window = _sequence(self._plan.inputs)
        window = window[:, : call.keep]
        made: dict[str, list[Array]] = {}
        for step in range(call.steps):
            self._tell("generate", step, call.steps)
            fed = window[:, -1:] if call.carry and step else window
            outputs = self._carried(name, fed) if call.carry else self._asked(name, fed)
            for output, values in outputs.items():
                made.setdefault(output, []).append(_newest(values, fed))
            window = slide(window, next(iter(outputs.values())), call.feature)
        return Made({output: np.stack(values, axis=1) for output, values in made.items()})

    def _asked(self, name: str, values: Array) -> Mapping[str, Array]:
        return self.predictor.predict_on_batch({**self._plan.inputs, name: values})

    def _carried(self, name: str, values: Array) -> Mapping[str, Array]:
        """What a stateful model says of the newest step of what is fed."""
        outputs = fed_once(lambda fed: self._asked(name, fed), values, self._declared(name))
        return {output: each[:, -1] if each.ndim == values.ndim else each for output, each in outputs.items()}

    def _decode(self, call: Decode) -> Made:
        def tell(step: int) -> None:
            self._tell("decode", step, call.steps)

        ask, declared = self.predictor.predict_on_batch, self._declared(call.into)
        return Made(decoded(call, self._plan.inputs, declared, ask, tell))

    def _declared(self, name: str) -> int | None:
        """Timesteps that an input insists on; a subclassed model insists on none."""
        if functional_of(self.loaded.model) is None:
            return None
        shapes = {tensor.name: tensor.shape for tensor in self.loaded.facts.inputs}
        return next(iter(shapes.get(name, ())[1:]), None)

    def _stream(self, call: Stream) -> Made:
        sequences = {name: values for name, values in self._plan.inputs.items() if sequence_length(values)}
        timesteps = max((values.shape[1] for values in sequences.values()), default=1)
        made: dict[str, list[Array]] = {}
        for time in range(timesteps):
            self._tell("stream", time, timesteps)
            if call.reset_each:
                apply_reset(state_variables(self.loaded.placed), StateReset())
            step = {name: values[:, time : time + 1] for name, values in sequences.items()}
            for output, values in self.predictor.predict_on_batch({**self._plan.inputs, **step}).items():
                made.setdefault(output, []).append(values)
        return Made({output: _in_time(values) for output, values in made.items()})

    def _reload(self) -> Made:
        facts = self.loaded.facts
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "reloaded.keras"
            self.loaded.model.save(path)
            model = self.loaded.load(path)
        again = LoadedModel(model, model_facts(model, facts.path, facts.format), self.loaded.load)
        self.loaded = again.tried(self.loaded.interventions)
        self.predictor = Predictor(self.loaded)
        self._watch.know(self.loaded.placed)
        return Made()

    def _threads(self, call: Threads) -> Made:
        outcomes: list[list[CallOutcome]] = [[] for _ in range(call.n)]
        start = threading.Barrier(call.n)

        def work(thread: int) -> None:
            start.wait()
            outcomes[thread].extend(self._outcome_of(inner) for inner in call.each)

        threads = [threading.Thread(target=work, args=(thread,), daemon=True) for thread in range(call.n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return _of_threads(outcomes)


def _in_time(steps: list[Array]) -> Array:
    """One-step outputs as `(batch, timesteps, ...)`; a sequence of one step each is put end to end."""
    if steps[0].ndim > 2 and steps[0].shape[1] == 1:
        return np.concatenate(steps, axis=1)
    return np.stack(steps, axis=1)


def _of_threads(outcomes: list[list[CallOutcome]]) -> Made:
    """Outputs as `thread_0/NAME` for the last call that gave any; failures in the note."""
    outputs: dict[str, Array] = {}
    failures = []
    for thread, made in enumerate(outcomes):
        for outcome in made:
            outputs.update({f"thread_{thread}/{name}": values for name, values in outcome.outputs.items()})
            if outcome.failure is not None:
                failures.append(f"thread {thread}: {outcome.failure.error_type}")
    return Made(outputs, "; ".join(failures))


def _reset_top_level(loaded: LoadedModel, watch: FailureWatch) -> str:
    """The loop over `model.layers` that people write; says which stateful layers it does not reach."""
    stateful = {state.layer for state in state_variables(loaded.placed)}
    top = {id(layer) for layer in loaded.model.layers}
    for layer in loaded.model.layers:
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            with watch.at(layer):
                layer.reset_state()
    missed = sorted(stateful - {path for path in stateful if _top_of(path, loaded) in top})
    note = f"{len(stateful) - len(missed)} of {len(stateful)} stateful layers reset"
    return f"{note}; missed {', '.join(missed)}" if missed else note


def _top_of(path: str, loaded: LoadedModel) -> int:
    """The top-level layer whose own `reset_state` reaches the layer at `path`, by identity; 0 if none."""
    for place in loaded.placed:
        is_above = place.depth == 0 and (path == place.path or path.startswith(f"{place.path}/"))
        if is_above and isinstance(place.layer, keras.layers.RNN | keras.layers.Bidirectional):
            return id(place.layer)
    return 0


def _sequence(inputs: Inputs) -> tuple[str, Array]:
    """The input that predictions are fed back into: the first of shape `(batch, timesteps, features)`."""
    found = next(((name, values) for name, values in inputs.items() if np.ndim(values) > 2), None)
    if found is None:
        raise ValueError("generate needs an input of shape (batch, timesteps, features)")
    return found


def _newest(prediction: Array, window: Array) -> Array:
    """Of a prediction for each step of the window the last one: only that says what follows."""
    is_sequence = prediction.ndim == window.ndim and prediction.shape[1] == window.shape[1]
    return prediction[:, -1] if is_sequence else prediction


def slide(window: Array, prediction: Array, feature: int) -> Array:
    """`window` one step on: its last step repeated with the prediction in it.

    A prediction as wide as the input replaces all features, another one its first value goes into `feature`.
    """
    values = prediction[:, -1] if prediction.ndim == window.ndim else prediction
    step = window[:, -1:].copy()
    if values.shape[1:] == step.shape[2:]:
        step[:, 0] = values
    else:
        step[:, 0, feature] = values.reshape(len(values), -1)[:, 0]
    return np.concatenate([window[:, 1:], step], axis=1)
