"""`initial_state` wins over `stateful=True` in every call: the state that is kept is never used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.effects import listed
from lstm_tui.checks.states.resetting import stateful_layers
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import Alteration, CallModel, Predict, RunPlan, StateReset
from lstm_tui.recurrent.recording import Array, Recording

_CODE = """\
h = keras.layers.LSTM(units, stateful=True)(x)                     # keeps its own state
h = keras.layers.LSTM(units)(x, initial_state=[state_h, state_c])  # takes the one it is given"""


def _find(case: Case) -> Iterator[Finding]:
    call = case.plan.calls[case.plan.record] if case.plan.record < len(case.plan.calls) else None
    if not case.facts.stateful or not isinstance(call, Predict | CallModel) or not _suspected(case, call):
        return
    plan = RunPlan(case.plan.inputs, (StateReset(to="random", seed=1),), (call,), 0)
    recording = case.again(plan).recording
    if recording is None:
        return
    ignored = {path: sizes for path in stateful_layers(case.facts) if (sizes := _ignored(recording, path))}
    if ignored:
        yield _finding(case, call, ignored)


def _suspected(case: Case, call: Predict | CallModel) -> bool:
    """Whether a second call of the same leaves some layer exactly where the first one left it."""
    outcomes = case.calls((call, call), case.plan.inputs).outcomes
    if any(outcome.failure is not None for outcome in outcomes):
        return False
    first, second = (outcome.states_after for outcome in outcomes)
    return any(np.any(first[name]) and np.array_equal(first[name], second[name]) for name in first)


def _ignored(recording: Recording, path: str) -> dict[str, tuple[float, float]]:
    """By state, what was stored and what was used, where they are not the same."""
    trace = recording.layer(path)
    if trace is None:
        return {}
    found = {}
    for state, used in trace.initial.items():
        stored = recording.states_before.get(f"{path}/{state}")
        if stored is not None and stored.shape == used.shape and not np.allclose(stored, used, atol=1e-6):
            found[state] = (_size(stored), _size(used))
    return found


def _size(values: Array) -> float:
    return float(np.max(np.abs(values), initial=0.0))


def _finding(
    case: Case, call: Predict | CallModel, ignored: dict[str, dict[str, tuple[float, float]]]
) -> Finding:
    layers = list(ignored)
    stored = {f"{path}/{state}": sizes[0] for path, each in ignored.items() for state, sizes in each.items()}
    used = {f"{path}/{state}": sizes[1] for path, each in ignored.items() for state, sizes in each.items()}
    changes = tuple(Alteration(path, (("stateful", False),)) for path in layers)
    return Finding(
        code="state-overridden",
        severity="error",
        summary=f"{listed(layers)} is stateful, and the model gives it an initial state in every call: the "
        f"stored state ({max(stored.values()):.3g} at most) was put there and another was used.",
        layer=layers[0],
        evidence={
            "state_stored": stored,
            "state_used": used,
            "difference_of_stateful_false": _difference_without(case, call, changes),
        },
        fix=Fix(
            "Choose one: leave initial_state out, so that the layer keeps its own state; or build it with "
            "stateful=False, which predicts the same as now.",
            code=_CODE,
            alterations=changes,
        ),
        proof=_proof(case, call, changes),
        place=Place(layer=layers[0], step=0),
        weight=0.95,
        direct=True,
    )


def _difference_without(
    case: Case, call: Predict | CallModel, changes: tuple[Alteration, ...]
) -> float | None:
    """By how much the outputs move when the layers keep no state: nothing, as they never used it."""
    try:
        without = case.calls((call,), case.plan.inputs, case.altered(*changes)).outcomes[0].outputs
    except EditError:
        return None
    with_state = case.calls((call,), case.plan.inputs).outcomes[0].outputs
    differences = [
        float(np.max(np.abs(array - without[name]), initial=0.0))
        for name, array in with_state.items()
        if name in without and without[name].shape == array.shape
    ]
    return max(differences, default=None)


def _proof(case: Case, call: Predict | CallModel, changes: tuple[Alteration, ...]) -> Proof | None:
    """States that are kept and never used, before and after."""
    try:
        left = case.altered(*changes).facts
    except EditError:
        return None
    kept = sum(path in stateful_layers(left) for path in (each.layer for each in changes))
    return Proof("layers that keep a state which is never used", float(len(changes)), float(kept))


CHECK = Check(
    code="state-overridden",
    needs=("x", "output"),
    find=_find,
    lesson=Lesson(
        title="initial_state wins over stateful=True",
        what="The layer keeps its last state, and the model hands it another one at the start of every call.",
        why="Nothing is remembered from call to call, although the model says that it is.",
        keras="RNN.call takes initial_state where it is given, and looks at the stored states only where it "
        "is not; at the end it stores the new states either way.",
        prevent="Give a layer either a state of its own or one from outside.",
        code=_CODE,
    ),
    # what is added up from a wrong start is off by the same amount at every step
    explains=("output-scale",),
)
