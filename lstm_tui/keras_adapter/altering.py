"""The same model with other settings: saved, its configuration edited, loaded again by the same rules.

Weights come along because the saved file holds them. The model itself is not touched, nor is a class of the
user's own called in any other way than by loading the file. States of stateful layers start at zero. What it
refuses: settings under which the weights no longer fit, and models that cannot be saved.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lstm_tui.errors import EditError, LstmTuiError
from lstm_tui.keras_adapter.facts import model_facts
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.keras_adapter.reforming import forget_built_shapes
from lstm_tui.keras_adapter.state_outputs import fit_outputs
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.live_layers import layer_name, placed_layers
from lstm_tui.recurrent.recording import Array

_CONFIG = "config.json"


def altered(
    loaded: LoadedModel, alterations: Sequence[Alteration] = (), weights: Mapping[str, Array] | None = None
) -> LoadedModel:
    """A copy of the model with other settings and, by `layer path/weight name`, other weights.

    Raises EditError where it cannot be built so.
    """
    wanted = "; ".join(each.describe() for each in alterations) or "as it is"
    copy = rebuilt(loaded, lambda config: _edit_all(config, alterations), wanted)
    if weights:
        _set_weights(copy, weights)
    return copy


def rebuilt(loaded: LoadedModel, edit: Callable[[dict[str, Any]], None], wanted: str) -> LoadedModel:
    """A copy of the model whose configuration was edited in place; `wanted` says in words how.

    Raises EditError where it cannot be built so.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "altered.keras"
        try:
            loaded.model.save(path)
            edit_archive(path, edit)
            model = loaded.load(path)
        except LstmTuiError as error:
            raise _refused(wanted, error.happened) from error
        except Exception as error:
            raise _refused(wanted, str(error)) from error
    return LoadedModel(model, model_facts(model, loaded.facts.path, loaded.facts.format), loaded.load)


def named_weights(loaded: LoadedModel) -> dict[str, Any]:
    """Variables by `layer path/weight name`; a second one of a name in a layer continues as `kernel#2`."""
    named: dict[str, Any] = {}
    seen: set[int] = set()
    for place in sorted(loaded.placed, key=lambda place: -place.depth):
        for variable in getattr(place.layer, "weights", ()):
            if id(variable) in seen or variable.name == "seed_generator_state":
                continue
            seen.add(id(variable))
            named[_free(f"{place.path}/{one_line(variable.name).replace('/', '_')}", named)] = variable
    return named


def _free(name: str, taken: Mapping[str, object]) -> str:
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}#{number}"
    return free


def _set_weights(loaded: LoadedModel, weights: Mapping[str, Array]) -> None:
    named = named_weights(loaded)
    for name, values in weights.items():
        if name not in named or tuple(named[name].shape) != values.shape:
            raise EditError(f"no weight {name} of shape {values.shape}", expected=", ".join(list(named)[:8]))
        named[name].assign(values)


def _refused(wanted: str, why: str) -> EditError:
    return EditError(f"The model cannot be rebuilt with {wanted}: {one_line(why, 300)}")


def edit_archive(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change the configuration in a `.keras` archive; every other member stays byte by byte."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members[_CONFIG])
    edit(config)
    members[_CONFIG] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _edit_all(config: dict[str, Any], alterations: Sequence[Alteration]) -> None:
    for alteration in alterations:
        _edit(config, alteration)
    if any(word == "batch_shape" for alteration in alterations for word, _ in alteration.settings):
        forget_built_shapes(config)


def _edit(config: dict[str, Any], alteration: Alteration) -> None:
    found = [node for path, node in _layers_in(config, "") if path == alteration.layer]
    if not found:
        raise EditError(f"no layer at {alteration.layer} has a configuration of its own")
    for node in found:
        node["config"].update({word: _as_json(value) for word, value in alteration.settings})
    return_state = dict(alteration.settings).get("return_state")
    if isinstance(return_state, bool):
        fit_outputs(config, alteration.layer, return_state)


def _as_json(value: object) -> object:
    return [_as_json(each) for each in value] if isinstance(value, tuple) else value


def _layers_in(node: dict[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every layer's node with its path. Keras wants both halves of a Bidirectional alike: the path of either
    half leads to both."""
    for inner in node.get("config", {}).get("layers", ()):
        if _is_layer(inner):
            path = f"{prefix}{_name(inner)}"
            yield path, inner
            yield from _inside(inner, path)


def _inside(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from _layers_in(node, f"{path}/")
    halves = [node["config"].get(key) for key in ("layer", "backward_layer")]
    there = [half for half in halves if _is_layer(half)]
    for name in [_name(half) for half in there]:
        for half in there:
            yield f"{path}/{name}", half
    if len(there) == 1:
        yield from _inside(there[0], f"{path}/{_name(there[0])}")


def _is_layer(node: object) -> bool:
    return isinstance(node, dict) and isinstance(node.get("config"), dict)


def _name(node: dict[str, Any]) -> str:
    return one_line(node["config"].get("name", "")).replace("/", "_")


def plain_settings(loaded: LoadedModel) -> dict[str, dict[str, Any]]:
    """The configuration of every layer by path: what are numbers, texts, truth values and lists of them."""
    return {
        place.path: {"class_name": one_line(type(place.layer).__name__), "name": layer_name(place.layer)}
        | _plain_config(place.layer)
        for place in placed_layers(loaded.model)
    }


def _plain_config(layer: Any) -> dict[str, Any]:
    try:
        config = layer.get_config()
    except Exception:  # noqa: BLE001 - a user's layer may not say how it is made
        return {}
    return {key: value for key, value in config.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(each) for each in value)
    return value is None or isinstance(value, bool | int | float | str)
