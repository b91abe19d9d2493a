"""The recurrent layer is the output: as many numbers as it has units, and no head that makes a prediction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.outputs.wanted import Size, off_by, only_output, same, shapes_with
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.calls import Alteration

#: Layers that change no number of features: behind them the recurrent layer still is the output.
_NO_HEAD = frozenset({
    "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "Activation", "ReLU", "LeakyReLU",
    "ELU", "LayerNormalization", "BatchNormalization",
    "UnitNormalization", "ActivityRegularization", "Identity",
    "GlobalAveragePooling1D", "GlobalMaxPooling1D",
})  # fmt: skip


def _find(case: Case) -> Iterator[Finding]:
    wanted, got = case.subject.expected_shape, only_output(case)
    layer = _last_is_recurrent(case)
    if wanted is None or got is None or layer is None or not _other_width(got, wanted):
        return
    halves = _merged_halves(case, layer, got, wanted)
    if halves is not None:
        yield _doubled(case, layer, halves, got, wanted)
    else:
        yield _finding(case, layer, got, wanted)


def _last_is_recurrent(case: Case) -> LayerFacts | None:
    """The recurrent layer at top level behind which no layer makes features of its units."""
    top = [each for each in case.facts.layers if each.depth == 0 and each.class_name != "InputLayer"]
    while top and top[-1].class_name in _NO_HEAD:
        top.pop()
    if not top or len(case.facts.outputs) > 1:
        return None
    inside = [each for each in case.facts.recurrent_layers if each.path.startswith(f"{top[-1].path}/")]
    is_one = top[-1].recurrent is not None or (top[-1].class_name in {"Bidirectional", "RNN"} and inside)
    return top[-1] if is_one else None


def _other_width(got: Size, wanted: Size) -> bool:
    """Whether the last axis is what differs; of a sequence the steps may be too many as well."""
    if same(got, wanted) or got[0] != wanted[0] or len(wanted) > len(got) or len(got) < 2:
        return False
    between = (got[1:-1], ()) if len(got) > 2 else ((),)
    return got[-1] != wanted[-1] and any(wanted[1:-1] == axes for axes in between)


def _units(case: Case, layer: LayerFacts) -> int:
    own = [layer, *(each for each in case.facts.recurrent_layers if each.path.startswith(f"{layer.path}/"))]
    return next((each.recurrent.units for each in own if each.recurrent is not None), 0)


def _merged_halves(case: Case, layer: LayerFacts, got: Size, wanted: Size) -> Alteration | None:
    """Of a Bidirectional that joins its halves end to end: the average of both, if that is what is wanted."""
    is_joined = case.settings.get(layer.path, {}).get("merge_mode") == "concat"
    if layer.class_name != "Bidirectional" or not is_joined or got[-1] != 2 * wanted[-1]:
        return None
    change = Alteration(layer.path, (("merge_mode", "ave"),))
    shapes = shapes_with(case, change)
    return change if len(shapes) == 1 and same(shapes[0], wanted) else None


def _doubled(case: Case, layer: LayerFacts, change: Alteration, got: Size, wanted: Size) -> Finding:
    units = _units(case, layer)
    return Finding(
        code="no-head",
        severity="error",
        summary=f"{layer.path} is the output and joins its two halves end to end: {got[-1]} features of "
        f"{units} units where {wanted[-1]} are wanted.",
        layer=layer.path,
        evidence={
            "layer": layer.path,
            "units": units,
            "merge_mode": "concat",
            "got": got,
            "wanted": wanted,
            **_range(case),
        },
        fix=Fix(
            "Average the halves (the weights stay the same), or put a Dense head behind them.",
            code=f'keras.layers.Bidirectional(keras.layers.LSTM({units}), merge_mode="ave")',
            alterations=(change,),
        ),
        proof=Proof("axes by which the output's shape is off", off_by(got, wanted), 0.0),
        place=Place(layer=_half(case, layer), step=-1),
        weight=0.9,
    )


def _finding(case: Case, layer: LayerFacts, got: Size, wanted: Size) -> Finding:
    head = f"outputs = keras.layers.Dense({wanted[-1]})(hidden)"
    steps = f"{layer.class_name}(..., return_sequences=False); " if len(got) > len(wanted) else ""
    found = _range(case)
    return Finding(
        code="no-head",
        severity="error",
        summary=f"{layer.path} is the output: {got[-1]} numbers between {found['least']:.3g} and "
        f"{found['largest']:.3g}, its hidden state, where {shown_shape(wanted)} is wanted.",
        layer=layer.path,
        evidence={"layer": layer.path, "units": _units(case, layer), "got": got, "wanted": wanted, **found}
        | _what_a_head_would_explain(case, wanted),
        fix=Fix(f"Put a Dense head of {wanted[-1]} behind {layer.path}.", code=f"{steps}{head}".strip()),
        place=Place(layer=_half(case, layer), step=-1),
        weight=0.9,
        direct=True,
    )


def _half(case: Case, layer: LayerFacts) -> str:
    """The layer itself, or the first of those inside it that have states to show."""
    inside = (each.path for each in case.facts.recurrent_layers if each.path.startswith(f"{layer.path}/"))
    return layer.path if layer.recurrent is not None else next(inside, layer.path)


def _range(case: Case) -> dict[str, float]:
    values = next(iter(case.outputs.values()))
    return {"least": float(np.nanmin(values)), "largest": float(np.nanmax(values))}


def _what_a_head_would_explain(case: Case, wanted: Size) -> dict[str, float]:
    """The share of the labels' variance that a linear head on these states explains; where there are any."""
    labels = case.reference_target
    if labels is None or not case.reference or labels.ndim < 2 or labels.shape[-1] != wanted[-1]:
        return {}
    outputs = case.predict(case.reference)
    states = next(iter(outputs.values()), None)
    if states is None or states.shape[:-1] != labels.shape[:-1]:
        return {}
    hidden, truth = states.reshape(-1, states.shape[-1]), labels.reshape(-1, labels.shape[-1])
    design = np.column_stack([hidden, np.ones(len(hidden))]).astype(np.float64)
    if len(hidden) <= 2 * design.shape[1] or not np.isfinite(design).all() or truth.var() == 0:
        return {}
    solved = np.linalg.lstsq(design, truth.astype(np.float64), rcond=None)[0]
    return {"a_linear_head_explains": float(1 - np.mean((design @ solved - truth) ** 2) / truth.var())}


CHECK = Check(
    code="no-head",
    needs=("x", "shape", "output"),
    find=_find,
    lesson=Lesson(
        title="The recurrent layer is the output",
        what="What comes out is the hidden state h, one number for each unit, and no layer makes a "
        "prediction of it. h is o · tanh(c): always between -1 and 1.",
        why="Many units are many numbers where one was wanted, and none of them can leave (-1, 1): a price "
        "of 2000 or a probability cannot come out.",
        keras="LSTM(units) gives (batch, units). Bidirectional joins both halves end to end by default "
        "(merge_mode='concat'): (batch, 2 · units); 'sum', 'mul' and 'ave' keep units.",
        prevent="End the model with a Dense layer of as many units as there are values to predict; save the "
        "whole model, not a part of it that was made to look at states.",
        code="x = keras.layers.LSTM(units)(inputs)\noutputs = keras.layers.Dense(k)(x)",
    ),
    explains=("output-squashed", "target-broadcast", "capacity-low"),
)
