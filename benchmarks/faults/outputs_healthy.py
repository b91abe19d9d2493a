"""Healthy models whose outputs look odd: states on purpose, attention, loops that settle or go on, flips."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.draws import Draw, used
from benchmarks.faults.outputs import graph, last_layer, rows_of
from benchmarks.faults.outputs_values import attended, backwards
from benchmarks.faults.specimen import HealthyRecipe, Specimen
from lstm_tui.recurrent.calls import Generate, Predict

layers = keras.layers


def _attention(draw: Draw) -> Specimen:
    """Scores of one unit, softmax over time: the axis is the right one."""
    model = graph(draw, lambda h: attended(draw, h, layers.Dense(1), layers.Softmax(axis=1)))
    return Specimen(model, {"x": rows_of(draw)}, expected_shape=(2, 1))


def _encoder(draw: Draw) -> Specimen:
    """An encoder that gives its states on purpose; nobody said that one output is wanted."""
    return Specimen(graph(draw, last_layer(draw, return_state=True)), {"x": rows_of(draw)})


def _two_tasks(draw: Draw) -> Specimen:
    """Two heads, the second as wide as the recurrent layer; the first has the shape that is wanted."""

    def heads(hidden: Any) -> list[Any]:
        output = last_layer(draw)(hidden)
        return [layers.Dense(1)(output), layers.Dense(draw.units, activation="tanh")(output)]

    return Specimen(graph(draw, heads), {"x": rows_of(draw)}, expected_shape=(2, 1))


def _translation(draw: Draw) -> Specimen:
    """A Bidirectional encoder whose joined states fit a decoder of twice the units; a step each is wanted."""
    source, start = (keras.Input((None, draw.features), name=name) for name in ("source", "start"))
    encoder = layers.Bidirectional(layers.LSTM(draw.units, return_state=True))
    _, fh, fc, bh, bc = encoder(source)
    states = [layers.Concatenate()([fh, bh]), layers.Concatenate()([fc, bc])]
    decoded = layers.LSTM(2 * draw.units, return_sequences=True)(start, initial_state=states)
    model = used(keras.Model([source, start], layers.Dense(3)(decoded)), draw.seed)
    x = rows_of(draw)
    steps = draw.timesteps // 2
    return Specimen(model, {"source": x, "start": x[:, :steps]}, expected_shape=(2, steps, 3))


def _hidden_wanted(draw: Draw) -> Specimen:
    """Hidden states are what is wanted: an encoder for another program, of one half or of both."""
    both = bool(draw.index % 2)
    last = layers.Bidirectional(last_layer(draw)) if both else last_layer(draw)
    return Specimen(graph(draw, last), {"x": rows_of(draw)}, expected_shape=(2, draw.units * (1 + both)))


def _whole_horizon(draw: Draw) -> Specimen:
    """A horizon from one window, as long as the window itself or not."""
    horizon = draw.timesteps if draw.index % 2 else draw.timesteps // 2
    model = draw.model(layers.Dense(horizon), layers.Reshape((horizon, 1)))
    return Specimen(model, {"x": rows_of(draw)}, expected_shape=(2, horizon, 1))


def _plain_softmax(draw: Draw) -> Specimen:
    """A SimpleRNN has no gates: its softmax gives rows that sum to 1."""
    model = graph(draw, layers.SimpleRNN(4, activation="softmax", return_sequences=bool(draw.index % 2)))
    return Specimen(model, {"x": rows_of(draw)})


def _turned_back(draw: Draw) -> Specimen:
    """Read backwards and turned round again: by a flip, or by a second layer that reads backwards."""
    x = draw.windows(128)[0]
    rest = np.cumsum(x[:, ::-1, :1], axis=1)[:, ::-1] / np.arange(draw.timesteps, 0, -1)[None, :, None]
    model = backwards(draw, flip=True)
    if draw.index % 2:
        first = layers.LSTM(draw.units, go_backwards=True, return_sequences=True)
        second = layers.GRU(draw.units, go_backwards=True, return_sequences=True)
        model = keras.Sequential([keras.Input((None, draw.features)), first, second, layers.Dense(1)])
    draw.trained(model, x, np.ascontiguousarray(rest), epochs=8)
    return Specimen(model, {"x": x[-3:]}, target=np.ascontiguousarray(rest[-3:]), tolerated=("echo",))


def _persistent_loop(draw: Draw) -> Specimen:
    """A random walk: the best forecast is the last value, and a loop that stands still is right."""
    walk = np.cumsum(np.random.default_rng(draw.seed).normal(size=(320, 1)) * 0.1, axis=0)
    return _loop(draw, walk.astype(np.float32), epochs=6)


def _quiet_loop(draw: Draw) -> Specimen:
    """Noise around a level: the best forecast of what cannot be foreseen is its mean."""
    return _loop(draw, np.random.default_rng(draw.seed).normal(size=(320, 1)).astype(np.float32), epochs=3)


def _flat_loop(draw: Draw) -> Specimen:
    """A sensor that shows one value, and a loop that goes on with it."""
    return _loop(draw, np.full((200, 1), 0.4, np.float32), epochs=2)


def _loop(draw: Draw, series: Any, *, epochs: int) -> Specimen:
    cut = np.lib.stride_tricks.sliding_window_view(series[:, 0], draw.timesteps + 1)
    x, y = np.ascontiguousarray(cut[:, :-1, None]), np.ascontiguousarray(cut[:, -1:])
    keras.utils.set_random_seed(draw.seed % 2**31)
    model = keras.Sequential([keras.Input((draw.timesteps, 1)), layers.LSTM(draw.units), layers.Dense(1)])
    draw.trained(model, x, y, epochs=epochs)
    return Specimen(model, {"x": x[-1:]}, calls=(Predict(), Generate(30)))


HEALTHY = (
    HealthyRecipe("attention-over-time", _attention),
    HealthyRecipe("encoder-states", _encoder),
    HealthyRecipe("two-tasks", _two_tasks),
    HealthyRecipe("translation", _translation),
    HealthyRecipe("hidden-wanted", _hidden_wanted),
    HealthyRecipe("whole-horizon", _whole_horizon),
    HealthyRecipe("plain-softmax", _plain_softmax),
    HealthyRecipe("turned-back", _turned_back),
    HealthyRecipe("persistent-loop", _persistent_loop),
    HealthyRecipe("quiet-loop", _quiet_loop),
    HealthyRecipe("flat-loop", _flat_loop),
)
