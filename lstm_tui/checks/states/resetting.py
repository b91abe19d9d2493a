"""Resets as calls and as lines of Keras 3, and the plans that try them."""

from __future__ import annotations

from collections.abc import Sequence

from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import (
    Call,
    CallModel,
    Decode,
    Fit,
    Generate,
    Predict,
    ResetStates,
    Stream,
    Threads,
)

#: Resets every stateful layer, nested ones and stacks of cells too, which Keras' own `reset_state` misses.
RESET_CODE = """\
for layer in model._flatten_layers():
    if getattr(layer, "stateful", False) and getattr(layer, "states", None) is not None:
        for state in keras.tree.flatten(layer.states):
            state.assign(keras.ops.zeros_like(state))"""


def stateful_layers(facts: ModelFacts) -> list[str]:
    """Paths of the layers that keep their state between calls."""
    return [layer.path for layer in facts.recurrent_layers if layer.recurrent and layer.recurrent.stateful]


def reads_state(call: Call) -> bool:
    """Whether the call begins with the states that are there."""
    return isinstance(call, Predict | CallModel | Stream | Generate | Decode | Fit | Threads)


def with_resets(calls: Sequence[Call]) -> tuple[Call, ...]:
    """The calls with a reset of everything before each that reads the state, and no other resets."""
    reading = [call for call in calls if not isinstance(call, ResetStates)]
    return tuple(
        step for call in reading for step in ((ResetStates(), call) if reads_state(call) else (call,))
    )


def with_reset_before(calls: Sequence[Call], index: int) -> tuple[tuple[Call, ...], int]:
    """The calls with one more reset before call `index`, and where that call stands then."""
    return (*calls[:index], ResetStates(), *calls[index:]), index + 1
