"""The sum behind a candidate, or behind the state of a SimpleRNN, term by term.

Weights lie as Keras has them: an LSTM's kernel is `(features, 4 × units)` in the order i, f, c, o; a GRU's
`(features, 3 × units)` in the order z, r, candidate, with two biases where the reset gate comes after the
recurrent product (`reset_after`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.why import Causes, Floats, Made, Question, Share, Terms
from lstm_tui.recurrent.why_tracing import entering, settings_of

#: By cell: how many blocks its kernel has, and which is the candidate's.
_BLOCKS = {"lstm": (4, 2), "gru": (3, 2), "simple_rnn": (1, 0)}


@dataclass(frozen=True, eq=False)
class GateSum:
    """terms: of what is read and of the state before. single: the bias. activation: of the sum."""

    terms: tuple[Terms, ...]
    single: tuple[Share, ...]
    activation: str
    dtype: str


@dataclass(frozen=True, eq=False)
class _Weights:
    """Those of one unit: `(features,)` and `(units,)`."""

    kernel: Floats
    recurrent: Floats
    bias: Floats


def candidate_sum(made: Made, trace: LayerTrace, step: int, unit: int) -> GateSum | str:
    """What the candidate of `unit` is an activation of at a step that is kept; or why it is not known."""
    path = trace.path
    read = entering(made, path, step)
    if isinstance(read, str):
        return read
    found = _weights(made, trace, unit)
    if found is None or len(found.kernel) != len(read.values):
        return f"the weights of {one_line(path, 60)} do not fit what it reads"
    before = _before(made, trace, step)
    if before is None:
        return f"the state before step {step} of {one_line(path, 60)} is not held"
    settings = settings_of(made, path)
    with np.errstate(all="ignore"):
        past, bias = found.recurrent * before.values, float(found.bias.sum())
        if trace.cell.name == "gru":
            past, bias = _reset(made, trace, step, unit, found, past)
        terms = (Terms(found.kernel * read.values, read), Terms(past, before))
    single = (Share(bias, name="bias"),) if bias else ()
    return GateSum(
        terms, single, str(settings.get("activation") or "tanh"), made.insides.dtypes.get(path, "")
    )


def _weights(made: Made, trace: LayerTrace, unit: int) -> _Weights | None:
    blocks, which = _BLOCKS[trace.cell.name]
    column = which * trace.units + unit
    kernel, recurrent, bias = (
        _raw(made, trace.path, name) for name in ("kernel", "recurrent_kernel", "bias")
    )
    shape = (trace.units, blocks * trace.units)
    if kernel is None or recurrent is None or recurrent.shape != shape or kernel.shape[1:] != shape[1:]:
        return None
    none = np.zeros(1)
    own = none if bias is None else np.atleast_1d(np.asarray(bias, np.float64)[..., column])
    return _Weights(kernel[:, column].astype(np.float64), recurrent[:, column].astype(np.float64), own)


def _raw(made: Made, path: str, name: str) -> Any:
    """A weight as it is: one column of it is all that is wanted."""
    return made.insides.weights.get(f"{path}/{name}")


def _reset(
    made: Made, trace: LayerTrace, step: int, unit: int, found: _Weights, past: Floats
) -> tuple[Floats, float]:
    """The reset gate of a GRU: of the unit, over product and second bias; or of each unit."""
    gate = trace.at("r", made.sample, step).astype(np.float64)
    if not settings_of(made, trace.path).get("reset_after", len(found.bias) == 2):
        return past * gate, float(found.bias.sum())
    inner = float(found.bias[1]) if len(found.bias) == 2 else 0.0
    return past * gate[unit], float(found.bias[0]) + inner * float(gate[unit])


def _before(made: Made, trace: LayerTrace, step: int) -> Causes | None:
    """The state that the step started from, and which value each of its units is."""
    earlier = step + 1 if trace.go_backwards else step - 1
    if trace.has(made.sample, earlier):
        values = trace.at("h", made.sample, earlier)
    else:
        first = trace.kept.stop - 1 if trace.go_backwards else trace.start
        initial = trace.before_first("h", made.sample) if step == first else None
        if initial is None:
            return None
        values = initial
    return Causes(values.astype(np.float64), lambda index: Question("state", trace.path, earlier, index, "h"))
