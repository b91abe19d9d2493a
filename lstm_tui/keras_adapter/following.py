"""A plan's calls followed one by one: how far each moved every weight, state and seed of the model.

Whatever the calls do ends with them: weights, states and seeds are afterwards as they were, and `fit` trains
a copy. It holds each variable twice, never a history of them. Optimizers are not followed: they belong to
training, not to the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf
from keras.src.random.seed_generator import global_seed_generator

from lstm_tui.keras_adapter.altering import named_weights
from lstm_tui.keras_adapter.calls import calls_followed, largest_difference
from lstm_tui.keras_adapter.feeding import as_array
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallOutcome, RunPlan
from lstm_tui.recurrent.live_layers import is_custom
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.movements import Followed, FollowedCall, Kind, Movements
from lstm_tui.recurrent.recording import Array, read_only


def follow(loaded: LoadedModel, plan: RunPlan, on_progress: OnProgress) -> Movements:
    """Raises EditError where a reset or an alteration names what the model has not."""
    eye = _Eye()
    plan = replace(plan, record=len(plan.calls), sample=None)  # nothing is recorded
    outcomes = calls_followed(loaded, plan, on_progress, eye.look)
    return eye.movements(outcomes)


class _Eye:
    """Looks at a model before the first call and after each. What is made by a call has not moved in it."""

    def __init__(self) -> None:
        self._values: dict[Followed, Array] = {}
        self._steps: list[dict[Followed, tuple[float, float]]] = []

    def look(self, loaded: LoadedModel) -> None:
        """What has changed since the last look; a model that was loaded again has the same variables."""
        before, self._values = self._values, dict(_read(loaded))
        step = {}
        for row, now in self._values.items():
            old = before.get(row, now)
            step[row] = (largest_difference(old, now), max(_size(old), _size(now)))
        self._steps.append(step)

    def movements(self, outcomes: tuple[CallOutcome, ...]) -> Movements:
        """All that was seen."""
        rows, still = tuple(self._values), (0.0, 0.0)
        seen = np.array([[step.get(row, still) for step in self._steps[1:]] for row in rows], np.float64)
        moved, sizes = np.moveaxis(seen.reshape(len(rows), len(outcomes), 2), -1, 0)
        calls = tuple(map(_call, outcomes))
        return Movements(rows, calls, read_only(moved.copy()), read_only(sizes.copy()))


def _read(loaded: LoadedModel) -> Iterator[tuple[Followed, Array]]:
    """Layer by layer in the order of the model its weights, states and seeds; Keras' own seed comes last."""
    held: dict[str, list[tuple[str, Kind, Any]]] = {place.path: [] for place in loaded.placed}
    layers = [place.layer for place in loaded.placed]
    trained = {id(each) for layer in layers for each in getattr(layer, "trainable_weights", ())}
    for name, weight in named_weights(loaded).items():
        layer, _, own = name.rpartition("/")
        held.setdefault(layer, []).append((own, "weight" if id(weight) in trained else "fixed", weight))
    for state in state_variables(loaded.placed):
        held[state.layer].append((state.name.removeprefix(f"{state.layer}/"), "state", state.variable))
    for place in loaded.placed:
        held[place.path] += _own(place.layer)
    held[""] = [("seed", "seed", global_seed_generator().state)]
    seen: set[int] = set()
    for path, variables in held.items():
        for name, kind, variable in variables:
            if id(variable) not in seen:
                seen.add(id(variable))
                yield Followed(path, name, kind, tuple(variable.shape)), as_array(variable).copy()


def _own(layer: Any) -> Iterator[tuple[str, Kind, Any]]:
    """The seeds of a layer, and what a user's own layer keeps unknown to Keras."""
    for number, generator in enumerate(getattr(layer, "_seed_generators", ()), 1):
        yield f"seed#{number}" if number > 1 else "seed", "seed", generator.state
    if is_custom(layer):
        for name, value in vars(layer).items():
            if isinstance(value, tf.Variable):
                yield one_line(name), "fixed", value


def _size(values: Array) -> float:
    """The largest |value|, of those that are numbers."""
    finite = values[np.isfinite(values)].astype(np.float64)
    return float(np.max(np.abs(finite), initial=0.0))


def _call(outcome: CallOutcome) -> FollowedCall:
    failure = outcome.failure
    note = one_line(f"{failure.error_type}: {failure.message}") if failure else one_line(outcome.note)
    return FollowedCall(outcome.call, note, failure is not None)
