"""The same model with the same weights in another form, written only where its outputs are the same.

The model is saved, its configuration edited, loaded by the same rules, saved and loaded once more: what was
compared is what stands in the file. Every form is judged by comparing outputs on random sequences and on the
user's own. What differs by more than rounding is refused with what probably causes it; then nothing is
written. The model in memory and its file are not touched.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lstm_tui.errors import EditError, LstmTuiError
from lstm_tui.keras_adapter.altering import edit_archive
from lstm_tui.keras_adapter.equality import (
    Arrays,
    Pieces,
    answers,
    bound_batch,
    bound_steps,
    compared,
    cut,
    drawn,
    is_sequence,
    within_rounding,
)
from lstm_tui.keras_adapter.facts import model_facts
from lstm_tui.keras_adapter.failures import keras_words
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.keras_adapter.plain_functions import FACTOR, kept_layers, name_plainly, scale_weights
from lstm_tui.keras_adapter.reforming import reform
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.forms import Comparison, Form, Rebuilt

_SEEDS = (1, 2, 3)
#: A sequence in pieces has at least two of them, and at least and at most so many steps.
_FEWEST, _MOST_STEPS = 12, 20_000
#: What cannot go through pieces of a sequence, and why.
_WHOLE = {
    "Bidirectional": "reads a sequence from its end too, and a piece has another end",
    "Attention": "compares the steps of one call with each other",
    "Conv": "needs the steps beside each step",
    "Pooling": "gathers over the steps of one call",
    "Flatten": "takes all steps of one call at once",
    "RepeatVector": "repeats what stands at the end of one call",
}


def rebuild(loaded: LoadedModel, form: Form, inputs: Arrays, out: Path, on_progress: OnProgress) -> Rebuilt:
    """Write `out`, whole or not at all. Raises: EditError where it cannot be equal, or not be written."""
    _check(loaded.facts, form)
    on_progress("rebuilding", None)
    with tempfile.TemporaryDirectory() as folder:
        fresh = _reformed(loaded, form, Path(folder))
        descriptor, name = _beside(out)
        os.close(descriptor)
        final = Path(name)
        try:
            fresh.model.save(final)
            written = _described(loaded, loaded.load(final))
            proofs = tuple(_proofs(loaded, written, form, inputs, Path(folder), on_progress))
            final.chmod(0o666 & ~_umask())
            final.replace(out)
        except OSError as error:
            raise EditError(f"{one_line(out)} cannot be written: {error.strerror or error}") from error
        finally:
            final.unlink(missing_ok=True)
    return Rebuilt(_changes(loaded, written.facts), proofs, tuple(_remarks(loaded.facts, written.facts)))


def _check(facts: ModelFacts, form: Form) -> None:
    lengths = bound_steps(facts)
    if form.timesteps is None:
        return
    if len(lengths) > 1:
        listed = " and ".join(str(size) for size in sorted(lengths))
        raise EditError(f"The model's inputs have {listed} timesteps; one length for all is another model.")
    if not any(is_sequence(tensor) for tensor in facts.inputs):
        raise EditError("None of the model's inputs is a sequence, so it has no timesteps to change.")


def _beside(out: Path) -> tuple[int, str]:
    try:
        return tempfile.mkstemp(prefix=f".{out.stem}.", suffix=".keras", dir=out.parent)
    except OSError as error:
        raise EditError(f"{one_line(out)} cannot be written: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _reformed(loaded: LoadedModel, form: Form, folder: Path, name: str = "form") -> LoadedModel:
    """A copy in the form, in the words of plain Keras 3. Raises: EditError where Keras cannot build it."""
    path = folder / f"{name}.keras"
    steps = next(iter(bound_steps(loaded.facts)), None)

    def edit(config: dict[str, object]) -> None:
        reform(config, form, bound_batch(loaded.facts), steps)
        name_plainly(config)

    try:
        loaded.model.save(path)
        edit_archive(path, edit)
        copy = _described(loaded, loaded.load(path))
        scale_weights(loaded, copy)
    except LstmTuiError as error:
        raise EditError(
            f"The model cannot be built in this form: {error.happened}", todo=error.todo
        ) from error
    except Exception as error:
        raise EditError(f"The model cannot be built in this form: {keras_words(error)}") from error
    return copy


def _described(loaded: LoadedModel, model: object) -> LoadedModel:
    facts = model_facts(model, loaded.facts.path, "keras")
    return LoadedModel(model, facts, loaded.load)


# --- the proof ----------------------------------------------------------------------------------------------


def _proofs(
    loaded: LoadedModel,
    written: LoadedModel,
    form: Form,
    inputs: Arrays,
    folder: Path,
    on_progress: OnProgress,
) -> Iterator[Comparison]:
    """Every comparison, each within rounding. Raises: EditError at the first that is not."""
    before, after = (next(iter(bound_steps(each.facts)), None) for each in (loaded, written))
    reference = loaded
    if form.timesteps is not None and not written.facts.stateful and before not in (None, after):
        # the old form cannot take the new length: a copy that takes any stands in for it, once shown equal
        free = _reformed(loaded, Form(form.stateless), folder, "free")
        reference = _with_free_length(loaded, free, folder)
        yield _equal(loaded, reference, _drawn(loaded, None, 1), "the old window length, length left free")
    for given, what in _given(loaded, written, inputs, after):
        on_progress("comparing", None)
        yield _equal(reference, written, given, what)


def _with_free_length(loaded: LoadedModel, free: LoadedModel, folder: Path) -> LoadedModel:
    path = folder / "free-length.keras"
    free.model.save(path)
    edit_archive(path, _free_lengths)
    try:
        return _described(loaded, loaded.load(path))
    except Exception as error:
        raise EditError(f"The model takes one window length alone: {keras_words(error)}") from error


def _free_lengths(config: object) -> None:
    """Leave the length of every sequence input open."""
    stack = [config]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            shape = value["config"].get("batch_shape") if isinstance(value.get("config"), dict) else None
            if value.get("class_name") == "InputLayer" and isinstance(shape, list) and len(shape) > 2:
                shape[1] = None
            if isinstance(value.get("module"), str) and value["module"].startswith("keras"):
                value.pop("build_config", None)
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def _given(
    loaded: LoadedModel, written: LoadedModel, inputs: Arrays, after: int | None
) -> Iterator[tuple[Arrays, str]]:
    """The inputs to compare on, in words: random ones, and the user's."""
    rows = max(bound_batch(loaded.facts) or 1, bound_batch(written.facts) or 1, 3)
    steps = _total(loaded, written)
    drawings = [_drawn(loaded, steps, seed, rows) for seed in _SEEDS]
    for number, drawing in enumerate(drawings, 1):
        yield drawing, f"random input {number}, {_shapes(drawing)}"
    if inputs:
        own = _fitted(loaded.facts, inputs, steps)
        yield own, f"your input, {_shapes(own)}"


def _drawn(loaded: LoadedModel, steps: int | None, seed: int, rows: int = 3) -> Arrays:
    return drawn(loaded, max(rows, bound_batch(loaded.facts) or 1), steps, seed)


def _total(loaded: LoadedModel, written: LoadedModel) -> int | None:
    """Steps of a sequence that both can be given whole or in pieces; None: as the model is bound."""
    before, after = (next(iter(bound_steps(each.facts)), None) for each in (loaded, written))
    if len(bound_steps(loaded.facts)) > 1:
        return None
    if not written.facts.stateful:
        return after if before != after else None
    unit = math.lcm(before or 1, after or 1)
    total = unit * -(-max(2 * (before or 1), 2 * (after or 1), _FEWEST) // unit)
    if total > _MOST_STEPS:
        raise EditError(
            f"Pieces of {before} and {after} steps meet only every {unit} steps: too far to compare."
        )
    return total


def _fitted(facts: ModelFacts, inputs: Arrays, steps: int | None) -> Arrays:
    """The user's sequences repeated or cut at their beginning to `steps`."""
    if steps is None:
        return inputs
    sequences = {tensor.name for tensor in facts.inputs if is_sequence(tensor)}
    return {
        name: np.concatenate([array] * -(-steps // max(array.shape[1], 1)), axis=1)[:, -steps:]
        if name in sequences
        else array
        for name, array in inputs.items()
    }


def _shapes(inputs: Arrays) -> str:
    return ", ".join(str(tuple(array.shape)) for array in inputs.values())


def _equal(one: LoadedModel, other: LoadedModel, inputs: Arrays, what: str) -> Comparison:
    """The comparison, if it holds. Raises: EditError where the outputs differ, or a call fails."""
    try:
        first, second = _cut(one, inputs), _cut(other, inputs)
        comparison = compared(answers(one, first), first, answers(other, second), second, what)
        again = compared(answers(one, first), first, answers(one, first), first, what)
    except Exception as error:
        raise EditError(f"The comparison on {what} failed: {keras_words(error)}") from error
    if again.largest:
        raise EditError(
            f"The model gives different outputs for the same input (up to {again.largest:.3g} apart), "
            "so nothing can be shown to be equal to it.",
            todo="`lstm-tui diagnose` says why",
        )
    if not within_rounding(comparison, one.facts):
        reason = _reason(one, in_pieces=len(first.calls) != len(second.calls))
        raise EditError(
            f"In this form the model would predict something else: outputs differ by up to "
            f"{comparison.largest:.3g} on {what}. {reason}".rstrip(),
            todo="nothing was written",
        )
    return comparison


def _cut(loaded: LoadedModel, inputs: Arrays) -> Pieces:
    sequences = [
        tensor.name for tensor in loaded.facts.inputs if is_sequence(tensor) and tensor.name in inputs
    ]
    lengths = {inputs[name].shape[1] for name in sequences}
    steps = next(iter(bound_steps(loaded.facts)), None)
    if len(lengths) != 1 or not loaded.facts.stateful:
        return Pieces((inputs,), next(iter(lengths), 1))
    return cut(loaded.facts, inputs, steps or next(iter(lengths)))


def _reason(loaded: LoadedModel, *, in_pieces: bool) -> str:
    """What probably makes the difference. in_pieces: the two are given a sequence in other pieces."""
    if in_pieces and (found := next(_whole(loaded.facts), "")):
        return found
    for place in loaded.placed:
        if place.is_rnn and len(getattr(place.layer, "_inbound_nodes", ())) > 1:
            return f"{place.path} is called more than once, and its state goes from one call to the other."
    return ""


def _whole(facts: ModelFacts) -> Iterator[str]:
    """Layers that need a whole sequence in one call, in the order of the model."""
    for layer in facts.layers:
        for word, why in _WHOLE.items():
            if word in layer.class_name and not layer.class_name.startswith("ConvLSTM"):
                yield f"{layer.path} ({layer.class_name}) {why}."
        if layer.recurrent is not None and layer.recurrent.go_backwards:
            yield f"{layer.path} reads a sequence from its end, and a piece has another end."
        elif layer.recurrent is not None and not layer.recurrent.stateful:
            yield f"{layer.path} is not stateful: it begins anew in every piece."


# --- in words ---------------------------------------------------------------------------------------------


def _changes(loaded: LoadedModel, after: ModelFacts) -> tuple[str, ...]:
    before, kept = loaded.facts, kept_layers(loaded)
    entries = [item for item in before.changes if item.code == "load-legacy"]
    told = [f"{item.where}: {item.what} {item.change[:1].upper()}{item.change[1:]}." for item in entries]
    if kept:
        what = f"weights × {FACTOR} where hard_sigmoid of Keras 2 stood: the same function in Keras 3's words"
        told.append(f"{', '.join(kept)}: {what}")
    if before.stateful != after.stateful:
        told.append("stateful → stateless")
    pairs = (("batch size", bound_batch), ("timesteps", lambda facts: next(iter(bound_steps(facts)), None)))
    for word, of in pairs:
        old, new = of(before), of(after)
        if old != new:
            told.append(f"{word} {old or 'any'} → {new or 'any'}")
    return tuple(told)


def _remarks(before: ModelFacts, after: ModelFacts) -> Iterator[str]:
    if before.stateful and not after.stateful:
        yield "Every call begins from zero states: a sequence that came in pieces must come whole."
    elif after.stateful:
        yield "The states go from call to call, as before: reset them before a sequence of its own."
    elif bound_steps(before) != bound_steps(after):
        yield "A window of another length is another input: the model sees no further back than its window."
