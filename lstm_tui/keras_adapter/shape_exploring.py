"""What each recurrent layer would give under all four `return_sequences` and `return_state`, on this input.

Shapes are inferred by Keras on a rebuilt copy for each combination; nothing is run and nothing compiled. The
outputs are those that `Model(x, layer(x))` would have: states come out where the layer's output does
(`state_outputs`). Where the rest of the model no longer fits, the layer is asked alone, and the layer that
refuses is named. A subclassed model is no graph that could be rebuilt: of it the layers alone are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from lstm_tui.errors import EditError
from lstm_tui.keras_adapter.altering import altered
from lstm_tui.keras_adapter.failures import keras_words
from lstm_tui.keras_adapter.feeding import as_model_takes, output_names
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.keras_adapter.recorder.patches import Patches
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Alteration, Inputs
from lstm_tui.recurrent.live_cells import state_names
from lstm_tui.recurrent.live_layers import Placed
from lstm_tui.recurrent.recording import Shape
from lstm_tui.recurrent.shape_options import LayerOptions, NamedShape, ShapeExploration, ShapeOption

_COMBINATIONS = ((False, False), (True, False), (False, True), (True, True))
_REFUSING = re.compile(r"[Ll]ayer [\"'“](.+?)[\"'”]")
_CALLING = re.compile(r"Exception encountered when calling (\w+)\.call")


@dataclass(frozen=True, eq=False)
class _Subject:
    """A recurrent layer: where its settings stand, and the layer of the graph that it is or that wraps it."""

    place: Placed
    outer: Placed

    @property
    def present(self) -> tuple[bool, bool]:
        return bool(self.place.layer.return_sequences), bool(self.place.layer.return_state)


@dataclass(eq=False)
class _Inferred:
    """given, made: shapes that went into and came out of each layer, by path; the model's outputs by name."""

    given: dict[str, Shape] = field(default_factory=dict)
    made: dict[str, tuple[Shape, ...]] = field(default_factory=dict)
    outputs: tuple[tuple[str, Shape], ...] = ()


def explore_shapes(loaded: LoadedModel, inputs: Inputs, on_progress: OnProgress) -> ShapeExploration:
    """All combinations of every recurrent layer; axes are free where there is no input.

    Raises EditError where the input does not go through the model as it is.
    """
    try:
        now = _inferred(loaded, inputs)
    except Exception as error:
        why = one_line(keras_words(error), 300)
        raise EditError(f"This input does not go through the model: {why}") from error
    subjects = _subjects(loaded.placed)
    layers = []
    for number, subject in enumerate(subjects):
        options = []
        for index, combination in enumerate(_COMBINATIONS):
            done = (number + index / len(_COMBINATIONS)) / len(subjects)
            on_progress(f"shapes of {subject.place.path}", done)
            options.append(_option(loaded, subject, combination, inputs, now))
        present = _COMBINATIONS.index(subject.present)
        layers.append(LayerOptions(subject.place.path, _kind(subject), tuple(options), present))
    return ShapeExploration(tuple(layers))


def _subjects(placed: Sequence[Placed]) -> list[_Subject]:
    """Each recurrent layer once: the backward half of a Bidirectional follows the forward one."""
    by_path = {place.path: place for place in placed}
    subjects = []
    for place in placed:
        above = by_path.get(place.path.rpartition("/")[0])
        is_backward = isinstance(getattr(above, "layer", None), keras.layers.Bidirectional) and (
            place.layer is not above.layer.forward_layer  # type: ignore[union-attr]
        )
        if place.is_rnn and not is_backward:
            subjects.append(_Subject(place, _outermost(place, by_path)))
    return subjects


def _outermost(place: Placed, by_path: Mapping[str, Placed]) -> Placed:
    above = by_path.get(place.path.rpartition("/")[0])
    wraps = above is not None and isinstance(above.layer, keras.layers.Wrapper | keras.layers.Bidirectional)
    return _outermost(above, by_path) if wraps and above is not None else place


def _kind(subject: _Subject) -> str:
    """`TimeDistributed(Bidirectional(LSTM))`."""
    words, layer = one_line(type(subject.place.layer).__name__), subject.outer.layer
    names = []
    while layer is not subject.place.layer and layer is not None:
        names.append(one_line(type(layer).__name__))
        layer = getattr(layer, "forward_layer", None) or getattr(layer, "layer", None)
    return "(".join([*names, words]) + ")" * len(names)


def _option(
    loaded: LoadedModel, subject: _Subject, wanted: tuple[bool, bool], inputs: Inputs, now: _Inferred
) -> ShapeOption:
    path = subject.outer.path
    if wanted == subject.present:
        return ShapeOption(*wanted, _named(subject, wanted, now.made.get(path, ())), now.outputs)
    change = Alteration(subject.place.path, (("return_sequences", wanted[0]), ("return_state", wanted[1])))
    try:
        there = _inferred(altered(loaded, [change]), inputs)
    except Exception as error:  # noqa: BLE001 - that Keras refuses is what was asked
        own = _alone(subject, wanted, now.given.get(path))
        why, who = _refusal(error, loaded.placed, subject)
        return ShapeOption(*wanted, _named(subject, wanted, own), (), why, who)
    return ShapeOption(*wanted, _named(subject, wanted, there.made.get(path, ())), there.outputs)


def _inferred(loaded: LoadedModel, inputs: Inputs) -> _Inferred:
    """Shapes through the whole model, inferred layer by layer."""
    seen = _Inferred()
    with Patches() as patches:
        for place in loaded.placed:
            for method in ("compute_output_spec", "call"):
                patches.set(place.layer, method, _watched(getattr(place.layer, method), place.path, seen))
        outputs = loaded.model.compute_output_spec(_symbols(loaded, inputs))
    _add_declared(loaded, seen)
    flat = keras.tree.flatten(outputs)
    names = output_names(loaded.model, outputs)
    seen.outputs = tuple((name, tuple(each.shape)) for name, each in zip(names, flat, strict=True))
    return seen


def _add_declared(loaded: LoadedModel, seen: _Inferred) -> None:
    """Layers that were not asked: shapes as declared are not inferred again, they stand in the graph."""
    for place in loaded.placed:
        nodes = getattr(place.layer, "_inbound_nodes", ())
        if nodes and nodes[0].input_tensors and place.path not in seen.made:
            seen.made[place.path] = tuple(tuple(each.shape) for each in nodes[0].output_tensors)
            seen.given[place.path] = tuple(nodes[0].input_tensors[0].shape)


def _watched(original: Callable[..., Any], path: str, seen: _Inferred) -> Callable[..., Any]:
    def watched(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        given = keras.tree.flatten((args, kwargs))
        if path not in seen.made:
            seen.made[path] = tuple(
                tuple(each.shape) for each in keras.tree.flatten(made) if _has_shape(each)
            )
            if given and _has_shape(given[0]):
                seen.given[path] = tuple(given[0].shape)
        return made

    return watched


def _has_shape(value: Any) -> bool:
    return hasattr(value, "shape") and value.shape is not None


def _symbols(loaded: LoadedModel, inputs: Inputs) -> Any:
    """A symbol of the shape of each input, in the form that the model takes."""
    if inputs:
        symbols = {
            name: keras.KerasTensor(array.shape, _dtype(array.dtype)) for name, array in inputs.items()
        }
    else:
        tensors = loaded.facts.inputs
        symbols = {each.name: keras.KerasTensor(each.shape, each.dtype) for each in tensors}
    return as_model_takes(loaded.model, symbols)


def _dtype(dtype: Any) -> str:
    return str(keras.config.floatx() if dtype.kind == "f" else dtype.name)


def _alone(subject: _Subject, wanted: tuple[bool, bool], given: Shape | None) -> tuple[Shape, ...]:
    """What the layer itself gives; nothing where it refuses the settings."""
    if given is None:
        return ()
    config = subject.outer.layer.get_config()
    _set(config, wanted)
    try:
        layer = type(subject.outer.layer).from_config(config)
        shapes = layer.compute_output_spec(keras.KerasTensor(given))
    except Exception:  # noqa: BLE001 - that Keras refuses is what was asked
        return ()
    return tuple(tuple(each.shape) for each in keras.tree.flatten(shapes))


def _set(config: dict[str, Any], wanted: tuple[bool, bool]) -> None:
    """The settings, in the innermost layers of a wrapper."""
    inside = [config[key]["config"] for key in ("layer", "backward_layer") if config.get(key)]
    for inner in inside:
        _set(inner, wanted)
    if not inside:
        config |= {"return_sequences": wanted[0], "return_state": wanted[1]}


def _named(subject: _Subject, wanted: tuple[bool, bool], shapes: tuple[Shape, ...]) -> tuple[NamedShape, ...]:
    """Names of a layer's outputs: its own first, then its states, those of the forward half first."""
    layer = subject.outer.layer
    states = [name.lstrip("/").replace("/", " ") for name in state_names(subject.place.layer.cell)]
    own = ["output"]
    if isinstance(layer, keras.layers.Bidirectional):
        own = ["output"] if layer.merge_mode is not None else ["forward output", "backward output"]
        states = [f"{half} {name}" for half in ("forward", "backward") for name in states]
    names = [*own, *(states if wanted[1] else ())]
    return tuple(
        NamedShape(name, shape, _axes(subject, name in own, len(shape)))
        for name, shape in zip(names, shapes, strict=False)
    )


def _axes(subject: _Subject, is_output: bool, rank: int) -> tuple[str, ...]:
    """`(batch, timesteps, units)`; what TimeDistributed goes through are windows of their own."""
    windows = ("windows",) * isinstance(subject.outer.layer, keras.layers.TimeDistributed)
    steps = ("timesteps",) if is_output and rank - len(windows) > 2 else ()
    between = ("",) * max(rank - 2 - len(windows) - len(steps), 0)
    return (("batch", *windows, *steps, *between, "units"))[:rank]


def _refusal(error: Exception, placed: Sequence[Placed], subject: _Subject) -> tuple[str, str]:
    """Keras' words without what leads to them, and the path of the layer that does not fit."""
    said = error.happened if isinstance(error, EditError) else keras_words(error)
    words = one_line(said.rpartition("altered.keras: ")[2].partition(". Inputs received")[0], 240)
    named, calling = _REFUSING.search(words), _CALLING.search(words)
    words = words.rpartition("incompatible with the layer: ")[2].partition(". Full shape")[0]
    behind = [place for place in placed if place.path != subject.place.path]
    for place in behind:
        name = place.path.rpartition("/")[2]
        if (named and name == named[1]) or (calling and type(place.layer).__name__ == calling[1]):
            return words, place.path
    return words, named[1] if named else ""
