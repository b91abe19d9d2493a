"""The rules of three published tools, re-expressed for a finished model and run on the same set.

They were made to watch a training run; here each judges one model on one input, with the gradients of one
batch. What a rule needs of a loss curve is left out. Thresholds are the tools' own:

UMLAUT (Schoop, Huang & Hartmann, CHI 2021), `heuristics.py` of BerkeleyHCI/umlaut: an input outside [-1, 1],
    an input that is not floating point, NaN in the loss, no softmax before the loss.
DeepDiagnosis (Wardat et al., ICSE 2022), its Keras callback: 70 % of a layer's output not above zero, half of
    the arguments of a sigmoid or tanh beyond ±5, mean |gradient| below 1e-7, the variance of a weight below
    1e-5 or above 10, numbers that are NaN, infinite or exactly zero on average.
SageMaker Debugger's built-in rules with their documented defaults: VanishingGradient (mean |gradient| below
    1e-7), SaturatedActivation (tanh ±9.4999, sigmoid -23 … 16.99999, half of a layer), DeadRelu (half of a
    layer active less than 1 % of the time), ExplodingTensor (NaN or infinity), TensorVariance, AllZero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_tui.recurrent.recording import Array, Recording

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Observed:
    """What the tools look at. Gradients are of the squared error; of the output where there is no label."""

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    activations: Mapping[str, Array] = field(default_factory=dict)
    relus: Mapping[str, Array] = field(default_factory=dict)
    sigmoid_arguments: Mapping[str, Floats] = field(default_factory=dict)
    tanh_arguments: Mapping[str, Floats] = field(default_factory=dict)
    weights: Mapping[str, Array] = field(default_factory=dict)
    gradients: Mapping[str, Array] = field(default_factory=dict)
    ends_in_softmax: bool = False


def umlaut(seen: Observed) -> tuple[str, ...]:
    """Alarms of UMLAUT."""
    alarms = []
    for array in seen.inputs.values():
        if array.dtype.kind != "f":
            alarms.append("input is not floating point")
        elif array.size and (np.nanmin(array) < -1 or np.nanmax(array) > 1):
            alarms.append("input exceeds typical limits")
    if any(np.isnan(array).any() for array in seen.outputs.values()):
        alarms.append("NaN in the loss")
    if not seen.ends_in_softmax:
        alarms.append("no softmax before the loss")
    return tuple(dict.fromkeys(alarms))


def umlaut_without_softmax(seen: Observed) -> tuple[str, ...]:
    """UMLAUT without its rule for classifiers, which every regression breaks."""
    return tuple(alarm for alarm in umlaut(seen) if "softmax" not in alarm)


def deep_diagnosis(seen: Observed) -> tuple[str, ...]:
    """Alarms of DeepDiagnosis."""
    alarms = []
    if any(np.mean(array <= 0) >= 0.7 for array in seen.relus.values()):
        alarms.append("dead node")
    for arguments in (*seen.sigmoid_arguments.values(), *seen.tanh_arguments.values()):
        if np.mean(np.abs(arguments) >= 5) > 0.5:
            alarms.append("saturated activation")
    for gradient in seen.gradients.values():
        if np.abs(gradient).mean() < 1e-7:
            alarms.append("vanishing gradient")
    for weight in seen.weights.values():
        if weight.size > 1 and not 1e-5 <= weight.var(ddof=1) <= 10:
            alarms.append("weight variance out of range")
    if any(_is_numerical_error(array) for array in (*seen.activations.values(), *seen.weights.values())):
        alarms.append("numerical error")
    return tuple(dict.fromkeys(alarms))


def _is_numerical_error(array: Array) -> bool:
    mean = float(np.mean(array)) if array.size else 1.0
    return not np.isfinite(mean) or mean == 0


def sagemaker_debugger(seen: Observed) -> tuple[str, ...]:
    """Alarms of SageMaker Debugger's built-in rules."""
    alarms = []
    if any(np.abs(gradient).mean() < 1e-7 for gradient in seen.gradients.values()):
        alarms.append("VanishingGradient")
    if any(_share_stuck(x, -23.0, 16.99999) > 0.5 for x in seen.sigmoid_arguments.values()) or any(
        _share_stuck(x, -9.4999, 9.4999) > 0.5 for x in seen.tanh_arguments.values()
    ):
        alarms.append("SaturatedActivation")
    for array in seen.relus.values():
        active = (array.reshape(-1, array.shape[-1]) > 0).mean(axis=0)
        if np.mean(active < 0.01) > 0.5:
            alarms.append("DeadRelu")
    tensors = (*seen.activations.values(), *seen.weights.values(), *seen.gradients.values())
    if any(not np.isfinite(array).all() for array in tensors):
        alarms.append("ExplodingTensor")
    if any(array.size and not np.any(array) for array in seen.activations.values()):
        alarms.append("AllZero")
    return tuple(dict.fromkeys(alarms))


def _share_stuck(arguments: Floats, low: float, high: float) -> float:
    """Share of nodes whose argument lies beyond the thresholds at every step."""
    flat = arguments.reshape(-1, arguments.shape[-1])
    stuck = (flat <= low) | (flat >= high)
    return float(stuck.all(axis=0).mean())


PEERS: Mapping[str, Callable[[Observed], tuple[str, ...]]] = {
    "UMLAUT": umlaut,
    "UMLAUT without its softmax rule": umlaut_without_softmax,
    "DeepDiagnosis": deep_diagnosis,
    "SageMaker Debugger": sagemaker_debugger,
}


def observe(loaded: Any, inputs: Mapping[str, Array], target: Array | None) -> Observed:
    """What the tools see of one `predict` on a loaded model; empty where the call fails."""
    from lstm_tui.keras_adapter.laboratory import KerasLaboratory
    from lstm_tui.recurrent.calls import RunPlan

    lab = KerasLaboratory(loaded)
    run = lab.run(RunPlan(inputs))
    outcome = run.outcomes[0]
    settings = lab.settings()
    activations = _layer_values(run.recording)
    last = next(reversed(settings.values()), {})
    return Observed(
        inputs=inputs,
        outputs=outcome.outputs,
        activations=activations,
        relus={path: a for path, a in activations.items() if _is_relu(settings.get(path, {}))},
        sigmoid_arguments=_arguments(run.recording, ("i", "f", "o", "z", "r"), _logit),
        tanh_arguments=_arguments(run.recording, ("g",), _artanh),
        weights=lab.weights(),
        gradients=_weight_gradients(loaded, inputs, target) if outcome.failure is None else {},
        ends_in_softmax=last.get("activation") == "softmax" or last.get("class_name") == "Softmax",
    )


def _is_relu(settings: Mapping[str, Any]) -> bool:
    return settings.get("activation") == "relu" or settings.get("class_name") == "ReLU"


def _layer_values(recording: Recording | None) -> dict[str, Array]:
    if recording is None:
        return {}
    return {
        output.path: output.values[0]
        for output in recording.layer_outputs
        if output.values and output.values[0].ndim and output.values[0].dtype.kind == "f"
    }


def _arguments(
    recording: Recording | None, gates: tuple[str, ...], inverse: Callable[[Floats], Floats]
) -> dict[str, Floats]:
    if recording is None:
        return {}
    return {
        f"{trace.path}/{gate}": inverse(trace.steps[gate].astype(np.float64))
        for trace in recording.layers
        for gate in gates
        if gate in trace.steps
    }


def _logit(values: Floats) -> Floats:
    """The argument of a sigmoid; what float32 has rounded to 0 or 1 counts as ±30."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.log(values) - np.log1p(-values), -30, 30)


def _artanh(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.arctanh(values), -30, 30)


def _weight_gradients(loaded: Any, inputs: Mapping[str, Array], target: Array | None) -> dict[str, Array]:
    import keras
    import tensorflow as tf

    from lstm_tui.keras_adapter.feeding import as_tensors
    from lstm_tui.keras_adapter.keeping import left_as_found

    model = loaded.model
    with left_as_found(model), tf.GradientTape() as tape:
        output = tf.cast(keras.tree.flatten(model(as_tensors(model, inputs)))[0], tf.float32)
        if target is not None and tuple(target.shape) == tuple(output.shape):
            value = tf.reduce_mean(tf.square(output - tf.cast(target, tf.float32)))
        else:
            value = tf.reduce_mean(output)
        gradients = tape.gradient(value, [weight.value for weight in model.trainable_weights])
    return {
        f"{index}/{weight.name}": np.asarray(gradient)
        for index, (weight, gradient) in enumerate(zip(model.trainable_weights, gradients, strict=True))
        if gradient is not None and not isinstance(gradient, tf.IndexedSlices)
    }
