"""The training data itself was never scaled: the input drives every gate to its limit, or the target lies
where the head cannot reach.

Raw numbers are no fault where the model takes them: behind a Normalization layer, or with weights that have
become as small. So the recurrent layers have to be stuck, and to come alive on the same input once that is
standardised. An input unlike the reference is another fault (`input-scale`), and so is a prediction that an
affine map turns into the target (`output-scale`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import lies_where_the_target_does, paired, sequence, variation
from lstm_tui.checks.constant.target_leakage import correlations
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.probing import robust_spread
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording
from lstm_tui.recurrent.saturation import OPEN_ABOVE, SHUT_BELOW

#: Inputs this many times as large as standardised ones are worth a look.
LARGE = 5.0
#: So much of the gates (of |h|, where there are none) lies at a limit, and so little once standardised.
STUCK, FREED = 0.75, 0.5
#: The target lies so many times beyond what the head can reach.
BEYOND = 3.0
#: An affine map that explains so much means units, not training.
AFFINE = 0.5
#: Input and reference count as alike within so many deviations, and this factor of their spreads.
_ALIKE, _SPREADS = 3.0, 5.0


@dataclass(frozen=True, eq=False)
class Unscaled:
    """share: of gates at a limit, in the first recurrent layer, now and with standardised input."""

    path: str
    before: float
    after: float
    rescale: Rescale


def _find(case: Case) -> Iterator[Finding]:
    found = sequence(case.inputs)
    if found is None or case.recording is None or not np.isfinite(found[1]).all():
        return
    stuck = _stuck(case, *found)
    if stuck is not None:
        yield _input_finding(case, stuck, found[1])
        return
    beyond = _beyond_reach(case)
    if beyond is not None:
        yield beyond


# --- the input ----------------------------------------------------------------------------------------------


def _stuck(case: Case, name: str, x: Array) -> Unscaled | None:
    size = np.sqrt(np.square(x.astype(np.float64)).mean(axis=(0, 1)))
    if not (size > LARGE).any() or not variation({name: x}) > 0:
        return None
    recording = case.recording
    first = recording.layers[0] if recording is not None and recording.layers else None
    if first is None or (before := share_at_limits(first)) < STUCK:
        return None
    if not _is_like_training(case, name, x):
        return None
    rescale = _standard(case.reference.get(name, x))
    scaled = {name: rescale.apply(x).astype(x.dtype)}
    freed: Recording | None = case.recorded(scaled)
    if freed is None or _is_right(case) or _learned_on_scaled(case, freed):
        return None
    after = _share(freed, first.path)
    if after > FREED:
        after = _share_at_start(case, first.path, scaled)
    return Unscaled(first.path, before, after, rescale) if after <= FREED else None


def _share(recording: Recording | None, path: str) -> float:
    trace = recording.layer(path) if recording is not None else None
    return 1.0 if trace is None else share_at_limits(trace)


def _share_at_start(case: Case, path: str, scaled: Inputs) -> float:
    """The share at a limit with standardised input and weights of the size that Keras starts with, where the
    input as it is would have been stuck from the start too; 1 where it would not.

    A layer in front of the recurrent one, a convolution say, learns weights as large as the numbers that it
    is given: once it has, scaling alone frees nothing.
    """
    smaller = _as_at_start(case, path)
    try:
        lab = case.reweighted(smaller) if smaller else None
    except EditError:
        return 1.0
    if lab is None or _share(case.recorded(lab=lab), path) < STUCK:
        return 1.0
    return _share(case.recorded(scaled, lab), path)


def _as_at_start(case: Case, path: str) -> Inputs:
    """Kernels up to the layer at `path` as small as Glorot's, without biases, as far as they are larger."""
    calls = case.recording.layer_outputs if case.recording is not None else ()
    paths = [call.path for call in calls]
    wanted: dict[str, Array] = {}
    for each in dict.fromkeys([*paths[: paths.index(path) if path in paths else 0], path]):
        for name in ("kernel", "recurrent_kernel"):
            kernel = case.weights.get(f"{each}/{name}")
            if kernel is not None and kernel.std() > 0:
                size = np.sqrt(2 / (np.prod(kernel.shape[:-1]) + kernel.shape[-1]))
                wanted[f"{each}/{name}"] = (kernel * min(size / kernel.std(), 1.0)).astype(kernel.dtype)
        if (bias := case.weights.get(f"{each}/bias")) is not None:
            wanted[f"{each}/bias"] = np.zeros_like(bias)
    return wanted


def share_at_limits(trace: LayerTrace) -> float:
    """The share of gates below 0.05 or above 0.95 over all steps, rows and units; of |h| above 0.95 where the
    cell has none."""
    if not trace.cell.gates:
        return float((np.abs(trace.steps[trace.cell.states[0]]) > OPEN_ABOVE).mean())
    with np.errstate(invalid="ignore"):
        shares = [np.mean((each < SHUT_BELOW) | (each > OPEN_ABOVE)) for each in _gates(trace)]
    return float(np.mean(shares))


def _gates(trace: LayerTrace) -> list[Array]:
    return [trace.steps[gate] for gate in trace.cell.gates]


def _standard(x: Array) -> Rescale:
    flat = x.reshape(-1, x.shape[-1]).astype(np.float64)
    return Rescale(
        "standard", flat.mean(axis=0), flat.std(axis=0), origin="mean and deviation of the training data"
    )


def _is_like_training(case: Case, name: str, x: Array) -> bool:
    """Whether the reference lies where the input lies; without one, whether predictions lie where the target
    does, so that the head has seen it in these units."""
    reference = case.reference.get(name)
    if reference is not None and reference.ndim == x.ndim and reference.shape[-1] == x.shape[-1]:
        return all(_is_alike(x[..., k], reference[..., k]) for k in range(x.shape[-1]))
    return lies_where_the_target_does(case)


def _is_alike(x: Array, reference: Array) -> bool:
    spread = max(robust_spread(reference), 1e-9 * float(np.abs(reference).max(initial=0.0)), 1e-12)
    apart = abs(float(np.median(x)) - float(np.median(reference))) / spread
    return apart <= _ALIKE and robust_spread(x) <= _SPREADS * spread


def _is_right(case: Case) -> bool:
    beside = paired(case)
    return beside is not None and (beside.share >= AFFINE or not beside.target.std() > 0)


def _learned_on_scaled(case: Case, freed: Recording) -> bool:
    """Whether standardised input gives predictions that follow the target: then it was trained on that."""
    beside = paired(case, outputs=freed.outputs) if not case.reference else None
    return beside is not None and affine_share(beside.prediction, beside.target) >= AFFINE


def affine_share(prediction: Array, target: Array) -> float:
    """The share of the target that the best affine map of the predictions explains, over all columns."""
    columns = prediction.reshape(-1, prediction.shape[-1]), target.reshape(-1, target.shape[-1])
    found = [
        float(correlations(one[:, None], other)[0]) ** 2
        for one, other in zip(*(c.T for c in columns), strict=True)
    ]
    return float(np.mean(found))


def _input_finding(case: Case, stuck: Unscaled, x: Array) -> Finding:
    low, high = float(x.min()), float(x.max())
    whose = "reference and input lie" if case.reference else "the input lies"
    return Finding(
        code="training-unscaled",
        severity="error",
        summary=f"The model was trained on raw numbers: {whose} between {low:.4g} and {high:.4g}, and "
        f"{stuck.before:.0%} of the gates of {stuck.path} stand at a limit.",
        layer=stuck.path,
        evidence={
            "input_range": (low, high),
            "gates_at_limit": stuck.before,
            "gates_at_limit_standardised": stuck.after,
            "kernels_would_have_to_be_smaller_by": float(np.abs(x).max()),
            "spread_of_predictions": variation(case.outputs),
        },
        fix=Fix(
            "Scale the training data, features and targets, train again, and keep the scaler with the model.",
            code="norm = keras.layers.Normalization(); norm.adapt(x_train)  # first layer of the model",
            actions=(stuck.rescale,),
        ),
        proof=Proof(
            f"share of the gates of {stuck.path} at a limit, standardised", stuck.before, stuck.after
        ),
        place=Place(layer=stuck.path, step=0),
        weight=0.9,
    )


# --- the target ---------------------------------------------------------------------------------------------


def _beyond_reach(case: Case) -> Finding | None:
    """The target lies far beyond what a linear head can compute from states between -1 and 1."""
    beside = paired(case)
    labels = case.reference_target if case.reference_target is not None else case.target
    head = _head(case)
    if beside is None or head is None or labels is None or beside.share > 0:
        return None
    path, reach, before = head
    wanted = float(np.median(np.abs(labels)))
    if wanted <= BEYOND * reach or affine_share(beside.prediction, beside.target) >= AFFINE:
        return None
    if case.reference_target is None and np.abs(before).mean() < 0.5:
        return None
    low, high = float(labels.min()), float(labels.max())
    return Finding(
        code="training-unscaled",
        severity="error",
        summary=f"The targets lie between {low:.4g} and {high:.4g}; {path} can reach {reach:.3g} at most, "
        "since what it reads lies between -1 and 1. Its weights would have to be "
        f"{wanted / max(reach, 1e-9):.0f} times as large.",
        layer=path,
        evidence={
            "target_range": (low, high),
            "reach_of_head": reach,
            "weights_needed_times": wanted / max(reach, 1e-9),
            "spread_of_predictions": variation(case.outputs),
        },
        fix=Fix(
            "Scale the targets, train again, and turn predictions back with the same scaler.",
            code="y = (y - y_train.mean()) / y_train.std()",
        ),
        place=Place(layer=path),
        weight=0.85,
        direct=True,
    )


def _head(case: Case) -> tuple[str, float, Array] | None:
    """A linear Dense layer at the end, right behind states within [-1, 1]: its path, the largest number that
    it can give, and what it read."""
    calls = case.recording.layer_outputs if case.recording is not None else ()
    if len(calls) < 2 or not calls[-2].values or case.subject.output_rescales:
        return None
    last, before = calls[-1], calls[-2].values[0]
    kernel = case.weights.get(f"{last.path}/kernel")
    facts = case.facts.layer(calls[-2].path.partition("#")[0])
    linear = case.settings.get(last.path, {}).get("activation") == "linear"
    if kernel is None or kernel.ndim != 2 or not linear or facts is None or before.shape[-1] != len(kernel):
        return None
    if facts.recurrent is None or not np.abs(before).max(initial=0.0) <= 1:
        return None
    bias = case.weights.get(f"{last.path}/bias", np.zeros(kernel.shape[1]))
    return last.path, float((np.abs(kernel).sum(axis=0) + np.abs(bias)).max()), before


CHECK = Check(
    code="training-unscaled",
    needs=("x", ("reference", "reference_target", "target"), "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="The training data was never scaled",
        what="Raw numbers of hundreds or thousands went into the recurrent layers, or are asked of the head.",
        why="The first step already drives every gate and every tanh to its limit, where nothing moves and "
        "no gradient passes. What is left to learn is the mean of the target: a flat line.",
        keras="Keras scales nothing. glorot_uniform kernels and tanh are made for inputs of about 1; an "
        "LSTM's output lies within -1 and 1, and a Dense head has to multiply it up to the target, by a "
        "step of the learning rate at a time.",
        prevent="Scale features and targets by numbers of the training data, and keep these with the model; "
        "a Normalization layer that is part of it cannot be forgotten.",
        code="norm = keras.layers.Normalization(); norm.adapt(x_train)",
    ),
    explains=(
        "gates-saturated",
        "gradient-vanishing",
        "capacity-low",
        "context-short",
        "output-scale",
        "echo",
        "output-dead",
    ),
)
