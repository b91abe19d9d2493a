"""Question 4: the same input, another prediction."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from recipes import data
from recipes.learning import learn, learn_in_stretches, rebuilt, stack
from recipes.shelf import Shelf

FOLDER = "4-same-input-but-another-prediction"


def carry_over(shelf: Shelf) -> None:
    """A stateful model in a server: each call begins where the one before ended."""
    price, _, _ = data.standardised(data.gold_price(1300, seed=41))
    above_average = price - data.slow_average(price, days=60)
    plain = stack(
        layers.LSTM(12, return_sequences=True, name="lstm_1"),
        layers.LSTM(8, return_sequences=True, name="lstm_2"),
        layers.Dense(1, name="above_average"),
        inputs=(None, 1),
    )
    starts = range(100, 1000, 3)
    learn(
        plain,
        np.stack([price[start : start + 100, None] for start in starts]),
        np.stack([above_average[start : start + 100, None] for start in starts]),
        epochs=15,
    )
    shelf.lay_model(rebuilt(plain, batch=1))
    window = price[None, 1180:1240, None]
    shelf.lay_array(window)
    served = shelf.stored_model()
    shelf.lay_expected([served.predict(window, verbose=0) for _ in range(3)][-1])


def nested_not_reset(shelf: Shelf) -> None:
    """The loop over `model.layers` that everyone writes does not see the LSTM inside the inner model."""
    scaled, _, _ = data.standardised(data.energy_load(1400, seed=42))
    memory = keras.Sequential(
        [
            keras.Input((None, 1), batch_size=1),
            layers.LSTM(12, stateful=True, return_sequences=True, name="lstm"),
        ],
        name="memory",
    )
    model = stack(
        memory,
        layers.GRU(8, stateful=True, name="gru"),
        layers.Dense(1, name="load"),
        inputs=(None, 1),
        batch=1,
    )
    learn_in_stretches(model, scaled[None, :1200, None], stretch=48, rounds=25)
    shelf.lay_model(model)
    window = scaled[None, 1250:1322, None]
    shelf.lay_array(window)
    served = shelf.stored_model()
    served.predict(window, verbose=0)
    served.get_layer("gru").reset_state()  # all that the loop over `model.layers` finds
    shelf.lay_expected(served.predict(window, verbose=0))


def legacy_reset(shelf: Shelf) -> None:
    """`model.reset_states()` is gone in Keras 3; guarded by `hasattr`, it silently does nothing."""
    amounts, level = data.running_totals(rows=400, steps=40, seed=43)
    plain = stack(
        layers.GRU(12, return_sequences=True, name="gru"), layers.Dense(1, name="level"), inputs=(None, 1)
    )
    learn(plain, amounts[:350], level[:350], epochs=25)
    shelf.lay_model(rebuilt(plain, batch=1))
    shelf.lay_json({"instances": amounts[360:361].round(4).tolist()})
    shelf.lay_array(np.cumsum(amounts[360:361].round(4), axis=1), "target")


def dropout_on(shelf: Shelf) -> None:
    """`model(x, training=True)` keeps dropout on: every call drops other units."""
    scaled, _, _ = data.standardised(data.energy_load(1400, seed=44))
    model = stack(
        layers.LSTM(16, return_sequences=True, name="lstm"),
        layers.Dropout(0.3, seed=44, name="dropout"),
        layers.Dense(1, name="load"),
        inputs=(None, 1),
    )
    inputs, target = data.windows_with_targets(scaled[:1200], 72)
    learn(model, inputs[::3], target[::3], epochs=15)
    shelf.lay_model(model)
    shelf.lay_array(scaled[None, 1250:1322, None])
    shelf.lay_array(scaled[None, 1251:1323, None], "target")


def row_order(shelf: Shelf) -> None:
    """Six trucks one after the other through one stateful row: each inherits its neighbour's load."""
    parcels, loaded = data.running_totals(rows=400, steps=30, seed=45)
    plain = stack(layers.LSTM(12, name="lstm"), layers.Dense(1, name="load"), inputs=(None, 1))
    learn(plain, parcels[:350], loaded[:350, -1], epochs=30)
    shelf.lay_model(rebuilt(plain, batch=1))
    trucks = parcels[360:366]
    shelf.lay_array(trucks)
    served = shelf.stored_model()
    served.predict(trucks, batch_size=1, verbose=0)
    served.get_layer("lstm").reset_state()
    shelf.lay_expected(served.predict(trucks[::-1], batch_size=1, verbose=0))
    shelf.lay_array(loaded[360:366, -1], "target")


def state_not_saved(shelf: Shelf) -> None:
    """Warmed up on 200 hours, saved and loaded: the weights are there, what the model remembered is not."""
    scaled, _, _ = data.standardised(data.energy_load(1600, seed=46))
    model = stack(
        layers.GRU(14, stateful=True, name="gru"), layers.Dense(1, name="load"), inputs=(None, 1), batch=1
    )
    learn_in_stretches(model, scaled[None, :1200, None], stretch=48, rounds=25)
    shelf.lay_model(model)
    shelf.lay_array(scaled[None, 1300:1500, None], "earlier-200-hours")
    shelf.lay_array(scaled[None, 1500:1506, None])
    served = shelf.stored_model()
    served.predict(scaled[None, 1300:1500, None], verbose=0)
    shelf.lay_archive({"gru/h": served.get_layer("gru").states[0].numpy()}, "warm")
    shelf.lay_expected(served.predict(scaled[None, 1500:1506, None], verbose=0))
    shelf.lay_array(scaled[None, 1506:1507], "target")


def redefined_gate(shelf: Shelf) -> None:
    """Trained when hard_sigmoid was 0.2x + 0.5: the name in the file means another function today."""
    price, _, _ = data.standardised(data.gold_price(1100, seed=47))
    inputs, target = data.windows_with_targets(price[:900], 60)
    trained, named = (_with_gates(gates) for gates in (_hard_sigmoid_of_keras_2, "hard_sigmoid"))
    learn(trained, inputs[::3], target[::3], epochs=30, rate=0.02)
    named.set_weights(trained.get_weights())
    shelf.lay_old_model(named, lambda config: None, "2.2.4")
    shelf.lay_array(price[None, 940:1060, None])
    shelf.lay_array(price[None, 941:1061, None], "target")
    shelf.lay_expected(trained.predict(price[None, 940:1060, None], verbose=0))


def shared_by_threads(shelf: Shelf) -> None:
    """Each thread resets and predicts, and another one predicts between the two."""
    parcels, loaded = data.running_totals(rows=400, steps=30, seed=48)
    plain = stack(layers.GRU(12, name="gru"), layers.Dense(1, name="load"), inputs=(None, 1))
    learn(plain, parcels[:350], loaded[:350, -1], epochs=30)
    shelf.lay_model(rebuilt(plain, batch=1))
    fullest = 350 + int(loaded[350:, -1].argmax())
    shelf.lay_array(parcels[fullest : fullest + 1])


def stacked_cells(shelf: Shelf) -> None:
    """Two cells in one layer: Keras 3.15 fails in its reset, and nobody sees it inside a try."""
    parcels, loaded = data.running_totals(rows=400, steps=30, seed=49)
    cells = [layers.LSTMCell(8), layers.LSTMCell(8)]
    plain = stack(layers.RNN(cells, name="stack"), layers.Dense(1, name="load"), inputs=(None, 1))
    learn(plain, parcels[:350], loaded[:350, -1], epochs=30)
    shelf.lay_model(rebuilt(plain, batch=1))
    fullest = 350 + int(loaded[350:, -1].argmax())
    shelf.lay_array(parcels[fullest : fullest + 1])
    shelf.lay_array(loaded[fullest : fullest + 1, -1], "target")


def company_counts(shelf: Shelf) -> None:
    """`training=True` makes BatchNormalization use the rows that happen to be asked together."""
    scaled, _, _ = data.standardised(data.energy_load(1400, seed=50))
    model = stack(
        layers.GRU(12, name="gru"),
        layers.BatchNormalization(momentum=0.9, name="norm"),
        layers.Dense(1, name="load"),
        inputs=(None, 1),
    )
    inputs, target = data.windows(scaled[:1200], 48)
    learn(model, inputs[::3], target[::3], epochs=15)
    shelf.lay_model(model)
    newest, following = data.windows(scaled[1250:1306], 48)
    shelf.lay_array(newest[:6])
    shelf.lay_array(following[:6], "target")


def _hard_sigmoid_of_keras_2(x: Any) -> Any:
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def _with_gates(function: Any) -> keras.Model:
    recurrent = layers.LSTM(12, return_sequences=True, recurrent_activation=function, name="lstm")
    return stack(recurrent, layers.Dense(1, name="tomorrow"), inputs=(None, 1))


RECIPES = {
    "carry-over": carry_over,
    "nested-not-reset": nested_not_reset,
    "legacy-reset": legacy_reset,
    "dropout-on": dropout_on,
    "row-order": row_order,
    "state-not-saved": state_not_saved,
    "redefined-gate": redefined_gate,
    "shared-by-threads": shared_by_threads,
    "stacked-cells": stacked_cells,
    "company-counts": company_counts,
}
