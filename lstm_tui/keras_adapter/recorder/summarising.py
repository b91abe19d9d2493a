"""What is told of a layer's output that is too large to be kept: computed where it is, five numbers leave."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.summary import Summary


def summarised(tensor: Any) -> Any:
    """Lowest, highest and mean of the finite values, how many they are, how many are not: `(5,)`."""
    if not (tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool):
        return tf.zeros(5, tf.float64)
    values = tf.cast(tensor, tf.float64 if tensor.dtype == tf.float64 else tf.float32)
    finite = tf.math.is_finite(values)
    count = tf.math.count_nonzero(finite, dtype=tf.int64)
    inf = values.dtype.as_numpy_dtype("inf")
    numbers = (
        tf.reduce_min(tf.where(finite, values, inf)),
        tf.reduce_max(tf.where(finite, values, -inf)),
        tf.reduce_sum(tf.where(finite, values, 0)) / tf.cast(tf.maximum(count, 1), values.dtype),
        count,
        tf.size(values, out_type=tf.int64) - count,
    )
    return tf.stack([tf.cast(each, tf.float64) for each in numbers])


def summary_from(given: Array) -> Summary:
    """What `summarised` gave, as a value."""
    low, high, mean, count, broken = (float(each) for each in given)
    if not count:
        low = high = mean = float("nan")
    return Summary(low, high, mean, int(count), int(broken))
