"""What the set is made of: a model with what goes into it, and the code that a diagnosis should find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.faults.draws import Draw
from lstm_tui.arrays.rescale import Rescale
from lstm_tui.recurrent.calls import Call, Inputs
from lstm_tui.recurrent.recording import Array


@dataclass(frozen=True, eq=False)
class Specimen:
    """One model and what is asked of it.

    model: a Keras model, or a file where the file itself is the point.
    code: what a diagnosis should find first; `` for a healthy one. tolerated: codes that may stand beside it.
    custom_objects: modules of the user's own layers, as he would name them.
    calls: what is called in order; empty where the user does not say, which stands for one `predict`.
    """

    model: Any | Path
    inputs: Inputs = field(default_factory=dict)
    code: str = ""
    calls: tuple[Call, ...] = ()
    reference: Inputs = field(default_factory=dict)
    reference_target: Array | None = None
    target: Array | None = None
    expected_shape: tuple[int, ...] | None = None
    output_rescales: tuple[Rescale, ...] = ()
    tolerated: tuple[str, ...] = ()
    custom_objects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A fault and its twin: the same but for the fault, so that a check which is always right shows."""

    faulty: Specimen
    healthy: Specimen


@dataclass(frozen=True)
class Recipe:
    """How specimens of one code are made. `make` is called with each draw of a split."""

    code: str
    make: Callable[[Draw], Pair]
    #: How many draws of each split; at least four, so that the set has eight of each code.
    draws: int = 4


@dataclass(frozen=True)
class HealthyRecipe:
    """Healthy models that look suspicious: a diagnosis should find nothing above info."""

    name: str
    make: Callable[[Draw], Specimen]
    draws: int = 4
