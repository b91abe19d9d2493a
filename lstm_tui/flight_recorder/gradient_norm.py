"""The norm of the gradients of each step, which no callback sees: written down where the optimizer gets them.

The optimizer's `apply` is wrapped on this one instance, for good, and the training function is traced anew
once. The gradients go on unchanged; the norm costs one reduction a step, in the graph.
"""

from __future__ import annotations

import importlib
from typing import Any


class GradientNorm:
    """The global norm of the gradients of the last step, before any clipping."""

    def __init__(self, model: Any) -> None:
        tf: Any = importlib.import_module("tensorflow")
        optimizer = model.optimizer
        self.optimizer = optimizer
        # a loss scale multiplies the gradients: behind it they are what they are
        wrapped = getattr(optimizer, "inner_optimizer", optimizer)
        apply = wrapped.apply
        norm = tf.Variable(0.0, trainable=False, dtype=tf.float32)

        def noting(grads: Any, trainable_variables: Any = None) -> Any:
            there = [tf.cast(each, tf.float32) for each in grads if each is not None]
            norm.assign(tf.linalg.global_norm(there))
            return apply(grads, trainable_variables)

        wrapped.apply = noting
        model.train_function = None
        self._norm = norm

    def read(self) -> float:
        """The norm of the last step."""
        return float(self._norm.numpy())
