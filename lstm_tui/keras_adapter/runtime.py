"""Which Keras this is."""

from __future__ import annotations

import keras
import tensorflow as tf


def versions() -> str:
    """`TensorFlow 2.21.0, Keras 3.15.1`."""
    return f"TensorFlow {tf.__version__}, Keras {keras.__version__}"
