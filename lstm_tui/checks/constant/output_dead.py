"""A ReLU whose input is negative whatever goes in: it gives 0, and no gradient to mend it.

A zero is no fault by itself: a quiet day has no visitors. So what would come out without the ReLU is looked
at, on this input and on others that are made from it, and it has to be negative everywhere, by far or for
certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lstm_tui.checks.case import Case, Laboratory
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import paired, variation
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.errors import EditError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Alteration, Inputs
from lstm_tui.recurrent.recording import Array, LayerOutput

#: Without labels or a bound, the largest pre-activation has to lie so many deviations below zero; these are
#: of the input on which they differ most.
MARGIN = 3.0
#: And by so much of what the states could add at most, where that is known.
OF_REACH = 0.2
#: Layers in which an activation by name can be set to linear.
_WITH_ACTIVATION = frozenset({"Dense", "Activation", "Conv1D", "EinsumDense"})


@dataclass(frozen=True, eq=False)
class Dead:
    """layer: the ReLU. before: its pre-activations on this input. widest: the largest on any input tried.
    tried: how many values that is of. certain: no input at all can make them positive."""

    layer: LayerOutput
    change: Alteration
    before: Array
    widest: float
    tried: int
    certain: bool
    linear: Inputs


def _find(case: Case) -> Iterator[Finding]:
    if not _says_nothing(case):
        return
    for layer in _zero_relus(case):
        dead = _dead(case, layer)
        if dead is not None:
            yield _finding(case, dead)
            return


def _says_nothing(case: Case) -> bool:
    """Whether the outputs do not vary, or hold a column of zeros where the target has none."""
    if any(not np.isfinite(values).all() for values in case.outputs.values()):
        return False
    return variation(case.outputs) == 0 or _column_missing(case) is not None


def _column_missing(case: Case) -> int | None:
    beside = paired(case)
    if beside is None:
        return None
    said = np.abs(beside.prediction).reshape(-1, beside.prediction.shape[-1]).max(axis=0)
    wanted = np.abs(beside.target).reshape(-1, beside.target.shape[-1]).max(axis=0)
    missing = np.flatnonzero((said == 0) & (wanted > 0))
    return int(missing[0]) if len(missing) else None


def _zero_relus(case: Case) -> Iterator[LayerOutput]:
    """Layers with a ReLU, not recurrent, that gave nothing but zeros; of the head also a column of zeros."""
    calls = case.recording.layer_outputs if case.recording is not None else ()
    for call in calls:
        settings = case.settings.get(call.path.partition("#")[0], {})
        if settings.get("activation") != "relu" or settings.get("class_name") not in _WITH_ACTIVATION:
            continue
        values = call.values[0] if call.values else None
        if values is not None and values.size and (not values.any() or call is calls[-1]):
            yield call


def _dead(case: Case, layer: LayerOutput) -> Dead | None:
    change = Alteration(layer.path.partition("#")[0], (("activation", "linear"),))
    try:
        lab = case.altered(change)
    except EditError:
        return None
    linear = case.predict(lab=lab)
    before = _pre_activations(case, lab, layer, case.inputs)
    if before is None:
        return None
    column = _column_missing(case)
    columns = slice(None) if column is None or variation(case.outputs) == 0 else slice(column, column + 1)
    before = before[..., columns]
    if before.max() > 0:
        return None
    bound = _bound(case, layer, columns)
    if bound is not None and bound < 0:
        return Dead(layer, change, before, float(bound), before.size, True, linear)
    tried = [before, *_elsewhere(case, lab, layer, columns)]
    largest = max(float(each.max()) for each in tried)
    far = max(MARGIN * max(float(each.std()) for each in tried), OF_REACH * ((bound or 0.0) - largest))
    if len(tried) < 2 or largest + (0.0 if _is_wanted(case) else far) > 0:
        return None
    return Dead(layer, change, before, largest, sum(each.size for each in tried), False, linear)


def _elsewhere(case: Case, lab: Laboratory, layer: LayerOutput, columns: slice) -> list[Array]:
    """The same pre-activations on other inputs."""
    found = [_pre_activations(case, lab, layer, inputs) for inputs in _other_inputs(case)]
    return [values[..., columns] for values in found if values is not None]


def _pre_activations(case: Case, lab: Laboratory, layer: LayerOutput, inputs: Inputs) -> Array | None:
    """What the layer gives on a copy without its ReLU, on these inputs."""
    recording = case.recorded(inputs, lab)
    calls = recording.layer_outputs if recording is not None else ()
    found = next((call for call in calls if call.path == layer.path), None)
    return found.values[0] if found is not None and found.values else None


def _bound(case: Case, layer: LayerOutput, columns: slice) -> float | None:
    """The largest that a Dense layer right behind a recurrent one can compute, as |h| is at most 1."""
    calls = case.recording.layer_outputs if case.recording is not None else ()
    before = next((one for one, other in pairwise(calls) if other is layer), None)
    kernel = case.weights.get(f"{layer.path}/kernel")
    if before is None or before.values is None or kernel is None or kernel.ndim != 2:
        return None
    facts = case.facts.layer(before.path.partition("#")[0])
    settings = case.settings.get(before.path.partition("#")[0], {})
    bounded = facts is not None and facts.recurrent is not None and settings.get("activation") == "tanh"
    if not bounded or before.values[0].shape[-1] != len(kernel) or np.abs(before.values[0]).max() > 1:
        return None
    bias = case.weights.get(f"{layer.path}/bias", np.zeros(kernel.shape[1]))
    return float((np.abs(kernel).sum(axis=0) + bias)[columns].max())


def _other_inputs(case: Case) -> Iterator[Inputs]:
    """The reference, this input negated, doubled and backwards, and noise of its size: far from it in every
    direction."""
    rows = min((len(x) for x in case.inputs.values()), default=0)
    if case.reference and all(len(x) >= rows for x in case.reference.values()):
        yield {name: x[:: max(len(x) // rows, 1)][:rows] for name, x in case.reference.items()}
    if all(x.dtype.kind == "f" and x.ndim > 1 for x in case.inputs.values()):
        yield {name: -x for name, x in case.inputs.items()}
        yield {name: 2 * x for name, x in case.inputs.items()}
        yield {name: _noise_like(x) for name, x in case.inputs.items()}
    yield {name: np.ascontiguousarray(x[:, ::-1]) if x.ndim > 1 else x for name, x in case.inputs.items()}


def _noise_like(x: Array) -> Array:
    """Normal noise of the size of `x`, of 1 where it is flat: a quiet input says little of a layer."""
    size = max(float(np.abs(x).max(initial=0.0)), 1.0) if x.std() < 0.1 else float(np.abs(x).max())
    return (size * np.random.default_rng(0).normal(size=x.shape)).astype(x.dtype)


def _is_wanted(case: Case) -> bool:
    """Whether labels say that something else than 0 should come out."""
    beside = paired(case)
    return beside is not None and float(np.mean(beside.target > 0)) > 0.25


def _finding(case: Case, dead: Dead) -> Finding:
    path = dead.layer.path
    low, high = float(dead.before.min()), float(dead.before.max())
    reach = "for any input at all" if dead.certain else f"in all {dead.tried} values tried"
    return Finding(
        code="output-dead",
        severity="error",
        summary=f"The ReLU of {one_line(path)} gives 0 everywhere: its pre-activations lie between {low:.3g} "
        f"and {high:.3g}, and below {min(dead.widest, 0.0):.3g} {reach}.",
        layer=path,
        evidence={
            "pre_activation_min": low,
            "pre_activation_max": high,
            "largest_tried": dead.widest,
            "values_tried": dead.tried,
            "certain": dead.certain,
        },
        fix=Fix(
            "Train the head again with a linear activation (or softplus where outputs must be positive), a "
            "smaller learning rate and scaled targets; the layers below still tell inputs apart.",
            code=f'keras.layers.Dense({dead.layer.shapes[0][-1]}, activation="linear")',
            alterations=(dead.change,),
        ),
        proof=Proof(
            "spread of the predictions over rows and steps", variation(case.outputs), variation(dead.linear)
        ),
        place=Place(layer=path),
        weight=0.95,
        direct=True,
    )


CHECK = Check(
    code="output-dead",
    needs=("x", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="A ReLU that died",
        what="The layer computes a negative number for every input, and ReLU makes 0 of it.",
        why="The prediction is the same whatever goes in. The gradient of a ReLU is 0 there too, so that no "
        "further training brings it back.",
        keras='activation="relu" cuts at 0 in predict as in fit. One training step that is too large, or '
        "targets that are mostly negative, push the bias so low that nothing comes through again.",
        prevent="Give a regression a linear head; where outputs cannot be negative use softplus. Scale the "
        "targets and lower the learning rate.",
        code='keras.layers.Dense(1)  # activation="linear" is the default',
    ),
    explains=(
        "gradient-vanishing",
        "gates-saturated",
        "capacity-low",
        "output-squashed",
        "output-scale",
        "echo",
        "context-short",
    ),
)
