"""An activation that cannot reach the targets: its range, or what an already bounded input leaves of it.

That targets lie outside is not enough, since they may be in other units (`output-scale`). Either the range is
narrowed by the layers themselves, or predictions press against the bound on the side where targets go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import Paired, paired
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.errors import EditError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.recording import Array, LayerOutput

#: What an activation can give at all.
RANGES = {
    "sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0), "softmax": (0.0, 1.0), "relu": (0.0, np.inf), "relu6": (0.0, 6.0),
    "softplus": (0.0, np.inf), "exponential": (0.0, np.inf), "elu": (-1.0, np.inf),
    "selu": (-1.7581, np.inf), "silu": (-0.2785, np.inf), "swish": (-0.2785, np.inf), "gelu": (-0.17, np.inf),
}  # fmt: skip
#: So much of the targets has to lie out of reach, by more than this share of their own range.
OUT_OF_REACH, TOLERANCE = 0.1, 0.05
#: Predictions press against a bound within this share of the range (of the targets' deviation if it is open).
PRESSING = 0.25
#: Layers that have no weights between what goes in and their activation.
_PLAIN = {"Activation": None, "Softmax": "softmax", "ReLU": "relu"}


@dataclass(frozen=True)
class Reach:
    """What the output's last layer can give. nominal: by its activation alone. bounded_by: the layer that
    narrows it, or ``."""

    layer: str
    activation: str
    low: float
    high: float
    nominal: tuple[float, float]
    bounded_by: str = ""


def _find(case: Case) -> Iterator[Finding]:
    beside = paired(case)
    reach = _reach(case) if beside is not None and len(case.outputs) == 1 else None
    if beside is None or reach is None:
        return
    bounds = _in_user_units(case, reach, beside)
    out = out_of_reach(beside.target, *bounds)
    if out < OUT_OF_REACH:
        return
    narrowed = (
        bool(reach.bounded_by) and out_of_reach(beside.target, *_user(case, reach.nominal, beside)) == 0
    )
    if narrowed or presses(beside, *bounds):
        yield _finding(case, reach, bounds, out, beside)


def _reach(case: Case) -> Reach | None:
    calls = [call for call in (case.recording.layer_outputs if case.recording else ()) if call.values]
    if not calls:
        return None
    last = calls[-1]
    if last.class_name == "TimeDistributed" and len(calls) > 1:
        last = calls[-2]
    activation = _activation(case, last)
    if (
        activation not in RANGES
        or last.values is None
        or (last.values[0].shape[-1:] == (1,) and activation == "softmax")
    ):
        return None
    nominal = RANGES[activation]
    before = calls[calls.index(last) - 1] if calls.index(last) else None
    inner = _range_of(case, before) if before is not None and last.class_name in _PLAIN else None
    if inner is None or before is None or not _follows(before, last, activation):
        return Reach(last.path, activation, *nominal, nominal)
    low, high = squashed(activation, *inner, last.values[0].shape[-1])
    return Reach(last.path, activation, low, high, nominal, before.path)


def _activation(case: Case, call: LayerOutput) -> str:
    settings = case.settings.get(call.path.partition("#")[0], {})
    return str(_PLAIN.get(call.class_name) or settings.get("activation", ""))


def _range_of(case: Case, call: LayerOutput) -> tuple[float, float] | None:
    """The finite range of what a layer gives, or None."""
    facts = case.facts.layer(call.path.partition("#")[0])
    activation = _activation(case, call)
    if facts is not None and facts.recurrent is not None:
        return (-1.0, 1.0) if activation == "tanh" else None
    found = RANGES.get(activation)
    return found if found is not None and np.isfinite(found).all() else None


def _follows(before: LayerOutput, last: LayerOutput, activation: str) -> bool:
    """Whether the last layer was applied to what the one before it gave."""
    if before.values is None or last.values is None or before.values[0].shape != last.values[0].shape:
        return False
    made = apply(activation, before.values[0].astype(np.float64))
    return made is not None and bool(np.allclose(made, last.values[0], atol=1e-4))


def apply(activation: str, values: Array) -> Array | None:
    """An activation by name in NumPy; None for one that is not known here."""
    with np.errstate(over="ignore"):
        match activation:
            case "sigmoid":
                return np.asarray(1 / (1 + np.exp(-values)))
            case "tanh":
                return np.tanh(values)
            case "softsign":
                return np.asarray(values / (1 + np.abs(values)))
            case "relu":
                return np.maximum(values, 0)
            case "softmax":
                powers = np.exp(values - values.max(axis=-1, keepdims=True))
                return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
    return None


def squashed(activation: str, low: float, high: float, units: int) -> tuple[float, float]:
    """The range of an activation whose input lies in `[low, high]`; of a softmax, of one among `units`."""
    if activation == "softmax":
        most = float(np.exp(high) / (np.exp(high) + (units - 1) * np.exp(low)))
        least = float(np.exp(low) / (np.exp(low) + (units - 1) * np.exp(high)))
        return least, most
    ends = apply(activation, np.array([low, high]))
    return (low, high) if ends is None else (float(ends[0]), float(ends[1]))


def _in_user_units(case: Case, reach: Reach, beside: Paired) -> tuple[Array, Array]:
    return _user(case, (reach.low, reach.high), beside)


def _user(case: Case, bounds: tuple[float, float], beside: Paired) -> tuple[Array, Array]:
    """Bounds after the inverse rescales, one a column."""
    shape = (1,) * (beside.target.ndim - 1) + beside.target.shape[-1:]
    low, high = (case.in_user_units(np.full(shape, bound)) for bound in bounds)
    return np.minimum(low, high), np.maximum(low, high)


def out_of_reach(target: Array, low: Array, high: Array) -> float:
    """The share of the targets that lie outside by more than the tolerance."""
    slack = TOLERANCE * float(np.ptp(target))
    return float(np.mean((target < low - slack) | (target > high + slack)))


def presses(beside: Paired, low: Array, high: Array) -> bool:
    """Whether predictions lie at the bound wherever the target is beyond it."""
    target, made = beside.target.astype(np.float64), beside.prediction.astype(np.float64)
    width = high - low
    room = PRESSING * np.where(np.isfinite(width), width, target.std())
    above, below = target > high, target < low
    gaps = np.concatenate([((high - made) / room)[above], ((made - low) / room)[below]])
    return bool(len(gaps)) and float(np.median(gaps)) <= 1


def _finding(case: Case, reach: Reach, bounds: tuple[Array, Array], out: float, beside: Paired) -> Finding:
    low, high = float(bounds[0].min()), float(bounds[1].max())
    wanted = float(beside.target.min()), float(beside.target.max())
    why = f" on top of {one_line(reach.bounded_by)}, which is bounded already," if reach.bounded_by else ""
    change = Alteration(reach.layer.partition("#")[0], (("activation", "linear"),))
    after = _out_with(case, change, reach, beside)
    return Finding(
        code="output-squashed",
        severity="error",
        summary=f"{reach.activation} in {one_line(reach.layer)}{why} reaches {low:.3g} to {high:.3g}; "
        f"{out:.0%} of the targets ({wanted[0]:.3g} to {wanted[1]:.3g}) lie outside.",
        layer=reach.layer,
        evidence={
            "reach": (low, high),
            "target_range": wanted,
            "share_out_of_reach": out,
            "bounded_by": reach.bounded_by or None,
        },
        fix=_fix(case, reach, change if after is not None else None),
        proof=Proof("share of the targets out of the output's reach", out, after)
        if after is not None
        else None,
        place=Place(layer=reach.layer),
        weight=0.88,
        direct=True,
    )


def _fix(case: Case, reach: Reach, change: Alteration | None) -> Fix:
    facts = case.facts.layer(reach.layer)
    if facts is not None and facts.recurrent is not None:
        return Fix(
            "Put a Dense head behind the recurrent layer and train again.", code="keras.layers.Dense(1)"
        )
    return Fix(
        "Give the output a linear activation and train again, or scale the targets into its reach.",
        code='keras.layers.Dense(units, activation="linear")  # or targets scaled to the activation\'s range',
        alterations=() if change is None else (change,),
    )


def _out_with(case: Case, change: Alteration, reach: Reach, beside: Paired) -> float | None:
    """The share that stays out of reach with a linear activation: what lies before it may be bounded too."""
    facts = case.facts.layer(reach.layer)
    if facts is None or facts.recurrent is not None or facts.class_name not in {"Dense", "Activation"}:
        return None
    try:
        made = case.predict(lab=case.altered(change))
    except EditError:
        return None
    if not made:
        return None
    inner = _range_before(case, reach)
    return out_of_reach(beside.target, *_user(case, inner, beside))


def _range_before(case: Case, reach: Reach) -> tuple[float, float]:
    """What reaches the activation, where the layer that narrows it says so; anything otherwise."""
    calls = case.recording.layer_outputs if case.recording else ()
    before = next((call for call in calls if call.path == reach.bounded_by), None)
    return (_range_of(case, before) if before is not None else None) or (-np.inf, np.inf)


CHECK = Check(
    code="output-squashed",
    needs=("x", "target", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="The output's activation cannot reach the targets",
        what="A sigmoid gives numbers between 0 and 1, tanh between -1 and 1, ReLU none below 0; on top of a "
        "layer that is bounded already, even less: sigmoid of an LSTM's output lies between 0.27 and 0.73.",
        why="Predictions press against the bound wherever the target goes on, and no training changes that.",
        keras="Keras does not compare the range of the last activation with that of the targets; the loss "
        "just stays high. Standardised targets reach ±3, which neither tanh nor ReLU covers.",
        prevent="Use a linear head for regression; a sigmoid or softmax only for probabilities, and only "
        "once, behind a Dense layer.",
        code='keras.layers.Dense(1)  # activation="linear" is the default',
    ),
    explains=("output-scale", "gates-saturated", "capacity-low", "echo"),
)
