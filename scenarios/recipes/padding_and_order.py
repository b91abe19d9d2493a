"""Question 2 as well: predictions that mean nothing for padding, masks, order or units of the input."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from recipes import data
from recipes.learning import learn, stack
from recipes.shelf import Shelf

FOLDER = "2-constant-prediction"

#: Real lengths of six runs in a batch that is as long as the longest.
LENGTHS = (60, 41, 35, 52, 28, 44)


def _runs(seed: int) -> tuple[data.Array, data.Array, data.Array]:
    """Whole runs to learn from `(runs, 60, 3)`, whether each is failing, and six to ask about."""
    runs, failing = data.machine_runs(246, 60, seed)
    return runs[:240], failing[:240], runs[240:]


def filled_up(runs: data.Array, steps: int, *, in_front: bool = False) -> data.Array:
    """The last so many steps of each run, `LENGTHS` of them, filled up with zeros to `steps`."""
    filled = np.zeros((len(runs), steps, runs.shape[-1]), np.float32)
    for row, length in enumerate(LENGTHS[: len(runs)]):
        place = slice(-length, None) if in_front else slice(0, length)
        filled[row, place] = runs[row, -length:]
    return filled


def _failing_model(*front: layers.Layer) -> keras.Sequential:
    return stack(
        *front,
        layers.LSTM(10, name="lstm"),
        layers.Dense(1, activation="sigmoid", name="failing"),
        inputs=(None, 3),
    )


def padding_read(shelf: Shelf) -> None:
    """Runs of different length, filled up to the longest with zeros that nothing masks."""
    runs, failing, asked = _runs(seed=40)
    model, masked = _gru_model(), _gru_model(layers.Masking(0.0, name="masking"))
    learn(model, runs, failing, epochs=10, loss="binary_crossentropy")
    shelf.lay_model(model)
    masked.set_weights(model.get_weights())
    shelf.lay_model(masked, "masked")
    padded = filled_up(asked, 60)
    shelf.lay_array(padded)
    shelf.lay_prediction(padded)


def _gru_model(*front: layers.Layer) -> keras.Sequential:
    return stack(
        *front,
        layers.GRU(10, name="gru"),
        layers.Dense(1, activation="sigmoid", name="failing"),
        inputs=(None, 3),
    )


def padded_ahead(shelf: Shelf) -> None:
    """The same, filled up in front and masked: right, and told for information."""
    runs, failing, asked = _runs(seed=41)
    model = _failing_model(layers.Masking(0.0, name="masking"))
    learn(model, runs, failing, epochs=10, loss="binary_crossentropy")
    shelf.lay_model(model)
    shelf.lay_array(filled_up(asked, 60, in_front=True))
    shelf.lay_prediction(filled_up(asked, 60, in_front=True))


def mask_dropped(shelf: Shelf) -> None:
    """Arithmetic between the mask and the LSTM; a Rescaling layer with the same number keeps the mask."""
    runs, failing, asked = _runs(seed=42)
    kept = _failing_model(layers.Masking(0.0, name="masking"), layers.Rescaling(0.1, name="tenth"))
    learn(kept, 10 * runs, failing, epochs=10, loss="binary_crossentropy")
    steps = keras.Input((None, 3), name="sequence")
    hidden = layers.Masking(0.0, name="masking")(steps) * 0.1
    dropped = keras.Model(
        steps,
        layers.Dense(1, activation="sigmoid", name="failing")(layers.LSTM(10, name="lstm")(hidden)),
    )
    dropped.set_weights(kept.get_weights())
    shelf.lay_model(dropped)
    shelf.lay_model(kept, "rescaling")
    padded = 10 * filled_up(asked, 120)
    shelf.lay_array(padded)
    shelf.lay_prediction(padded)


def tail_read(shelf: Shelf) -> None:
    """The model takes the last step of a Bidirectional by a slice; in padded rows it holds zeros."""
    runs, failing, asked = _runs(seed=43)
    steps = keras.Input((None, 3), name="sequence")
    hidden = layers.Masking(0.0, name="masking")(steps)
    both = layers.Bidirectional(layers.LSTM(6, return_sequences=True), name="both")(hidden)
    model = keras.Model(steps, layers.Dense(1, activation="sigmoid", name="failing")(both[:, -1]))
    learn(model, runs, failing, epochs=12, loss="binary_crossentropy")
    shelf.lay_model(model)
    shelf.lay_array(filled_up(asked, 60))
    shelf.lay_array(filled_up(asked, 60, in_front=True), "in-front")
    shelf.lay_prediction(filled_up(asked, 60))


def empty_row(shelf: Shelf) -> None:
    """Two machines without a single reading are asked about with the others."""
    runs, failing, asked = _runs(seed=44)
    model = _failing_model(layers.Masking(0.0, name="masking"))
    learn(model, runs, failing, epochs=10, loss="binary_crossentropy")
    shelf.lay_model(model)
    padded = filled_up(asked, 60)
    padded[[1, 4]] = 0
    shelf.lay_array(padded)
    shelf.lay_prediction(padded)


def dry_days_masked(shelf: Shelf) -> None:
    """A river's level from the rain; Masking skips exactly the days on which it falls."""
    rain, level = _river(rows=300, days=60, seed=45)
    for variant, value in (("", 0.0), ("free-value", -1.0)):
        keras.utils.set_random_seed(45)
        model = stack(
            layers.Masking(value, name="masking"),
            layers.LSTM(10, name="lstm"),
            layers.Dense(1, name="level"),
            inputs=(None, 1),
        )
        learn(model, rain[:280], level[:280], epochs=25)
        shelf.lay_model(model, variant)
    shelf.lay_array(rain[280:288])
    shelf.lay_prediction(rain[280:288])
    shelf.lay_array(level[280:288], "target")


def _river(rows: int, days: int, seed: int) -> tuple[data.Array, data.Array]:
    """Rain a day `(rows, days, 1)`, 0 on dry days, and the level after them `(rows, 1)`: a fifth runs off."""
    rng = np.random.default_rng(seed)
    wet = rng.uniform(0.2, 0.8, (rows, 1, 1))
    rain = np.where(rng.random((rows, days, 1)) < wet, rng.gamma(2.0, 0.5, (rows, days, 1)), 0.0)
    level = np.zeros((rows, 1))
    for day in range(days):
        level = 0.8 * level + rain[:, day]
    return rain.astype(np.float32), (level - 3).astype(np.float32)


def inputs_exchanged(shelf: Shelf) -> None:
    """A list in the wrong order: the load where the temperature belongs, and the other way round."""
    load, _, _ = data.standardised(data.energy_load(1500, seed=46))
    warmth, _, _ = data.standardised(data.daily_temperature(1500, seed=47))
    hourly, target = data.windows(load[:1200], 48)
    daily, _ = data.windows(warmth[:1200], 48)
    a, b = keras.Input((None, 1), name="load"), keras.Input((None, 1), name="warmth")
    hidden = layers.Concatenate(name="both")(
        [layers.GRU(8, name="gru")(a), layers.GRU(4, name="gru_warmth")(b)]
    )
    model = keras.Model([a, b], layers.Dense(1, name="next_hour")(hidden))
    learn(model, [hourly[::3], daily[::3]], target[::3], epochs=15)
    shelf.lay_model(model)
    asked = {"load": data.windows(load[1300:1360], 48)[0], "warmth": data.windows(warmth[1300:1360], 48)[0]}
    shelf.lay_archive({"load": asked["warmth"], "warmth": asked["load"]})
    shelf.lay_archive(asked, "in-order")
    shelf.lay_archive({"load": hourly[::60], "warmth": daily[::60]}, "reference")
    shelf.lay_array(data.windows(load[1300:1360], 48)[1], "target")
    shelf.lay_prediction([asked["warmth"], asked["load"]])


def still_scaled(shelf: Shelf) -> None:
    """Labels were scaled to mean 0 and deviation 1, and nobody turns the predictions back into megawatts."""
    load = data.energy_load(1500, seed=48)
    scaled, mean, deviation = data.standardised(load)
    model = stack(
        layers.LSTM(12, return_sequences=True, name="lstm"),
        layers.Dense(1, name="scaled_load"),
        inputs=(None, 1),
    )
    inputs, target = data.windows_with_targets(scaled[:1200], 72)
    learn(model, inputs[::3], target[::3], epochs=15)
    shelf.lay_model(model)
    shelf.lay_array(scaled[None, 1300:1420, None])
    shelf.lay_prediction(scaled[None, 1300:1420, None])
    shelf.lay_array(load[None, 1301:1421, None], "target")
    shelf.lay_json({"method": "standard", "mean": float(mean[0]), "scale": float(deviation[0])}, "scaler")


RECIPES = {
    "padding-read": padding_read,
    "padded-ahead": padded_ahead,
    "mask-dropped": mask_dropped,
    "tail-read": tail_read,
    "empty-row": empty_row,
    "dry-days-masked": dry_days_masked,
    "inputs-exchanged": inputs_exchanged,
    "still-scaled": still_scaled,
}
