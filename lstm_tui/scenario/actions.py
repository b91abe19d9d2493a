"""Actions as values: what a scenario, or a user in the workbench, does to input and states before the calls.

`Reshape`, `Rescale`, `StateReset` and `Alteration` say all by themselves; `FitRescale` needs the reference
and is measured when it is folded; `OnInput` restricts one of them to one input. Each says in a few words what
it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lstm_tui.arrays.nudge import Nudge
from lstm_tui.arrays.rescale import Method, Rescale, fit
from lstm_tui.arrays.reshape import Reshape
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import Alteration, StateReset
from lstm_tui.recurrent.interventions import Clamp, Poke, Silence, TrainingMode
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario.trying import LastSteps, StatefulFlip


@dataclass(frozen=True)
class FitRescale:
    """A rescale measured on the scenario's reference, as it is written there, or on its labels."""

    method: Method
    on: Literal["reference", "reference_target"] = "reference"
    inverse: bool = False
    feature_range: tuple[float, float] = (0.0, 1.0)

    def measured(self, sample: Array) -> Rescale:
        """The rescale that `sample` gives, `(..., features)`."""
        origin = "fitted on the reference" if self.on == "reference" else "fitted on the reference's labels"
        rescale = fit(self.method, sample, feature_range=self.feature_range, origin=origin)
        return rescale.inverted() if self.inverse else rescale

    def describe(self) -> str:
        """`rescale standard, fitted on the reference`."""
        undo = "undo " if self.inverse else ""
        return f"{undo}rescale {self.method}, fitted on the {self.on.replace('_target', ' labels')}"


@dataclass(frozen=True)
class OnInput:
    """A reshape, rescale or nudge of the input with this name alone."""

    name: str
    change: Reshape | Rescale | FitRescale | Nudge

    def describe(self) -> str:
        """`add axis 0 (input x)`."""
        return f"{self.change.describe()} (input {self.name})"


#: What is tried inside the loops, and what is short for other actions.
Trial = Poke | Clamp | Silence | TrainingMode | StatefulFlip | LastSteps
#: An action without a restriction to one input.
Change = Reshape | Rescale | FitRescale | Nudge | StateReset | Alteration | Trial
Action = Change | OnInput


def describe(action: Action) -> str:
    """A few words for a list of actions: `reset lstm_1 to zeros`."""
    if isinstance(action, StateReset):
        layers = ", ".join(action.layers) or "all layers"
        return f"reset {layers} to {'saved values' if action.to == 'saved' else action.to}"
    return action.describe()


def targeted(action: Action) -> tuple[Change, str | None]:
    """An action without its restriction, and the name of the input that it is restricted to."""
    return (action.change, action.name) if isinstance(action, OnInput) else (action, None)


def pair(numbers: tuple[float, ...] | None) -> tuple[float, float]:
    """A feature range of two numbers, (0, 1) where none is given."""
    if numbers is None:
        return (0.0, 1.0)
    if len(numbers) != 2:
        raise EditError(
            "The rescale's feature_range is not a pair.", expected="two numbers, for instance [0, 1]"
        )
    return (numbers[0], numbers[1])
