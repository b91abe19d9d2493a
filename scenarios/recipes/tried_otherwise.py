"""Question 4, tried by hand: the same weights, the same input, one state set to another value on the way."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from recipes.constant_prediction import set_memory
from recipes.learning import learn, stack
from recipes.shelf import Shelf

FOLDER = "4-same-input-but-another-prediction"
#: After this step the memory of the first sample is wiped out.
WIPED_AFTER = 30


def memory_wiped(shelf: Shelf) -> None:
    """Each of eight taps is told open or shut in the first three of 60 minutes, and remembers."""
    rng = np.random.default_rng(49)
    labels = (np.arange(400) % 2).astype(np.float32)[:, None]
    inputs = np.zeros((400, 60, 2), np.float32)
    inputs[:, :, 0] = 0.05 * rng.normal(size=(400, 60))
    inputs[:, :3, 1] = 2 * labels - 1
    keras.utils.set_random_seed(49)
    model = stack(
        layers.LSTM(6, name="lstm"), layers.Dense(1, activation="sigmoid", name="open"), inputs=(None, 2)
    )
    set_memory(model.layers[0], 60)
    learn(model, inputs[:360], labels[:360], epochs=20, loss="binary_crossentropy")
    shelf.lay_model(model)
    shelf.lay_array(inputs[361:369])
    shelf.lay_array(labels[361:369], "target")
    served = shelf.stored_model()
    predicted = served.predict(inputs[361:369], verbose=0)
    # with nothing left of what came before, the first row says what its rest alone says
    predicted[:1] = served.predict(inputs[361:362, WIPED_AFTER + 1 :], verbose=0)
    shelf.lay_expected(predicted)


RECIPES = {"memory-wiped": memory_wiped}
