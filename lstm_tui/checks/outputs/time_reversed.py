"""`go_backwards` with `return_sequences`: the output runs in processing order, its first step is the last."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.recording import Array

#: The flipped output has to be this much nearer to the target than the output as it is.
_NEARER = 0.6


def _find(case: Case) -> Iterator[Finding]:
    layer = _runs_backwards(case)
    output, target = next(iter(case.outputs.values()), None), case.target
    if layer is None or output is None or target is None:
        return
    output = case.in_user_units(output)
    if output.ndim < 2 or output.size != target.size or output.shape[:2] != target.shape[:2]:
        return
    target = target.reshape(output.shape)
    as_is, flipped = _error(output, target), _error(output[:, ::-1], target)
    if flipped < _NEARER * as_is and flipped < float(np.nanstd(target)):
        yield _finding(layer, as_is, flipped)


def _runs_backwards(case: Case) -> LayerFacts | None:
    """The last layer that reads backwards and gives every step; a Bidirectional turns its half itself."""
    for layer in reversed(case.facts.recurrent_layers):
        above = case.facts.layer(layer.path.rpartition("/")[0])
        in_pair = above is not None and above.class_name == "Bidirectional"
        if (
            layer.recurrent
            and layer.recurrent.go_backwards
            and layer.recurrent.return_sequences
            and not in_pair
        ):
            return layer
    return None


def _error(output: Array, target: Array) -> float:
    """Root mean square, over what is known of the target."""
    return float(np.sqrt(np.nanmean((output.astype(np.float64) - target) ** 2)))


def _finding(layer: LayerFacts, as_is: float, flipped: float) -> Finding:
    return Finding(
        code="time-reversed",
        severity="error",
        summary=f"{layer.path} reads backwards and gives its steps in that order: the error is {as_is:.4g} "
        f"as it is and {flipped:.4g} with the output turned round in time.",
        layer=layer.path,
        evidence={"layer": layer.path, "error": as_is, "error_flipped": flipped},
        fix=Fix(
            "Turn the layer's output round, so that step t stands at index t.",
            code="x = keras.layers.LSTM(units, go_backwards=True, return_sequences=True)(x)\n"
            "x = keras.ops.flip(x, axis=1)   # or y = model.predict(x)[:, ::-1]",
        ),
        proof=Proof("root mean square error against the target", as_is, flipped),
        place=Place(layer=layer.path, step=0),
        weight=0.9,
    )


CHECK = Check(
    code="time-reversed",
    needs=("x", "target", "output"),
    find=_find,
    lesson=Lesson(
        title="The output runs from the last timestep to the first",
        what="With go_backwards=True the layer reads the sequence from its end, and with "
        "return_sequences=True it returns the steps in the order in which it made them: index 0 belongs to "
        "the last timestep.",
        why="Shapes fit, and every prediction stands at the wrong time. On series that look alike in both "
        "directions nobody notices.",
        keras="Keras does not turn the output round. Bidirectional does, for its backward half; a bare layer "
        "with go_backwards=True does not. The final state is that of timestep 0.",
        prevent="Flip right behind the layer, or use Bidirectional. Test with a series whose steps are "
        "numbered.",
        code="x = keras.layers.LSTM(units, go_backwards=True, return_sequences=True)(x)\n"
        "x = keras.ops.flip(x, axis=1)",
    ),
    explains=("echo", "capacity-low", "context-short"),
)
