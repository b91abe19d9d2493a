"""Left padding under a mask: right on a CPU, refused by the cuDNN kernels on a GPU. Told for information."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place
from lstm_tui.checks.input_fit import count
from lstm_tui.checks.inputs.masks import inside, run_at_start

#: Rows that the evidence lists.
_MOST = 20


def _find(case: Case) -> Iterator[Finding]:
    assert case.recording is not None
    for trace in case.recording.layers:
        if trace.mask is None or trace.cell.name not in ("lstm", "gru"):
            continue
        masked = ~trace.mask
        rows = np.flatnonzero((run_at_start(masked) > 0) & ~masked.all(axis=1))
        if rows.size and not inside(masked).any():
            yield Finding(
                code="mask-left",
                severity="info",
                summary=f"{count(len(rows), 'sequence')} of {len(masked)} are padded in front. That is "
                f"right on this CPU; on a GPU the cuDNN kernel of {trace.path} refuses such a mask.",
                layer=trace.path,
                evidence={
                    "rows": tuple(int(row) for row in rows[:_MOST]),
                    "of": len(masked),
                    "condition": "cuDNN takes a mask only where all masked steps come last in their row",
                },
                fix=Fix(
                    "Nothing to do on a CPU. For a GPU pad behind, or keep the layer off cuDNN.",
                    code=f"keras.layers.{trace.cell.name.upper()}(units, use_cudnn=False)",
                ),
                place=Place(layer=trace.path, sample=int(rows[0]), step=0),
                weight=0.3,
                direct=True,
            )
            return


CHECK = Check(
    code="mask-left",
    needs=("x", "recording"),
    find=_find,
    lesson=Lesson(
        title="Padded in front, under a mask",
        what="Sequences of different length were filled up in front, and a mask leaves the filling out.",
        why="Predictions are right on a CPU. On a GPU the same model stops with an error that speaks of "
        "right-padded sequences.",
        keras="The plain loop takes any mask. The cuDNN kernels of LSTM and GRU assert that all masked "
        "steps come last in their row and that no row is masked as a whole; use_cudnn=False leaves them out.",
        prevent="pad_sequences pads in front unless told otherwise.",
        code='x = keras.utils.pad_sequences(sequences, padding="post")',
    ),
)
