"""`return_sequences=False` on the last recurrent layer where an output for each timestep is wanted."""

from __future__ import annotations

from collections.abc import Iterator

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.outputs.horizon import horizon_is_likelier
from lstm_tui.checks.outputs.wanted import (
    Size,
    deciding_layers,
    first_that_gives,
    layer_code,
    off_by,
    only_output,
    timesteps,
)
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.calls import Alteration


def _find(case: Case) -> Iterator[Finding]:
    wanted, got = case.subject.expected_shape, only_output(case)
    if wanted is None or got is None or not lacks_steps(got, wanted) or wanted[1] not in timesteps(case):
        return
    layers = list(deciding_layers(case.facts, return_sequences=False))
    changes = first_that_gives(case, wanted, _tries(layers))
    if changes is None or horizon_is_likelier(case, changes):
        return
    layer = next(each for each in layers if each.path == changes[0].layer)
    yield _finding(case, layer, changes, got, wanted)


def lacks_steps(got: Size, wanted: Size) -> bool:
    """Whether an axis after the batch is all that is missing: (1, 5) for (1, 24, 5), (1, 1) for (1, 24)."""
    return len(wanted) > 1 and (
        (wanted[0], *wanted[2:]) == got or (len(wanted) == 2 and got == (wanted[0], 1) and wanted[1] != 1)
    )


def _tries(layers: list[LayerFacts]) -> Iterator[tuple[Alteration, ...]]:
    """The last recurrent layer alone; then all that give one step, for branches that join."""
    changes = tuple(Alteration(layer.path, (("return_sequences", True),)) for layer in layers)
    yield from ((change,) for change in changes[:1])
    if len(changes) > 1:
        yield changes


def _finding(
    case: Case, layer: LayerFacts, changes: tuple[Alteration, ...], got: Size, wanted: Size
) -> Finding:
    return Finding(
        code="output-last-only",
        severity="error",
        summary=f"{layer.path} returns its last timestep alone: {shown_shape(got)} came out where "
        f"{shown_shape(wanted)}, an output for each timestep, is wanted.",
        layer=layer.path,
        evidence={"layer": layer.path, "got": got, "wanted": wanted},
        fix=Fix(
            "Build the last recurrent layer with return_sequences=True; the weights stay the same.",
            code=layer_code(layer, case.facts, case, return_sequences=True),
            alterations=changes,
        ),
        proof=Proof("axes by which the output's shape is off", off_by(got, wanted), 0.0),
        place=Place(layer=layer.path, step=-1),
        weight=0.9,
    )


CHECK = Check(
    code="output-last-only",
    needs=("x", "shape", "output"),
    find=_find,
    lesson=Lesson(
        title="One value comes out where one for each timestep is wanted",
        what="The last recurrent layer has return_sequences=False: it gives (batch, units), its last step, "
        "and the steps before it are thrown away.",
        why="Tags, per-step forecasts and alarms need every step; the model computes them and drops them.",
        keras="return_sequences=False is the default. With True the layer gives (batch, timesteps, units), "
        "and Dense, which works on the last axis, a prediction for each step with the same weights.",
        prevent="Look at model.output_shape before training: (None, k) is one prediction for a sequence.",
        code="x = keras.layers.LSTM(units, return_sequences=True)(x)   # (batch, timesteps, units)\n"
        "y = keras.layers.Dense(k)(x)                             # (batch, timesteps, k)",
    ),
    explains=("target-broadcast", "needs-generation"),
)
