"""Data as a `tf.data.Dataset` that tells which batch is pulled, and that nobody pulls ahead of the training.

TensorFlow is asked for by name when a training begins, by whom has it already: importing this brings nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from lstm_tui.flight_recorder.batches import ArrayBatches, IndexedBatches, IteratedBatches

#: Called with each batch that is pulled, and the rows that it is made of where they are known.
Note = Callable[[Any, list[int] | None], None]
Source = ArrayBatches | IndexedBatches | IteratedBatches


def source_of(
    x: Any, y: Any, sample_weight: Any, *, batch_size: int, shuffle: bool, seed: int | None
) -> Source:
    """Whatever `fit` takes for `x`, as batches. Raises TypeError for what cannot be iterated."""
    keras = importlib.import_module("keras")
    if y is not None or _is_arrays(x):
        parts = tuple(part for part in (x, y, sample_weight) if part is not None)
        floatx = str(keras.config.floatx())
        return ArrayBatches(parts, batch_size=batch_size, shuffle=shuffle, seed=seed, floatx=floatx)
    if hasattr(x, "element_spec") or isinstance(x, list):
        return IteratedBatches(x)
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return IndexedBatches(x, shuffle=shuffle, seed=seed)
    if not hasattr(x, "__iter__"):
        raise TypeError(f"data takes arrays, a dataset or an iterable of batches, not {type(x).__name__}")
    return IteratedBatches(x)


def _is_arrays(x: Any) -> bool:
    if isinstance(x, dict):
        return True
    return hasattr(x, "shape") and hasattr(x, "dtype")


def dataset_of(source: Source, note: Note, spec: Any = None) -> Any:
    """The batches of `source` as a dataset; `note` sees each one as it is pulled.

    spec: of its elements; None looks at the first two batches, as Keras does.
    """
    tf: Any = importlib.import_module("tensorflow")

    def pulled() -> Iterator[Any]:
        for batch, rows in source:
            note(batch, rows)
            yield tuple(batch) if isinstance(batch, list) else batch

    signature = spec if spec is not None else _signature(tf, source)
    dataset = tf.data.Dataset.from_generator(pulled, output_signature=signature)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    options.experimental_optimization.inject_prefetch = False
    dataset = dataset.with_options(options)
    if isinstance(source, IteratedBatches):
        return dataset
    return dataset.apply(tf.data.experimental.assert_cardinality(len(source)))


def _signature(tf: Any, source: Source) -> Any:
    first = [batch for batch, _ in islice(iter(source), 2)]
    fixed = isinstance(source, ArrayBatches) and source.equal_sizes
    return tf.nest.map_structure(
        lambda *values: tf.TensorSpec(_common(values, fixed), tf.as_dtype(values[0].dtype)),
        *(_arrays(tf, tuple(batch) if isinstance(batch, list) else batch) for batch in first),
    )


def _arrays(tf: Any, batch: Any) -> Any:
    return tf.nest.map_structure(
        lambda value: value if hasattr(value, "dtype") else tf.constant(value), batch
    )


def _common(values: tuple[Any, ...], fixed: bool) -> list[int | None]:
    """The shape that all have in common, the batch free unless all batches are of one size."""
    shapes = [tuple(value.shape) for value in values]
    common = [sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*shapes, strict=True)]
    return common if fixed or not common else [None, *common[1:]]
