"""What came out beside what is wanted: the questions that the checks of the output's shape share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstm_tui.checks.case import Case
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import LayerFacts, ModelFacts
from lstm_tui.recurrent.calls import Alteration, Inputs

Size = tuple[int, ...]

#: A stack whose last layers are all wrong is tried this often at most: each try is a model to build.
_MOST_TRIES = 2


def output_shapes(case: Case) -> tuple[Size, ...]:
    """The shapes that came out, in the model's order."""
    return tuple(array.shape for array in case.outputs.values())


def only_output(case: Case) -> Size | None:
    """The shape of the output where there is exactly one, and the last call did not give what is wanted."""
    shapes = output_shapes(case)
    last: Inputs = next((outcome.outputs for outcome in reversed(case.run.outcomes) if outcome.outputs), {})
    given = [array.shape for array in last.values()] == [case.subject.expected_shape]
    return shapes[0] if len(shapes) == 1 and not given else None


def same(got: Size, wanted: Size) -> bool:
    """Whether the shapes are equal; a last axis of 1 more or less is the same wish."""
    return got in {wanted, (*wanted, 1)} or (*got, 1) == wanted


def off_by(got: Size, wanted: Size) -> float:
    """How many axes differ: too many, too few, or of another size."""
    if same(got, wanted):
        return 0.0
    pairs = sum(one != other for one, other in zip(got, wanted, strict=False))
    return float(max(abs(len(got) - len(wanted)), pairs))


def settings_path(layer: LayerFacts, facts: ModelFacts) -> str:
    """The path whose settings decide: that of the layer over a stack of cells, of the forward half of two."""
    above = facts.layer(layer.path.rpartition("/")[0])
    if above is not None and above.class_name == "RNN":
        return settings_path(above, facts)
    if above is not None and above.class_name == "Bidirectional":
        return next(each.path for each in facts.layers if each.path.startswith(f"{above.path}/"))
    return layer.path


def deciding_layers(facts: ModelFacts, **settings: bool) -> Iterator[LayerFacts]:
    """The layers that decide what recurrent layers with these settings return, the last one first."""
    seen: set[str] = set()
    for layer in reversed(facts.recurrent_layers):
        assert layer.recurrent is not None
        path = settings_path(layer, facts)
        if path not in seen and all(getattr(layer.recurrent, word) == on for word, on in settings.items()):
            seen.add(path)
            decides = facts.layer(path)
            yield decides if decides is not None else layer


def first_that_gives(case: Case, wanted: Size, tries: Iterator[tuple[Alteration, ...]]) -> Any:
    """The first of `tries` after which the only output has the wanted shape; None where none has."""
    for _, changes in zip(range(_MOST_TRIES), tries, strict=False):
        shapes = shapes_with(case, *changes)
        if len(shapes) == 1 and same(shapes[0], wanted):
            return changes
    return None


def shapes_with(case: Case, *changes: Alteration) -> tuple[Size, ...]:
    """The shapes that come out of a copy with these settings; empty where it cannot be built or run."""
    try:
        outputs = case.predict(lab=case.altered(*changes))
    except EditError:
        return ()
    return tuple(array.shape for array in outputs.values())


def timesteps(case: Case) -> frozenset[int]:
    """The lengths of the sequences in this call: of the inputs and in recurrent layers."""
    recorded = {trace.timesteps for trace in case.recording.layers} if case.recording is not None else set()
    return frozenset(recorded | {array.shape[1] for array in case.inputs.values() if array.ndim > 1})


def layer_code(layer: LayerFacts, facts: ModelFacts, case: Case, **settings: object) -> str:
    """The layer as a line of Keras 3 with these settings: `keras.layers.LSTM(8, return_sequences=False)`."""
    own: Mapping[str, Any] = case.settings.get(layer.path, {})
    first = str(own["units"]) if "units" in own else "cells" if layer.class_name == "RNN" else "..."
    words = "".join(f", {word}={value!r}" for word, value in settings.items())
    line = f"keras.layers.{layer.class_name}({first}{words})"
    above = facts.layer(layer.path.rpartition("/")[0])
    wrapped = above is not None and above.class_name in {"Bidirectional", "TimeDistributed"}
    return f"keras.layers.{above.class_name}({line})" if wrapped and above is not None else line
