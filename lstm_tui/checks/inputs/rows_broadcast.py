"""One row was broadcast against the stored states of several: more rows come out than went in.

Keras checks the batch size only while it knows it. After a first call with another number of rows, or for
the rest of a `predict` in batches, it does not, and TensorFlow adds the one row to every stored state.
"""

from __future__ import annotations

from collections.abc import Iterator

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import count
from lstm_tui.checks.inputs.called import input_called
from lstm_tui.checks.inputs.refused import alone, without_inputs
from lstm_tui.recurrent.calls import CallModel, Inputs, Predict


def _find(case: Case) -> Iterator[Finding]:
    bound = case.facts.stateful_batch
    if bound is None or bound == 1:
        return
    for number, (call, outcome) in enumerate(zip(case.plan.calls, case.run.outcomes, strict=False)):
        if not isinstance(call, Predict | CallModel) or not outcome.outputs:
            continue
        rows_in = _rows(input_called(case, call))
        rows_out = _rows(outcome.outputs)
        if rows_in < rows_out and rows_in % bound == 1:
            yield _finding(case, number, call, rows_in, rows_out)
            return


def _rows(arrays: Inputs) -> int:
    """Rows of the batch; 0 where there is none."""
    return max((len(array) for array in arrays.values() if array.ndim), default=0)


def _finding(case: Case, number: int, call: Predict | CallModel, rows_in: int, rows_out: int) -> Finding:
    bound = case.facts.stateful_batch or 1
    surplus = rows_out - rows_in
    layer = next(
        each.path for each in case.facts.recurrent_layers if each.recurrent and each.recurrent.stateful
    )
    return Finding(
        code="batch-broadcast",
        severity="error",
        summary=f"{count(rows_in, 'row')} went into call {number + 1} and {rows_out} came out: the last row "
        f"was broadcast against the {bound} states that {layer} keeps.",
        layer=layer,
        evidence={"call": number, "rows_in": rows_in, "rows_out": rows_out, "bound_to": bound},
        fix=Fix(
            f"Fill the batch up to {bound} rows and drop the surplus outputs, or give the weights to a "
            "model for one row: lstm-tui rebuild MODEL -o OUT.keras --batch-size 1.",
            code=f"padded = np.concatenate([x, np.repeat(x[-1:], -len(x) % {bound}, axis=0)])\n"
            f"y = model.predict(padded, batch_size={bound})[:len(x)]",
        ),
        proof=_proof(case, call, rows_in, surplus),
        place=Place(layer=layer, call=number),
        weight=1.0,
        direct=True,
    )


def _proof(case: Case, call: Predict | CallModel, rows_in: int, surplus: int) -> Proof | None:
    """Surplus rows after the batch was filled up and its surplus dropped."""
    bound = case.facts.stateful_batch or 1
    filled = {
        name: array[[*range(rows_in), *[rows_in - 1] * (-rows_in % bound)]]
        for name, array in input_called(case, call).items()
    }
    inner = without_inputs(call)
    outcome = alone(case, Predict(batch_size=bound) if isinstance(inner, Predict) else inner, filled)
    if not outcome.outputs:
        return None
    after = _rows(outcome.outputs) - _rows(filled)
    return Proof("rows that come out beyond those that went in", float(surplus), float(after))


CHECK = Check(
    code="batch-broadcast",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="One row was broadcast against the states of several",
        what="A stateful model keeps a state for each row of its batch. Given a single row, TensorFlow adds "
        "it to every one of them: as many rows come out as there are states, each with another past.",
        why="Which of the outputs belongs to the row is undefined, and all stored states move on by it.",
        keras="Keras checks the batch size only while tracing. Once predict has seen two batch sizes its "
        "graph leaves the batch open: a batch of one passes by broadcasting, two or three of four fail in "
        "the graph.",
        prevent="Compare len(y) with len(x). Fill the last batch up, or predict with a model built for one "
        "row.",
        code="assert len(y) == len(x)",
    ),
    explains=("batch-size",),
)
