"""Cells that a model steps itself, in a Python loop: their calls put together into the loops that they make.

A call continues the loop whose last states it is given; any other call starts a new one. Steps inside a loop
of TensorFlow's own lie out of reach and are refused by whoever calls this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from lstm_tui.keras_adapter.recorder.gates import GateTaps
from lstm_tui.keras_adapter.recorder.packing import Packing
from lstm_tui.keras_adapter.recorder.tape import TapedLoop
from lstm_tui.recurrent.cells import CellKind
from lstm_tui.recurrent.live_cells import state_names


@dataclass(eq=False)
class _Run:
    """Consecutive steps of one cell."""

    path: str
    kinds: Mapping[str, CellKind]
    initial: dict[str, Any]
    last: list[Any]
    steps: list[dict[str, Any]] = field(default_factory=list)


class HandStepped:
    """Gathers the steps of all such cells during one trace."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def step(self, path: str, cell: Any, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """One call of the cell, `(inputs, states)`, kept as a step."""
        before = keras.tree.flatten(args[1] if len(args) > 1 else kwargs.get("states"))
        with GateTaps(cell) as taps:
            output, states = call(*args, **kwargs)
        names, after = state_names(cell), keras.tree.flatten(states)
        if len(before) == len(names) == len(after):
            run = self._run_of(path, before) or self._new_run(
                path, taps.kinds(), dict(zip(names, before, strict=True))
            )
            run.steps.append(dict(zip(names, after, strict=True)) | taps.gates())
            run.last = after
        return output, states

    def loops(self) -> list[TapedLoop]:
        """The loops that the steps make, as if the layer had run them."""
        return [_as_loop(run) for run in self._runs]

    def _run_of(self, path: str, states: list[Any]) -> _Run | None:
        return next(
            (run for run in self._runs if run.path.partition("#")[0] == path and _same(run.last, states)),
            None,
        )

    def _new_run(self, path: str, kinds: Mapping[str, CellKind], initial: dict[str, Any]) -> _Run:
        earlier = len(self._of(path))
        self._runs.append(_Run(f"{path}#{earlier + 1}" if earlier else path, kinds, initial, []))
        return self._runs[-1]

    def _of(self, path: str) -> list[_Run]:
        return [run for run in self._runs if run.path.partition("#")[0] == path]


def _same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _as_loop(run: _Run) -> TapedLoop:
    packing = Packing(run.steps[0])
    packed = [packing.pack(step) for step in run.steps]
    return TapedLoop(
        path=run.path,
        kinds=run.kinds,
        packing=packing,
        rows=[tf.stack([step[row] for step in packed]) for row in range(len(packing.dtypes))],
        output=next(iter(run.initial)),
        initial=run.initial,
        mask=None,
        go_backwards=False,
        stateful=False,
    )
