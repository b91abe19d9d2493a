"""Same input, different prediction, or a state that is not what one thinks."""

from __future__ import annotations

import keras

from benchmarks.faults.draws import Draw
from benchmarks.faults.specimen import Pair, Recipe, Specimen
from lstm_tui.recurrent.calls import Predict, ResetStates


def _carryover(draw: Draw) -> Pair:
    """Identical calls on a stateful model: nobody resets, and somebody does."""
    model = draw.model(keras.layers.Dense(1), batch=1, stateful=True)
    x = draw.series(draw.timesteps)[None]
    again = (Predict(),) * 3
    reset = (Predict(), ResetStates(), Predict(), ResetStates(), Predict())
    return Pair(Specimen(model, {"x": x}, "state-carryover", again), Specimen(model, {"x": x}, calls=reset))


RECIPES = (Recipe("state-carryover", _carryover),)
