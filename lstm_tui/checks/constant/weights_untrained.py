"""Weights still as Keras initialised them, in every recurrent layer and in the head: nothing was learned.

Frozen layers are left out: a reservoir is random on purpose. One trained layer is enough for silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.recording import Array

#: One step of Adam moves a bias by its learning rate, 0.001 by default; float32 leaves 1e-6 in an orthogonal
#: matrix of 512 units.
UNTOUCHED = 1e-4
_CODE = """\
model = keras.models.load_model("model.keras")      # not a fresh model of the same architecture
# or, for weights alone: model.load_weights("model.weights.h5"); it must come after the model is built"""


def _find(case: Case) -> Iterator[Finding]:
    trained = [layer for layer in case.facts.layers if layer.own_parameters and not _is_frozen(layer, case)]
    recurrent = [layer for layer in trained if layer.recurrent is not None]
    if not any(f"{layer.path}/recurrent_kernel" in case.weights for layer in recurrent):
        return
    moved = {layer.path: _moved(layer, case) for layer in trained}
    known = {path: distance for path, distance in moved.items() if distance is not None}
    if all(layer.path in known for layer in recurrent) and max(known.values()) <= UNTOUCHED:
        yield _finding(known, recurrent[0].path)


def _is_frozen(layer: LayerFacts, case: Case) -> bool:
    """Whether the layer, or a layer or model around it, is frozen."""
    return any(
        not other.trainable
        for other in case.facts.layers
        if other is layer or layer.path.startswith(f"{other.path}/")
    )


def _moved(layer: LayerFacts, case: Case) -> float | None:
    """How far a layer's weights are from what the initialisers give; None where that cannot be told.

    Of random weights only what is certain about them: an orthogonal matrix, the limits of a uniform draw.
    """
    own = {
        name.rpartition("/")[2]: values
        for name, values in case.weights.items()
        if name.rpartition("/")[0] == layer.path and values.dtype.kind == "f"
    }
    distances = [_of(name, values, layer) for name, values in own.items()]
    return max((distance for distance in distances if distance is not None), default=None)


def _of(name: str, values: Array, layer: LayerFacts) -> float | None:
    largest = float(np.abs(values).max(initial=0.0))
    if not np.isfinite(largest):
        return float("inf")
    match name:
        case "recurrent_kernel" if values.ndim == 2:
            return _from_orthogonal(values)
        case "bias":
            return float(np.abs(values - _initial_bias(values, layer)).max(initial=0.0))
        case "gamma" | "moving_variance":
            return float(np.abs(values - 1).max(initial=0.0))
        case "beta" | "moving_mean":
            return largest
        case "kernel" if values.ndim >= 2:
            fans = int(np.prod(values.shape[:-2])) * sum(values.shape[-2:])
            return max(largest - float(np.sqrt(6 / fans)), 0.0)
        case "embeddings":
            return max(largest - 0.05, 0.0)
    return None


def _initial_bias(values: Array, layer: LayerFacts) -> Array:
    """Zeros; ones for the forget gate of an LSTM, where they are there."""
    initial = np.zeros_like(values)
    if layer.recurrent is not None and layer.recurrent.cell == "lstm" and values.ndim == 1:
        forget = slice(layer.recurrent.units, 2 * layer.recurrent.units)
        initial[forget] = round(float(values[forget].mean())) == 1
    return initial


def _from_orthogonal(kernel: Array) -> float:
    """The largest |R·Rᵀ - I| for a recurrent kernel `(units, gates · units)`."""
    product = kernel.astype(np.float64) @ kernel.T.astype(np.float64)
    return float(np.abs(product - np.eye(len(kernel))).max(initial=0.0))


def _finding(moved: Mapping[str, float], first: str) -> Finding:
    return Finding(
        code="weights-untrained",
        severity="error",
        summary=f"All {len(moved)} layers with weights are as Keras initialises them: orthogonal recurrent "
        f"kernels and initial biases to within {max(moved.values()):.1g}.",
        layer=first,
        evidence={"distance_from_initial": dict(moved)},
        fix=Fix(
            "Load the trained weights; a model that is built anew, or whose weights are loaded before it is "
            "built, predicts from random numbers.",
            code=_CODE,
        ),
        place=Place(layer=first),
        weight=0.6,
        direct=True,
    )


CHECK = Check(
    code="weights-untrained",
    needs=(),
    find=_find,
    lesson=Lesson(
        title="The weights are still those of the initialisers",
        what="No training has touched the recurrent layers or the head: recurrent kernels are orthogonal, "
        "biases are zero and those of forget gates one.",
        why="Predictions are functions of random numbers. They may even look plausible: the states of an "
        "untrained LSTM follow its input, and correlate with many a target.",
        keras="LSTM, GRU and SimpleRNN start from an orthogonal recurrent kernel, glorot_uniform kernels and "
        "zero biases; unit_forget_bias=True makes the LSTM's forget biases one.",
        prevent="Save the whole model after training and load that; compare one prediction before and after.",
        code=_CODE,
    ),
    explains=(
        "gates-saturated",
        "gradient-vanishing",
        "capacity-low",
        "context-short",
        "echo",
        "output-scale",
        "output-squashed",
        "output-dead",
        "training-unscaled",
        "batchnorm-statistics",
    ),
)
