"""Question 5: must the model be trained again for every new point, sequence or batch size? No."""

from __future__ import annotations

import numpy as np
from keras import layers

from recipes import data
from recipes.learning import fed_back, learn, learn_in_stretches, rebuilt, stack
from recipes.shelf import Shelf

FOLDER = "5-retraining"


def reset_each_point(shelf: Shelf) -> None:
    """Points arrive one by one, and the service resets before each: the model never sees more than one."""
    scaled, _, _ = data.standardised(data.energy_load(1500, seed=51))
    plain = stack(
        layers.LSTM(14, return_sequences=True, name="lstm"), layers.Dense(1, name="load"), inputs=(None, 1)
    )
    inputs, target = data.windows_with_targets(scaled[:1200], 72)
    learn(plain, inputs[::3], target[::3], epochs=30)
    shelf.lay_model(rebuilt(plain, batch=1, return_sequences=False))
    hours = scaled[None, 1300:1372, None]
    shelf.lay_array(hours)
    served = shelf.stored_model()
    shelf.lay_expected(
        np.stack([served.predict(hour, verbose=0) for hour in np.split(hours, 72, axis=1)], axis=1)
    )
    shelf.lay_array(scaled[None, 1301:1373, None], "target")


def patients_mixed(shelf: Shelf) -> None:
    """After one patient's day comes another's, without a reset between: the second inherits the first."""
    fluids, balance = data.running_totals(rows=400, steps=48, seed=52)
    plain = stack(
        layers.GRU(12, return_sequences=True, name="gru"), layers.Dense(1, name="balance"), inputs=(None, 1)
    )
    learn(plain, fluids[:350], balance[:350], epochs=25)
    shelf.lay_model(rebuilt(plain, batch=1))
    first, second = 350 + int(balance[350:, -1].argmax()), 350 + int(np.abs(balance[350:, -1]).argmin())
    shelf.lay_array(fluids[first : first + 1], "patient-before")
    shelf.lay_array(fluids[second : second + 1])
    served = shelf.stored_model()
    served.predict(fluids[first : first + 1], verbose=0)
    shelf.lay_expected(served.predict(fluids[second : second + 1], verbose=0))
    shelf.lay_array(balance[second : second + 1], "target")


def trained_on_32(shelf: Shelf) -> None:
    """Trained 32 rows at a time, needed for one: the weights fit, only the form does not."""
    stations = [data.standardised(data.daily_temperature(460, seed))[0] for seed in range(32)]
    series = np.stack(stations)[:, :, None]
    model = stack(
        layers.LSTM(12, stateful=True, name="lstm"),
        layers.Dense(1, name="tomorrow"),
        inputs=(None, 1),
        batch=32,
    )
    learn_in_stretches(model, series[:, :361], stretch=30, rounds=8)
    shelf.lay_model(model)
    shelf.lay_model(rebuilt(model, batch=1), "batch-of-one")
    one = data.standardised(data.daily_temperature(460, 99))[0]
    shelf.lay_array(one[None, 380:440, None])
    shelf.lay_array(one[None, 440:441], "target")


def fit_each_time(shelf: Shelf) -> None:
    """A fit on the newest window before every prediction: the weights drift after a single day's noise."""
    scaled, _, _ = data.standardised(data.daily_temperature(1500, seed=54))
    model = stack(layers.GRU(10, name="gru"), layers.Dense(1, name="tomorrow"), inputs=(None, 1))
    inputs, target = data.windows(scaled[:1200], 40)
    learn(model, inputs[::2], target[::2], epochs=12)
    shelf.lay_model(model, compiled=True)
    newest, following = data.windows(scaled[1240:1290], 40)
    shelf.lay_array(newest)
    shelf.lay_array(following, "target")


def own_predictions(shelf: Shelf) -> None:
    """No second training for the hours after the next one: the one-step model is fed its own predictions."""
    scaled, _, _ = data.standardised(data.energy_load(1700, seed=55))
    model = stack(layers.LSTM(16, name="lstm"), layers.Dense(1, name="load"), inputs=(None, 1))
    inputs, target = data.windows(scaled[:1400], 72)
    learn(model, inputs[::3], target[::3], epochs=30)
    shelf.lay_model(model)
    shelf.lay_array(scaled[None, 1440:1512, None])
    shelf.lay_expected(fed_back(shelf.stored_model(), scaled[None, 1440:1512, None], steps=24))
    shelf.lay_array(scaled[None, 1512:1536, None], "next-day")


def shuffled_fit(shelf: Shelf) -> None:
    """An update by `fit`, which shuffles: each row is learned from the state of any other."""
    price, _, _ = data.standardised(data.gold_price(1500, seed=56))
    above_average = price - data.slow_average(price, days=60)
    inputs, target = (data.windows(series[:1100], 100)[0] for series in (price, above_average))
    plain = stack(
        layers.GRU(12, return_sequences=True, name="gru"),
        layers.Dense(1, name="above_average"),
        inputs=(None, 1),
    )
    learn(plain, inputs[::3], target[::3], epochs=15)
    model = rebuilt(plain, batch=1)
    model.compile("adam", "mse")
    shelf.lay_model(model, compiled=True)
    pieces = (slice(1100, 1400), slice(1400, 1500))
    (newest, asked), (labels, truth) = (
        [each[piece].reshape(-1, 10, 1) for piece in pieces] for each in (price, above_average)
    )
    shelf.lay_array(newest)
    shelf.lay_array(labels, "labels")
    shelf.lay_array(asked.reshape(1, 100, 1), "next-100-days")
    shelf.lay_array(truth.reshape(1, 100, 1), "target")


RECIPES = {
    "reset-each-point": reset_each_point,
    "patients-mixed": patients_mixed,
    "trained-on-32": trained_on_32,
    "fit-each-time": fit_each_time,
    "own-predictions": own_predictions,
    "shuffled-fit": shuffled_fit,
}
