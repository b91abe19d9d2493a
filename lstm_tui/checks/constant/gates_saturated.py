"""Weights that drive the gates to 0 or 1 for inputs on the right scale: nothing gets into the state, or
anything throws it about.

Saturated gates are common in healthy models (a confident classifier, a counter). So three things have to come
together: gates at their limits, weights far beyond what training leaves, and predictions that hardly vary, or
that a tiny nudge throws about, until those weights are shrunk on a copy. Where standardised inputs free the
gates, the scale is to blame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case, Laboratory
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.nudging import FURTHER, MOVED, last_spread, moved_by
from lstm_tui.checks.constant.predictions import paired, sequence, stuck_shares, values_a_column, variation
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.measures import change
from lstm_tui.checks.probing import in_deviations
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array, LayerTrace
from lstm_tui.recurrent.saturation import OPEN_ABOVE, SHUT_BELOW

#: The share of a gate's units that never leave their side for the gate to count as held.
HELD = 0.9
#: The same over all gates of a layer, where no single one decides.
LATCHED = 0.75
#: The share of a layer's gate values at 0 or 1, where they do move.
AT_LIMIT = 0.85
#: A mean bias of this size alone saturates a sigmoid (0.047, 0.953), and is far from what training leaves.
LARGE_BIAS = 3.0
#: So far (root mean square) inputs of size 1 push the gates. Keras' initialisers give at most 1.4, training
#: adds little; at 4 half of all gates lie beyond 0.05 and 0.95.
LARGE_DRIVE = 4.0
#: By this factor predictions have to vary more once the weights are shrunk.
RESTORED = 5.0
#: Gates that let nothing in (shut) or nothing change (the GRU's update gate, open).
_DECISIVE = {("lstm", "i"): 0, ("lstm", "o"): 0, ("gru", "z"): 1}
_ORDER = {"lstm": ("i", "f", "g", "o"), "gru": ("z", "r", "g"), "simple_rnn": ("h",)}


@dataclass(frozen=True, eq=False)
class Held:
    """A layer whose gates stand at their limits. held: they never leave them; otherwise they jump from one to
    the other. shares: by gate, of what stands there. shrunk: the weights that do it, at their usual size."""

    trace: LayerTrace
    held: bool
    shares: Mapping[str, float]
    cause: str
    shrunk: Mapping[str, Array]


def _find(case: Case) -> Iterator[Finding]:
    if case.recording is None or not variation(case.inputs) > 0 or not np.isfinite(variation(case.outputs)):
        return
    found = [each for trace in case.recording.layers if (each := _held(case, trace)) is not None]
    if not found or _is_good(case):
        return
    try:
        lab = case.reweighted({name: values for each in found for name, values in each.shrunk.items()})
    except EditError:
        return
    proof = _constant(case, lab) if any(each.held for each in found) else _erratic(case, lab)
    if proof is not None:
        yield _finding(case, found, proof)


def _constant(case: Case, lab: Laboratory) -> Proof | None:
    """Predictions that hardly vary, and do with the weights at their usual size."""
    spread, restored = variation(case.outputs), variation(case.predict(lab=lab))
    beside = paired(case)
    if beside is not None and variation({"y": beside.prediction}) > 0.5 * variation({"y": beside.target}):
        return None
    if (
        values_a_column(case.outputs) < 2
        or not restored > RESTORED * spread
        or _moves_elsewhere(case, restored)
    ):
        return None
    return Proof("spread of the predictions, with those weights at their usual size", spread, restored)


def _erratic(case: Case, lab: Laboratory) -> Proof | None:
    """Predictions that a nudge of the first step throws about, and no longer with usual weights."""
    found = sequence(case.inputs)
    if found is None or found[1].shape[1] < 2:
        return None
    first, last = (moved_by(case, *found, step) for step in (0, found[1].shape[1] - 1))
    if not (first >= FURTHER * last and first >= MOVED * last_spread(case)):
        return None
    after = moved_by(case, *found, 0, lab)
    if not after <= first / FURTHER:
        return None
    return Proof(
        "change of the output by a nudge of 0.1 % at the first step, with usual weights", first, after
    )


def _held(case: Case, trace: LayerTrace) -> Held | None:
    both = stuck_shares(trace, SHUT_BELOW, OPEN_ABOVE)
    kind = trace.cell.name
    if kind == "simple_rnn":
        h = np.abs(trace.steps["h"]) > 0.99
        never_moves, at_limit = {"h": float(h.all(axis=(0, 1)).mean())}, {"h": float(h.mean())}
    else:
        never_moves = {gate: shut + opened for gate, (shut, opened) in both.items()}
        at_limit = {gate: share_at_limits(trace.steps[gate]) for gate in trace.cell.gates}
    if not never_moves:
        return None
    decisive = any(both[gate][_DECISIVE[kind, gate]] >= HELD for gate in both if (kind, gate) in _DECISIVE)
    held = decisive or float(np.mean(list(never_moves.values()))) >= LATCHED
    if not held and float(np.mean(list(at_limit.values()))) < AT_LIMIT:
        return None
    shrunk, cause = shrunk_weights(case.weights, trace.path.partition("#")[0], kind)
    return Held(trace, held, never_moves if held else at_limit, cause, shrunk) if shrunk else None


def share_at_limits(gate: Array) -> float:
    """The share of a gate's values below 0.05 or above 0.95."""
    with np.errstate(invalid="ignore"):
        return float(np.mean((gate < SHUT_BELOW) | (gate > OPEN_ABOVE)))


def shrunk_weights(weights: Mapping[str, Array], path: str, kind: str) -> tuple[Mapping[str, Array], str]:
    """The weights of a layer that are far beyond what training leaves, brought back to a usual size, and in
    words what they were; empty where none is."""
    shrunk: dict[str, Array] = {}
    said: list[str] = []
    for word in ("kernel", "recurrent_kernel"):
        values = weights.get(f"{path}/{word}")
        if values is not None and values.ndim == 2 and (size := drive(values)) > LARGE_DRIVE:
            shrunk[f"{path}/{word}"] = (values / size).astype(values.dtype)
            said.append(f"a {word.replace('_', ' ')} that drives them by {size:.3g}")
    bias = weights.get(f"{path}/bias")
    if bias is not None and kind in _ORDER and bias.shape[-1] % len(_ORDER[kind]) == 0:
        means = _mean_bias(bias, kind)
        if max(means.values()) > LARGE_BIAS:
            shrunk[f"{path}/bias"] = _usual_bias(bias, kind)
            said += [
                f"biases of gate {gate} of {size:.3g}" for gate, size in means.items() if size > LARGE_BIAS
            ]
    return shrunk, " and ".join(said)


def drive(kernel: Array) -> float:
    """How far inputs of size 1 push a gate through a kernel `(from, gates · units)`: root mean square."""
    return float(np.sqrt(np.square(kernel.astype(np.float64)).sum() / kernel.shape[1]))


def _mean_bias(bias: Array, kind: str) -> dict[str, float]:
    """Mean |bias| by gate; a GRU's two rows added up."""
    gates = np.split(np.abs(bias if bias.ndim == 1 else bias.sum(axis=0)), len(_ORDER[kind]))
    return {gate: float(each.mean()) for gate, each in zip(_ORDER[kind], gates, strict=True)}


def _usual_bias(bias: Array, kind: str) -> Array:
    """As Keras would initialise it."""
    usual = np.zeros_like(bias)
    if kind == "lstm":
        units = len(bias) // 4
        usual[units : 2 * units] = 1
    return usual


def _is_good(case: Case) -> bool:
    beside = paired(case)
    return beside is not None and beside.share > 0.3


def _moves_elsewhere(case: Case, restored: float) -> bool:
    """Whether the same weights let other inputs through: standardised ones, doubled or negated ones, the
    reference. Then the weights are not to blame, and a counter that is full is no jam."""
    found = sequence(case.inputs)
    tried: list[Inputs] = [case.reference] if case.reference else []
    if found is not None and paired(case) is None:
        name, x = found
        tried += [{name: -x}, {name: 2 * x}]
    if found is not None and np.abs(found[1]).max() > 5:
        tried.append({found[0]: in_deviations(found[1]).astype(found[1].dtype)})
    made = [case.predict(inputs) for inputs in tried]
    return any(
        max(variation(each), change(case.outputs, each, otherwise=0.0)) > restored / 3 for each in made
    )


def _finding(case: Case, found: list[Held], proof: Proof) -> Finding:
    first = next((each for each in found if each.held), found[0])
    path = first.trace.path
    most = max(first.shares, key=lambda gate: first.shares[gate])
    whose = "units" if most == "h" else f"gate {most}'s values"
    where = "never leave 0 or 1" if first.held else "stand at 0 or 1"
    then = (
        f"predictions vary by {proof.before:.3g} only"
        if first.held
        else f"a nudge of 0.1 % at the first step moves the output by {proof.before:.3g}"
    )
    return Finding(
        code="gates-saturated",
        severity="error",
        summary=f"{first.shares[most]:.0%} of the {whose} in {path} {where}: {first.cause} drive them "
        f"there, and {then}.",
        layer=path,
        evidence={
            "share_at_limit": {each.trace.path: dict(each.shares) for each in found},
            "they_never_move": first.held,
            "weights": {each.trace.path: each.cause for each in found},
            "spread_of_predictions": variation(case.outputs),
        },
        fix=Fix(
            "Train again from usual initial weights, with a smaller learning rate and clipped gradients; "
            "give biases no other start than the length of the sequences asks for.",
            code=f"keras.layers.{case.settings.get(path, {}).get('class_name', 'LSTM')}(units)  # "
            "initialisers as they come\nkeras.optimizers.Adam(1e-3, clipnorm=1.0)",
        ),
        proof=proof,
        place=Place(layer=path, series=None if most == "h" else most),
        weight=0.9,
    )


CHECK = Check(
    code="gates-saturated",
    needs=("x", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="Gates that the weights hold at 0 or 1",
        what="A sigmoid near 0 or 1 hardly changes with its input. Where large biases or kernels push every "
        "gate there, the state keeps what it has, or forgets all, whatever comes in.",
        why="The prediction is nearly the same for every input, and no gradient passes the gates to mend it.",
        keras="Keras starts with zero biases and, for LSTM, forget biases of 1 (unit_forget_bias). Other "
        "initialisers, a learning rate far too large, or weights copied on another scale lead here; nothing "
        "is said in fit or predict.",
        prevent="Watch the share of saturated gates while training; clip gradients; choose bias initialisers "
        "for the length at hand, log(timesteps) at most.",
        code="keras.optimizers.Adam(1e-3, clipnorm=1.0)",
    ),
    explains=(
        "gradient-vanishing",
        "gradient-exploding",
        "capacity-low",
        "context-short",
        "output-scale",
        "training-unscaled",
    ),
)
