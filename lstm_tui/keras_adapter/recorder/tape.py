"""What is written down while a call is traced: the loops that ran, the layers that were called, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lstm_tui.keras_adapter.layer_tree import layer_name
from lstm_tui.keras_adapter.recorder.packing import Packing
from lstm_tui.recurrent.cells import CellKind


@dataclass(frozen=True, eq=False)
class TapedLoop:
    """One run of a recurrent layer's loop, as tensors.

    kinds: the kind of each cell by the end of its path (`` or `/cell_0`).
    rows: packed series, each `(timesteps, batch, width)`, in the order in which the layer saw the steps.
    initial: states before the first step by `path/name` as in `packing`.
    """

    path: str
    kinds: Mapping[str, CellKind]
    packing: Packing
    rows: list[Any]
    initial: Mapping[str, Any]
    mask: Any
    go_backwards: bool
    stateful: bool


@dataclass(frozen=True, eq=False)
class TapedOutput:
    """One call of one layer, with the flattened tensors that it gave."""

    path: str
    class_name: str
    tensors: list[Any]


@dataclass(eq=False)
class Tape:
    """Filled in while one call is traced. `paths` is by identity of the layer."""

    paths: dict[int, str]
    loops: list[TapedLoop] = field(default_factory=list)
    outputs: list[TapedOutput] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    _calls: dict[str, int] = field(default_factory=dict)
    _stack: list[str] = field(default_factory=list)

    @contextmanager
    def calling(self, layer: Any) -> Iterator[str]:
        """The path of this call of the layer, `P#2` for its second; inside it is `current`."""
        path = self.path_of(layer)
        self._calls[path] = self._calls.get(path, 0) + 1
        call = path if self._calls[path] == 1 else f"{path}#{self._calls[path]}"
        self._stack.append(call)
        try:
            yield call
        finally:
            self._stack.pop()

    def path_of(self, layer: Any) -> str:
        """The layer's path; one met for the first time stands below the layer that calls it."""
        if id(layer) not in self.paths:
            caller = self._stack[-1].partition("#")[0] if self._stack else ""
            self.paths[id(layer)] = f"{caller}/{layer_name(layer)}".lstrip("/")
        return self.paths[id(layer)]

    @property
    def current(self) -> str:
        """The call that is being traced."""
        return self._stack[-1]
