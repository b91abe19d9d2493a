"""Reading the gates of a cell as it computes them: recorders take the place of its activations in one call.

Keras applies them in a fixed order: LSTM `recurrent i, recurrent f, activation g, recurrent o, activation c`;
GRU `recurrent z, recurrent r, activation g`; in every implementation and reset mode. A cell that applies them
in another order, or more than once a step, keeps its states and loses its gates: names are never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any

import keras
import tensorflow as tf

from lstm_tui.keras_adapter.recorder.intervening import Held
from lstm_tui.keras_adapter.recorder.patches import Patches
from lstm_tui.recurrent.cells import GRU, LSTM, CellKind
from lstm_tui.recurrent.live_cells import cell_kind, cells_of

#: What each application of an activation gives, in order; None is not a series of its own (tanh of c).
_ORDER: dict[CellKind, tuple[tuple[str, str | None], ...]] = {
    LSTM: (
        ("recurrent_activation", "i"),
        ("recurrent_activation", "f"),
        ("activation", "g"),
        ("recurrent_activation", "o"),
        ("activation", None),
    ),
    GRU: (("recurrent_activation", "z"), ("recurrent_activation", "r"), ("activation", "g")),
}


class GateTaps:
    """Records the gates of every cell in `cell` during one call of it; use once, as a context.

    held: gives each gate the value that holds, where some are clamped.
    """

    def __init__(self, cell: Any, held: Held | None = None) -> None:
        self._held = held
        self._cells = [(path, inner, cell_kind(inner)) for path, inner in cells_of(cell)]
        self._heard: dict[str, list[tuple[str, Any]]] = {path: [] for path, _, _ in self._cells}
        self._patches = Patches()

    def __enter__(self) -> GateTaps:
        for path, inner, kind in self._cells:
            for name in sorted({activation for activation, _ in _ORDER.get(kind, ())}):
                hold = self._hold(path, kind) if self._held is not None else None
                self._patches.set(inner, name, _recorder(getattr(inner, name), name, self._heard[path], hold))
        return self

    def _hold(self, path: str, kind: CellKind) -> Callable[[Any], Any]:
        """What takes the value of the next gate that is heard and gives the one that holds."""
        order, heard, held = _ORDER[kind], self._heard[path], self._held
        assert held is not None

        def hold(value: Any) -> Any:
            series = order[len(heard)][1] if len(heard) < len(order) else None
            return value if series is None else held(path, series, value)

        return hold

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patches.__exit__(kind, error, trace)

    def gates(self) -> dict[str, Any]:
        """Gates and candidates by `path/name` (`/i`, `/cell_0/i`), of cells heard in the known order."""
        return {
            f"{path}/{series}": value
            for path, _, kind in self._cells
            if self._in_order(path, kind)
            for (_, value), (_, series) in zip(self._heard[path], _ORDER[kind], strict=True)
            if series is not None
        }

    def kinds(self) -> dict[str, CellKind]:
        """The kind of every cell by path, without gates where they could not be told apart."""
        return {
            path: kind
            if kind not in _ORDER or self._in_order(path, kind)
            else replace(kind, gates=(), candidate=None)
            for path, _, kind in self._cells
        }

    def _in_order(self, path: str, kind: CellKind) -> bool:
        expected = [name for name, _ in _ORDER.get(kind, ())]
        return bool(expected) and [name for name, _ in self._heard[path]] == expected


#: Activations that are one operation: that their result is read changes nothing in how TensorFlow computes.
_ONE_OPERATION = frozenset({
    keras.activations.sigmoid, keras.activations.tanh, keras.activations.linear, keras.activations.relu,
    keras.activations.elu, keras.activations.selu, keras.activations.softplus, keras.activations.softsign,
})  # fmt: skip


def _recorder(
    activation: Callable[..., Any],
    name: str,
    heard: list[tuple[str, Any]],
    hold: Callable[[Any], Any] | None,
) -> Callable[..., Any]:
    """The activation, which also writes down what it gives, after `hold` where that is given.

    An activation of several operations is computed a second time for that: TensorFlow moves the constants of,
    say, `hard_sigmoid` into what comes after it, and would not where the value is read (a difference of
    1e-7).
    """

    def record(values: Any) -> Any:
        result = activation(values)
        if hold is not None:
            heard.append((name, hold(result)))
            return heard[-1][1]
        is_one = activation in _ONE_OPERATION
        heard.append((name, result if is_one else activation(tf.raw_ops.Snapshot(input=values))))
        return result

    return record
