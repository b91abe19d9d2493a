"""The words of the language: what can be named, and which functions there are. Reading, completion and the
documentation all take them from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lstm_tui.recurrent.cells import SERIES_TITLES

#: What is not a series of a layer but goes into the model, comes out of it, or should have.
CHANNELS = ("output", "input", "target")
#: The timestep, counted from 0; and whatever state the layer's cell keeps longest.
STEP, STATE = "t", "state"
_NUMBERED_STATE = re.compile(r"state_\d{1,3}")


@dataclass(frozen=True)
class Function:
    """A function of the language.

    takes: `numbers`, `condition` or `either`. gives: `numbers` or `condition`. over_units: one value a step
    of all units. back: how many steps before the present one it looks at.
    """

    name: str
    means: str
    takes: str = "numbers"
    gives: str = "numbers"
    over_units: bool = False
    back: int = 0
    arguments: tuple[str, ...] = ("x",)


_ALL = (
    Function("abs", "absolute value"),
    Function("isnan", "is not a number: the only condition that NaN fulfils", gives="condition"),
    Function("isinf", "is infinite", gives="condition"),
    Function("saturated", "a gate below 0.05 or above 0.95", gives="condition"),
    Function("prev", "value at the step before", back=1),
    Function("delta", "change against the step before", back=1),
    Function(
        "changed_sign", "went through 0, or reached it, since the step before", gives="condition", back=1
    ),
    Function(
        "crosses",
        "went through the level, or reached it, since the step before",
        gives="condition",
        back=1,
        arguments=("x", "level"),
    ),
    Function(
        "mean", "mean over the units; of a condition the share that fulfils it", "either", over_units=True
    ),
    Function("min", "the smallest over the units", over_units=True),
    Function("max", "the largest over the units", over_units=True),
    Function("sum", "sum over the units; of a condition how many fulfil it", "either", over_units=True),
    Function("std", "standard deviation over the units", over_units=True),
    Function("norm", "length of the vector (L2)", over_units=True),
    Function("argmax", "number of the unit with the largest value", over_units=True),
    Function("any", "whether any unit fulfils the condition", "condition", "condition", over_units=True),
    Function("all", "whether all units fulfil the condition", "condition", "condition", over_units=True),
)

#: By name, in the order of the documentation.
FUNCTIONS = {function.name: function for function in _ALL}

#: Every name that stands for a value.
NAMES = (*SERIES_TITLES, STATE, "state_0", STEP, *CHANNELS)
#: Everything that can be typed, for completion and for the nearest right word.
WORDS = (*NAMES, *FUNCTIONS, "and", "or", "not", "in", "changed sign")


def is_series(name: str) -> bool:
    """Whether some cell may have a series of this name."""
    return name in SERIES_TITLES or name == STATE or _NUMBERED_STATE.fullmatch(name) is not None
