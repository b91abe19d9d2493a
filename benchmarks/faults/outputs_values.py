"""Output is not what was meant, in its values: empty softmax, time turned round, loops that stop."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.draws import Draw, Floats
from benchmarks.faults.outputs import graph, last_layer, rows_of
from benchmarks.faults.specimen import Pair, Recipe, Specimen
from lstm_tui.recurrent.calls import Generate, Predict

layers = keras.layers


def _softmax_single(draw: Draw) -> Pair:
    """A softmax over one unit: in the head, as a layer of its own, at each step, in attention over time."""
    x = rows_of(draw, 4)
    if draw.index % 4 == 1:
        faulty = draw.model(layers.Dense(1), layers.Activation("softmax"))
        healthy = draw.model(layers.Dense(1), layers.Activation("sigmoid"))
    elif draw.index % 4 == 2:
        one, two = (layers.TimeDistributed(layers.Dense(n, activation="softmax")) for n in (1, 2))
        faulty = draw.model(one, return_sequences=True)
        healthy = draw.model(two, return_sequences=True)
    elif draw.index % 4 == 3:
        faulty = graph(draw, lambda h: attended(draw, h, layers.Dense(1, activation="softmax")))
        healthy = graph(draw, lambda h: attended(draw, h, layers.Dense(1), layers.Softmax(axis=1)))
    else:
        faulty = draw.model(layers.Dense(1, activation="softmax"))
        healthy = draw.model(layers.Dense(1, activation="sigmoid"))
    return Pair(Specimen(faulty, {"x": x}, "softmax-single"), Specimen(healthy, {"x": x}))


def attended(draw: Draw, hidden: Any, *scoring: Any) -> Any:
    """A weighted mean of a recurrent layer's steps, weighted by what `scoring` makes of each."""
    steps = scores = last_layer(draw, return_sequences=True)(hidden)
    for layer in scoring:
        scores = layer(scores)
    context = layers.Flatten()(layers.Dot(axes=1)([scores, steps]))
    return layers.Dense(1)(context)


def _recurrent_softmax(draw: Draw) -> Pair:
    """Classes straight out of an LSTM or GRU, in one draw of two at each step; the twin has a head."""
    x, k = rows_of(draw, 4), 3 + draw.index % 4
    steps = bool(draw.index % 2)
    kind = (layers.LSTM, layers.GRU)[draw.index // 2 % 2]
    faulty = graph(draw, kind(k, activation="softmax", return_sequences=steps))
    if draw.index % 2:
        healthy = graph(draw, layers.SimpleRNN(k, activation="softmax", return_sequences=True))
    else:
        healthy = graph(draw, lambda h: layers.Dense(k, activation="softmax")(kind(draw.units)(h)))
    return Pair(Specimen(faulty, {"x": x}, "recurrent-softmax"), Specimen(healthy, {"x": x}))


def _time_reversed(draw: Draw) -> Pair:
    """What is still to come, summed from the end: learnt in processing order, read in the order of time."""
    x = draw.windows(160)[0]
    rest = np.cumsum(x[:, ::-1, :1], axis=1)[:, ::-1] / np.arange(draw.timesteps, 0, -1)[None, :, None]
    learner = backwards(draw, flip=False)
    draw.trained(learner, x, np.ascontiguousarray(rest[:, ::-1]), epochs=15)
    window, truth = x[-4:], rest[-4:]
    faulty = Specimen(learner, {"x": window}, "time-reversed", target=truth)
    if draw.index % 2:
        upright = backwards(draw, flip=True)
        upright.set_weights(learner.get_weights())
        return Pair(faulty, Specimen(upright, {"x": window}, target=truth))
    return Pair(faulty, Specimen(learner, {"x": window}, target=np.ascontiguousarray(truth[:, ::-1])))


def backwards(draw: Draw, *, flip: bool) -> Any:
    """A model that reads from the end and answers at each step, turned round before its head or not."""
    x = keras.Input((None, draw.features), name="x")
    kind = layers.GRU if draw.split == "report" else layers.LSTM
    hidden = kind(draw.units, go_backwards=True, return_sequences=True, name="back")(x)
    if draw.index % 2 == 0 and not flip:
        hidden = layers.Dense(draw.units, activation="tanh")(hidden)
    if flip:
        hidden = keras.ops.flip(hidden, axis=1)
    return keras.Model(x, layers.Dense(1)(hidden))


def _fixed_point(draw: Draw) -> Pair:
    """A loop that dies away on a series that swings on, by a model that was trained too little.

    The twin was trained longer, or its series dies away by itself.
    """
    swinging = _swinging(draw, 400)
    faulty = _looping(draw, swinging, "generation-fixed-point", epochs=2, rate=0.003)
    healthy = _looping(draw, swinging if draw.index % 2 else _settling(draw, 400), "", epochs=12, rate=0.01)
    return Pair(faulty, healthy)


_LOOP = (Predict(), Generate(40))


def _swinging(draw: Draw, steps: int) -> Floats:
    """`(1, steps)`: a wave that never ends, in one draw of two with a second one."""
    time, rng = np.arange(steps), np.random.default_rng(draw.seed + 5)
    wave = np.sin(2 * np.pi * time / rng.uniform(7, 13) + rng.uniform(0, 6))
    if draw.index % 2:
        wave = wave + 0.4 * np.sin(2 * np.pi * time / rng.uniform(3.5, 5))
    noise = 0.05 if draw.split == "tune" else 0.08
    return (wave + noise * rng.normal(size=steps)).astype(np.float32)[None]


def _settling(draw: Draw, steps: int) -> Floats:
    """`(rows, steps)`: waves that die away to a level, each begun anew."""
    rng = np.random.default_rng(draw.seed + 6)
    time = np.arange(draw.timesteps + 6)
    rows = steps // 8
    decay = np.exp(-time / rng.uniform(4, 8))[None]
    phase, size = rng.uniform(0, 6, (rows, 1)), rng.uniform(0.5, 1.5, (rows, 1))
    wave = size * decay * np.sin(2 * np.pi * time[None] / rng.uniform(7, 13) + phase) + 0.3
    return wave.astype(np.float32)


def _looping(draw: Draw, series: Floats, code: str, *, epochs: int, rate: float) -> Specimen:
    """A one-step forecaster of `series` `(rows, steps)`, fed back from its last window."""
    length = draw.timesteps
    cut = np.lib.stride_tricks.sliding_window_view(series, length + 1, axis=1).reshape(-1, length + 1)
    x, y = np.ascontiguousarray(cut[:, :-1, None]), np.ascontiguousarray(cut[:, -1:])
    keras.utils.set_random_seed(draw.seed % 2**31)
    kind = layers.GRU if draw.split == "report" else layers.LSTM
    model = keras.Sequential([keras.Input((length, 1), name="x"), kind(draw.units), layers.Dense(1)])
    draw.trained(model, x, y, epochs=epochs, rate=rate)
    return Specimen(model, {"x": x[-1:]}, code, _LOOP, reference={"x": x[:96]})


RECIPES = (
    Recipe("softmax-single", _softmax_single),
    Recipe("recurrent-softmax", _recurrent_softmax),
    Recipe("time-reversed", _time_reversed),
    Recipe("generation-fixed-point", _fixed_point),
)
