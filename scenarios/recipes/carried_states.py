"""Question 4 as well: states that are kept and never read, read by another sequence, or go to another row."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from recipes import data
from recipes.learning import learn, rebuilt, stack
from recipes.shelf import Shelf

FOLDER = "4-same-input-but-another-prediction"


def level_handed_in(shelf: Shelf) -> None:
    """A stateful layer is given an initial state in every call: the state that it keeps is never read."""
    plain, model = _tank_model(None, stateful=False), _tank_model(1, stateful=True)
    flows, level = _tanks(range(0, 500))
    learn(plain, flows, level, epochs=30)
    model.set_weights(plain.get_weights())
    shelf.lay_model(model)
    flows, level = _tanks(range(500, 540))
    filled = int((level[:, 17] - flows["at_first"])[:20].argmax())
    asked = {name: array[filled : filled + 1] for name, array in flows.items()}
    now = asked | {"flow": asked["flow"][:, 18:]}
    shelf.lay_archive(asked | {"flow": asked["flow"][:, :18]}, "hours-before")
    shelf.lay_archive(now)
    shelf.lay_archive(now | {"at_first": level[filled : filled + 1, 17]}, "level-by-then")
    shelf.lay_prediction([now["at_first"], now["flow"]])
    shelf.lay_array(level[filled : filled + 1, 18:], "target")


def _tanks(seeds: range) -> tuple[dict[str, data.Array], data.Array]:
    """Levels at first `(tanks, 1)`, what flows in and out `(tanks, 36, 1)`, levels `(tanks, 36, 1)`."""
    at_first = np.random.default_rng(seeds.start).uniform(-1, 1, (len(seeds), 1)).astype(np.float32)
    flow = np.stack([data.autoregressive(36, seed, keep=0.9, noise=0.5) for seed in seeds])
    level = at_first + 0.05 * np.cumsum(flow, axis=1)
    return {"at_first": at_first, "flow": flow[:, :, None]}, level[:, :, None].astype(np.float32)


def _tank_model(batch: int | None, *, stateful: bool) -> keras.Model:
    at_first = keras.Input((1,), batch_size=batch, name="at_first")
    flow = keras.Input((None, 1), batch_size=batch, name="flow")
    begin = layers.Dense(10, activation="tanh", name="begin")(at_first)
    tank = layers.GRU(10, return_sequences=True, stateful=stateful, name="tank")(flow, initial_state=begin)
    return keras.Model([at_first, flow], layers.Dense(1, name="level")(tank))


def two_stations(shelf: Shelf) -> None:
    """Two weather stations in turn through one state: each goes on from what the other has left."""
    shelf.lay_model(rebuilt(_warmth_model(seed=53), batch=1))
    valley, ridge = _station(96, 54, usual=0.9), _station(96, 55, usual=-0.9)
    earlier = {
        f"{place}-{number}": series[None, days, None]
        for number, days in ((1, slice(0, 72)), (2, slice(72, 84)))
        for place, series in (("valley", valley), ("ridge", ridge))
    }
    served = shelf.stored_model()
    for name, days in earlier.items():
        shelf.lay_array(days, name)
        served.predict(days, verbose=0)
    newest = valley[None, 84:, None]
    shelf.lay_array(newest)
    shelf.lay_expected(served.predict(newest, verbose=0))
    shelf.lay_array(newest - np.float32(0.9), "target")


def rows_in_file_order(shelf: Shelf) -> None:
    """Windows station by station in batches of four: a row's state goes to a row of another station."""
    shelf.lay_model(rebuilt(_warmth_model(seed=56), batch=4))
    usual = np.array([0.9, -0.9, 0.3, -0.3], np.float32)
    stations = np.stack([_station(96, 60 + place, level) for place, level in enumerate(usual)])
    rows = stations.reshape(32, 12, 1)
    shelf.lay_array(rows)
    shelf.lay_array((stations - usual[:, None]).reshape(32, 12, 1), "target")
    shelf.lay_expected(shelf.stored_model().predict(rows, batch_size=4, verbose=0))


def _warmth_model(seed: int) -> keras.Model:
    """Trained to say by how much a day is warmer than usual at its place, which only earlier days tell."""
    usual = np.random.default_rng(seed).uniform(-1.2, 1.2, 240).astype(np.float32)
    warmth = np.stack([_station(120, 1000 * seed + row, level) for row, level in enumerate(usual)])
    model = stack(
        layers.GRU(12, return_sequences=True, name="gru"),
        layers.Dense(1, name="warmer_than_usual"),
        inputs=(None, 1),
    )
    return learn(model, warmth[:, :, None], (warmth - usual[:, None])[:, :, None], epochs=20)


def _station(days: int, seed: int, usual: float) -> data.Array:
    """Daily temperature `(days,)` in tens of °C, around what is usual there: weather that lasts some days."""
    return usual + data.autoregressive(days, seed, keep=0.75, noise=0.18)


RECIPES = {
    "level-handed-in": level_handed_in,
    "two-stations": two_stations,
    "rows-in-file-order": rows_in_file_order,
}
