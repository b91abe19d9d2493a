"""Sequences with no unmasked step: nothing of them enters the model, the output is the head's bias."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import count
from lstm_tui.checks.inputs.masks import Masker, Steps, maskers
from lstm_tui.recurrent.recording import Array

#: Rows that the evidence lists.
_MOST = 20


def _find(case: Case) -> Iterator[Finding]:
    assert case.recording is not None
    masks = [~trace.mask for trace in case.recording.layers if trace.mask is not None]
    for masker in maskers(case):
        empty = np.asarray(masker.masked.all(axis=1))
        arrives = any(mask.shape == masker.masked.shape and (mask == masker.masked).all() for mask in masks)
        if empty.any() and arrives:
            yield _finding(case, masker, empty)
            return


def _finding(case: Case, masker: Masker, empty: Steps) -> Finding:
    rows = np.flatnonzero(empty)
    outputs = [array[rows] for array in case.outputs.values() if len(array) == len(empty)]
    differ = max((_differ(array) for array in outputs), default=0.0)
    listed = ", ".join(str(row) for row in rows[:6]) + (" …" if len(rows) > 6 else "")
    return Finding(
        code="mask-empty",
        severity="warning",
        summary=f"{count(len(rows), 'sequence')} of {len(empty)} hold nothing but masked steps (row "
        f"{listed}): their output is what the head makes of a zero state.",
        layer=masker.path,
        evidence={
            "rows": tuple(int(row) for row in rows[:_MOST]),
            "of": len(empty),
            "outputs": tuple(float(each) for array in outputs for each in np.ravel(array[0])[:4]),
            "largest_difference_between_them": differ,
        },
        fix=Fix(
            "Leave out sequences without a step, and give no prediction for them.",
            code="kept = (x != mask_value).any(axis=(1, 2))\ny = model.predict(x[kept])",
        ),
        proof=Proof("sequences without an unmasked step", float(len(rows)), 0.0),
        place=Place(layer=masker.path, sample=int(rows[0])),
        weight=0.9,
        direct=True,
    )


def _differ(array: Array) -> float:
    return float(np.ptp(array, axis=0).max(initial=0.0)) if array.dtype.kind == "f" else 0.0


CHECK = Check(
    code="mask-empty",
    needs=("x", "recording"),
    find=_find,
    lesson=Lesson(
        title="A sequence with no step that counts",
        what="Every step of the row is masked, so the recurrent layer never moves: its state is zero, and "
        "the output is the same number for all such rows.",
        why="A document of unknown words, a patient without a visit or a filler row gets a prediction that "
        "looks like any other.",
        keras="Keras computes such a row without a word; the output of LSTM and GRU is zero, and a Dense "
        "head gives its bias.",
        prevent="Drop rows without a step before predicting, and say so to whoever asked.",
        code="kept = (x != mask_value).any(axis=(1, 2))",
    ),
)
