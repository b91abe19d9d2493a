"""`return_state=True`: the states come out beside the output, where one output is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import count
from lstm_tui.checks.outputs.wanted import deciding_layers, same, shapes_with
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.recording import Array, LayerTrace

_CODE = "y, *states = model.predict(x)  # or build {layer} without return_state"


def _find(case: Case) -> Iterator[Finding]:
    wanted = case.subject.expected_shape
    if wanted is None or len(case.outputs) < 2:
        return
    for layer in deciding_layers(case.facts, return_state=True):
        states = _states_among_outputs(case, layer)
        if states:
            changes, after = _remedy(case, layer)
            yield _finding(case, layer, states, changes, after)
            return


def _states_among_outputs(case: Case, layer: LayerFacts) -> Mapping[str, str]:
    """By output name, which final state of the layer (of both its halves) it is: `lstm#2` is `lstm h`.

    The first output is the model's answer, also where it is the last step and so equals h.
    """
    return {
        name: found
        for name, array in list(case.outputs.items())[1:]
        if (found := _state_that_is(array, case, layer))
    }


def _state_that_is(array: Array, case: Case, layer: LayerFacts) -> str:
    for trace in case.recording.layers if case.recording is not None else ():
        if not _belongs(trace.path, layer.path, case):
            continue
        for state in trace.cell.states:
            last = _final(trace, state)
            if last.shape == array.shape and np.allclose(last, array, rtol=1e-4, atol=1e-6, equal_nan=True):
                return f"{one_line(trace.path)} {state}"
    return ""


def _belongs(path: str, layer: str, case: Case) -> bool:
    """Whether a trace is of the layer: itself, a cell of its stack, or the other half of a Bidirectional."""
    path = path.partition("#")[0]
    above = case.facts.layer(layer.rpartition("/")[0])
    halves = f"{above.path}/" if above is not None and above.class_name == "Bidirectional" else f"{layer}/"
    return path == layer or path.startswith(halves)


def _final(trace: LayerTrace, state: str) -> Array:
    return trace.steps[state][:, 0 if trace.go_backwards else -1]


def _remedy(case: Case, layer: LayerFacts) -> tuple[tuple[Alteration, ...], tuple[tuple[int, ...], ...]]:
    """The settings without the states, and what then comes out; with other steps too if that is wanted."""
    wanted = case.subject.expected_shape or ()
    off = Alteration(layer.path, (("return_state", False),))
    after = shapes_with(case, off)
    if len(after) == 1 and same(after[0], wanted):
        return (off,), after
    turned = Alteration(
        layer.path, (("return_state", False), ("return_sequences", not _gives_sequences(layer)))
    )
    both = shapes_with(case, turned) if len(after) == 1 else ()
    if len(both) == 1 and same(both[0], wanted):
        return (turned,), both
    return ((off,), after) if after else ((), ())


def _gives_sequences(layer: LayerFacts) -> bool:
    return layer.recurrent is not None and layer.recurrent.return_sequences


def _finding(
    case: Case,
    layer: LayerFacts,
    states: Mapping[str, str],
    changes: tuple[Alteration, ...],
    after: tuple[tuple[int, ...], ...],
) -> Finding:
    shapes = {name: array.shape for name, array in case.outputs.items()}
    named = ", ".join(f"{what} {shown_shape(shapes[name])}" for name, what in states.items())
    text = f"Build {layer.path} without return_state, or take the first output of predict."
    return Finding(
        code="output-states",
        severity="error",
        summary=f"{count(len(shapes), 'output')} came out where one is wanted: {layer.path} returns its "
        f"states beside its output ({named}).",
        layer=layer.path,
        evidence={
            "layer": layer.path,
            "outputs": {one_line(name): shape for name, shape in shapes.items()},
            "states": {one_line(name): what for name, what in states.items()},
            "wanted": case.subject.expected_shape,
        },
        fix=Fix(text, _CODE.format(layer=layer.path.rpartition("/")[2]), alterations=changes),
        proof=Proof("outputs beside the one that is wanted", len(shapes) - 1, len(after) - 1)
        if after
        else None,
        place=Place(layer=layer.path, step=-1),
        weight=0.95,
        direct=True,
    )


CHECK = Check(
    code="output-states",
    needs=("x", "shape", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="States come out beside the output",
        what="return_state=True makes a recurrent layer return its final states too: an LSTM gives "
        "[output, h, c], a GRU [output, h]. Where they were made outputs of the model, predict gives a list.",
        why="float(model.predict(x)) fails, and code that takes the last of the list takes a state for the "
        "prediction: of the right batch and of a plausible size.",
        keras="A Bidirectional gives [output, forward h, forward c, backward h, backward c], and its output "
        "joins both halves: twice the units, unless merge_mode says sum, mul or ave. A Sequential model "
        "takes return_state=True in its last layer alone. TimeDistributed refuses it.",
        prevent="Ask for states only in an encoder that hands them to a decoder, and keep them out of "
        "keras.Model(inputs, outputs).",
        code="output, h, c = keras.layers.LSTM(units, return_state=True)(x)\n"
        "model = keras.Model(inputs, keras.layers.Dense(k)(output))   # h and c stay inside",
    ),
    explains=("output-sequence", "no-head", "needs-generation"),
)
