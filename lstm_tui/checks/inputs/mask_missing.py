"""Padded sequences and nothing masks them: the state is mostly a function of the padding.

Padding is the same step again and again at the end of rows of different length, and nowhere else. It is a
fault where little of the sequences is left in the outputs, or where they still move with every step of
padding. A model that was trained on such rows and holds its answer through them is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.inputs.masks import (
    Counts,
    Steps,
    holds_only,
    is_per_step,
    only_sequence,
    run_at_end,
)
from lstm_tui.checks.measures import rms
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.recording import Array

#: Padding must take this share of all steps.
LEAST_SHARE = 0.15
#: The padding's step must be rarer than this among the steps before it.
MOST_INSIDE = 0.01
#: Little is left where outputs keep less than this share of their distance from that of pure padding.
KEPT = 0.4
#: They move with the padding where half of it changes them by this share of that distance,
MOVES = 0.25
#: and all of it by this.
CHANGES = 0.5
#: Distances below this share of the outputs' size are float noise.
NOISE = 1e-3
#: Lengths at which sequences are predicted without their padding, where prefix predictions do not tell.
MOST_LENGTHS = 2


@dataclass(frozen=True, eq=False)
class Padding:
    """step: what is repeated, `(features,)` or an id. run: steps of padding a row, `(batch,)`."""

    step: Array
    run: Counts
    timesteps: int

    @property
    def share(self) -> float:
        """Of all steps."""
        return float(self.run.sum() / (len(self.run) * self.timesteps))


def _find(case: Case) -> Iterator[Finding]:
    assert case.recording is not None
    name = only_sequence(case.inputs)
    if name is None:
        return
    padding = padding_of(case.inputs[name])
    if padding is None or _is_masked(case, case.inputs[name], padding):
        return
    output = next(iter(case.outputs))
    values = case.outputs[output]
    if is_per_step(values, padding.timesteps) or len(values) != len(padding.run):
        return
    rows = np.flatnonzero((padding.run >= 3) & (padding.run < padding.timesteps))
    ends = padding.timesteps - padding.run
    real = _ended_at(case, name, output, {int(row): int(ends[row]) for row in rows})
    pure = _of_pure_padding(case, name, output, padding)
    if not real or pure is None:
        return
    half = {row: int(ends[row] + padding.run[row] // 2) for row in real}
    measured = _measured(values, real, _ended_at(case, name, output, half), pure)
    if measured is not None and measured.is_fault:
        yield _finding(case, name, padding, measured)


def padding_of(array: Array) -> Padding | None:
    """What `(batch, timesteps, features)`, or ids `(batch, timesteps)`, are filled up with at the end."""
    if not np.isfinite(array).all() or array.shape[1] < 4:
        return None
    steps, counts = np.unique(array[:, -1], axis=0, return_counts=True)
    step = steps[int(counts.argmax())]
    held = holds_only(array, step)
    padding = Padding(step, run_at_end(held), array.shape[1])
    long_enough = padding.share >= LEAST_SHARE and padding.run.max() >= 3
    return padding if long_enough and _looks_made(padding, held) else None


def _looks_made(padding: Padding, held: Steps) -> bool:
    """Lengths that differ, or one plain number in all features; and hardly ever that step before it."""
    before = held.sum() - padding.run.sum()
    real = held.size - padding.run.sum()
    if not real or before > MOST_INSIDE * real:
        return False
    lengths = np.unique(padding.run[padding.run > 0])
    numbers = np.unique(padding.step)
    plain = numbers.size == 1 and float(numbers[0]) in (0.0, -1.0)
    return bool(lengths.size > 1 or (plain and padding.share >= 2 * LEAST_SHARE))


def _is_masked(case: Case, array: Array, padding: Padding) -> bool:
    """Whether some mask reaches a recurrent layer and leaves the padding out."""
    assert case.recording is not None
    steps = np.arange(array.shape[1]) >= array.shape[1] - padding.run[:, None]
    masks = [trace.mask for trace in case.recording.layers if trace.mask is not None]
    return any(mask.shape == steps.shape and not mask[steps].all() for mask in masks)


def _ended_at(case: Case, name: str, output: str, ends: dict[int, int]) -> dict[int, Array]:
    """By row, the output had its sequence ended there; of some rows only where each length is a call."""
    assert case.recording is not None
    prefix = case.recording.prefix.get(output)
    if prefix is not None and prefix.shape[:2] == case.inputs[name].shape[:2]:
        return {row: prefix[row, end - 1] for row, end in ends.items()}
    lengths, counts = np.unique(list(ends.values()), return_counts=True)
    found: dict[int, Array] = {}
    for length in lengths[np.argsort(-counts, kind="stable")][:MOST_LENGTHS]:
        outputs = case.predict({**case.inputs, name: case.inputs[name][:, :length]})
        if output in outputs:
            found |= {row: outputs[output][row] for row, end in ends.items() if end == length}
    return found


def _of_pure_padding(case: Case, name: str, output: str, padding: Padding) -> Array | None:
    """The output of a sequence that is nothing but padding."""
    array = case.inputs[name]
    pure = np.broadcast_to(padding.step, array.shape).astype(array.dtype)
    return case.predict({**case.inputs, name: pure}).get(output)


@dataclass(frozen=True)
class _Measured:
    """Root mean squares over rows.

    given, without: distance from the output of pure padding, with the padding and without it.
    changed: by all of the padding. moved: by its second half.
    """

    given: float
    without: float
    changed: float
    moved: float

    @property
    def is_fault(self) -> bool:
        forgotten = self.given < KEPT * self.without
        moving = self.moved > MOVES * self.without and self.changed > CHANGES * self.without
        return forgotten or moving


def _measured(values: Array, real: dict[int, Array], half: dict[int, Array], pure: Array) -> _Measured | None:
    rows = list(real)
    without = rms(np.array([real[row] - pure[row] for row in rows]))
    if not np.isfinite(without) or without <= NOISE * max(float(np.abs(values).max(initial=0.0)), 1e-9):
        return None
    return _Measured(
        given=rms(np.array([values[row] - pure[row] for row in rows])),
        without=without,
        changed=rms(np.array([values[row] - real[row] for row in rows])),
        moved=rms(np.array([values[row] - half[row] for row in half])) if half else 0.0,
    )


def _finding(case: Case, name: str, padding: Padding, measured: _Measured) -> Finding:
    layer = next((each.path for each in case.facts.recurrent_layers), "")
    row = int(padding.run.argmax())
    left = measured.given / measured.without
    what = (
        f"they leave {left:.0%} of the outputs' distance from that of pure padding"
        if left < KEPT
        else f"they change the outputs by {measured.changed:.4g}, their second half by {measured.moved:.4g}"
    )
    return Finding(
        code="mask-missing",
        severity="error",
        summary=f"{padding.share:.0%} of the steps are padding and nothing masks them: {what}.",
        layer=layer,
        evidence={
            "share_of_padding": padding.share,
            "padding": tuple(float(each) for each in np.ravel(padding.step)[:8]),
            "lengths": tuple(int(each) for each in (padding.timesteps - padding.run)[:20]),
            "outputs_with_padding": tuple(
                float(each) for each in np.ravel(next(iter(case.outputs.values())))[:6]
            ),
            "distance_from_pure_padding": measured.given,
            "distance_without_padding": measured.without,
            "changed_by_padding": measured.changed,
        },
        fix=_fix(case, name, float(padding.step.ravel()[0])),
        proof=_proof(measured),
        place=Place(layer=layer or None, sample=row, step=int(padding.timesteps - padding.run[row])),
        weight=0.85,
    )


def _proof(measured: _Measured) -> Proof:
    """What a mask gives is the output at the end of the real steps: that of the sequence without padding."""
    if measured.given < KEPT * measured.without:
        return Proof("distance of the outputs from that of pure padding", measured.given, measured.without)
    return Proof("change of the outputs by the padding", measured.changed, 0.0)


def _fix(case: Case, name: str, step: float) -> Fix:
    """Masking; an Embedding can be told to, and that is tried."""
    embedding = next(
        (path for path, said in case.settings.items() if said.get("class_name") == "Embedding"), None
    )
    if embedding is None or step != 0 or case.inputs[name].ndim != 2:
        return Fix(
            "Put a Masking layer in front, which needs no other weights; or predict on each sequence "
            "without its padding.",
            code=f"keras.layers.Masking(mask_value={step:g})  # first in the model",
        )
    change = Alteration(embedding, (("mask_zero", True),))
    try:
        works = bool(case.predict(lab=case.altered(change)))
    except EditError:
        works = False
    return Fix(
        "Build the Embedding with mask_zero=True; the weights stay the same.",
        code="keras.layers.Embedding(vocabulary, width, mask_zero=True)",
        alterations=(change,) if works else (),
    )


CHECK = Check(
    code="mask-missing",
    needs=("x", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="Padding is read as if it were data",
        what="Sequences of different length were filled up at the end, and no layer masks the filling. The "
        "last state, from which the prediction is made, is that after many steps of padding.",
        why="Short sequences predict nearly the same, and the same sequence predicts something else in "
        "a longer batch.",
        keras="A zero is a number like any other to a recurrent layer. Only Masking, "
        "Embedding(mask_zero=True) or a mask in the call make it skip a step; a skipped step repeats the "
        "state before it.",
        prevent="Put Masking first, or mask_zero=True, before training. pad_sequences pads in front unless "
        "told otherwise, where unmasked padding does the least harm.",
        code="keras.layers.Masking(mask_value=0.0)",
    ),
    explains=("gradient-vanishing", "context-short"),
)
