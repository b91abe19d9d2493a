"""Why a call failed, in one plain sentence, with the reshape that would have fitted.

Shapes decide first, as they are certain; what Keras said decides where they agree or cannot tell. Pure:
nothing is run. `mismatch`, the same judgement before any call, stands in `input_fit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lstm_tui.arrays.fitting import suggestions
from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.input_fit import Explanation, bad_id, count, layer_words, misfits, mismatch, pairs
from lstm_tui.checks.keras_messages import Said, plain_words, read_message
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallFailure
from lstm_tui.recurrent.recording import Array

__all__ = ["Explanation", "explain", "mismatch"]


def explain(failure: CallFailure, facts: ModelFacts, inputs: Mapping[str, Array]) -> Explanation:
    """What a failed call means: the finding's code, or `` with Keras' own words where none is certain."""
    said = read_message(failure.message)
    judged = next(misfits(facts, inputs, failure.layer), None)
    if judged is not None and judged.certain:
        return judged
    where = _where(failure, facts)
    told = _beyond_shapes(said, where, facts, inputs)
    if told is None and (judged is None or said.second_product):
        told = _states(said, failure, facts)
    if told is not None:
        return told
    if judged is not None and judged.code == "input-length":
        return replace(judged, certain=True)
    told = _other_shapes(said, where, facts) or bad_id(facts, inputs)
    return told or Explanation("", f"{where} failed: {plain_words(failure.message)}")


def _where(failure: CallFailure, facts: ModelFacts) -> str:
    layer = facts.layer(failure.layer)
    return layer_words(layer) if layer is not None else one_line(failure.layer, 60) or "The model"


def _only_input(facts: ModelFacts) -> str:
    return facts.inputs[0].name if len(facts.inputs) == 1 else ""


def _beyond_shapes(
    said: Said, where: str, facts: ModelFacts, inputs: Mapping[str, Array]
) -> Explanation | None:
    """Ids, missing inputs and batch sizes: no shape of a single array tells these."""
    if said.index is not None:
        place, token, table = said.index
        sentence = f"Token id {token} at {_place(place)} has no row in {where}, which knows 0 to {table - 1}."
        return Explanation("index-range", sentence, input_name=_only_input(facts))
    if said.missing:
        sentence = f"Nothing was passed for the input {one_line(said.missing, 60)}."
        return Explanation("input-missing", sentence, input_name=said.missing)
    if said.batch is not None:
        return _batch(said.batch, where, facts, inputs)
    return None


def _batch(batch: tuple[int, int], where: str, facts: ModelFacts, inputs: Mapping[str, Array]) -> Explanation:
    bound, received = batch
    sentence = (
        f"{where} is stateful and bound to a batch of {bound}, it was given {count(received, 'sequence')}"
    )
    known = pairs(facts, inputs)
    if len(known) != 1:
        return Explanation("batch-size", f"{sentence}.")
    tensor, array = known[0]
    whole = array.ndim and len(array) % bound == 0
    todo = f": predict sends 32 at a time unless told batch_size={bound}" if whole else ""
    fitting = suggestions(array.shape, tensor.shape, bound_batch=bound)
    return Explanation("batch-size", f"{sentence}{todo}.", fitting, tensor.name)


def _states(said: Said, failure: CallFailure, facts: ModelFacts) -> Explanation | None:
    """States with other units than the recurrent layer that they are handed to."""
    layer = facts.layer(failure.layer)
    if said.product is None or layer is None or layer.recurrent is None or not facts.inputs:
        return None
    (*_, got), (wanted, *_) = said.product
    if wanted != layer.recurrent.units:
        return None
    sentence = f"{layer_words(layer)} was handed states of {count(got, 'unit')}, it has {wanted}."
    return Explanation("states-mismatch", sentence)


def _other_shapes(said: Said, where: str, facts: ModelFacts) -> Explanation | None:
    """What a layer inside was given and wanted, where the model's own inputs do not tell."""
    name = _only_input(facts)
    if said.found is not None:
        sentence = f"{where} was given shape {shown_shape(said.found)}, not (batch, timesteps, features)."
        fitting = suggestions(said.found, (None, None, said.found[-1] if said.found else None))
        return Explanation("input-rank", sentence, () if facts.inputs else fitting, name)
    if said.axis is not None or said.product is not None:
        got, wanted = _wanted_width(said)
        sentence = f"{where} was given {count(got, 'feature')} and wants {wanted}."
        return Explanation("" if facts.inputs else "input-features", sentence, input_name=name)
    if said.too_short:
        sentence = f"{where} has too few timesteps left to work on: the input is too short."
        return Explanation("input-length", sentence, input_name=name)
    if said.unknown_rank:
        sentence = (
            "predict was called earlier with an input of another rank; its graph takes this one no more."
        )
        return Explanation("predict-retrace", sentence, input_name=name)
    return None


def _wanted_width(said: Said) -> tuple[int, int]:
    if said.axis is not None:
        _, wanted, shape = said.axis
        return (shape[-1] if shape else 0), wanted
    left, right = said.product or ((0,), (0,))
    return left[-1], right[0]


def _place(place: tuple[int, ...]) -> str:
    words = ("sample", "step")
    return ", ".join(f"{words[axis] if axis < 2 else 'axis'} {index}" for axis, index in enumerate(place))
