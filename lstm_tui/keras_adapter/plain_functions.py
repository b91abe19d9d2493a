"""The hard_sigmoid of Keras 2 in a model that plain Keras 3 reads: by its weights.

clip(0.2x + 0.5) is Keras 3's clip(x/6 + 0.5) of 1.2x. So where the function is applied to what a layer
multiplies and adds up, that layer gets weights 1.2 times as large and the function of Keras 3, and gives the
same up to rounding. What cannot be said so is refused: an Activation layer has no weights, and an LSTM's
`activation` is applied to the cell state as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from lstm_tui.errors import EditError
from lstm_tui.keras_adapter.keras_2_functions import keras_2_hard_sigmoid
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.model_file.redefined import ACTIVATIONS, HARD_SIGMOID, KEPT
from lstm_tui.recurrent.live_layers import Placed

FACTOR = 1.2
#: Which of the cell's gates, in the order of its weights, each function is applied to.
_GATES = {
    ("LSTMCell", "recurrent_activation"): (4, (0, 1, 3)),
    ("ConvLSTMCell", "recurrent_activation"): (4, (0, 1, 3)),
    ("GRUCell", "recurrent_activation"): (3, (0, 1)),
    ("GRUCell", "activation"): (3, (2,)),
    ("SimpleRNNCell", "activation"): (1, (0,)),
}


def kept_layers(loaded: LoadedModel) -> list[str]:
    """Paths of the layers that apply the function of Keras 2."""
    return [place.path for place in loaded.placed if any(_uses(_core(place)))]


def name_plainly(config: Any) -> None:
    """Write Keras 3's function wherever the one of Keras 2 stands, in place."""
    stack = [config]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            for key in ACTIVATIONS:
                function = value.get(key)
                if function == KEPT or (isinstance(function, dict) and function.get("config") == KEPT):
                    value[key] = HARD_SIGMOID
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def scale_weights(original: LoadedModel, plain: LoadedModel) -> None:
    """Give the layers of `plain` the weights that make up for the other function.

    Raises: EditError for a layer whose weights cannot.
    """
    there = {place.path: _core(place) for place in plain.placed}
    for place in original.placed:
        for setting in _uses(_core(place)):
            _scale(there[place.path], setting, place.path)


def _core(place: Placed) -> Any:
    """What multiplies: the cell of a recurrent layer, else the layer."""
    if place.is_rnn and not isinstance(place.layer.cell, keras.layers.StackedRNNCells):
        return place.layer.cell
    return place.layer


def _uses(core: Any) -> Iterator[str]:
    for setting in ACTIVATIONS:
        if getattr(core, setting, None) is keras_2_hard_sigmoid:
            yield setting


def _scale(core: Any, setting: str, path: str) -> None:
    weights = [getattr(core, name, None) for name in ("kernel", "recurrent_kernel", "bias")]
    gates = _GATES.get((type(core).__name__, setting))
    if gates is None and (weights[1] is not None or weights[0] is None or setting != "activation"):
        raise EditError(
            f"{path}: the hard_sigmoid of Keras 2 as its {setting} cannot be said by weights of Keras 3.",
            todo="put Rescaling(1.2) and Activation('hard_sigmoid') in its place in your own code",
        )
    number, chosen = gates or (1, (0,))
    for variable in weights:
        if variable is None:
            continue
        values = np.array(keras.ops.convert_to_numpy(variable))
        parts = np.split(values, number, axis=-1)
        for index in chosen:
            parts[index] *= FACTOR
        variable.assign(np.concatenate(parts, axis=-1))
