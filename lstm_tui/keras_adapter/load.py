"""Opening a model file: judged first, then loaded by Keras in its safe mode and without its training setup.

The file is read by `lstm_tui.model_file` before Keras sees it. Lambda layers need `trust`, layers of the
user's own the module that defines them. What is refused here is never handed to Keras; what Keras refuses is
said in its own words, made safe to print.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import keras

from lstm_tui.errors import ModelFileError
from lstm_tui.keras_adapter import keras_2_functions  # noqa: F401  registers them
from lstm_tui.keras_adapter.facts import model_facts
from lstm_tui.keras_adapter.failures import keras_words
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.model_file import ModelFacts, not_lifted, read_model_file, refuse_unless_trusted
from lstm_tui.model_file.converting import converted_copy
from lstm_tui.plain_text import one_line


class LoadOptions(Protocol):
    """What the user allows a model file to do."""

    @property
    def trust(self) -> bool:
        """Lambda layers may run."""

    @property
    def custom_objects(self) -> tuple[str, ...]:
        """Modules that define the user's own layers."""


def open_model(path: Path, options: LoadOptions) -> LoadedModel:
    """`load_model` with the options of an engine."""
    return load_model(path, trust=options.trust, custom_objects=options.custom_objects)


def load_model(path: Path, *, trust: bool = False, custom_objects: tuple[str, ...] = ()) -> LoadedModel:
    """Judge the file, load it, and describe it. Raises ModelFileError."""
    path = Path(path)
    on_file = read_model_file(path)
    refuse_unless_trusted(on_file, trust=trust, custom_objects=bool(custom_objects))
    on_file = replace(on_file, obstacles=not_lifted(on_file.obstacles, trust, bool(custom_objects)))
    model = _load_converted(path, on_file, trust=trust, custom_objects=custom_objects)
    facts = _with_what_the_file_says(model_facts(model, path, on_file.format, on_file.keras_version), on_file)
    return LoadedModel(
        model, facts, lambda saved: load_keras(saved, trust=trust, custom_objects=custom_objects)
    )


def _load_converted(path: Path, on_file: ModelFacts, *, trust: bool, custom_objects: tuple[str, ...]) -> Any:
    """The Keras model, from a converted copy where the file is of Keras 2; the file stays as it is."""
    if not on_file.changes:
        return load_keras(path, trust=trust, custom_objects=custom_objects)
    with tempfile.TemporaryDirectory() as folder:
        try:
            copy = converted_copy(path, Path(folder))
        except OSError as error:
            raise ModelFileError(f"{path.name} cannot be converted: {error.strerror or error}") from error
        return load_keras(copy, trust=trust, custom_objects=custom_objects, name=path.name)


def _with_what_the_file_says(facts: ModelFacts, on_file: ModelFacts) -> ModelFacts:
    """Keras' facts with the remarks on the file, which Keras does not know of."""
    notes = {layer.path: layer.note for layer in on_file.layers}
    layers = tuple(replace(layer, note=notes.get(layer.path, "")) for layer in facts.layers)
    return replace(facts, layers=layers, obstacles=on_file.obstacles, warnings=on_file.warnings)


def load_keras(path: Path, *, trust: bool, custom_objects: tuple[str, ...], name: str = "") -> Any:
    """The Keras model in a file that was judged before; errors speak of it as `name`."""
    with _custom_objects(custom_objects):
        try:
            return keras.saving.load_model(path, compile=False, safe_mode=not trust)
        except Exception as error:
            raise ModelFileError(
                f"Keras cannot load {one_line(name or path.name)}: {keras_words(error)}",
                todo="`lstm-tui inspect` lists what stands in the file and what hinders loading it",
            ) from error


@contextmanager
def _custom_objects(modules: tuple[str, ...]) -> Iterator[None]:
    objects: dict[str, Any] = {}
    with keras.saving.custom_object_scope(objects):
        for module in modules:
            objects.update(_definitions(_imported(module)))
        with keras.saving.custom_object_scope(objects):
            yield


def _imported(name: str) -> ModuleType:
    """Import a module that the user named, also from the working directory."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name.removesuffix(".py").replace("/", "."))
    except Exception as error:
        raise ModelFileError(
            f"{one_line(name)} cannot be imported: {type(error).__name__}: {one_line(error)}",
            expected="a module with custom objects, on Python's path or in the working directory",
        ) from error
    finally:
        sys.path.remove(str(Path.cwd()))


def _definitions(module: ModuleType) -> dict[str, Any]:
    """Classes and functions that the module itself defines, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module.__name__
    }
