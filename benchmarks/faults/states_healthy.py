"""Healthy models and calls on which a careless rule about states would fire: states that are carried, put
back, reset or left alone because that is right, and layers of chance that are off."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from benchmarks.faults.draws import Draw, Floats, used
from benchmarks.faults.specimen import HealthyRecipe, Specimen
from benchmarks.faults.states import chunks, each, jumps, stateful, stateless
from benchmarks.faults.states_training import pieces
from lstm_tui.recurrent.calls import (
    Call,
    CallModel,
    Fit,
    Generate,
    Predict,
    Reload,
    ResetStates,
    StateReset,
    Stream,
    Threads,
)


def _noisy_stream(draw: Draw) -> Specimen:
    """A stream of measurements that are mostly noise: hardly anything foretells the next step."""
    series = draw.rng.normal(size=(1, 6 * draw.timesteps, draw.features)).astype(np.float32)
    parts = np.split(series, 6, axis=1)
    return Specimen(stateful(draw, return_sequences=draw.index % 2 == 0), {"x": parts[0]}, calls=each(parts))


def _walk(draw: Draw) -> Specimen:
    """A random walk in pieces, which wanders off and never comes back."""
    moves = draw.rng.normal(0, 0.3, (6 * draw.timesteps, draw.features))
    parts = np.split(np.cumsum(moves, axis=0)[None].astype(np.float32), 6, axis=1)
    return Specimen(stateful(draw), {"x": parts[0]}, calls=each(parts))


def _jumps(draw: Draw) -> Specimen:
    """A stream that changes its level at once now and then, and as it happens where two pieces meet."""
    series = draw.series(8 * draw.timesteps) + 3 * jumps(draw, 8 * draw.timesteps, at=3 * draw.timesteps)
    parts = np.split(series[None].astype(np.float32), 8, axis=1)
    return Specimen(stateful(draw), {"x": parts[0]}, calls=each(parts))


def _periodic(draw: Draw) -> Specimen:
    """A cycle that repeats itself exactly, one cycle a call: equal pieces that follow each other."""
    angle = 2 * np.pi * np.arange(draw.timesteps)[:, None] / draw.timesteps + np.arange(draw.features)
    cycle = np.sin(angle)[None].astype(np.float32)
    return Specimen(stateful(draw), {"x": cycle}, calls=(*each([cycle.copy() for _ in range(4)]),))


def _single_steps(draw: Draw) -> Specimen:
    """One step a call, as a sensor sends it."""
    parts = np.split(draw.series(24)[None], 24, axis=1)
    return Specimen(stateful(draw), {"x": parts[0]}, calls=(ResetStates(), *each(parts)))


def _streamed(draw: Draw) -> Specimen:
    """The same sequence at once and one step a call, with a reset before each."""
    x = draw.series(draw.timesteps)[None]
    calls = (ResetStates(), Predict(), ResetStates(), Stream())
    return Specimen(stateful(draw, return_sequences=draw.index % 2 == 0), {"x": x}, calls=calls)


def _aligned_rows(draw: Draw) -> Specimen:
    """Rows of several long series, each row continued by the same row of the next batch, call by call."""
    batch = 2 + draw.index % 3
    rows, _ = pieces(draw, batch, 4)
    whole = Predict({"x": rows[: 2 * batch]}, batch_size=batch)
    rest = [Predict({"x": rows[k * batch :][:batch]}, batch_size=batch) for k in (2, 3)]
    return Specimen(stateful(draw, batch=batch), {"x": rows[:batch]}, calls=(whole, *rest))


def _states_put_back(draw: Draw) -> Specimen:
    """Two streams in turn, each with its own states put back before its next piece."""
    model = stateful(draw, return_sequences=True)
    one, other = chunks(draw, 3), [chunk + 1.5 for chunk in chunks(draw, 3, seed=1)]
    kept = [_states_after(model, stream) for stream in (one, other)]
    calls: list[Call] = []
    for number in range(3):
        for stream, states in zip((one, other), kept, strict=True):
            put = StateReset(to="saved", saved=states[number - 1]) if number else None
            calls += [ResetStates(to=put), Predict({"x": stream[number]})]
    return Specimen(model, {"x": one[0]}, calls=tuple(calls))


def _states_after(model: Any, stream: list[Floats]) -> list[dict[str, Floats]]:
    """States by `layer/state` after each piece, from zero; the model is left as it was."""
    recurrent = [layer for layer in model.layers if getattr(layer, "stateful", False)]
    found = []
    for piece in stream:
        model.predict(piece, verbose=0)
        found.append(
            {
                f"{layer.name}/{name}": np.array(state)
                for layer in recurrent
                for name, state in zip("hc", layer.states, strict=False)
            }
        )
    for layer in recurrent:
        layer.reset_state()
    return found


def _new_after_reload(draw: Draw) -> Specimen:
    """A restart between two sequences that have nothing to do with each other, resets on either side."""
    one, other = chunks(draw, 1)[0], chunks(draw, 1, seed=1)[0] + 2
    calls = (*each([one]), ResetStates(), Reload(), *each([other]), ResetStates(), *each([one.copy()]))
    return Specimen(stateful(draw, return_sequences=True), {"x": one}, calls=calls)


def _warm_start(draw: Draw) -> Specimen:
    """The same sequence from zero and from a state that was chosen: other outputs, on purpose."""
    x = draw.series(draw.timesteps)[None]
    calls = (ResetStates(), Predict(), ResetStates(to=StateReset(to="random", seed=3)), Predict())
    return Specimen(stateful(draw), {"x": x}, calls=calls)


def _generated(draw: Draw) -> Specimen:
    """A window warms the state up, then one step at a time is fed back: each is read once."""
    warm = draw.series(draw.timesteps)[None]
    model = stateful(draw, trained=draw.index % 2 == 0)
    return Specimen(model, {"x": warm[:, -1:]}, calls=(ResetStates(), *each([warm[:, :-1]]), Generate(5)))


def _overlapping_windows(draw: Draw) -> Specimen:
    """Windows that overlap, into a model that keeps nothing: read anew each time, and rightly so."""
    x, _ = draw.windows(24)
    model = stateless(draw, stateful(draw))
    calls = (Predict(batch_size=6), Predict(batch_size=6, reversed_order=True), *each([x[:1], x[1:2]]))
    return Specimen(model, {"x": x}, calls=calls)


def _fit_in_order(draw: Draw) -> Specimen:
    """Rows that continue each other, trained in their order; then a new sequence from zero."""
    batch = 1 + draw.index % 2
    x, y = pieces(draw, batch, 8)
    fit = Fit(y, batch_size=batch, shuffle=False)
    calls = (fit, ResetStates(), Predict({"x": x[:batch]}, batch_size=batch))
    return Specimen(stateful(draw, batch=batch), {"x": x}, calls=calls)


def _fit_shuffled(draw: Draw) -> Specimen:
    """The default of fit with validation, on independent windows, in a model that keeps nothing."""
    x, y = draw.windows(48)
    model = stateless(draw, stateful(draw))
    fit = Fit(y[:32], epochs=2, batch_size=8, validation=({"x": x[32:]}, y[32:]))
    return Specimen(model, {"x": x[:32]}, calls=(fit, Predict(), Predict()))


def _evaluated_after(draw: Draw) -> Specimen:
    """A stateful model trained for one epoch and validated at its end, with a reset before anything else."""
    x, y = pieces(draw, 1, 8)
    fit = Fit(y[:6], epochs=1, batch_size=1, shuffle=False, validation=({"x": x[6:]}, y[6:]))
    calls = (fit, ResetStates(), Predict({"x": x[:1]}))
    return Specimen(stateful(draw), {"x": x[:6]}, calls=calls)


def _threads(draw: Draw) -> Specimen:
    """Threads on a model that keeps nothing to share."""
    x = {"x": draw.series(draw.timesteps)[None]}
    return Specimen(stateless(draw, stateful(draw)), x, calls=(Threads(3, (Predict(), Predict())),))


def _random_layers_off(draw: Draw) -> Specimen:
    """Noise and dropout of several kinds, in calls that leave them off."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    entry = keras.Input((None, draw.features), name="x")
    hidden = layers.GaussianNoise(0.2)(entry)
    hidden = layers.LSTM(draw.units, recurrent_dropout=0.2, return_sequences=True)(hidden)
    hidden = layers.GRU(draw.units, dropout=0.2)(layers.SpatialDropout1D(0.2)(hidden))
    model = used(keras.Model(entry, layers.Dense(1)(layers.Dropout(0.5)(hidden))), draw.seed)
    x, _ = draw.windows(5)
    calls = ((Predict(), Predict()), (CallModel(), CallModel(training=False)))[draw.index % 2]
    return Specimen(model, {"x": x}, calls=calls)


def _moving_statistics(draw: Draw) -> Specimen:
    """BatchNormalization at inference, its statistics arrived: the same rows alone and in company."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    entry = keras.Input((None, draw.features), name="x")
    hidden = layers.BatchNormalization(momentum=0.5)(layers.LSTM(draw.units, return_sequences=True)(entry))
    model = keras.Model(entry, layers.Dense(1)(layers.GRU(draw.units)(hidden)))
    x, y = draw.windows(96)
    draw.trained(model, x, y, epochs=4)
    calls = (Predict(), Predict(rows=(0,)), CallModel(training=False))
    return Specimen(model, {"x": x[:6]}, calls=calls)


def _encoder_decoder(draw: Draw) -> Specimen:
    """A decoder that begins with the encoder's states, and keeps none of its own."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    entry = keras.Input((None, draw.features), name="x")
    _, *states = layers.LSTM(draw.units, return_state=True)(entry)
    hidden = layers.LSTM(draw.units, return_sequences=True)(entry, initial_state=states)
    model = used(keras.Model(entry, layers.Dense(1)(hidden)), draw.seed)
    x, _ = draw.windows(4)
    return Specimen(model, {"x": x}, calls=(Predict(), Predict()))


def _forgets_at_once(draw: Draw) -> Specimen:
    """A stateful model whose forget gates are shut: what a call leaves is gone before it matters."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    lstm = layers.LSTM(draw.units, stateful=True, name="memory")
    entry = keras.Input((None, draw.features), batch_size=1, name="x")
    model = used(keras.Sequential([entry, lstm, layers.Dense(1)]), draw.seed)
    kernel, recurrent, bias = lstm.get_weights()
    bias[draw.units : 2 * draw.units] = -9
    lstm.set_weights([kernel, recurrent * 0.05, bias])
    x = draw.series(draw.timesteps)[None]
    return Specimen(model, {"x": x}, calls=(Predict(), Predict(), Predict()))


def _tokens(draw: Draw) -> Specimen:
    """A text read on in pieces of tokens, as a language model of one user does."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    cell = layers.LSTM if draw.index % 2 else layers.GRU
    entry = keras.Input((None,), batch_size=1, dtype="int32", name="x")
    hidden = cell(draw.units, stateful=True, return_sequences=True)(layers.Embedding(30, 8)(entry))
    model = used(keras.Model(entry, layers.Dense(30, activation="softmax")(hidden)), draw.seed)
    ids = draw.rng.integers(0, 30, (1, 4 * draw.timesteps)).astype(np.int32)
    parts = np.split(ids, 4, axis=1)
    return Specimen(model, {"x": parts[0]}, calls=tuple(Predict({"x": part}) for part in parts))


RECIPES = tuple(
    HealthyRecipe(f"state-{make.__name__.strip('_').replace('_', '-')}", make)
    for make in (
        _noisy_stream, _walk, _jumps, _periodic, _single_steps, _streamed, _aligned_rows, _states_put_back,
        _new_after_reload, _warm_start, _generated, _overlapping_windows, _fit_in_order, _fit_shuffled,
        _evaluated_after, _threads, _random_layers_off, _moving_statistics, _encoder_decoder,
        _forgets_at_once, _tokens,
    )
)  # fmt: skip
