"""Whether the inputs fit the model, as far as shapes and token ids tell, and what would make them fit.

Judges before any call; runs nothing. What Keras 3.15 does without a word is told as such (`certain` is
False): a Sequential model takes any length that its layers take, a 2-D input whose last axis is missing is
read as sequences of one feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_tui.arrays.fitting import Misfit, Suggestion, Wanted, misfit, suggestions, wanted_input
from lstm_tui.arrays.sizes import Size, shown_shape
from lstm_tui.model_file.facts import LayerFacts, ModelFacts, TensorFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

_CODES: dict[Misfit, str] = {
    "rank": "input-rank",
    "axes-swapped": "input-axes-swapped",
    "features": "input-features",
    "length": "input-length",
    "batch": "batch-size",
}
#: The code for an axis without entries, by axis.
_EMPTY_CODES = ("batch-size", "input-length", "input-features")


@dataclass(frozen=True)
class Explanation:
    """code: the finding, `` where none applies. sentence: what it means, with got and wanted shapes.

    reshapes: what would make `input_name` fit, the likeliest first.
    certain: Keras refuses this; False where the call may go through and mean something else.
    layer: the path of the layer that fixes what is wanted, where it is known.
    """

    code: str
    sentence: str
    reshapes: tuple[Suggestion, ...] = ()
    input_name: str = ""
    certain: bool = True
    layer: str = ""


def mismatch(facts: ModelFacts, inputs: Mapping[str, Array]) -> Explanation | None:
    """What keeps the inputs from fitting the model; None where shapes and ids say that they fit."""
    return next(misfits(facts, inputs), None) or bad_id(facts, inputs)


def misfits(
    facts: ModelFacts, inputs: Mapping[str, Array], failed: str | None = None
) -> Iterator[Explanation]:
    """Everything that the shapes say, the certain first.

    failed: the layer that refused, `` where it was the model itself; None before any call.
    """
    missing = _missing(facts, inputs)
    if missing is not None:
        yield missing
        return
    cases = [_Case(facts, tensor, array, failed) for tensor, array in pairs(facts, inputs)]
    found = [each for case in cases if (each := _misfit(case)) is not None]
    uneven = _uneven_batches(cases)
    if uneven is not None:
        found.append(uneven)
    yield from sorted(found, key=lambda each: not each.certain)


def pairs(facts: ModelFacts, inputs: Mapping[str, Array]) -> list[tuple[TensorFacts, Array]]:
    """The model's inputs with their arrays, by name; a single input takes a single array of any name."""
    if len(facts.inputs) == 1 and len(inputs) == 1:
        return [(facts.inputs[0], next(iter(inputs.values())))]
    return [(tensor, inputs[tensor.name]) for tensor in facts.inputs if tensor.name in inputs]


@dataclass(frozen=True, eq=False)
class _Case:
    """One input of the model with its array."""

    facts: ModelFacts
    tensor: TensorFacts
    array: Array
    failed: str | None

    @property
    def wanted(self) -> Wanted:
        return wanted_of(self.facts, self.tensor)

    @property
    def bound(self) -> int | None:
        return _bound(self.facts, self.tensor)

    @property
    def tokens(self) -> bool:
        return _tokens(self.facts, self.tensor)

    @property
    def title(self) -> str:
        return "The input" if len(self.facts.inputs) == 1 else f"Input {one_line(self.tensor.name, 60)}"

    def suggestions(self) -> tuple[Suggestion, ...]:
        wanted = self.wanted
        return suggestions(self.array.shape, wanted.shape, bound_batch=self.bound, tokens=self.tokens)

    def explained(self, code: str, sentence: str, *, certain: bool = True, layer: str = "") -> Explanation:
        return Explanation(code, sentence, self.suggestions(), self.tensor.name, certain, layer)


def wanted_of(facts: ModelFacts, tensor: TensorFacts) -> Wanted:
    """What a call must fit. Only a stateful model holds on to a batch size that it declares."""
    bound = _bound(facts, tensor)
    free = (None, *tensor.shape[1:])
    return wanted_input(free, dtype=tensor.dtype, bound_batch=bound, tokens=_tokens(facts, tensor))


def _bound(facts: ModelFacts, tensor: TensorFacts) -> int | None:
    declared = tensor.shape[0] if tensor.shape else None
    return facts.stateful_batch or (declared if facts.stateful else None)


def _tokens(facts: ModelFacts, tensor: TensorFacts) -> bool:
    return embedding_of(facts) is not None or np.dtype(tensor.dtype).kind in "iu"


def _missing(facts: ModelFacts, inputs: Mapping[str, Array]) -> Explanation | None:
    paired = {tensor.name for tensor, _ in pairs(facts, inputs)}
    missing = [tensor for tensor in facts.inputs if tensor.name not in paired]
    if not missing:
        return None
    names = " and ".join(
        f"{one_line(tensor.name, 60)} {axes_words(Wanted(tensor.shape))}" for tensor in missing[:4]
    )
    sentence = f"Nothing was passed for {names}: the model has {len(facts.inputs)} inputs."
    return Explanation("input-missing", sentence, input_name=missing[0].name)


def _misfit(case: _Case) -> Explanation | None:
    kind, shape = misfit(case.array.shape, case.wanted), shown_shape(case.array.shape)
    match kind:
        case None:
            return None
        case "rank":
            return _wrong_rank(case)
        case "length":
            return _wrong_length(case)
        case "batch":
            return _wrong_batch(case)
        case "empty":
            code = _EMPTY_CODES[min(case.array.shape.index(0), 2)]
            return case.explained(code, f"{case.title} has shape {shape}: there is nothing in it.")
        case "axes-swapped":
            wanted = f"the model wants {axes_words(case.wanted)}"
            sentence = f"{case.title} has shape {shape}, timesteps and features exchanged: {wanted}."
            return case.explained(_CODES[kind], sentence)
        case "features":
            fixing = _fixing_layer(case)
            path = fixing.path if fixing is not None else ""
            return case.explained(_CODES[kind], _wrong_features(case, fixing), layer=path)


def _wrong_rank(case: _Case) -> Explanation | None:
    shape, wanted = case.array.shape, case.wanted
    read_as = _read_silently(shape, wanted)
    length_is_taken = case.failed is None  # by a Sequential model, whatever it declares
    if read_as is None or misfit(read_as, wanted) not in ((None, "length") if length_is_taken else (None,)):
        axes = "1 axis" if len(shape) == 1 else f"{len(shape)} axes"
        sentence = f"{case.title} has shape {shown_shape(shape)}, {axes} where {len(wanted.shape)} are wanted"
        return case.explained("input-rank", f"{sentence}: {axes_words(wanted)}.")
    offers = case.suggestions()
    meant = offers[0].result if offers else read_as
    if meant == read_as and case.failed is None:
        return None  # Keras makes of it what was meant
    likelier = "" if meant == read_as else f"; likelier meant is {shown_shape(meant)}, {_spoken(meant)}"
    sentence = (
        f"Keras reads {shown_shape(shape)} without a word as {shown_shape(read_as)}, {_spoken(read_as)}"
    )
    return case.explained("input-ambiguous", f"{sentence}{likelier}.", certain=False)


def _read_silently(shape: Size, wanted: Wanted) -> Size | None:
    """What Keras makes of a rank off by one: it drops a last axis of 1, or adds the one that is wanted."""
    if len(shape) == len(wanted.shape) + 1 and shape[-1] == 1:
        return shape[:-1]
    if len(shape) == len(wanted.shape) - 1 and wanted.shape[-1] == 1:
        return (*shape, 1)
    return None


def _wrong_features(case: _Case, fixing: LayerFacts | None) -> str:
    shape, wanted = case.array.shape, case.wanted
    who = layer_words(fixing) if fixing is not None else "the model"
    has = f"{count(shape[-1], 'feature')} per {'timestep' if len(shape) > 2 else 'sample'}"
    shapes = f"shape {shown_shape(shape)} where {axes_words(wanted)} is wanted"
    return f"{case.title} has {has}, {who} wants {wanted.shape[-1]}: {shapes}."


def _fixing_layer(case: _Case) -> LayerFacts | None:
    """What fixes the number of features: the layer that refused, or the first with weights."""
    layer = case.facts.layer(case.failed or "")
    if layer is None and len(case.facts.inputs) == 1:
        layer = next((each for each in case.facts.layers if each.own_parameters), None)
    return layer


def _wrong_length(case: _Case) -> Explanation:
    steps, built_for = case.array.shape[1], case.wanted.shape[1]
    flatten = next((layer for layer in case.facts.layers if layer.class_name == "Flatten"), None)
    refusing = case.facts.layer(case.failed or "") or flatten
    because = "a functional model refuses that, a Sequential one takes it where its layers do"
    if refusing is not None or case.failed is not None:
        who = layer_words(refusing) if refusing is not None else "it"
        because = f"{who} takes no other length"
    sentence = f"{case.title} has {count(steps, 'timestep')}, the model was built for {built_for}: {because}."
    path = refusing.path if refusing is not None else ""
    return case.explained("input-length", sentence, certain=flatten is not None, layer=path)


def _wrong_batch(case: _Case) -> Explanation:
    rows, bound = case.array.shape[0], case.bound or 1
    whole = rows % bound == 0
    batches = f"predict(batch_size={bound}) takes them as {rows // bound} batches in a row"
    sentence = (
        f"{case.title} has {count(rows, 'sequence')}, the stateful model is bound to a batch of {bound}"
    )
    return case.explained("batch-size", f"{sentence}{f'; {batches}' if whole else ''}.", certain=not whole)


def _uneven_batches(cases: list[_Case]) -> Explanation | None:
    rows = {case.tensor.name: case.array.shape[0] for case in cases if case.array.ndim}
    listed = differing(rows)
    if not listed:
        return None
    sentence = f"The inputs differ in their number of samples: {listed}."
    return Explanation("batch-size", sentence, input_name=next(iter(rows)))


def differing(sizes: Mapping[str, int]) -> str:
    """`a 2, b 3` where sizes by input name are not all one, else an empty string."""
    if len(set(sizes.values())) < 2:
        return ""
    return ", ".join(f"{one_line(name, 40)} {size}" for name, size in list(sizes.items())[:6])


def bad_id(facts: ModelFacts, inputs: Mapping[str, Array]) -> Explanation | None:
    """The first token id that the Embedding, the first layer of a model with one input, has no row for."""
    embedding, known = embedding_of(facts), pairs(facts, inputs)
    table = table_size(embedding) if embedding is not None else 0
    if embedding is None or not table or len(known) != 1 or not known[0][1].size:
        return None
    tensor, array = known[0]
    if (
        array.min() >= -table and array.max() < table
    ):  # Keras counts negative ids from the end; NaN fails both
        return None
    place = np.unravel_index(np.argmin((array >= -table) & (array < table)), array.shape)
    sentence = (
        f"Token id {array[place]:.15g} at {place_words(place)} has no row in {layer_words(embedding)}, "
        f"which knows 0 to {table - 1}."
    )
    return Explanation("index-range", sentence, input_name=tensor.name)


def table_size(embedding: LayerFacts) -> int:
    """How many ids it knows, from its weights and its output; 0 where the file does not say."""
    width = embedding.output_shapes[0][-1] if embedding.output_shapes else None
    return embedding.own_parameters // width if width else 0


def embedding_of(facts: ModelFacts) -> LayerFacts | None:
    """The Embedding that the single input goes into."""
    first = next((layer for layer in facts.layers if layer.class_name != "InputLayer"), None)
    return first if first is not None and first.class_name == "Embedding" and len(facts.inputs) == 1 else None


def layer_words(layer: LayerFacts) -> str:
    """`lstm_1 (LSTM)`."""
    return f"{one_line(layer.path, 60)} ({one_line(layer.class_name, 40)})"


def axes_words(wanted: Wanted) -> str:
    """`(batch, timesteps, 5)`: sizes where fixed, names where free."""
    names = ["batch", *("any" for _ in wanted.shape[1:])]
    if wanted.features is not None:
        names[wanted.features] = "features"
    if wanted.time is not None:
        names[wanted.time] = "timesteps"
    parts = [name if size is None else str(size) for name, size in zip(names, wanted.shape, strict=False)]
    return f"({', '.join(parts)})"


def _spoken(shape: Size) -> str:
    """`20 sequences of 1 timestep`."""
    steps = f" of {count(shape[1], 'timestep')}" if len(shape) > 1 else ""
    return f"{count(shape[0], 'sequence')}{steps}"


def place_words(place: Sequence[int | np.integer[Any]]) -> str:
    """`sample 0, step 2`."""
    return ", ".join(f"{word} {index}" for word, index in zip(("sample", "step"), place, strict=False))


def count(number: int, thing: str) -> str:
    """`1 timestep`, `20 timesteps`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
