"""What a user could write to check a trace: a model made and stepped with Keras alone.

`make` writes a model and an input to a folder; `check` steps its cells by hand, calls `predict`, and compares
with `trace.npz` there. It prints a line for each array.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

TOLERANCE = 1e-5


def model_of_everything() -> keras.Model:
    """A masked tower of every kind, one that reads both ways, one that shares a layer and its states."""
    x, y, a, b = (keras.Input((7, 3), name=name) for name in "xyab")
    towers = []
    h = layers.Masking(name="masking")(x)
    h = layers.LSTM(5, return_sequences=True, name="lstm")(h)
    h = layers.GRU(4, return_sequences=True, name="gru")(h)
    h = layers.SimpleRNN(3, name="simple")(h)
    towers.append(layers.Dense(2, name="masked")(h))
    both = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")(y)
    towers.append(layers.Dense(1, name="backward")(layers.GRU(3, name="after")(both)))
    shared = layers.LSTM(4, return_state=True, name="shared")
    first, *states = shared(a)
    second, *_ = shared(b, initial_state=states)
    towers += [layers.Dense(1, name="once")(first), layers.Dense(2, name="twice")(second)]
    return keras.Model([x, y, a, b], towers)


def make(folder: Path) -> None:
    """The model with random weights, biases too, and an input in which some steps do not count."""
    generator = np.random.default_rng(4)
    keras.utils.set_random_seed(2)
    model = model_of_everything()
    for weight in model.weights:
        weight.assign(generator.normal(0, 0.5, weight.shape))
    model.save(folder / "model.keras")
    inputs = {name: generator.normal(size=(2, 7, 3)).astype("float32") for name in "xyab"}
    inputs["x"][0, 2:4] = 0
    inputs["x"][1, 5:] = 0
    np.savez(folder / "input.npz", **inputs)


class Check:
    """The model, its input and its trace."""

    def __init__(self, folder: Path) -> None:
        self.model = keras.models.load_model(folder / "model.keras")
        self.inputs = dict(np.load(folder / "input.npz"))
        self.trace = dict(np.load(folder / "trace.npz", allow_pickle=False))
        self.left = set(self.trace)

    def same(self, key: str, expected: np.ndarray, tolerance: float = TOLERANCE) -> None:
        """Compare one array of the trace."""
        found = self.trace[key]
        self.left.discard(key)
        assert found.shape == expected.shape, (key, found.shape, expected.shape)
        gap = float(np.max(np.abs(found.astype("float64") - expected)))
        assert gap <= tolerance, (key, gap)
        print(f"{key} {found.shape} {gap:.1e}")

    def predicted(self) -> None:
        """Outputs equal to the bit; prefixes as the model gives them on the beginning."""
        names = ("masked", "backward", "once", "twice")
        for name, expected in zip(names, self.model.predict(self.inputs, verbose=0), strict=True):
            self.same(f"output/{name}", expected, 0.0)
        self.same("prefix/masked", np.stack([self.masked(step) for step in range(1, 8)], axis=1))
        self.same("prefix/once", np.stack([self.once(step) for step in range(1, 8)], axis=1))

    def masked(self, steps: int) -> np.ndarray:
        """The first tower on the first steps, layer by layer: the model itself is built for one length."""
        x = ops.convert_to_tensor(self.inputs["x"][:, :steps])
        mask = self.model.get_layer("masking").compute_mask(x)
        for name in ("lstm", "gru", "simple"):
            x = self.model.get_layer(name)(x, mask=mask)
        return np.asarray(self.model.get_layer("masked")(x))

    def once(self, steps: int) -> np.ndarray:
        """The shared layer, called once."""
        h, *_ = self.model.get_layer("shared")(ops.convert_to_tensor(self.inputs["a"][:, :steps]))
        return np.asarray(self.model.get_layer("once")(h))

    def stepped(
        self, path: str, layer: layers.RNN, x: np.ndarray, *, mask=None, states=None, backwards: bool = False
    ) -> tuple[np.ndarray, list]:
        """Step the cell by hand, hold its states and gates against the trace; what it gives at each step."""
        batch, steps = x.shape[:2]
        sizes = layer.cell.state_size
        sizes = [sizes] if isinstance(sizes, int) else sizes
        states = states or [ops.zeros((batch, size)) for size in sizes]
        gates: dict[str, list] = {}
        order = range(steps - 1, -1, -1) if backwards else range(steps)
        hidden, cells, out = [None] * steps, [None] * steps, [None] * steps
        for step in order:
            for name, value in gates_of(layer, x[:, step], states).items():
                gates.setdefault(name, [None] * steps)[step] = value
            _, new = layer.cell(ops.convert_to_tensor(x[:, step]), states)
            if mask is not None:
                counts = ops.convert_to_tensor(mask[:, step, None])
                new = [ops.where(counts, one, other) for one, other in zip(new, states, strict=True)]
            states = new
            out[step] = hidden[step] = np.asarray(states[0])
            cells[step] = np.asarray(states[-1])
        self.same(f"{path}/h", np.stack(hidden, axis=1))
        if isinstance(layer, layers.LSTM):
            self.same(f"{path}/c", np.stack(cells, axis=1))
        for name, values in gates.items():
            self.same_where_it_counts(f"{path}/{name}", np.stack(values, axis=1), mask)
        if mask is not None:
            self.same(f"{path}/mask", mask)
        return np.stack(out, axis=1), states

    def same_where_it_counts(self, key: str, expected: np.ndarray, mask: np.ndarray | None) -> None:
        """Gates of a step that is masked are those of a step that never was."""
        if mask is not None:
            expected = np.where(mask[:, :, None], expected, self.trace[key])
        self.same(key, expected)


def gates_of(layer: layers.RNN, x: np.ndarray, states: list) -> dict[str, np.ndarray]:
    """Gates and candidate by the equations in Keras' documentation, from the weights."""
    cell, h = layer.cell, np.asarray(states[0])
    kernel, recurrent, bias = (np.asarray(weight) for weight in cell.weights)

    def sigmoid(values: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-values))

    if isinstance(layer, layers.LSTM):
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
        return {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
    if isinstance(layer, layers.GRU):
        from_x = np.split(x @ kernel + bias[0], 3, axis=1)
        from_h = np.split(h @ recurrent + bias[1], 3, axis=1)
        z, r = (sigmoid(one + other) for one, other in zip(from_x[:2], from_h[:2], strict=True))
        return {"z": z, "r": r, "g": np.tanh(from_x[2] + r * from_h[2])}
    return {}


def check(folder: Path) -> None:
    """Every array of the trace."""
    one = Check(folder)
    layer = one.model.get_layer
    x, mask = one.inputs["x"], (one.inputs["x"] != 0).any(axis=-1)
    for name in ("lstm", "gru", "simple"):
        x, _ = one.stepped(name, layer(name), x, mask=mask)
    both, y = layer("both"), one.inputs["y"]
    forward, _ = one.stepped(f"both/{both.forward_layer.name}", both.forward_layer, y)
    backward, _ = one.stepped(f"both/{both.backward_layer.name}", both.backward_layer, y, backwards=True)
    one.stepped("after", layer("after"), np.concatenate([forward, backward], axis=-1))
    _, states = one.stepped("shared", layer("shared"), one.inputs["a"])
    one.stepped("shared#2", layer("shared"), one.inputs["b"], states=states)
    one.predicted()
    assert not one.left, f"not compared: {one.left}"
