"""TensorFlow's own settings. To be made before the first call: afterwards TensorFlow refuses them."""

from __future__ import annotations

import keras
import tensorflow as tf


def limit_threads(threads: int) -> None:
    """Let TensorFlow use at most this many threads."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def versions() -> str:
    """`TensorFlow 2.21.0, Keras 3.15.1`."""
    return f"TensorFlow {tf.__version__}, Keras {keras.__version__}"
