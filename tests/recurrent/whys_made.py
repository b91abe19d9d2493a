"""A small network run by hand in float32, with its recording and its weights: values to ask about."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_tui.recurrent.cells import GRU, LSTM, CellKind
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.recording import LayerTrace, Recording
from lstm_tui.recurrent.why import Made

BLOCKS = {"lstm": 4, "gru": 3, "simple_rnn": 1}


def sigmoid(values: np.ndarray) -> np.ndarray:
    return (1 / (1 + np.exp(-values))).astype(np.float32)


class Network:
    """x → a → b → relu head → linear head, one sample, in float32; the second may give its last step."""

    def __init__(self, kinds: tuple[CellKind, CellKind], seed: int, steps: int, *, last: bool = True) -> None:
        self.random = np.random.default_rng(seed)
        self.weights: dict[str, np.ndarray] = {}
        self.settings: dict[str, dict[str, Any]] = {"x": {"class_name": "InputLayer"}}
        x = self.random.normal(size=(1, steps, 3)).astype(np.float32)
        a = self.layer("a", kinds[0], x[0], 4)
        b = self.layer("b", kinds[1], a.steps["h"][0], 5)
        self.settings["b"]["return_sequences"] = not last
        hidden = self.dense("d1", b.steps["h"][0], 6, "relu")
        output = self.dense("d2", hidden, 2, "linear")[None]
        wiring = {"x": (), "a": ("x",), "drop": ("a",), "b": ("drop",), "d1": ("b",), "d2": ("d1",)}
        self.settings["drop"] = {"class_name": "Dropout"}
        self.made = Made(
            Recording({"x": x}, {"y": output[:, -1] if last else output}, (a, b), prefix={"y": output}),
            Insides(self.weights, self.settings, {}, wiring, ("d2",)),
        )

    def layer(self, path: str, kind: CellKind, x: np.ndarray, units: int) -> LayerTrace:
        wide = BLOCKS[kind.name] * units
        kernel, recurrent = (
            self.normal(path, "kernel", x.shape[1], wide),
            self.normal(path, "recurrent_kernel", units, wide),
        )
        bias = self.normal(path, "bias", *((2, wide) if kind is GRU else (wide,)))
        self.settings[path] = {"class_name": kind.name, "activation": "tanh", "reset_after": True}
        initial = {name: self.random.normal(size=(1, units)).astype(np.float32) for name in kind.states}
        state, rows = {name: values[0] for name, values in initial.items()}, []
        for row in x:
            read, past = row @ kernel, state["h"] @ recurrent
            if kind is LSTM:
                i, f, g, o = np.split(read + past + bias, 4)
                i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
                c = f * state["c"] + i * g
                state = {"i": i, "f": f, "g": g, "o": o, "c": c, "h": o * np.tanh(c)}
            elif kind is GRU:
                one, other = np.split(read + bias[0], 3), np.split(past + bias[1], 3)
                z, r = sigmoid(one[0] + other[0]), sigmoid(one[1] + other[1])
                g = np.tanh(one[2] + r * other[2])
                state = {"z": z, "r": r, "g": g, "h": z * state["h"] + (1 - z) * g}
            else:
                state = {"h": np.tanh(read + past + bias)}
            rows.append(state)
        steps = {name: np.stack([row[name] for row in rows])[None] for name in kind.series}
        return LayerTrace(path, kind, steps, initial)

    def dense(self, path: str, x: np.ndarray, units: int, activation: str) -> np.ndarray:
        total = x @ self.normal(path, "kernel", x.shape[1], units) + self.normal(path, "bias", units)
        self.settings[path] = {"class_name": "Dense", "activation": activation}
        return np.maximum(total, 0) if activation == "relu" else total

    def normal(self, path: str, name: str, *shape: int) -> np.ndarray:
        values = self.random.normal(scale=0.6, size=shape).astype(np.float32)
        self.weights[f"{path}/{name}"] = values
        return values
