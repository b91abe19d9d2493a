"""Saved states in a scenario that is asked of a model which keeps none.

A stateless model is what a state that leaked is cured with: it begins every call from zeros, so yesterday's
states cannot be set, and need not be. Of a model that keeps other states, the saved ones stay a mistake.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lstm_tui.recurrent.calls import ResetStates, StateReset, Threads
from lstm_tui.scenario.loading import LoadedScenario


def has_saved_states(loaded: LoadedScenario) -> bool:
    """Whether an action or a call sets states from a file."""
    without = without_saved_states(loaded)
    pairs = zip((*loaded.actions, *loaded.calls), (*without.actions, *without.calls), strict=True)
    return any(one is not other for one, other in pairs)


def without_saved_states(loaded: LoadedScenario) -> LoadedScenario:
    """The scenario with zeros where it sets states from a file; everything stays in its place."""
    return replace(
        loaded,
        actions=tuple(_to_zeros(action) for action in loaded.actions),
        calls=tuple(_call(call) for call in loaded.calls),
    )


def _to_zeros(action: Any) -> Any:
    is_saved = isinstance(action, StateReset) and action.to == "saved"
    return replace(action, layers=(), to="zeros", saved={}) if is_saved else action


def _call(call: Any) -> Any:
    if isinstance(call, ResetStates) and call.to is not None and call.to.to == "saved":
        return replace(call, to=_to_zeros(call.to))
    if isinstance(call, Threads) and any(_call(inner) is not inner for inner in call.each):
        return replace(call, each=tuple(_call(inner) for inner in call.each))
    return call
