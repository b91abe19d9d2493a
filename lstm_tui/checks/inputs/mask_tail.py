"""Masked last steps are read: zeros from a Bidirectional layer, a repeat of the last output from a plain one.

That an output sequence has such a tail is no fault. It is one where the model takes its result from there:
a slice of the last step, a mean without the mask, a Flatten. What is read is shown by the same sequences
without their padding, which predict something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import count
from lstm_tui.checks.inputs.masks import Counts, is_per_step, only_sequence, padded_in_front, run_at_end
from lstm_tui.checks.measures import rms
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.recording import Array, LayerTrace

#: Outputs with and without padding must differ by this share of their spread.
MATTERS = 0.05
#: Rows that the evidence lists.
_MOST = 20


@dataclass(frozen=True, eq=False)
class _Tail:
    """The last recurrent layer of a sequence under a mask, and its masked last steps a row, `(batch,)`."""

    layer: LayerFacts
    trace: LayerTrace
    run: Counts

    @property
    def path(self) -> str:
        return self.layer.path


def _find(case: Case) -> Iterator[Finding]:
    tail = _tail(case)
    if tail is None or all(is_per_step(array, tail.trace.timesteps) for array in case.outputs.values()):
        return
    yield from _flattened(case, tail) if _flatten(case) else _trimmed(case, tail)


def _tail(case: Case) -> _Tail | None:
    assert case.recording is not None
    if not case.recording.layers:
        return None
    trace = case.recording.layers[-1]
    layer = case.facts.layer(trace.path)
    if layer is None or layer.recurrent is None or not layer.recurrent.return_sequences or trace.mask is None:
        return None
    run = run_at_end(~trace.mask)
    run = np.where(run == trace.timesteps, 0, run)
    return _Tail(layer, trace, run) if run.any() else None


def _trimmed(case: Case, tail: _Tail) -> Iterator[Finding]:
    """Against the same sequences without their padding, cut where most padding goes."""
    name = only_sequence(case.inputs)
    if name is None or case.inputs[name].shape[1] != tail.trace.timesteps:
        return
    lengths, counts = np.unique(tail.run[tail.run > 0], return_counts=True)
    run = int(lengths[(counts * lengths).argmax()])
    rows = np.flatnonzero(tail.run == run)
    cut = case.predict({**case.inputs, name: case.inputs[name][:, : tail.trace.timesteps - run]})
    output = next((each for each in case.outputs if each in cut), None)
    if output is None or case.outputs[output].shape != cut[output].shape:
        return
    off = rms(case.outputs[output][rows] - cut[output][rows])
    if off < MATTERS * max(float(np.std(cut[output])), 0.1 * rms(cut[output]), 1e-9):
        return
    front = case.predict({**case.inputs, name: padded_in_front(case.inputs[name], tail.run)})
    after = rms(front[output][rows] - cut[output][rows]) if output in front else off
    mended = after if after < off / 4 else None
    yield _finding(case, tail, np.flatnonzero(tail.run), _Reading("", off, mended, measured_on=int(rows[0])))


def _flatten(case: Case) -> LayerFacts | None:
    return next((layer for layer in case.facts.layers if layer.class_name == "Flatten"), None)


def _flattened(case: Case, tail: _Tail) -> Iterator[Finding]:
    """What the masked steps put into the Dense layer behind a Flatten, against what all steps do."""
    flatten = _flatten(case)
    assert flatten is not None and case.recording is not None
    dense = next((path for path, fed in case.wiring.items() if flatten.path in fed), "")
    kernel = case.weights.get(f"{dense}/kernel")
    values = next(
        (each.values for each in case.recording.layer_outputs if each.path == flatten.path and each.values),
        None,
    )
    if kernel is None or values is None or values[0].shape[-1] % tail.trace.timesteps:
        return
    steps = tail.trace.timesteps
    width = values[0].shape[-1] // steps
    each_step = np.einsum(
        "btw,twk->btk",
        values[0].reshape(-1, steps, width),
        kernel.reshape(steps, width, -1),
        dtype=np.float64,
    )
    masked = np.arange(steps) >= steps - tail.run[:, None]
    of_tail = rms((each_step * masked[..., None]).sum(axis=1)[tail.run > 0])
    share = of_tail / max(of_tail + rms((each_step * ~masked[..., None]).sum(axis=1)[tail.run > 0]), 1e-12)
    if share >= MATTERS:
        rows = np.flatnonzero(tail.run)
        yield _finding(case, tail, rows, _Reading(f" through {flatten.path}", share=share))


@dataclass(frozen=True)
class _Reading:
    """How steps are read.

    off: error of the outputs, in rows as long as `measured_on`. after: that with padding in front, where it
    mends it. share: of what reaches the head.
    """

    through: str
    off: float | None = None
    after: float | None = None
    share: float | None = None
    measured_on: int | None = None


def _finding(case: Case, tail: _Tail, rows: Counts, reading: _Reading) -> Finding:
    holds = _held(case, tail)
    read = int(tail.run[rows].max())
    effect = (
        f"{reading.share:.0%} of what reaches the head comes from there"
        if reading.share is not None
        else f"without its padding the output of row {reading.measured_on} is another by {reading.off:.4g}"
    )
    mends = reading.off is not None and reading.after is not None
    return Finding(
        code="mask-tail",
        severity="error" if mends else "warning",
        summary=f"The model reads masked steps of {tail.path}{reading.through}: in {count(len(rows), 'row')} "
        f"up to {read} at the end, which hold {holds}; {effect}.",
        layer=tail.path,
        evidence={
            "rows": tuple(int(row) for row in rows[:_MOST]),
            "steps_read": tuple(int(each) for each in tail.run[rows][:_MOST]),
            "they_hold": holds,
            "difference_without_padding": reading.off,
            "share_of_what_the_head_gets": reading.share,
        },
        fix=_fix(reading),
        proof=Proof(
            "difference from the same sequences without padding", reading.off or 0.0, reading.after or 0.0
        )
        if mends
        else None,
        place=Place(layer=tail.path, sample=int(rows[0]), step=int(tail.trace.timesteps - tail.run[rows[0]])),
        weight=0.85,
        direct=True,
    )


def _fix(reading: _Reading) -> Fix:
    if reading.share is not None:
        return Fix(
            "Take the last unmasked step (return_sequences=False) or a mean under the mask in the place of "
            "Flatten, and train it.",
            code="keras.layers.GlobalAveragePooling1D()  # uses the mask",
        )
    text = "Let the layer return its last step itself, which is that before the padding"
    return Fix(
        f"{text}; or pad in front, which was tried." if reading.after is not None else f"{text}.",
        code="keras.layers.Bidirectional(keras.layers.LSTM(units, return_sequences=False))\n"
        '# or: keras.utils.pad_sequences(sequences, padding="pre")',
    )


def _held(case: Case, tail: _Tail) -> str:
    """What stands in the masked last steps of the sequence that the layer gives."""
    assert case.recording is not None
    row = int(tail.run.argmax())
    first = int(tail.trace.timesteps - tail.run[row])
    parent = tail.path.rpartition("/")[0]
    given: dict[str, Array] = {
        each.path: each.values[0] for each in case.recording.layer_outputs if each.values is not None
    }
    values = given.get(parent, given.get(tail.path))
    if values is None or values.ndim != 3 or values.shape[1] != tail.trace.timesteps:
        return "no output of their own"
    if not values[row, first:].any():
        return "zeros"
    same = np.array_equal(
        values[row, first:], np.broadcast_to(values[row, first - 1], values[row, first:].shape)
    )
    return "a repeat of the last output" if same else "no output of their own"


CHECK = Check(
    code="mask-tail",
    needs=("x", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="The result is taken from steps that are masked",
        what="Behind a layer with return_sequences=True the model takes the last step, or all steps, "
        "itself. In padded rows these are masked steps, which hold no output of their own.",
        why="What comes out depends on how much padding there was, or is the head's bias alone.",
        keras="Under a mask LSTM and GRU repeat their last output in masked steps, Bidirectional puts zeros "
        "there. Slices, Flatten and max or average pooling do not look at masks; GlobalAveragePooling1D "
        "does.",
        prevent="Let the last recurrent layer return one step (return_sequences=False), which honours the "
        "mask, or pool with a layer that does.",
        code="keras.layers.Bidirectional(keras.layers.LSTM(units))  # instead of return_sequences=True and "
        "[:, -1]",
    ),
)
