"""Resets that do not reset: one that misses layers, one that Keras 3 no longer has, one that Keras breaks.

All three are measured in the same way: identical calls with this reset before each, and with one that reaches
every state.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.effects import listed, numbered
from lstm_tui.checks.states.resetting import RESET_CODE, stateful_layers
from lstm_tui.checks.states.variance import Spread, outputs_of, spread
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Call, CallModel, CallOutcome, LegacyResetStates, Predict, ResetStates

#: Identical calls that are made each time.
_CALLS = 3
#: Names of the states that are told.
_MOST = 8


def _resets(case: Case, kind: type[Call]) -> Iterator[tuple[int, Call, CallOutcome]]:
    for index, call in enumerate(case.plan.calls):
        if isinstance(call, kind):
            yield index, call, case.run.outcomes[index]


def _reading(case: Case, index: int) -> Predict | CallModel | None:
    """The call whose start the reset was meant for: the next one, else the last one before it."""
    calls = case.plan.calls
    order = (*calls[index + 1 :], *reversed(calls[:index]))
    return next((call for call in order if isinstance(call, Predict | CallModel)), None)


def _measured(case: Case, reset: Call, call: Call) -> tuple[Spread, Spread]:
    """Identical calls with this reset before each, and with a whole one."""
    return tuple(  # type: ignore[return-value]
        spread(outputs_of(case.calls((each, call) * _CALLS, case.plan.inputs)))
        for each in (reset, ResetStates())
    )


def _proof(reset: str, as_is: Spread, whole: Spread) -> Proof:
    return Proof(
        f"max difference over {_CALLS} identical calls, {reset} before each", as_is.largest, whole.largest
    )


def _whole_resets(case: Case) -> tuple[Call, ...]:
    """The calls with a whole reset in place of each of another kind."""
    return tuple(
        ResetStates() if isinstance(call, LegacyResetStates | ResetStates) and not _sets(call) else call
        for call in case.plan.calls
    )


def _sets(call: Call) -> bool:
    """Whether the user puts states of his own there."""
    return isinstance(call, ResetStates) and call.to is not None and call.to.to != "zeros"


# --- reset-incomplete -------------------------------------------------------------------------------


def _incomplete(case: Case) -> Iterator[Finding]:
    for index, call, outcome in _resets(case, ResetStates):
        left = {name: state for name, state in outcome.states_after.items() if np.any(state)}
        reading = _reading(case, index)
        if outcome.failure is not None or not left or _sets(call) or reading is None:
            continue
        as_is, whole = _measured(case, call, reading)
        if not as_is.matters or whole.relative > as_is.relative / 2:
            continue
        missed = list(dict.fromkeys(_layer_of(case, name) for name in left))
        reached = [path for path in stateful_layers(case.facts) if path not in missed]
        yield Finding(
            code="reset-incomplete",
            severity="error",
            summary=f"The reset of {numbered(index)} misses {listed(missed)}: {_CALLS} identical calls, each "
            f"after such a reset, differ by up to {as_is.largest:.4g}.",
            layer=missed[0],
            evidence={
                "layers_reset": tuple(reached),
                "layers_missed": tuple(missed),
                "states_left": {name: float(np.max(np.abs(left[name]))) for name in list(left)[:_MOST]},
                "max_difference": as_is.largest,
                "after_a_whole_reset": whole.largest,
            },
            fix=Fix(
                "Reset the layers inside nested models and wrappers too.",
                code=RESET_CODE,
                calls=_whole_resets(case),
            ),
            proof=_proof("this reset", as_is, whole),
            place=Place(layer=missed[0], step=0, call=index),
            weight=0.95,
        )
        return


def _layer_of(case: Case, state: str) -> str:
    """The stateful layer that has a state: the longest path that leads to it."""
    paths = [path for path in stateful_layers(case.facts) if state.startswith(f"{path}/")]
    return max(paths, key=len, default=state.rpartition("/")[0])


INCOMPLETE = Check(
    code="reset-incomplete",
    needs=("x", "calls"),
    find=_incomplete,
    lesson=Lesson(
        title="The reset misses a layer",
        what="The usual loop over model.layers sees the top level alone. A stateful layer inside a nested "
        "model keeps its state.",
        why="Half of the memory is new and half is old, which looks like noise in the predictions.",
        keras="model.layers lists a nested model as one layer, which has no reset_state of its own. "
        "model._flatten_layers() lists everything; Bidirectional resets both of its halves.",
        prevent="Write the reset once, over all layers, and check that every state is zero afterwards.",
        code=RESET_CODE,
    ),
    explains=("state-carryover", "batch-order"),
)


# --- reset-unavailable ------------------------------------------------------------------------------


def _unavailable(case: Case) -> Iterator[Finding]:
    for index, call, outcome in _resets(case, LegacyResetStates):
        if outcome.failure is None:
            continue
        layers = stateful_layers(case.facts)
        reading = _reading(case, index)
        as_is, whole = (
            _measured(case, call, reading) if layers and reading is not None else (Spread(), Spread())
        )
        moved = f" {_CALLS} identical calls with it before each differ by up to {as_is.largest:.4g}."
        yield Finding(
            code="reset-unavailable",
            severity="error",
            summary="Keras 3 has no model.reset_states(): the call fails, and where it is guarded by "
            f"hasattr it does nothing.{moved if as_is.matters else ''}",
            layer=layers[0] if layers else "",
            evidence={
                "called": "model.reset_states()",
                "keras_says": one_line(outcome.failure.message, 200),
                "there_is": "layer.reset_state() of each stateful layer",
                "stateful_layers": tuple(layers),
                "max_difference": as_is.largest,
                "after_a_whole_reset": whole.largest,
            },
            fix=Fix("Reset each stateful layer.", code=RESET_CODE, calls=_whole_resets(case)),
            proof=_proof("this reset", as_is, whole) if as_is.matters else None,
            place=Place(layer=layers[0] if layers else None, step=0, call=index),
            weight=1.0,
            direct=True,
        )
        return


UNAVAILABLE = Check(
    code="reset-unavailable",
    needs=("calls",),
    find=_unavailable,
    lesson=Lesson(
        title="model.reset_states() is gone",
        what="Keras 2 had model.reset_states(). A model of Keras 3 has no such method.",
        why="The call raises AttributeError. Guarded by hasattr or try, it is skipped without a word, and "
        "the state of the last sequence stays.",
        keras="Each stateful layer has reset_state(), and reset_states() as another name for it; models have "
        "neither.",
        prevent="Write a function of your own that resets every stateful layer, and let it fail loudly.",
        code=RESET_CODE,
    ),
    explains=("state-carryover", "batch-order"),
)


# --- reset-broken -----------------------------------------------------------------------------------


def _broken(case: Case) -> Iterator[Finding]:
    for index, call, outcome in _resets(case, ResetStates):
        if outcome.failure is None:
            continue
        layers = stateful_layers(case.facts)
        reading = _reading(case, index)
        as_is, whole = _measured(case, call, reading) if reading is not None else (Spread(), Spread())
        where = outcome.failure.layer or (layers[0] if layers else "")
        yield Finding(
            code="reset-broken",
            severity="error",
            summary=f"Keras' own reset fails in {one_line(where)} with {outcome.failure.error_type}; the "
            "states stay as they were.",
            layer=where,
            evidence={
                "keras_says": f"{outcome.failure.error_type}: {one_line(outcome.failure.message, 200)}",
                "stateful_layers": tuple(layers),
                "max_difference": as_is.largest,
                "after_a_whole_reset": whole.largest,
            },
            fix=Fix(
                "Assign zeros to the states themselves, as the workbench does.",
                code=RESET_CODE,
                calls=_whole_resets(case),
            ),
            proof=_proof("this reset", as_is, whole) if as_is.matters else None,
            place=Place(layer=where or None, step=0, call=index),
            weight=1.0,
            direct=True,
        )
        return


BROKEN = Check(
    code="reset-broken",
    needs=("calls",),
    find=_broken,
    lesson=Lesson(
        title="Keras' own reset fails",
        what="reset_state() of a layer that runs a stack of cells raises an error, and layers that come "
        "after it in the loop are not reached.",
        why="Inside a try the failure goes unseen, and every sequence begins with the states of the last.",
        keras="In Keras 3.15, RNN.reset_state() takes the states for a flat list; StackedRNNCells nests "
        "them, and a list has no shape. Assigning to the flattened states works.",
        prevent="Reset the states themselves, flattened; or use one recurrent layer for each cell.",
        code=RESET_CODE,
    ),
    explains=("state-carryover", "batch-order", "reset-incomplete"),
)
