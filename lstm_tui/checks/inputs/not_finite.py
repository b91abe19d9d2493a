"""NaN or infinity in the input: from that step on the states are lost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import count, place_words
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array


def _find(case: Case) -> Iterator[Finding]:
    for name, array in case.inputs.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            yield _finding(case, name, array)


def _finding(case: Case, name: str, array: Array) -> Finding:
    bad = ~np.isfinite(array)
    first = tuple(int(index) for index in np.argwhere(bad)[0])
    kind = "NaN" if np.isnan(array[first]) else "inf"
    lost = _first_lost_layer(case)
    where = f"{place_words(first)}{f', feature {first[2]}' if len(first) > 2 else ''}"
    then = f"; from there on {one_line(lost)} holds no number" if lost else ""
    return Finding(
        code="input-nan",
        severity="error",
        summary=f"Input {one_line(name, 40)} is {kind} at {where}{then}.",
        layer=lost,
        evidence={"input": name, "first": first, "values": int(bad.sum()), "first_lost_layer": lost},
        fix=Fix(
            f"Fill or drop {count(int(bad.sum()), 'value')} before predicting; a Masking layer does not "
            "help, because NaN is never equal to its value.",
            code="x = np.nan_to_num(x)  # or interpolate, or drop the rows",
        ),
        proof=_proof(case, name, array),
        place=Place(layer=lost or None, sample=first[0], step=first[1] if len(first) > 1 else None),
        weight=1.0,
        direct=True,
    )


def _first_lost_layer(case: Case) -> str:
    """The first recurrent layer whose states are not finite."""
    if case.recording is None:
        return ""
    for trace in case.recording.layers:
        if any(not np.isfinite(trace.steps[state]).all() for state in trace.cell.states):
            return trace.path
    return ""


def _proof(case: Case, name: str, array: Array) -> Proof | None:
    """Outputs that are no numbers, before and after the gaps are filled with each feature's mean."""
    before = _lost_share(case.outputs)
    filled: Inputs = {**case.inputs, name: _filled(array)}
    after = case.predict(filled)
    return Proof("share of outputs that are no numbers", before, _lost_share(after)) if after else None


def _filled(array: Array) -> Array:
    axes = tuple(range(array.ndim - 1))
    finite = np.isfinite(array)
    total = np.where(finite, array, 0).sum(axis=axes, keepdims=True)
    mean = total / np.maximum(finite.sum(axis=axes, keepdims=True), 1)
    return np.where(finite, array, mean).astype(array.dtype)


def _lost_share(outputs: Inputs) -> float:
    values = [~np.isfinite(array) for array in outputs.values() if array.dtype.kind == "f"]
    return float(np.mean(np.concatenate([lost.ravel() for lost in values]))) if values else 0.0


CHECK = Check(
    code="input-nan",
    needs=("x",),
    find=_find,
    lesson=Lesson(
        title="NaN or infinity in the input",
        what="One value that is not a number enters the recurrence and never leaves it: every later state, "
        "and every output that depends on it, is NaN as well.",
        why="One missing reading spoils the rest of the sequence, and for a stateful model every later call.",
        keras="Keras computes with NaN without a word. Infinity can come out finite and wrong, because a "
        "saturated gate hides it.",
        prevent="Check inputs before predicting; fill gaps in the same way as in training.",
        code="assert np.isfinite(x).all(), np.argwhere(~np.isfinite(x))[0]",
    ),
    explains=("state-exploding", "mask-collision", "input-scale"),
)
