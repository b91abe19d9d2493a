"""A layer as users write them, for specimens that need `--custom-objects`."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("faults")
class Halved(keras.layers.Layer):
    """Half of its input, of any shape."""

    def call(self, x: Any) -> Any:
        """`x / 2`."""
        return 0.5 * x


@keras.saving.register_keras_serializable("faults")
def own_loss(target: Any, output: Any) -> Any:
    """A loss that Keras does not know."""
    return keras.ops.mean(keras.ops.abs(target - output), axis=-1)
