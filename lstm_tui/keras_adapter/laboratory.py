"""A loaded model as `checks` may try things on it: every question leaves it as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from lstm_tui.keras_adapter.altering import altered, named_weights, plain_settings
from lstm_tui.keras_adapter.feeding import as_array
from lstm_tui.keras_adapter.handed_states import handed_states
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.keras_adapter.wiring import wiring, wiring_with_ends
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Alteration, Inputs, Run, RunPlan
from lstm_tui.recurrent.gradients import Gradients
from lstm_tui.recurrent.handed_states import HandedStates
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.live_layers import is_custom
from lstm_tui.recurrent.recording import Array, States, read_only


class KerasLaboratory:
    """`lstm_tui.checks.case.Laboratory` on a loaded model."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded

    @property
    def facts(self) -> ModelFacts:
        """The model as Keras built it."""
        return self._loaded.facts

    @property
    def runs_own_code(self) -> bool:
        """Whether classes of the user's own are part of the model: their `call` may do anything."""
        layers = (place.layer for place in self._loaded.placed)
        return any(is_custom(layer) for layer in (self._loaded.model, *layers))

    def run(self, plan: RunPlan) -> Run:
        """Make the calls of the plan; what it asks of the model ends with it."""
        return self._loaded.run(plan, lambda stage, fraction: None)

    def gradients(
        self,
        inputs: Inputs,
        *,
        output: str | None = None,
        target: Array | None = None,
        states: States | None = None,
    ) -> Gradients:
        """Gradients of an output, or of its squared error, with respect to every input and state."""
        return self._loaded.gradients(inputs, output=output, target=target, states=states)

    def weights(self) -> Mapping[str, Array]:
        """Every weight by `layer path/weight name`, copied."""
        return _weights(self._loaded)

    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """The configuration of every layer by path, as far as it is plain values."""
        return plain_settings(self._loaded)

    def handed_states(self) -> tuple[HandedStates, ...]:
        """States that one layer hands to another as `initial_state`, as the graph says."""
        return handed_states(self._loaded.model, self._loaded.placed)

    def wiring(self) -> Mapping[str, tuple[str, ...]]:
        """By path of a layer or operation, what feeds it; empty for a subclassed model."""
        return wiring(self._loaded.model)

    def altered(
        self, alterations: Sequence[Alteration] = (), weights: Mapping[str, Array] | None = None
    ) -> KerasLaboratory:
        """A laboratory with a copy of the model. Raises EditError where it cannot be rebuilt so."""
        return KerasLaboratory(altered(self._loaded, alterations, weights))


def insides(loaded: LoadedModel) -> Insides:
    """What the model is made of, copied."""
    dtypes = {place.path: str(getattr(place.layer, "compute_dtype", "")) for place in loaded.placed}
    return Insides(_weights(loaded), plain_settings(loaded), dtypes, *wiring_with_ends(loaded.model))


def _weights(loaded: LoadedModel) -> dict[str, Array]:
    return {
        name: read_only(as_array(keras.ops.convert_to_numpy(variable)).copy())
        for name, variable in named_weights(loaded).items()
    }
