"""Cases made by hand: a laboratory whose model is a function of NumPy arrays, where no Keras is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lstm_tui.checks.case import Case, Subject
from lstm_tui.model_file.facts import LayerFacts, ModelFacts, RecurrentFacts
from lstm_tui.recurrent.calls import CallOutcome, Inputs, Predict, Run, RunPlan
from lstm_tui.recurrent.cells import LSTM, CellKind
from lstm_tui.recurrent.recording import Array, LayerOutput, LayerTrace, Recording

Predicts = Callable[[Inputs], Array]


def lstm_facts(path: str = "lstm", units: int = 4, *, trainable: bool = True) -> LayerFacts:
    """A layer as Keras would describe it."""
    recurrent = RecurrentFacts("lstm", units, False, False, False)
    return LayerFacts(path, path, "LSTM", 0, (), 8, 8, trainable, recurrent)


def dense_facts(path: str = "head", *, trainable: bool = True) -> LayerFacts:
    """A Dense head."""
    return LayerFacts(path, path, "Dense", 0, (), 8, 8, trainable)


class HandMade:
    """A model that is a function; weights and settings are whatever is said."""

    def __init__(
        self,
        predicts: Predicts,
        *,
        layers: Sequence[LayerFacts] = (),
        weights: Mapping[str, Array] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        traces: Sequence[LayerTrace] = (),
        layer_outputs: Sequence[LayerOutput] = (),
    ) -> None:
        self.predicts = predicts
        self.facts = ModelFacts(Path("m.keras"), "m", "keras", "3", (), (), tuple(layers), 0, from_keras=True)
        self._weights, self._settings = weights or {}, settings or {}
        self._traces, self._layer_outputs = tuple(traces), tuple(layer_outputs)

    def run(self, plan: RunPlan) -> Run:
        outcomes = tuple(
            CallOutcome("predict", {"y": self.predicts(call.inputs or plan.inputs)})
            if isinstance(call, Predict)
            else CallOutcome(type(call).__name__)
            for call in plan.calls
        )
        recorded = plan.record < len(plan.calls) and isinstance(plan.calls[plan.record], Predict)
        recording = Recording(
            inputs=plan.inputs, outputs=outcomes[plan.record].outputs if recorded else {},
            layers=self._traces, layer_outputs=self._layer_outputs,
        )  # fmt: skip
        return Run(plan.key, outcomes, recording if recorded else None)

    def weights(self) -> Mapping[str, Array]:
        return self._weights

    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        return self._settings


ONE_PREDICT = (Predict(),)


def case(
    lab: HandMade, x: Array, *, target: Array | None = None, calls: Any = ONE_PREDICT, **beside: Any
) -> Case:
    """What a check looks at; `beside` goes to the subject."""
    record = max((n for n, call in enumerate(calls) if isinstance(call, Predict)), default=0)
    plan = RunPlan({"x": x}, calls=calls, record=record, target=target)
    return Case(Subject(plan, **beside), lab, lab.run(plan))  # type: ignore[arg-type]


def trace(path: str = "lstm", kind: CellKind = LSTM, **series: Array) -> LayerTrace:
    """A recorded layer; series that are not given are zeros."""
    shape = next(iter(series.values())).shape
    steps = {name: series.get(name, np.zeros(shape)) for name in kind.series}
    return LayerTrace(path, kind, steps, {name: np.zeros((shape[0], shape[2])) for name in kind.states})
