"""A 2-D array that Keras expands without a word: `(20, 1)` becomes 20 sequences of ONE step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.arrays.fitting import Suggestion
from lstm_tui.arrays.reshape import apply_all
from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import Explanation, count, misfits
from lstm_tui.checks.inputs.numpy_lines import numpy_lines
from lstm_tui.recurrent.calls import Inputs

#: Values of an output that the evidence lists.
_MOST = 6


def _find(case: Case) -> Iterator[Finding]:
    read = next((each for each in misfits(case.facts, case.inputs) if each.code == "input-ambiguous"), None)
    if read is None or not read.reshapes or _is_wanted(case):
        return
    name = read.input_name if read.input_name in case.inputs else next(iter(case.inputs))
    for meant in read.reshapes:
        outputs = case.predict({**case.inputs, name: apply_all(meant.reshapes, case.inputs[name])})
        if outputs and _fits(case, outputs):
            yield _finding(case, read, name, meant, outputs)
            return


def _is_wanted(case: Case) -> bool:
    """Whether the reading gives the shape that the user expects."""
    return case.subject.expected_shape in [array.shape for array in case.outputs.values()]


def _fits(case: Case, outputs: Inputs) -> bool:
    wanted = case.subject.expected_shape
    return wanted is None or wanted in [array.shape for array in outputs.values()]


def _finding(case: Case, read: Explanation, name: str, meant: Suggestion, outputs: Inputs) -> Finding:
    shape = case.inputs[name].shape
    steps = meant.result[1] if len(meant.result) > 1 else 1
    layer = next((each.path for each in case.facts.recurrent_layers), "")
    return Finding(
        code="input-ambiguous",
        severity="error",
        summary=read.sentence,
        layer=layer,
        evidence={
            "got": shape,
            "read_as": (*shape, 1),
            "likely_meant": meant.result,
            "outputs_as_read": shown(case.outputs),
            "outputs_as_meant": shown(outputs),
        },
        fix=Fix(
            f"{meant.reason} Reshape it to {shown_shape(meant.result)}; "
            f"{count(steps, 'step')} then follow each other through one state.",
            code="\n".join(numpy_lines(meant.reshapes)),
            actions=meant.reshapes,
            input_name=name if len(case.inputs) > 1 else "",
        ),
        proof=Proof("steps that follow each other in one sequence", 1.0, float(steps)),
        place=Place(layer=layer or None),
        weight=0.9,
    )


def shown(outputs: Inputs) -> dict[str, object]:
    """Shape and first values by output name, for evidence."""
    return {
        name: {"shape": array.shape, "first": tuple(float(each) for each in np.ravel(array)[:_MOST])}
        for name, array in outputs.items()
    }


CHECK = Check(
    code="input-ambiguous",
    needs=("x", "output"),
    find=_find,
    lesson=Lesson(
        title="Keras read the rows as sequences of one step each",
        what="A table of one column, (timesteps, 1), went into a model of one feature. Keras added the "
        "missing axis at the end: (timesteps, 1, 1), so many sequences of ONE step.",
        why="Every step starts from a zero state, so the model remembers nothing. As many predictions come "
        "out as there were steps, and nothing complains.",
        keras="Where the last axis of the model's input has size 1 and the array has one axis too few, "
        "Keras adds it at the end. It never adds a batch axis in front.",
        prevent="Give the array all three axes. One sequence is a batch of one.",
        code="x = x.reshape(1, -1, 1)  # one sequence: (batch, timesteps, features)",
    ),
    explains=("input-length", "mask-empty", "context-short", "gradient-vanishing"),
)
