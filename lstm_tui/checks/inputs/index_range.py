"""Token ids outside the Embedding's table: refused above it, read from the end below zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import count, embedding_of, layer_words, pairs, place_words, table_size
from lstm_tui.checks.inputs.refused import (
    CALLS_THAT_FAIL,
    Refusal,
    alone,
    refusal_of,
    refused_evidence,
    without_inputs,
)
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.recurrent.recording import Array

_CODE = "ids = np.where((ids >= 0) & (ids < embedding.input_dim), ids, UNKNOWN_ID)"
#: Ids that the evidence lists.
_MOST = 8


def _find(case: Case) -> Iterator[Finding]:
    embedding = embedding_of(case.facts)
    known = pairs(case.facts, case.inputs)
    table = table_size(embedding) if embedding is not None else 0
    refusal = refusal_of("index-range", case)
    if refusal is not None:
        yield _refused(case, refusal, table)
    elif embedding is not None and table and len(known) == 1 and case.outputs:
        name, ids = known[0][0].name, known[0][1]
        if (ids < 0).any():
            yield _negative(case, embedding, table, (name, ids))


def _refused(case: Case, refusal: Refusal, table: int) -> Finding:
    name = refusal.explanation.input_name or next(iter(refusal.inputs))
    ids = refusal.inputs.get(name, next(iter(refusal.inputs.values())))
    layer = case.facts.layer(refusal.failure.layer) or embedding_of(case.facts)
    evidence = refused_evidence(case, refusal) | _ids(ids, table)
    return Finding(
        code="index-range",
        severity="error",
        summary=refusal.explanation.sentence,
        layer=layer.path if layer is not None else "",
        evidence=evidence,
        fix=Fix(
            "Give words that the vocabulary lacks the id of the unknown word, or build the Embedding with "
            "input_dim = largest id + 1 and train it.",
            code=_CODE,
        ),
        proof=_proof(case, refusal, name, table),
        place=Place(layer=layer.path if layer is not None else None, call=refusal.number),
        weight=1.0,
        direct=True,
    )


def _proof(case: Case, refusal: Refusal, name: str, table: int) -> Proof | None:
    """The same call with ids that the table has."""
    if not table or name not in refusal.inputs:
        return None
    ids = refusal.inputs[name]
    inside = np.where((ids >= 0) & (ids < table), ids, 1 % table).astype(ids.dtype)
    outcome = alone(case, without_inputs(refusal.call), {**refusal.inputs, name: inside})
    return Proof(CALLS_THAT_FAIL, 1.0, 0.0) if outcome.failure is None else None


def _ids(ids: Array, table: int) -> dict[str, object]:
    """Which ids lie outside, and what would be inside."""
    if not table:
        return {}
    outside = ids[~((ids >= 0) & (ids < table))]
    return {
        "ids": tuple(float(each) for each in np.unique(outside)[:_MOST]),
        "outside": int(outside.size),
        "valid_range": (0, table - 1),
    }


def _negative(case: Case, embedding: LayerFacts, table: int, named: tuple[str, Array]) -> Finding:
    """Ids below zero, which Keras reads without a word: the same output as with the rows they stand for."""
    name, ids = named
    below = ids < 0
    first = tuple(int(place) for place in np.argwhere(below)[0])
    token = int(ids[first])
    wrapped = np.where(below, ids + table, ids).astype(ids.dtype)
    same = _largest_difference(case, {name: wrapped})
    return Finding(
        code="index-range",
        severity="warning",
        summary=f"Token id {token} at {place_words(first)} is read as row {table + token} of "
        f"{layer_words(embedding)}: Keras counts ids below zero from the end of the table.",
        layer=embedding.path,
        evidence=_ids(ids, table) | {"input": name, "difference_from_ids_counted_from_the_end": same},
        fix=Fix(
            f"Map {count(int(below.sum()), 'id')} below zero to the id for padding or for unknown words.",
            code=_CODE,
        ),
        place=Place(layer=embedding.path, sample=first[0], step=first[1] if len(first) > 1 else None),
        weight=0.95,
        direct=True,
    )


def _largest_difference(case: Case, inputs: dict[str, Array]) -> float | None:
    outputs = case.predict(inputs)
    plain = case.predict()
    differences = [np.abs(plain[name] - outputs[name]).max() for name in plain if name in outputs]
    return float(max(differences)) if differences else None


CHECK = Check(
    code="index-range",
    needs=("x",),
    find=_find,
    lesson=Lesson(
        title="Token ids outside the Embedding's table",
        what="An Embedding is a table with a row for each id from 0 to input_dim - 1. An id at or above "
        "input_dim has no row.",
        why="The call fails, for one unknown word in a thousand.",
        keras='Keras says "indices[0,5] = 9001 is not in [0, 9000)". Ids below zero are counted from the '
        "end of the table without a word, -1 is its last row.",
        prevent="Use the tokenizer of the training, with an id for unknown words, and build the Embedding "
        "with input_dim = size of the vocabulary + 1 where 0 is padding.",
        code=_CODE,
    ),
)
