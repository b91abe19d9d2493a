"""States handed to another layer that do not fit it, in number or in units."""

from __future__ import annotations

from collections.abc import Iterator

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.call_failure import explain
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place
from lstm_tui.checks.input_fit import count
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallFailure
from lstm_tui.recurrent.handed_states import HandedStates
from lstm_tui.recurrent.recording import Shape


def _find(case: Case) -> Iterator[Finding]:
    failure = case.outcome.failure if case.outcome is not None else None
    misfits = [each for each in case.lab.handed_states() if each.misfits or not each.fits_in_number]
    for handed in misfits:
        if failure is None or failure.layer in ("", handed.layer) or len(misfits) == 1:
            yield _finding(case, handed, failure)
            return
    if failure is not None and explain(failure, case.facts, case.inputs).code == "states-mismatch":
        yield _from_failure(case, failure)


def _finding(case: Case, handed: HandedStates, failure: CallFailure | None) -> Finding:
    wanted = case.facts.layer(handed.layer)
    kind = wanted.class_name if wanted is not None else "layer"
    sources = ", ".join(dict.fromkeys(one_line(each.source) for each in handed.given))
    given = tuple(each.shape for each in handed.given)
    return Finding(
        code="states-mismatch",
        severity="error" if failure is not None else "warning",
        summary=f"{one_line(handed.layer)} ({kind}) is handed {_words(given)} by {sources} and has "
        f"{_words(handed.wanted)}{_then(handed, failure)}.",
        layer=handed.layer,
        evidence={
            "layer": handed.layer,
            "wanted": handed.wanted,
            "from": tuple(each.source for each in handed.given),
            "given": given,
            "error": one_line(failure.message, 200) if failure is not None else None,
        },
        fix=Fix(_remedy(handed), _code(case, handed)),
        place=Place(layer=handed.layer, step=0),
        weight=1.0,
        direct=True,
    )


def _words(shapes: tuple[Shape, ...]) -> str:
    """`2 states of (batch, 16)`, `states (batch, 8) and (batch, 4)`."""
    if len(set(shapes)) == 1:
        return f"{count(len(shapes), 'state')} of {_shape(shapes[0])}"
    return f"states {' and '.join(_shape(shape) for shape in shapes)}"


def _shape(shape: Shape) -> str:
    if shape and shape[0] is None:
        return f"(batch, {', '.join(str(size) for size in shape[1:])})"
    return shown_shape(tuple(size or 0 for size in shape))


def _then(handed: HandedStates, failure: CallFailure | None) -> str:
    if failure is not None:
        return f": the call fails ({one_line(failure.error_type, 40)})"
    ignored = len(handed.given) - len(handed.wanted)
    return f": the last {ignored} of them {'is' if ignored == 1 else 'are'} ignored without a word"


def _remedy(handed: HandedStates) -> str:
    given, wanted = len(handed.given), len(handed.wanted)
    if handed.fits_in_number:
        size = handed.given[handed.misfits[0]].shape[-1]
        return f"Give both layers the same units ({size}), or bring each state to size with a Dense layer."
    if given == 2 * wanted:
        return "Join the states of both halves, and give the decoder twice the units."
    return f"Hand over {count(wanted, 'state')}: an LSTM has h and c, a GRU and a SimpleRNN have h alone."


def _code(case: Case, handed: HandedStates) -> str:
    layer, units = case.facts.layer(handed.layer), handed.given[0].shape[-1]
    kind = layer.class_name if layer is not None else "LSTM"
    if not handed.fits_in_number and len(handed.given) == 2 * len(handed.wanted):
        return (
            "h = keras.layers.Concatenate()([forward_h, backward_h])\n"
            "c = keras.layers.Concatenate()([forward_c, backward_c])\n"
            f"y = keras.layers.{kind}({2 * (units or 0)})(x, initial_state=[h, c])"
        )
    states = "[h, c]" if len(handed.wanted) == 2 else "h"
    return f"y = keras.layers.{kind}({units})(x, initial_state={states})"


def _from_failure(case: Case, failure: CallFailure) -> Finding:
    """A model without a graph to read: what Keras said is all there is."""
    return Finding(
        code="states-mismatch",
        severity="error",
        summary=explain(failure, case.facts, case.inputs).sentence,
        layer=failure.layer,
        evidence={"layer": failure.layer, "error": one_line(failure.message, 200)},
        fix=Fix(
            "Give the layer that hands its states over as many units and states as the one that takes them."
        ),
        place=Place(layer=failure.layer, step=0),
        weight=0.95,
        direct=True,
    )


CHECK = Check(
    code="states-mismatch",
    needs=("x",),
    find=_find,
    lesson=Lesson(
        title="States that do not fit the layer that they are handed to",
        what="initial_state takes one tensor (batch, units) for each state of the layer: an LSTM wants h and "
        "c, a GRU and a SimpleRNN h, a Bidirectional those of its forward half, then of its backward one.",
        why="An encoder of other units than its decoder, or of another kind, cannot hand over what it knows.",
        keras="Keras 3 builds and saves such a model, and fails only when it runs, in words about matrices "
        "or 'list index out of range'. A GRU that is given h and c takes h and ignores c without a word.",
        prevent="Call the model once on a batch right after building it. Write units once, as a name.",
        code="_, h, c = keras.layers.LSTM(units, return_state=True)(encoder_input)\n"
        "y = keras.layers.LSTM(units)(decoder_input, initial_state=[h, c])",
    ),
    explains=("input-features",),
)
