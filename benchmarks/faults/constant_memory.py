"""Predictions that are constant or meaningless because of memory: too short, too small, exploding, none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from benchmarks.faults.constant_weights import fitted, head, recurrent_layers
from benchmarks.faults.draws import Draw, Floats
from benchmarks.faults.specimen import Pair, Recipe, Specimen

layers = keras.layers

#: Cells of one direction by split: a Bidirectional layer reads early steps last, and forgets late ones.
_CELLS: dict[str, tuple[Callable[..., Any], ...]] = {
    "tune": (layers.SimpleRNN, layers.LSTM),
    "report": (layers.GRU, layers.SimpleRNN),
}


def _cell(draw: Draw) -> Callable[..., Any]:
    cells = _CELLS[draw.split]
    return cells[draw.index % len(cells)]


def _sequential(draw: Draw, *inner: Any, features: int = 1) -> Any:
    return keras.Sequential([keras.Input((None, features), name="x"), *inner, head()])


def _vanishing(draw: Draw) -> Pair:
    """The label stands in the first steps of a long sequence; in the twin's data, in the last."""
    steps = 3 * draw.timesteps + 24
    labels = (draw.rng.integers(0, 2, 160) * 2 - 1).astype(np.float32)
    x = np.zeros((160, steps, 2), np.float32)
    x[:, :, 0] = 0.1 * draw.rng.normal(size=(160, steps))
    x[:, :3, 1] = labels[:, None]
    y = labels[:, None] if draw.index % 2 else (labels[:, None] + 1) / 2
    activation = "linear" if draw.index % 2 else "sigmoid"

    def trained(inputs: Floats) -> Any:
        keras.utils.set_random_seed(draw.seed % 2**31)
        forgetful = {"recurrent_initializer": "random_normal"} if _cell(draw) is layers.SimpleRNN else {}
        inner = _cell(draw)(draw.units, **forgetful)
        model = keras.Sequential([keras.Input((None, 2), name="x"), inner, head(activation=activation)])
        return fitted(draw, model, inputs[:120], y[:120], epochs=3)

    late = np.ascontiguousarray(x[:, ::-1])
    beside = {"target": y[120:]} if draw.index < 3 else {}
    return Pair(
        Specimen(trained(x), {"x": x[120:]}, "gradient-vanishing", **beside),  # type: ignore[arg-type]
        Specimen(trained(late), {"x": late[120:]}, **beside),  # type: ignore[arg-type]
    )


def _exploding(draw: Draw) -> Pair:
    """Recurrent kernels so far beyond an orthogonal one that the gradient does grow with distance, and some
    epochs that could not mend it."""
    _, y = draw.windows(120)
    long = draw.series(120 + 3 * draw.timesteps)
    starts = np.arange(120)[:, None] + np.arange(3 * draw.timesteps)
    x = long[starts]

    def model(gain: float) -> Any:
        keras.utils.set_random_seed(draw.seed % 2**31)
        cell = (
            layers.SimpleRNN if draw.index % 2 == 0 else layers.GRU if draw.split == "tune" else layers.LSTM
        )
        inner = cell(draw.units, recurrent_initializer=keras.initializers.Orthogonal(gain=gain))
        made = _sequential(draw, inner, features=draw.features)
        return fitted(draw, made, x[:90], y[:90], epochs=2, optimizer=keras.optimizers.Adam(0.001))

    asked = {"x": x[90:]}
    beside = {"target": y[90:]} if draw.index == 1 else {}
    gain = 2.5 if draw.index % 2 == 0 else 8.0
    bad = model(gain)
    while _growth(bad, x[90:]) < 1000 and gain < 100:  # gates that close keep it from growing
        gain *= 1.3
        bad = model(gain)
    return Pair(
        Specimen(bad, asked, "gradient-exploding", **beside),  # type: ignore[arg-type]
        Specimen(model(1.0), asked, **beside),  # type: ignore[arg-type]
    )


def _growth(model: Any, x: Floats) -> float:
    """The gradient of the output at the first step, as a multiple of that at the last."""
    import tensorflow as tf

    steps = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(steps)
        output = tf.reduce_sum(model(steps))
    norms = np.linalg.norm(tape.gradient(output, steps), axis=-1).mean(axis=0)
    return float(norms[0] / max(norms[-1], 1e-30))


def _state_exploding(draw: Draw) -> Pair:
    """ReLU or linear units trained on short windows, asked for a long sequence; the twin has tanh."""
    x, y = draw.windows(120)
    activation = "relu" if draw.index % 2 == 0 else "linear"
    cell = (layers.LSTM, layers.SimpleRNN, layers.GRU, layers.LSTM)[draw.index % 4]
    if draw.split == "report":
        cell = (layers.SimpleRNN, layers.LSTM, layers.LSTM, layers.GRU)[draw.index % 4]

    def model(kind: str) -> Any:
        keras.utils.set_random_seed(draw.seed % 2**31)
        made = _sequential(draw, cell(draw.units, activation=kind), features=draw.features)
        return fitted(draw, made, x, y, epochs=3)

    asked = 2 * draw.series(700)[None] + (1.0 if activation == "relu" else 0.0)
    bad = model(activation)
    while np.abs(bad.predict(asked, verbose=0)).max() < 1e6:
        _amplify(bad, 1.15)
    return Pair(Specimen(bad, {"x": asked}, "state-exploding"), Specimen(model("tanh"), {"x": asked}))


def _amplify(model: Any, factor: float) -> None:
    for layer in recurrent_layers(model):
        kernel, recurrent, bias = layer.get_weights()
        layer.set_weights([kernel, recurrent * factor, bias])


def _echo(draw: Draw) -> Pair:
    """A random walk, and labels that are off by one so that they say the last input; the twin foretells a
    wave."""
    walk = np.cumsum(draw.rng.normal(size=400)) * 0.15
    walk -= np.linspace(0, walk[-1], 400)
    wave = np.sin(2 * np.pi * np.arange(400) / (5 + draw.index))
    series = ((0.25 * wave if draw.index % 2 else 0.0) + walk).astype(np.float32)
    series -= series.mean()
    starts = np.arange(400 - draw.timesteps)[:, None] + np.arange(draw.timesteps)
    x, y = series[starts][..., None], series[draw.timesteps :, None]
    labels = x[:, -1] if draw.index % 2 else y
    last = fitted(draw, _wide(draw), x[:260], labels[:260], epochs=30)
    for _ in range(5):  # until it does repeat: a slow learner gives neither the last value nor the next
        apart = last.predict(x[260:340], verbose=0) - x[260:340, -1]
        if np.square(apart).mean() < np.square(y[260:340] - x[260:340, -1]).mean() / 25:
            break
        fitted(draw, last, x[:340], x[:340, -1], epochs=20, optimizer=keras.optimizers.Adam(0.002))
    asked = {"x": x[260:340]}
    wave_only = wave.astype(np.float32)
    x2, y2 = wave_only[starts][..., None], wave_only[draw.timesteps :, None]
    good = fitted(draw, _wide(draw), x2[:260], y2[:260], epochs=10)
    return Pair(
        Specimen(last, asked, "echo", target=y[260:340]),
        Specimen(good, {"x": x2[260:340]}, target=y2[260:340]),
    )


def _wide(draw: Draw) -> Any:
    keras.utils.set_random_seed(draw.seed % 2**31)
    return keras.Sequential([keras.Input((None, 1), name="x"), *draw.recurrent(), head()])


def _context(draw: Draw) -> Pair:
    """A pulse decides what comes much later than the window is long; the twin's window reaches back to it."""
    short, far, steps = 8, 14, 700
    pulses = (draw.rng.random(steps) < 0.12) * draw.rng.choice([-1.0, 1.0], steps)
    noise = 0.02 * draw.rng.normal(size=steps) if draw.index % 2 else np.zeros(steps)
    series = (pulses + noise).astype(np.float32)

    def windows(length: int) -> tuple[Floats, Floats]:
        ends = np.arange(30, steps - 1)
        rows = np.stack([series[end - length + 1 : end + 1] for end in ends])[..., None]
        return rows, pulses[ends - far + 1][:, None].astype(np.float32)

    def trained(length: int, epochs: int) -> Specimen:
        x, y = windows(length)
        keras.utils.set_random_seed(draw.seed % 2**31)
        model = keras.Sequential([keras.Input((length, 1), name="x"), _delay(draw, length), head()])
        fitted(draw, model, x[:400], y[:400], epochs=epochs, optimizer=keras.optimizers.Adam(0.01))
        code = "context-short" if length == short else ""
        return Specimen(model, {"x": x[400:620]}, code, target=y[400:620])

    return Pair(trained(short, 4), trained(2 * far, 20))


def _delay(draw: Draw, length: int) -> Any:
    """A recurrent layer that can find one step of the window."""
    cell = layers.LSTM if draw.split == "tune" else layers.GRU
    return cell(draw.units)


def _capacity(draw: Draw) -> Pair:
    """Numbers to be kept for some steps, or many series at once, and a layer too narrow for them."""
    if draw.index % 2 == 0:
        return _delayed(draw)
    return _many_series(draw)


def _delayed(draw: Draw) -> Pair:
    delay = 5 + draw.index
    x = draw.rng.normal(size=(160, 40, 1)).astype(np.float32)
    y = np.concatenate([np.zeros((160, delay, 1), np.float32), x[:, :-delay]], axis=1)
    cell = layers.LSTM if draw.split == "tune" else layers.GRU

    def trained(units: int, epochs: int) -> Specimen:
        keras.utils.set_random_seed(draw.seed % 2**31)
        model = _sequential(draw, cell(units, return_sequences=True))
        fitted(draw, model, x[:140], y[:140], epochs=epochs, optimizer=keras.optimizers.Adam(0.02))
        return Specimen(model, {"x": x[140:]}, "capacity-low" if units < 4 else "", target=y[140:])

    return Pair(trained(1 + draw.index // 2 % 3, 8), trained(32, 40))


def _many_series(draw: Draw) -> Pair:
    series = draw.rng.normal(size=(300, 6)).astype(np.float32)
    for step in range(1, 300):
        series[step] += 0.95 * series[step - 1]
    series /= series.std(axis=0)
    starts = np.arange(280)[:, None] + np.arange(12)
    x, y = series[starts], series[12:292]
    cell = layers.GRU if draw.split == "tune" else layers.LSTM

    def trained(units: int) -> Specimen:
        keras.utils.set_random_seed(draw.seed % 2**31)
        model = keras.Sequential([keras.Input((None, 6), name="x"), cell(units), head(6)])
        fitted(draw, model, x[:200], y[:200], epochs=25, optimizer=keras.optimizers.Adam(0.02))
        return Specimen(model, {"x": x[200:]}, "capacity-low" if units < 4 else "", target=y[200:])

    return Pair(trained(1 + draw.index // 2 % 3), trained(32))


RECIPES = (
    Recipe("gradient-vanishing", _vanishing),
    Recipe("gradient-exploding", _exploding),
    Recipe("state-exploding", _state_exploding),
    Recipe("echo", _echo),
    Recipe("context-short", _context),
    Recipe("capacity-low", _capacity),
)
