"""Output is not what was meant: shapes, states that come out or do not fit, no head, no horizon."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.draws import Draw, used
from benchmarks.faults.specimen import Pair, Recipe, Specimen
from lstm_tui.recurrent.calls import Generate, Predict

layers = keras.layers


def rows_of(draw: Draw, rows: int = 2) -> Any:
    """`(rows, timesteps, features)` of the draw's own series."""
    return draw.windows(rows)[0]


def graph(draw: Draw, build: Any, *, length: int | None = None) -> Any:
    """A functional model: `build` makes its outputs of the draw's recurrent layers, all of them sequences."""
    hidden = x = keras.Input((length, draw.features), name="x")
    for layer in draw.recurrent(return_sequences=True)[:-1]:
        hidden = layer(hidden)
    return used(keras.Model(x, build(hidden)), draw.seed)


def last_layer(draw: Draw, **settings: Any) -> Any:
    """The recurrent layer that ends a model; the kind alternates with the draw."""
    kinds = (layers.LSTM, layers.GRU, layers.SimpleRNN)[: 3 if draw.split == "report" else 2]
    return kinds[draw.index % len(kinds)](draw.units, name="last", **settings)


def _sequence(draw: Draw) -> Pair:
    """return_sequences=True left on: alone, in a Bidirectional, before a TimeDistributed head, nested."""
    x = rows_of(draw)
    head = [layers.Dense(1, name="head")]
    if draw.index % 4 == 2:
        head = [layers.TimeDistributed(layers.Dense(1), name="head")]
    faulty = draw.model(*head, return_sequences=True)
    if draw.index % 4 == 1:
        both = layers.Bidirectional(layers.LSTM(draw.units, return_sequences=True), name="both")
        faulty = graph(draw, lambda hidden: layers.Dense(1)(layers.Dropout(0.2)(both(hidden))))
    if draw.index % 4 == 3:
        inner = keras.Sequential(draw.recurrent(return_sequences=True), name="encoder")
        inner.build((None, None, draw.features))
        faulty = used(keras.Sequential([keras.Input((None, draw.features)), inner, *head]), draw.seed)
    wanted = (len(x), 1)
    if draw.index % 2:
        healthy = draw.model(layers.Dense(1, name="head"))
        return Pair(_wants(faulty, x, wanted, "output-sequence"), _wants(healthy, x, wanted))
    steps = (len(x), draw.timesteps, 1)
    return Pair(_wants(faulty, x, wanted, "output-sequence"), _wants(faulty, x, steps))


def _wants(model: Any, x: Any, shape: tuple[int, ...], code: str = "", **more: Any) -> Specimen:
    inputs = x if isinstance(x, dict) else {"x": x}
    return Specimen(model, inputs, code, expected_shape=shape, **more)


def _last_only(draw: Draw) -> Pair:
    """return_sequences left out where each step should be labelled; in one draw of four two branches join."""
    x, k = rows_of(draw), 3 + draw.index % 3
    softmax = layers.Dense(k, activation="softmax", name="tags")
    faulty = draw.model(softmax)
    if draw.index % 4 == 2:
        branches = [layers.LSTM(draw.units), layers.GRU(draw.units)]
        faulty = graph(draw, lambda h: layers.Dense(k)(layers.Concatenate()([each(h) for each in branches])))
    if draw.index % 4 == 3:
        both = layers.Bidirectional(layers.GRU(draw.units), merge_mode="sum")
        faulty = graph(draw, lambda hidden: layers.Dense(k)(layers.LayerNormalization()(both(hidden))))
    wanted = (len(x), draw.timesteps, k)
    healthy = draw.model(layers.Dense(k, activation="softmax"), return_sequences=True)
    return Pair(_wants(faulty, x, wanted, "output-last-only"), _wants(healthy, x, wanted))


def _states(draw: Draw) -> Pair:
    """return_state=True left over: beside a head, bare, in a Bidirectional, with sequences on as well."""
    x = rows_of(draw)
    wanted: tuple[int, ...] = (len(x), 1)

    def head_and_states(hidden: Any, **settings: Any) -> Any:
        output, *states = last_layer(draw, return_state=True, **settings)(hidden)
        return [layers.Dense(1, name="head")(output), *states]

    def bidirectional(hidden: Any) -> Any:
        both = layers.Bidirectional(layers.LSTM(draw.units, return_state=True), name="both")
        output, *states = both(hidden)
        return [layers.Dense(1, name="head")(output), *states]

    if draw.index % 4 == 0:
        faulty = graph(draw, head_and_states)
    elif draw.index % 4 == 1:
        faulty = graph(draw, bidirectional)
    elif draw.index % 4 == 2:
        faulty, wanted = graph(draw, last_layer(draw, return_state=True)), (len(x), draw.units)
    else:
        faulty = graph(draw, lambda hidden: head_and_states(hidden, return_sequences=True))
        wanted = (len(x), draw.timesteps, 1)
    if draw.index % 2:
        healthy = graph(draw, lambda h: _two_heads(draw, h))
        return Pair(_wants(faulty, x, wanted, "output-states"), _wants(healthy, x, (len(x), 1)))
    head = [layers.Dense(1)] if wanted[-1] == 1 else []
    alone = graph(draw, keras.Sequential([last_layer(draw), *head]))
    return Pair(_wants(faulty, x, wanted, "output-states"), _wants(alone, x, wanted))


def _two_heads(draw: Draw, hidden: Any) -> list[Any]:
    """Two tasks: the second output is as wide as the states and is none."""
    output = last_layer(draw)(hidden)
    return [layers.Dense(1, name="price")(output), layers.Dense(draw.units, name="embedding")(output)]


def _mismatch(draw: Draw) -> Pair:
    """An encoder that hands its states to a decoder of other units, another kind, or from both halves."""
    faulty, healthy = _handing(draw, fits=False), _handing(draw, fits=True)
    x = rows_of(draw)
    inputs = {"source": x, "start": np.ascontiguousarray(x[:, : draw.timesteps // 2])}
    # a GRU that ignores the cell state runs; the others fail
    return Pair(Specimen(faulty, inputs, "states-mismatch"), Specimen(healthy, inputs))


def _handing(draw: Draw, *, fits: bool) -> Any:
    source = keras.Input((None, draw.features), name="source")
    start = keras.Input((None, draw.features), name="start")
    u, variant = draw.units, draw.index % 4
    if variant == 1:  # an LSTM's states for a GRU, or a GRU's for an LSTM
        one, other = (layers.GRU, layers.LSTM) if draw.split == "tune" else (layers.LSTM, layers.GRU)
        _, *states = one(u, return_state=True)(source)
        handed = states[:1] if fits else states
        decoder: Any = (one if fits and one is layers.GRU else layers.GRU if fits else other)(u)
    elif variant == 2:  # both halves' states for one decoder
        _, fh, fc, bh, bc = layers.Bidirectional(layers.LSTM(u, return_state=True))(source)
        joined = [layers.Concatenate()([fh, bh]), layers.Concatenate()([fc, bc])]
        handed, decoder = (joined, layers.LSTM(2 * u)) if fits else ([fh, fc, bh, bc], layers.LSTM(u))
    elif variant == 3:  # joined halves, but a decoder of half their units
        _, fh, bh = layers.Bidirectional(layers.GRU(u, return_state=True))(source)
        handed, decoder = [layers.Concatenate()([fh, bh])], layers.GRU(2 * u if fits else u)
    else:
        _, *states = layers.LSTM(u, return_state=True)(source)
        handed, decoder = states, layers.LSTM(u if fits else u + 4)
    hidden = decoder(start, initial_state=handed if len(handed) > 1 else handed[0])
    return used(keras.Model([source, start], layers.Dense(1)(hidden)), draw.seed)


def _no_head(draw: Draw) -> Pair:
    """The head cut off: bare, behind dropout, a Bidirectional whose halves are joined, a sequence."""
    x = rows_of(draw)
    wanted: tuple[int, ...] = (len(x), 1)
    if draw.index % 4 == 1:
        faulty = draw.model(layers.Dropout(0.3), layers.LayerNormalization())
    elif draw.index % 4 == 2:
        both = layers.Bidirectional(last_layer(draw), name="both")
        faulty, wanted = graph(draw, both), (len(x), draw.units)
    elif draw.index % 4 == 3:
        faulty, wanted = draw.model(return_sequences=True), (len(x), draw.timesteps, 1)
    else:
        faulty = draw.model()
    steps = len(wanted) > 2
    healthy = draw.model(layers.Dense(wanted[-1], name="head"), return_sequences=steps)
    return Pair(_wants(faulty, x, wanted, "no-head"), _wants(healthy, x, wanted))


def _generation(draw: Draw) -> Pair:
    """A trained one-step forecaster where a day is wanted; the twin asks for a step, or feeds back itself."""
    model, x, _ = draw.forecaster(rows=160, epochs=8)
    window, steps = x[-1:], draw.timesteps // 2 + 3
    faulty = _wants(model, window, (1, steps, 1) if draw.index % 2 else (1, steps), "needs-generation")
    if draw.index % 2:
        calls = (Predict(), Generate(steps))
        looped = _wants(model, window, (1, steps, 1), calls=calls, tolerated=("generation-fixed-point",))
        return Pair(faulty, looped)
    return Pair(faulty, _wants(model, window, (1, 1)))


RECIPES = (
    Recipe("output-sequence", _sequence),
    Recipe("output-last-only", _last_only),
    Recipe("output-states", _states),
    Recipe("states-mismatch", _mismatch),
    Recipe("no-head", _no_head),
    Recipe("needs-generation", _generation),
)
