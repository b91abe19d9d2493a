"""Why a call failed, in one plain sentence, with the reshape that would have fitted.

Shapes decide first, as they are certain; what Keras said decides where they agree or cannot tell. Pure:
nothing is run. `mismatch`, the same judgement before any call, stands in `input_fit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lstm_tui.arrays.fitting import suggestions
from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.input_fit import (
    Explanation,
    bad_id,
    count,
    differing,
    layer_words,
    misfits,
    mismatch,
    pairs,
    place_words,
)
from lstm_tui.checks.keras_messages import Said, plain_words, read_message
from lstm_tui.errors import UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallFailure, Run, RunPlan
from lstm_tui.recurrent.recording import Array, Recording

__all__ = ["Explanation", "explain", "mismatch", "recording_of"]

_NO_RESET_STATES = (
    "Keras 3 models have no reset_states(), so nothing was reset; "
    "each stateful layer has a reset_state() of its own."
)


def explain(failure: CallFailure, facts: ModelFacts, inputs: Mapping[str, Array]) -> Explanation:
    """What a failed call means: the finding's code, or `` with Keras' own words where none is certain."""
    if failure.error_type == "AttributeError" and "reset_states" in failure.message:
        return Explanation("reset-unavailable", _NO_RESET_STATES)
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
    return (
        _other_shapes(said, where, facts)
        or _uneven_timesteps(where, facts, inputs)
        or bad_id(facts, inputs)
        or _last_resort(failure, where, facts)
    )


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
        # Keras has counted negative ids from the end, and counts samples within a batch: the array is better.
        return bad_id(facts, inputs) or _bad_id_by_message(said.index, where, facts)
    if said.missing:
        sentence = f"Nothing was passed for the input {one_line(said.missing, 60)}."
        return Explanation("input-missing", sentence, input_name=said.missing)
    if said.batch is not None:
        return _batch(said.batch, where, facts, inputs)
    return None


def _bad_id_by_message(index: tuple[tuple[int, ...], int, int], where: str, facts: ModelFacts) -> Explanation:
    place, token, table = index
    there = f"Token id {token} at {place_words(place)}"
    sentence = f"{there} has no row in {where}, which knows 0 to {table - 1}."
    return Explanation("index-range", sentence, input_name=_only_input(facts))


def _batch(batch: tuple[int, int], where: str, facts: ModelFacts, inputs: Mapping[str, Array]) -> Explanation:
    bound, received = batch
    given = f"it was given {count(received, 'sequence')} at once"
    sentence = f"{where} is stateful and bound to a batch of {bound}, {given}"
    known = pairs(facts, inputs)
    if len(known) != 1:
        return Explanation("batch-size", f"{sentence}.")
    tensor, array = known[0]
    whole = array.ndim and len(array) % bound == 0
    todo = f"; predict(batch_size={bound}) takes them in {len(array) // bound} batches" if whole else ""
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


def _uneven_timesteps(where: str, facts: ModelFacts, inputs: Mapping[str, Array]) -> Explanation | None:
    """Sequences of unequal length that meet inside the model."""
    sequences = {tensor.name: array.shape[1] for tensor, array in pairs(facts, inputs) if array.ndim > 2}
    listed = differing(sequences)
    if not listed:
        return None
    sentence = f"{where} wants as many timesteps of every input; they differ: {listed}."
    return Explanation("input-length", sentence, input_name=next(iter(sequences)))


def _last_resort(failure: CallFailure, where: str, facts: ModelFacts) -> Explanation:
    """Keras' own words; convolution and pooling fail in many words where their window does not fit."""
    layer = facts.layer(failure.layer)
    if layer is not None and ("Conv" in layer.class_name or "Pooling" in layer.class_name):
        sentence = f"{where} failed; most likely fewer timesteps reach it than its window takes."
        return Explanation("input-length", sentence, input_name=_only_input(facts), certain=False)
    return Explanation("", f"{where} failed: {plain_words(failure.message) or 'nothing was said'}")


def recording_of(run: Run, plan: RunPlan, facts: ModelFacts) -> Recording:
    """The recording. Raises: UsageError that says why there is none."""
    failed = next((outcome for outcome in run.outcomes if outcome.failure is not None), None)
    if run.recording is not None:
        return run.recording
    if failed is None or failed.failure is None:
        raise UsageError(
            run.recording_note or "no call of this scenario runs over a sequence that can be recorded"
        )
    explanation = explain(failed.failure, facts, plan.inputs)
    best = next(iter(explanation.reshapes), None)
    raise UsageError(
        f"{failed.call} failed in {one_line(failed.failure.layer) or 'the model'}: {explanation.sentence}\n"
        f"Keras says: {one_line(failed.failure.message, 300)}",
        todo="reshape the input: " + ", then ".join(step.describe() for step in best.reshapes)
        if best
        else "",
    )
