"""`return_sequences=True` on the last recurrent layer where one output per sequence is wanted."""

from __future__ import annotations

from collections.abc import Iterator

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.outputs.wanted import off_by, only_output, settings_of_wrapped
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.calls import Alteration


def _find(case: Case) -> Iterator[Finding]:
    wanted, got = case.subject.expected_shape, only_output(case)
    if wanted is None or got is None or len(got) != len(wanted) + 1 or (got[0], *got[2:]) != wanted:
        return
    for layer in reversed(case.facts.recurrent_layers):
        if layer.recurrent is None or not layer.recurrent.return_sequences:
            continue
        change = Alteration(settings_of_wrapped(layer, case.facts), (("return_sequences", False),))
        try:
            shapes = [array.shape for array in case.predict(lab=case.altered(change)).values()]
        except EditError:
            continue
        if shapes == [wanted]:
            yield _finding(layer, change, got, wanted)
            return


def _finding(layer: LayerFacts, change: Alteration, got: tuple[int, ...], wanted: tuple[int, ...]) -> Finding:
    return Finding(
        code="output-sequence",
        severity="error",
        summary=f"{layer.path} returns an output for each timestep: {shown_shape(got)} came out where "
        f"{shown_shape(wanted)} is wanted.",
        layer=layer.path,
        evidence={"layer": layer.path, "got": got, "wanted": wanted},
        fix=Fix(
            "Build the last recurrent layer with return_sequences=False; the weights stay the same.",
            code=f"keras.layers.{layer.class_name}({layer.recurrent.units if layer.recurrent else '...'}, "
            "return_sequences=False)",
            alterations=(change,),
        ),
        proof=Proof("axes by which the output's shape is off", off_by(got, wanted), 0.0),
        place=Place(layer=layer.path),
        weight=0.9,
    )


CHECK = Check(
    code="output-sequence",
    needs=("x", "shape", "output"),
    find=_find,
    lesson=Lesson(
        title="A sequence comes out where one value is wanted",
        what="The last recurrent layer has return_sequences=True: it gives (batch, timesteps, units), and "
        "the head behind it one prediction for each timestep.",
        why="Losses and metrics broadcast the extra axis without a word, so that training seems to work.",
        keras="return_sequences=False gives (batch, units), the output of the last timestep. Stacked "
        "recurrent layers need True everywhere but in the last.",
        prevent="Look at model.output_shape before training; it is (None, None, k) here.",
        code="keras.layers.LSTM(units, return_sequences=False)",
    ),
    explains=("target-broadcast", "no-head"),
)
