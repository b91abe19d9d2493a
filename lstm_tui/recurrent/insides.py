"""What a model is made of, as values: its weights, and how its layers are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lstm_tui.recurrent.recording import Array


@dataclass(frozen=True, eq=False)
class Insides:
    """weights: by `layer path/weight name`. settings: by layer path, numbers, texts and lists of them.

    dtypes: the type that each layer computes with, by its path. wiring: by path of a layer or operation, what
    feeds it; empty for a model that is no graph. ends: what gives the outputs, in their order.
    """

    weights: Mapping[str, Array] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dtypes: Mapping[str, str] = field(default_factory=dict)
    wiring: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ends: tuple[str, ...] = ()
