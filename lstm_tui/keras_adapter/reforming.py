"""A saved model's configuration in another form: stateless, of another batch size or window length.

Edits JSON alone and builds nothing. Shapes that layers of Keras were built for are left out, so that they are
built anew from the inputs; a layer of the user's own keeps them, with the sizes replaced. Source of the form:
what Keras 3.15 writes into `config.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstm_tui.recurrent.forms import Form

Config = dict[str, Any]


def reform(config: Config, form: Form, batch: int | None, timesteps: int | None) -> None:
    """Change the configuration in place; `batch` and `timesteps` are those that the model was bound to."""
    if form.same:
        return
    sizes = _Sizes(form, batch, timesteps)
    for entry in _entries(config):
        settings = entry["config"]
        if form.stateless and settings.get("stateful") is True:
            settings["stateful"] = False
        if entry.get("class_name") == "InputLayer" and isinstance(settings.get("batch_shape"), list):
            settings["batch_shape"] = sizes.of_input(settings["batch_shape"], str(settings.get("dtype")))
        for holder, key in ((entry, "build_config"), (settings, "build_input_shape")):
            if key in holder and _knows_its_input(entry):
                del holder[key]
            elif key in holder:
                holder[key] = sizes.inside(holder[key])


def forget_built_shapes(config: Config) -> None:
    """Leave out the shapes that layers of Keras were built for: their inputs have others now."""
    for entry in _entries(config):
        if _knows_its_input(entry):
            entry.pop("build_config", None)
            entry["config"].pop("build_input_shape", None)


class _Sizes:
    """Old sizes for new ones."""

    def __init__(self, form: Form, batch: int | None, timesteps: int | None) -> None:
        self._form, self._batch, self._timesteps = form, batch, timesteps

    def of_input(self, shape: list[Any], dtype: str) -> list[Any]:
        """`(batch, timesteps, features)`, or token ids `(batch, timesteps)`; another input has no steps."""
        changed = list(shape)
        if self._form.batch_size is not None or self._form.stateless:
            changed[0] = self._form.batch_size
        sequence = len(shape) > 2 or (
            len(shape) == 2 and (dtype.startswith("int") or shape[1] == self._timesteps)
        )
        if self._form.timesteps is not None and sequence and shape[1] in (None, self._timesteps):
            changed[1] = self._form.timesteps
        return changed

    def inside(self, value: Any) -> Any:
        """The same for every shape in a `build_config`."""
        if isinstance(value, dict):
            return {key: self.inside(inner) for key, inner in value.items()}
        if isinstance(value, list) and value and all(each is None or type(each) is int for each in value):
            return self.of_input(value, "") if value[0] in (None, self._batch) else value
        return [self.inside(each) for each in value] if isinstance(value, list) else value


def _knows_its_input(entry: Config) -> bool:
    """A layer of Keras' own is built when it is called; a sequential model only if it has an InputLayer."""
    if not str(entry.get("module") or "").startswith("keras") or entry.get("registered_name") not in (
        None,
        "",
        entry.get("class_name"),
    ):
        return False
    layers = entry["config"].get("layers")
    if not isinstance(layers, list):
        return True
    return any(isinstance(each, dict) and each.get("class_name") == "InputLayer" for each in layers)


def _entries(config: Config) -> Iterator[Config]:
    """Every serialized object that has a configuration, parents first."""
    stack: list[Any] = [config]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(reversed(value))
        elif isinstance(value, dict):
            if isinstance(value.get("class_name"), str) and isinstance(value.get("config"), dict):
                yield value
            stack.extend(reversed(list(value.values())))
