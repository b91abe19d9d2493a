"""`model.fit` between predictions, to see what training does.

Made on a copy of the model that the run throws away.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from lstm_tui.keras_adapter.epochs import EpochNotes, taken_rows
from lstm_tui.keras_adapter.feeding import as_model_takes
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Fit, Inputs, Training
from lstm_tui.recurrent.recording import Array


def fit(loaded: LoadedModel, inputs: Inputs, call: Fit) -> tuple[dict[str, Array], str, Training]:
    """Train as the call says: the loss of each epoch, by how much the weights moved, a note on both, and what
    was done to rows and states."""
    model = loaded.model
    setup = _compile(model, loaded.facts.path) if not model.compiled else "as before"
    before = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
    notes = EpochNotes(loaded, keras.tree.flatten(as_model_takes(model, inputs))[0])
    with taken_rows(model, notes):
        losses = (_fit_each_sample if call.each_sample else _fit)(model, inputs, call, notes)
    moved = max(
        (
            float(np.max(np.abs(keras.ops.convert_to_numpy(new) - old)))
            for new, old in zip(model.trainable_weights, before, strict=True)
        ),
        default=0.0,
    )
    outputs = {"loss": np.asarray(losses, np.float32), "weight_change": np.array(moved, np.float32)}
    note = f"compiled with {setup}; weights moved by up to {moved:.3g}"
    return outputs, note, notes.training(moved)


def _fit(model: Any, inputs: Inputs, call: Fit, notes: EpochNotes) -> list[float]:
    validation = None
    if call.validation is not None:
        validation = (as_model_takes(model, call.validation[0]), call.validation[1])
    history = model.fit(
        as_model_takes(model, inputs), call.target, epochs=call.epochs, batch_size=call.batch_size,
        shuffle=call.shuffle, validation_data=validation, verbose=0, callbacks=[notes],
    )  # fmt: skip
    return [float(loss) for loss in history.history["loss"]]


def _fit_each_sample(model: Any, inputs: Inputs, call: Fit, notes: EpochNotes) -> list[float]:
    losses = []
    for row in range(len(call.target)):
        one = {name: values[row : row + 1] for name, values in inputs.items()}
        losses.extend(_fit(model, one, replace(call, target=call.target[row : row + 1]), notes))
    return losses


def _compile(model: Any, path: Path) -> str:
    """Compile with what the file names, where that is Keras' own; else with Adam and mean squared error."""
    config = _training_config(path)
    optimizer = _built_in(config.get("optimizer") or config.get("optimizer_config"), keras.optimizers)
    loss = _built_in(config.get("loss"), keras.losses)
    # XLA would compile for longer than the few steps take, and let nobody look into them
    model.compile(optimizer=optimizer or "adam", loss=loss or "mse", jit_compile=False)
    said = "the file's" if optimizer and loss else "Adam and mse where the file names nothing of Keras' own:"
    return f"{said} {one_line(type(model.optimizer).__name__)}, {one_line(_name_of(loss))}"


def _name_of(loss: Any) -> str:
    """A loss by its name: an object has one, a function has another, and its address says nothing."""
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", None) or loss or "mse")


def _built_in(entry: Any, module: Any) -> Any:
    """An optimizer or loss by Keras' own name or configuration; None for anything else."""
    name = entry.get("class_name") if isinstance(entry, Mapping) else entry
    if not isinstance(name, str) or (getattr(module, name, None) is None and not _is_known(name, module)):
        return None
    if isinstance(entry, Mapping) and str(entry.get("module", "")).startswith("keras."):
        return module.deserialize({"class_name": name, "config": entry.get("config", {})})
    return module.get(name)


def _is_known(name: str, module: Any) -> bool:
    try:
        module.get(name)
    except ValueError:
        return False
    return True


def _training_config(path: Path) -> dict[str, Any]:
    """The compile configuration as stored; empty where there is none or it cannot be read."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return json.loads(archive.read("config.json")).get("compile_config") or {}
        with h5py.File(path, "r") as file:
            return json.loads(file.attrs.get("training_config", "{}"))
    except (OSError, KeyError, ValueError):
        return {}
