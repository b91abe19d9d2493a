"""Labels and outputs of different shapes, which the loss broadcasts: values are compared that do not belong
together. Keras squeezes a last axis of 1 first, so that `(batch,)` beside `(batch, 1)` is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place
from lstm_tui.recurrent.calls import Fit
from lstm_tui.recurrent.recording import Array


def _find(case: Case) -> Iterator[Finding]:
    output = _only_output(case)
    if output is None:
        return
    for labels, call in _labels(case):
        if not _are_classes(labels, output) and is_broadcast(labels.shape, _for(labels, output)):
            yield _finding(labels, _for(labels, output), output, call)
            return


def _only_output(case: Case) -> Array | None:
    outputs = list(case.outputs.values())
    if not outputs:
        outputs = list(case.predict().values())
    return outputs[0] if len(outputs) == 1 and outputs[0].ndim else None


def _labels(case: Case) -> Iterator[tuple[Array, int | None]]:
    """Labels of every `fit`, with the number of the call; the target where the wanted shape is known too."""
    for number, call in enumerate(case.plan.calls):
        if isinstance(call, Fit):
            yield call.target, number
    if case.target is not None and case.subject.expected_shape is not None:
        yield case.target, None


def _for(labels: Array, output: Array) -> tuple[int, ...]:
    """The shape of the outputs for as many rows as there are labels, where rows are what is counted."""
    return (len(labels), *output.shape[1:]) if labels.ndim else output.shape


def _are_classes(labels: Array, output: Array) -> bool:
    """Whether labels are class numbers beside probabilities, for sparse_categorical_crossentropy."""
    classes = output.shape[-1]
    if classes < 2 or labels.size == 0 or not np.allclose(output.sum(axis=-1), 1, atol=1e-3):
        return False
    fits = labels.shape[1:] in (output.shape[1:-1], (*output.shape[1:-1], 1))
    return bool(
        fits and np.equal(labels, np.floor(labels)).all() and labels.min() >= 0 and labels.max() < classes
    )


def is_broadcast(labels: tuple[int, ...], outputs: tuple[int, ...]) -> bool:
    """Whether Keras' mean losses stretch one of the shapes `(batch, ...)` to the other."""
    labels, outputs = as_keras_compares(labels, outputs)
    if labels == outputs:
        return False
    try:
        return np.broadcast_shapes(labels, outputs) != ()
    except ValueError:
        return False


def as_keras_compares(
    labels: tuple[int, ...], outputs: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Both shapes after Keras' `squeeze_or_expand_to_same_rank` (3.15): of ranks that differ by one, a last
    axis of 1 is taken from the longer, or given to labels of rank 1."""
    if len(outputs) == len(labels) + 1 and outputs[-1] == 1:
        return ((*labels, 1), outputs) if len(labels) == 1 else (labels, outputs[:-1])
    if len(labels) == len(outputs) + 1 and labels[-1] == 1:
        return (labels, (*outputs, 1)) if len(outputs) == 1 else (labels[:-1], outputs)
    return labels, outputs


def _finding(labels: Array, shape: tuple[int, ...], output: Array, call: int | None) -> Finding:
    compared = np.broadcast_shapes(*as_keras_compares(labels.shape, shape))
    pairs = int(np.prod(compared))
    return Finding(
        code="target-broadcast",
        severity="error",
        summary=f"Labels {shown_shape(labels.shape)} and outputs {shown_shape(shape)} do not match; the loss "
        f"stretches both to {shown_shape(compared)} and compares {pairs} pairs for {labels.size} labels.",
        evidence={
            "labels": labels.shape,
            "outputs": shape,
            "compared_as": compared,
            "pairs": pairs,
            **_losses(labels, output),
        },
        fix=Fix(_remedy(labels.shape, shape), code=_line(labels.shape, shape)),
        place=Place(call=call),
        weight=0.9,
        direct=True,
    )


def _losses(labels: Array, output: Array) -> dict[str, float]:
    """The mean square as Keras takes it, where there is an output for each label."""
    if len(labels) != len(output):
        return {}
    one, other = as_keras_compares(labels.shape, output.shape)
    left, right = labels.reshape(one).astype(np.float64), output.reshape(other).astype(np.float64)
    return {"mean_square_as_compared": float(np.mean(np.square(left - right)))}


def _remedy(labels: tuple[int, ...], outputs: tuple[int, ...]) -> str:
    if len(outputs) > 2 and (len(labels) < 3 or labels[1] == 1):
        return (
            "One label a sequence wants one output a sequence: set return_sequences=False on the last layer."
        )
    if len(labels) > 2 and len(outputs) == 2:
        return (
            "One label a timestep wants one output a timestep: set return_sequences=True on the last layer."
        )
    return f"Give the head {labels[-1]} unit(s), or the labels the shape of the outputs."


def _line(labels: tuple[int, ...], outputs: tuple[int, ...]) -> str:
    if len(outputs) > 2 and (len(labels) < 3 or labels[1] == 1):
        return "keras.layers.LSTM(units, return_sequences=False)"
    if len(labels) > 2 and len(outputs) == 2:
        return "keras.layers.LSTM(units, return_sequences=True)"
    return f"keras.layers.Dense({labels[-1]})"


CHECK = Check(
    code="target-broadcast",
    needs=("x", ("calls", "target")),
    find=_find,
    lesson=Lesson(
        title="Labels and outputs differ in shape, and the loss broadcasts them",
        what="The loss subtracts labels from outputs as NumPy does: an axis of 1 is repeated until the "
        "shapes fit. Each output is then compared with labels that are not its own.",
        why="Training runs, the loss falls a little, and the model learns the mean: predictions that hardly "
        "differ from each other.",
        keras="Keras 3 squeezes a last axis of 1 when ranks differ by one, so (batch,) beside (batch, 1) is "
        "right. (batch, timesteps, 1) beside (batch, 1) is not: each step is trained on the row's label; "
        "beside (batch,) even other rows' labels are compared. No warning is given.",
        prevent="Compare y.shape with model.output_shape before fit.",
        code="assert y.shape[1:] == model.output_shape[1:], (y.shape, model.output_shape)",
    ),
    explains=("output-scale", "capacity-low", "gradient-vanishing", "context-short"),
)
