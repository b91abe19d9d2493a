"""Functions of Keras 2 that mean something else in Keras 3, for models whose files mean the old ones."""

from __future__ import annotations

from typing import Any

import keras

from lstm_tui.model_file.redefined import KEPT

_PACKAGE, _, _NAME = KEPT.partition(">")


def keras_2_hard_sigmoid(x: Any) -> Any:
    """clip(0.2x + 0.5, 0, 1), of the shape of `x`: `hard_sigmoid` up to Keras 2.15."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


keras.saving.register_keras_serializable(_PACKAGE, _NAME)(keras_2_hard_sigmoid)
