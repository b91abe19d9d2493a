"""Facts and runs made by hand: plain values, so that no engine is needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from lstm_tui.model_file.facts import LayerFacts, ModelFacts, RecurrentFacts, TensorFacts
from lstm_tui.recurrent.calls import CallOutcome, Run, RunPlan
from lstm_tui.recurrent.cells import GRU, LSTM, CellKind
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material
from lstm_tui.session.effects import StartFreeRun
from lstm_tui.session.free_run_commands import FreeRunArrived
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from tests.recurrent.counting import counted


def layer(name: str, kind: CellKind, units: int, *, stateful: bool = False) -> LayerFacts:
    """A recurrent layer that returns sequences."""
    recurrent = RecurrentFacts(kind.name, units, True, False, stateful)
    return LayerFacts(name, name, kind.name.upper(), 0, ((None, None, units),), 1, 1, recurrent=recurrent)


def gold(*, from_keras: bool = True) -> ModelFacts:
    """A model of a stateful LSTM of 4 units and a GRU of 3, two features in, one number out."""
    return ModelFacts(
        path=Path("gold.keras"),
        name="gold",
        format="keras",
        keras_version="3.15.1",
        inputs=(TensorFacts("x", (None, None, 2)),),
        outputs=(TensorFacts("y", (None, 1)),),
        layers=(layer("lstm_1", LSTM, 4, stateful=True), layer("gru_1", GRU, 3)),
        parameters=2,
        from_keras=from_keras,
    )


def trace(path: str, kind: CellKind, units: int, timesteps: int, batch: int = 1) -> LayerTrace:
    """Random series in (0, 1)."""
    steps = {
        name: np.random.default_rng(seed).random((batch, timesteps, units), np.float32)
        for seed, name in enumerate(kind.series)
    }
    return LayerTrace(path, kind, steps, {name: np.zeros((batch, units), np.float32) for name in kind.states})


def run_of(plan: RunPlan, value: float = 0.5) -> Run:
    """What an engine could answer: one outcome a call, a recording over the input's timesteps."""
    batch, timesteps = next(iter(plan.inputs.values())).shape[:2]
    output = np.full((batch, 1), value, np.float32)
    prefix = np.linspace(0, value, timesteps, dtype=np.float32).reshape(1, -1, 1).repeat(batch, 0)
    recording = Recording(
        inputs=plan.inputs,
        outputs={"y": output},
        layers=(trace("lstm_1", LSTM, 4, timesteps, batch), trace("gru_1", GRU, 3, timesteps, batch)),
        prefix={"y": prefix},
    )
    return Run(plan.key, tuple(CallOutcome("predict", {"y": output}) for _ in plan.calls), recording)


def parted(run: Run, path: str, step: int, unit: int, *, by: float = 0.25) -> Run:
    """The same run, but for one unit of a layer from this step on: its gates and its states."""
    assert run.recording is not None
    layers = tuple(
        replace(trace, steps={name: _moved(values, step, unit, by) for name, values in trace.steps.items()})
        if trace.path == path
        else trace
        for trace in run.recording.layers
    )
    return replace(run, recording=replace(run.recording, layers=layers))


def _moved(values: Array, step: int, unit: int, by: float) -> Array:
    moved = values.copy()
    moved[:, step:, unit] += by
    return moved


def arrived(session: Session, value: float = 0.5) -> Session:
    """`session` after the engine has answered its present plan."""
    assert session.plan is not None
    return update(session, c.RunArrived(run_of(session.plan.run, value)))[0]


def translator() -> Session:
    """Two inputs of words, of which the second is written into: each word is followed by the next."""
    words = np.array([[1, 2, 3, 4], [3, 4, 5, 6]])
    tensors = tuple(TensorFacts(name, (None, None), "int32") for name in ("sentence", "words"))
    layers = (layer("reader", LSTM, 4), layer("writer", LSTM, 4))
    facts = replace(gold(), inputs=tensors, layers=layers)
    session, _ = open_session(facts, Material(inputs={"sentence": words[::-1], "words": words}))
    assert session.plan is not None
    plan, outputs = session.plan.run, {"next": counted(words)}
    traces = tuple(trace(each.path, LSTM, 4, 4, 2) for each in layers)
    run = Run(plan.key, (CallOutcome("predict", outputs),), Recording(plan.inputs, outputs, traces))
    return update(session, c.RunArrived(run))[0]


def wrote(start: StartFreeRun, *tokens: int) -> FreeRunArrived:
    """What the translator could answer: these tokens on its own, and what is right told the truth."""
    own = CallOutcome("decode", {"next": counted(np.array([tokens]) - 1), "written": np.array([tokens])})
    told = CallOutcome("predict", {"next": counted(start.plan.inputs["words"])})
    return FreeRunArrived(start.key, Run(start.plan.key, (own, told)))
