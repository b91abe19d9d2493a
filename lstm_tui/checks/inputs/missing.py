"""An input that was not passed, for instance a decoder's initial state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lstm_tui.arrays.fitting import Wanted
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix
from lstm_tui.checks.input_fit import axes_words, pairs
from lstm_tui.checks.inputs.refused import refusal_of, refused_finding
from lstm_tui.plain_text import one_line

_NAMES = "[tensor.name for tensor in model.inputs]"


def _find(case: Case) -> Iterator[Finding]:
    refusal = refusal_of("input-missing", case)
    if refusal is None:
        return
    passed = {tensor.name: array.shape for tensor, array in pairs(case.facts, refusal.inputs)}
    missing = {
        one_line(tensor.name, 60): axes_words(Wanted(tensor.shape))
        for tensor in case.facts.inputs
        if tensor.name not in passed
    }
    what = ", ".join(f"{name} {shape}" for name, shape in missing.items()) or refusal.explanation.input_name
    finding = refused_finding(
        case,
        refusal,
        Fix(f"Pass {what} beside the rest, best in a dictionary by name.", code=f"print({_NAMES})"),
    )
    evidence = {
        "call": refusal.number,
        "missing": missing,
        "passed": passed,
        "keras": finding.evidence["keras"],
    }
    yield replace(finding, evidence=evidence)


CHECK = Check(
    code="input-missing",
    needs=("x",),
    find=_find,
    lesson=Lesson(
        title="An input was not passed",
        what="The model has several inputs and got fewer. A decoder wants the encoder's states beside its "
        "words.",
        why="The call fails. Zeros in the place of an encoder's states would let it run and translate "
        "nothing.",
        keras="A list is taken in the order of model.inputs, a dictionary by name. model.input_names is "
        "gone in Keras 3.",
        prevent="Pass a dictionary: then a missing input is named, and two of equal shape cannot change "
        "places.",
        code='model.predict({"words": words, "state_h": state_h, "state_c": state_c})',
    ),
)
