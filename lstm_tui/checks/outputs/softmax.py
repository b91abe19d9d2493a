"""Softmax where it cannot give probabilities: over a single unit, and inside a recurrent layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.recording import LayerTrace

#: Cells whose output is not the activation itself: a gate stands behind or a mixture before it.
_GATED = {"LSTM": "h = o · softmax(c)", "GRU": "h = z · h_prev + (1 - z) · softmax(...)"}
#: Row sums this near to 1 are probabilities.
_ONE = 1e-3


def _find_single(case: Case) -> Iterator[Finding]:
    for layer in case.facts.layers:
        settings = case.settings.get(layer.path, {})
        if _is_over_one(layer, settings):
            yield _single(case, layer, settings)
            return


def _is_over_one(layer: LayerFacts, settings: Mapping[str, Any]) -> bool:
    """Whether the axis that softmax runs over, the last one unless said otherwise, has one element."""
    if layer.recurrent is not None:
        return False
    if layer.class_name == "Softmax":
        axis = settings.get("axis", -1)
        return bool(layer.output_shapes) and _is_last(axis, layer) and layer.output_shapes[0][-1] == 1
    if settings.get("activation") != "softmax":
        return False
    sizes = [shape[-1] for shape in layer.output_shapes if shape] or [settings.get("units")]
    return sizes[0] == 1


def _is_last(axis: object, layer: LayerFacts) -> bool:
    return axis in (-1, len(layer.output_shapes[0]) - 1)


def _single(case: Case, layer: LayerFacts, settings: Mapping[str, Any]) -> Finding:
    changes = (
        (Alteration(layer.path, (("activation", "sigmoid"),)),)
        if settings.get("activation") == "softmax"
        else ()
    )
    proof = _proof(case, changes)
    seen = {"outputs": tuple(sorted({round(float(v), 6) for v in _first(case)})[:4])} if case.outputs else {}
    return Finding(
        code="softmax-single",
        severity="error",
        summary=f"{layer.path} is a softmax over one unit: it gives 1 whatever goes in.",
        layer=layer.path,
        evidence={"layer": layer.path, "activation": "softmax", "units": 1, **seen},
        fix=Fix(
            "Use a sigmoid for a yes or no, or a softmax over one unit for each class.",
            code='keras.layers.Dense(1, activation="sigmoid")   # with loss="binary_crossentropy"',
            alterations=changes if proof is not None else (),
        ),
        proof=proof,
        place=Place(layer=layer.path),
        weight=1.0,
        direct=True,
    )


def _first(case: Case) -> Any:
    return np.ravel(next(iter(case.outputs.values())))[:1000]


def _proof(case: Case, changes: tuple[Alteration, ...]) -> Proof | None:
    """How much the output moves when the input is replaced by zeros, as it is and with a sigmoid."""
    if not case.outputs or not changes:
        return None
    before = _moved(case)
    try:
        after = _moved(case, changes)
    except EditError:
        return None
    metric = "change of the output when the input is replaced by zeros"
    return Proof(metric, before, after) if after > before + 1e-6 else None


def _moved(case: Case, changes: tuple[Alteration, ...] = ()) -> float:
    lab = case.altered(*changes) if changes else None
    zeros = {name: np.zeros_like(array) for name, array in case.inputs.items()}
    ours, blank = case.predict(lab=lab), case.predict(zeros, lab=lab)
    gaps = [np.abs(ours[name].astype(np.float64) - blank[name]) for name in ours if name in blank]
    return max((float(np.max(np.nan_to_num(gap), initial=0.0)) for gap in gaps), default=0.0)


def _find_recurrent(case: Case) -> Iterator[Finding]:
    for layer in case.facts.recurrent_layers:
        kind = layer.class_name
        if case.settings.get(layer.path, {}).get("activation") != "softmax" or kind not in _GATED:
            continue
        sums = _row_sums(case, layer.path)
        if sums is None or max(abs(sums[0] - 1), abs(sums[1] - 1)) > _ONE:
            yield _recurrent(case, layer, sums)
            return


def _row_sums(case: Case, path: str) -> tuple[float, float] | None:
    """The least and the largest sum of h over the units, of all steps; None where nothing was recorded."""
    trace = case.recording.layer(path) if case.recording is not None else None
    if trace is None or not trace.timesteps or not trace.batch:
        return None
    sums = trace.steps["h"].reshape(trace.batch, trace.timesteps, -1).sum(axis=-1)
    return float(np.nanmin(sums)), float(np.nanmax(sums))


def _recurrent(case: Case, layer: LayerFacts, sums: tuple[float, float] | None) -> Finding:
    is_output = _is_output(case, layer.path)
    measured = f": its rows sum to {sums[0]:.3g} … {sums[1]:.3g}, not to 1" if sums else ""
    return Finding(
        code="recurrent-softmax",
        severity="error" if is_output or sums is None else "warning",
        summary=f"{layer.path} has softmax as its activation{measured}; {_GATED[layer.class_name]}.",
        layer=layer.path,
        evidence={"layer": layer.path, "row_sums": sums, "is_the_output": is_output},
        fix=Fix(
            "Keep tanh inside the recurrent layer, and put the softmax into a Dense head behind it.",
            code=f"x = keras.layers.{layer.class_name}(units)(x)\n"
            'y = keras.layers.Dense(classes, activation="softmax")(x)',
        ),
        place=Place(layer=layer.path, step=-1, series="h"),
        weight=0.95,
        direct=True,
    )


def _is_output(case: Case, path: str) -> bool:
    trace = case.recording.layer(path) if case.recording is not None else None
    return trace is not None and any(_is_state(output, trace) for output in case.outputs.values())


def _is_state(output: Any, trace: LayerTrace) -> bool:
    h = trace.steps["h"]
    candidates = (h, h[:, ::-1], h[:, -1], h[:, 0])
    return any(each.shape == output.shape and np.allclose(each, output, atol=1e-5) for each in candidates)


SINGLE = Check(
    code="softmax-single",
    needs=(),
    find=_find_single,
    lesson=Lesson(
        title="A softmax over one unit is 1 whatever the input",
        what="Softmax divides each value by the sum over all units. Of one unit that is the value by itself: "
        "1.",
        why="The output is constant, the loss too, its gradient is 0, and training changes nothing. Accuracy "
        "equals the share of positives, which looks like a start.",
        keras="softmax runs over the last axis. Dense(1, activation='softmax') gives 1.0 exactly. In "
        "attention over timesteps the axis is missing: Softmax(axis=1) runs over time.",
        prevent="One unit: sigmoid with binary_crossentropy. A unit for each class: softmax with "
        "(sparse_)categorical_crossentropy.",
        code='y = keras.layers.Dense(1, activation="sigmoid")(x)\n'
        "weights = keras.layers.Softmax(axis=1)(scores)   # attention over time",
    ),
    explains=(
        "output-dead", "output-squashed", "gradient-vanishing", "capacity-low", "context-short", "echo",
        "weights-untrained", "gates-saturated", "output-scale",
    ),
)  # fmt: skip

RECURRENT = Check(
    code="recurrent-softmax",
    needs=(),
    find=_find_recurrent,
    lesson=Lesson(
        title="Softmax as a recurrent layer's activation gives no probabilities",
        what="The activation is applied inside the cell. An LSTM multiplies it by its output gate, "
        "h = o · softmax(c); a GRU mixes it with the step before. The rows of h do not sum to 1.",
        why="What looks like class shares are none: they sum to less than 1 and change with the gate. Inside "
        "a stack, values near 1/units carry hardly anything.",
        keras="LSTM(units, activation='softmax') replaces both tanh: that of the candidate and that of the "
        "cell state. Only a SimpleRNN, which has no gates, gives rows that sum to 1.",
        prevent="Leave the activation at tanh, and end the model with Dense(classes, activation='softmax').",
        code='x = keras.layers.LSTM(units)(x)\ny = keras.layers.Dense(classes, activation="softmax")(x)',
    ),
    explains=("no-head", "capacity-low", "gradient-vanishing", "gates-saturated", "output-squashed"),
)
