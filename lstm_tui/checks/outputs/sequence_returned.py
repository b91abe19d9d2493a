"""`return_sequences=True` on the last recurrent layer where one output per sequence is wanted."""

from __future__ import annotations

from collections.abc import Iterator

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.outputs.wanted import (
    Size,
    deciding_layers,
    first_that_gives,
    layer_code,
    off_by,
    only_output,
    same,
    timesteps,
)
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.calls import Alteration

_LAST_STEP = "y = model.predict(x)[:, -1]  # or build the last recurrent layer with return_sequences=False"


def _find(case: Case) -> Iterator[Finding]:
    wanted, got = case.subject.expected_shape, only_output(case)
    if wanted is None or got is None or len(got) < 3 or same(got, wanted):
        return
    if not same((got[0], *got[2:]), wanted):
        return
    layers = list(deciding_layers(case.facts, return_sequences=True))
    tries = ((Alteration(layer.path, (("return_sequences", False),)),) for layer in layers)
    changes = first_that_gives(case, wanted, tries)
    if changes is not None:
        layer = next(each for each in layers if each.path == changes[0].layer)
        code = layer_code(layer, case.facts, case, return_sequences=False)
        text = "Build the last recurrent layer with return_sequences=False; the weights stay the same."
        yield _finding(layer, Fix(text, code, alterations=changes), got, wanted)
    elif layers and got[1] in timesteps(case):
        text = "Take the last step of the output: the layers behind the last recurrent one want a sequence."
        yield _finding(layers[0], Fix(text, _LAST_STEP), got, wanted)


def _finding(layer: LayerFacts, fix: Fix, got: Size, wanted: Size) -> Finding:
    return Finding(
        code="output-sequence",
        severity="error",
        summary=f"{layer.path} returns an output for each timestep: {shown_shape(got)} came out where "
        f"{shown_shape(wanted)} is wanted.",
        layer=layer.path,
        evidence={"layer": layer.path, "got": got, "wanted": wanted},
        fix=fix,
        proof=Proof("axes by which the output's shape is off", off_by(got, wanted), 0.0),
        place=Place(layer=layer.path, step=-1),
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
        "recurrent layers need True everywhere but in the last. Dense works on the last axis alone, so it "
        "takes both; TimeDistributed wants the sequence.",
        prevent="Look at model.output_shape before training: (None, None, k) or (None, timesteps, k) is a "
        "prediction for each step.",
        code="x = keras.layers.LSTM(units, return_sequences=True)(x)   # all but the last\n"
        "x = keras.layers.LSTM(units)(x)                          # the last: (batch, units)\n"
        "y = keras.layers.Dense(k)(x)                             # (batch, k)",
    ),
    explains=("target-broadcast", "no-head"),
)
