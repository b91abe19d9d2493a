"""A model of one leaky unit in NumPy: a laboratory in which the checks of states run in milliseconds.

`h = keep * h + mean(x_t)`, and the output is `gain * h` at each step, or at the last one. It keeps its state
as a stateful layer of Keras does, row by row of the batch, and makes the calls of a plan as the engine does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from lstm_tui.checks.case import Case, Subject
from lstm_tui.checks.check import Check
from lstm_tui.checks.finding import Finding
from lstm_tui.model_file.facts import LayerFacts, ModelFacts, RecurrentFacts, TensorFacts
from lstm_tui.recurrent.calls import (
    CALL_NAMES,
    Alteration,
    Call,
    CallFailure,
    CallModel,
    CallOutcome,
    EpochStates,
    Fit,
    Generate,
    LegacyResetStates,
    Predict,
    Reload,
    ResetStates,
    Run,
    RunPlan,
    StateReset,
    Stream,
    Threads,
    Training,
    inputs_of,
)


@dataclass
class Leaky:
    """batch: what the states are bound to, None for a model that keeps none.

    layers: paths of the layers, one state each; all of them do the same. top: those that a loop over
    `model.layers` reaches. sequences: an output at each step. broken: Keras' own reset raises.
    """

    batch: int | None = 1
    layers: tuple[str, ...] = ("memory",)
    top: tuple[str, ...] | None = None
    sequences: bool = False
    keep: float = 0.95
    broken: bool = False
    features: int = 2
    runs_own_code: bool = False
    made: int = field(default=0, init=False)

    @property
    def facts(self) -> ModelFacts:
        """As Keras would tell them."""
        recurrent = RecurrentFacts("rnn", 1, self.sequences, False, self.batch is not None)
        return ModelFacts(
            path=Path("leaky.keras"), name="leaky", format="keras", keras_version="3",
            inputs=(TensorFacts("x", (self.batch, None, self.features)),), outputs=(),
            layers=(
                LayerFacts("x", "x", "InputLayer", 0, ((self.batch, None, self.features),), 0, 0),
                *(LayerFacts(path, path, "LSTM", 0, (), 1, 1, recurrent=recurrent) for path in self.layers),
            ),
            parameters=1, stateful_batch=self.batch, from_keras=True,
        )  # fmt: skip

    def run(self, plan: RunPlan) -> Run:
        """Make the calls."""
        self.made += len(plan.calls)
        return Run(plan.key, tuple(_Running(self, plan).outcomes()))

    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        return {path: {"class_name": "LSTM"} for path in self.layers}

    def weights(self) -> Mapping[str, Any]:
        return {}

    def gradients(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def altered(self, alterations: Sequence[Alteration] = (), weights: object = None) -> Leaky:
        """Only `stateful` and the batch can be altered."""
        del weights
        settings = {word: value for each in alterations for word, value in each.settings}
        shape = settings.get("batch_shape", (self.batch or 1,))
        kept = settings.get("stateful", self.batch is not None)
        return replace(self, batch=shape[0] if kept else None)  # type: ignore[index]


class _Running:
    def __init__(self, model: Leaky, plan: RunPlan) -> None:
        self.model, self.plan = model, plan
        self.gain = 1.0
        self.states: dict[str, np.ndarray] = self._zeros()
        for reset in plan.resets:
            self._reset(reset)

    def _zeros(self) -> dict[str, np.ndarray]:
        if self.model.batch is None:
            return {}
        return {f"{path}/h": np.zeros((self.model.batch, 1)) for path in self.model.layers}

    def outcomes(self) -> list[CallOutcome]:
        return [self._outcome(call) for call in self.plan.calls]

    def _outcome(self, call: Call) -> CallOutcome:
        before = dict(self.states)
        outputs, failure, training = {}, None, None
        try:
            made = self._make(call)
            outputs, training = made if isinstance(made, tuple) else (made, None)
        except AttributeError as error:
            failure = CallFailure(self.model.layers[0], "AttributeError", str(error))
        return CallOutcome(
            CALL_NAMES[type(call)], outputs, failure, before, dict(self.states), training=training
        )

    def _make(self, call: Call) -> Any:
        match call:
            case Predict() | CallModel():
                fed = inputs_of(call, self.plan.inputs)["x"]
                size = (call.batch_size if isinstance(call, Predict) else None) or len(fed)
                return {"y": self._batches(fed, size)}
            case ResetStates(scope="top_level"):
                if self.model.broken:
                    raise AttributeError("'list' object has no attribute 'shape'")
                top = self.model.layers if self.model.top is None else self.model.top
                self.states |= {name: zero for name, zero in self._zeros().items() if name[:-2] in top}
                return {}
            case ResetStates(to=to):
                return self._reset(to or StateReset()) or {}
            case LegacyResetStates():
                raise AttributeError("'Sequential' object has no attribute 'reset_states'")
            case Reload():
                self.states = self._zeros()
                return {}
            case Stream(reset_each=reset_each):
                return {"y": self._stream(reset_each)}
            case Generate(steps=steps):
                made = [self._batches(self.plan.inputs["x"], 1) for _ in range(steps)]
                return {"y": np.stack([each.reshape(len(each), -1)[:, -1] for each in made], axis=1)}
            case Threads(n=n, each=each):
                outputs = {}
                for thread in range(n):
                    for inner in each:
                        found = self._outcome(inner).outputs
                        outputs |= {f"thread_{thread}/{name}": array for name, array in found.items()}
                return outputs
            case Fit():
                return self._fit(call)

    def _reset(self, reset: StateReset) -> None:
        for name, zero in self._zeros().items():
            if reset.layers and name[:-2] not in reset.layers:
                continue
            if reset.to == "random":
                self.states[name] = np.random.default_rng(reset.seed).normal(size=zero.shape)
            else:
                self.states[name] = reset.saved[name] if reset.to == "saved" else zero

    def _stream(self, reset_each: bool) -> np.ndarray:
        steps = []
        for time in range(self.plan.inputs["x"].shape[1]):
            if reset_each:
                self._reset(StateReset())
            made = self._batches(self.plan.inputs["x"][:, time : time + 1], len(self.plan.inputs["x"]))
            steps.append(made.reshape(len(made), 1, -1))
        return np.concatenate(steps, axis=1)

    def _batches(self, fed: np.ndarray, size: int) -> np.ndarray:
        return np.concatenate([self._batch(fed[at : at + size]) for at in range(0, len(fed), size)])

    def _batch(self, rows: np.ndarray) -> np.ndarray:
        if self.model.batch is not None and len(rows) != self.model.batch:
            raise AttributeError("another batch size")
        outputs = np.zeros((*rows.shape[:2], 1))
        for path in self.model.layers:
            h = self.states[f"{path}/h"] if self.model.batch is not None else np.zeros((len(rows), 1))
            for time in range(rows.shape[1]):
                h = self.model.keep * h + rows[:, time].mean(axis=1, keepdims=True)
                outputs[:, time] += self.gain * h
            if self.model.batch is not None:
                self.states[f"{path}/h"] = h
        return outputs if self.model.sequences else outputs[:, -1]

    def _fit(self, call: Fit) -> tuple[dict[str, np.ndarray], Training]:
        x = self.plan.inputs["x"]
        size = 1 if call.each_sample else call.batch_size or len(x)
        rng, batches, states = np.random.default_rng(1), [], []
        for _ in range(call.epochs):
            order = rng.permutation(len(x)) if call.shuffle else np.arange(len(x))
            epoch = [tuple(int(row) for row in order[at : at + size]) for at in range(0, len(x), size)]
            begin = dict(self.states)
            for batch in epoch:
                self._batch(x[list(batch)])
            trained = dict(self.states)
            if call.validation is not None:
                self._batches(call.validation[0]["x"], size)
            batches.append(tuple(epoch))
            if self.states:
                states.append(EpochStates(begin, trained, dict(self.states)))
        self.gain += 0.1
        return {"loss": np.zeros(call.epochs)}, Training(tuple(batches), tuple(states), 0.1)


def case_of(
    model: Leaky,
    x: np.ndarray,
    calls: tuple[Call, ...] = (),
    *,
    target: np.ndarray | None = None,
    record: int | None = None,
) -> Case:
    """A case as `diagnose` makes it; without calls, one `predict` that stands for any use."""
    made = calls or (Predict(),)
    readable = [index for index, call in enumerate(made) if isinstance(call, Predict | CallModel)]
    chosen = record if record is not None else (readable[-1] if readable else 0)
    plan = RunPlan({"x": x}, calls=made, record=chosen, target=target)
    subject = Subject(plan, calls_given=bool(calls))
    return Case(subject, model, model.run(plan))


def found(check: Check, case: Case) -> list[Finding]:
    """What the check finds above info."""
    assert not check.missing(case), check.missing(case)
    return [finding for finding in check.find(case) if finding.severity != "info"]


def waves(steps: int, seed: int = 0, features: int = 2, level: float = 0.0) -> np.ndarray:
    """A smooth series `(steps, features)`; other seeds have other periods and phases."""
    rng = np.random.default_rng(seed)
    periods, phases = rng.uniform(9, 30, features), rng.uniform(0, 2 * np.pi, features)
    return np.sin(2 * np.pi * np.arange(steps)[:, None] / periods + phases) + level


def chunks(count: int, length: int = 20, **options: Any) -> list[np.ndarray]:
    """Stretches `(1, length, features)` of one series, each continuing the last."""
    return np.split(waves(count * length, **options)[None], count, axis=1)


def each(inputs: Sequence[np.ndarray]) -> tuple[Call, ...]:
    """A prediction of each."""
    return tuple(Predict({"x": one}) for one in inputs)
