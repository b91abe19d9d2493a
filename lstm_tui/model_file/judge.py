"""What keeps a model file from being loaded: all of it at once, found before Keras sees the file.

Keras stops at the first obstacle and hides the rest, and some of what a file may ask for must not even be
tried: code in Lambda layers, classes from elsewhere, layers so large that building them takes minutes. The
configuration is walked against an allow-list (`allowed`), what Keras 2 left behind is named (`legacy`), and
sizes are held against the weights that are really there. Nothing is built, imported or run here.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from lstm_tui.model_file.allowed import (
    BARE_NAMES,
    LOSS_FUNCTIONS,
    METRIC_FUNCTIONS,
    PLAIN_VALUES,
    UNSAFE_LAYERS,
    is_allowed,
)
from lstm_tui.model_file.container import Config, StoredModel
from lstm_tui.model_file.declared import DeclaredLayer
from lstm_tui.model_file.facts import ModelFacts, Obstacle
from lstm_tui.model_file.layer_weights import Weights
from lstm_tui.model_file.modernising import Modern, explains_class
from lstm_tui.model_file.propagation import Flow, calls_when_built
from lstm_tui.model_file.redefined import redefined_activations
from lstm_tui.model_file.refusals import RefusedModelError
from lstm_tui.model_file.walking import Found, walk
from lstm_tui.plain_text import one_line

_SHOWN = 100
_CALLS = 100_000
_UNROLLED_STEPS = 5_000
_STATE_VALUES = 2**27
_SIZES = ("units", "filters", "input_dim", "output_dim", "num_heads", "key_dim")
#: Two 4-bit weights fit in a byte.
_WEIGHTS_PER_BYTE = 2
#: Weights inside HDF5 may be compressed; Keras does not, other programs do.
_EXPANSION = 100

_TRUST = "If you trust where it comes from: --trust."
_SAVE_AGAIN = "Copy the file again, or save the model again from where it works."
#: Layers that read a vocabulary from any path on the disk if the configuration says so.
_LOOKUPS = frozenset({"StringLookup", "IntegerLookup", "TextVectorization"})


def judge(
    stored: StoredModel, modern: Modern, root: DeclaredLayer, flow: Flow, weights: dict[str, Weights | None]
) -> tuple[Obstacle, ...]:
    """Every obstacle that the configuration shows by itself; `weights` are those it declares, by layer."""
    found = list(modern.told)
    found += redefined_activations(stored)
    found += [obstacle for place in walk(modern.config) for obstacle in _place_obstacles(place, stored)]
    found += _graph_obstacles(root, flow)
    found += _size_obstacles(root, flow)
    found += _range_obstacles(root, stored)
    found += _budget_obstacles(stored, weights)
    found += _compile_obstacles(stored)
    unique = list(dict.fromkeys(found))
    return (*unique[:_SHOWN], *_summary(unique[_SHOWN:]))


def _summary(rest: list[Obstacle]) -> Iterator[Obstacle]:
    """One obstacle for all of a kind, so that options lift it as they lift each."""
    kinds = Counter((item.code, item.blocking) for item in rest)
    for (code, blocking), number in kinds.items():
        todo = next(item.todo for item in rest if (item.code, item.blocking) == (code, blocking))
        yield Obstacle(code, "elsewhere", f"{number:,} more obstacles of this kind.", todo, blocking)


def _place_obstacles(found: Found, stored: StoredModel) -> Iterator[Obstacle]:
    if found.class_name and not explains_class(found, stored.format):
        yield from _object_obstacles(found)
    yield from _bare_names(found)
    if found.class_name in _LOOKUPS and isinstance(found.config.get("vocabulary"), str):
        yield _unsafe(found.where, "Its vocabulary is a path: loading it reads a file of the file's choice.")


def _object_obstacles(found: Found) -> Iterator[Obstacle]:
    name = found.class_name
    if name == "function":
        yield from _function_obstacles(found)
    elif name.startswith("__"):
        if name == "__lambda__" and found.owner != "Lambda":
            yield _unsafe(found.where, "It holds a Python lambda as bytecode.")
        elif name not in PLAIN_VALUES and name != "__lambda__":
            yield _unsafe(found.where, f"It holds a {one_line(name, 40)}, which a model has no use for.")
    elif name in UNSAFE_LAYERS:
        yield _unsafe(found.where, f"{name}: {UNSAFE_LAYERS[name]}.")
    elif not is_allowed(found.module, name.rpartition(">")[2]) or _registered_elsewhere(found):
        yield _not_keras(found, name)


def _registered_elsewhere(found: Found) -> bool:
    """`My>Scale`, or one of Keras' names with a registered name, which Keras would look up first."""
    registered = found.entry.get("registered_name")
    return ">" in found.class_name or registered not in (None, "", found.class_name)


def _function_obstacles(found: Found) -> Iterator[Obstacle]:
    name = found.entry.get("config")
    known = BARE_NAMES["activation"] | BARE_NAMES["_initializer"] | LOSS_FUNCTIONS | METRIC_FUNCTIONS
    from_keras = found.module in ("", "builtins") or found.module.startswith("keras.activations")
    if not (isinstance(name, str) and name in known and from_keras):
        yield _not_keras(found, str(name))


def _not_keras(found: Found, name: str) -> Obstacle:
    """A class or function of someone else: the user's own, or one that no model needs."""
    module = found.module
    package = module.partition(".")[0]
    label = one_line(f"{module}.{name}" if module and module != "builtins" else name, 80)
    if package in sys.stdlib_module_names and module != "builtins":
        return _unsafe(found.where, f"It asks for {label}, which belongs to Python and not to a model.")
    if package == "keras":
        what = f"{label} is not on the list of what a model may be made of."
        return _unsafe(found.where, what)
    option = one_line(module, 60) if module and module != "builtins" else "MODULE"
    what = f"{label} is not part of Keras: it is a custom layer or function."
    todo = f"Name the module that defines and registers it: --custom-objects {option}."
    return Obstacle("load-custom", one_line(found.where or "the model"), what, todo)


def _bare_names(found: Found) -> Iterator[Obstacle]:
    for key, value in found.entry.items():
        if not isinstance(value, str):
            continue
        for ending, known in BARE_NAMES.items():
            if key.endswith(ending) and value not in known:
                what = f"{one_line(key, 40)} is {one_line(value, 60)!r}, which is not one of Keras' own."
                todo = "Name the module that defines and registers it: --custom-objects MODULE."
                yield Obstacle("load-custom", one_line(found.where or "the model"), what, todo)


def _graph_obstacles(root: DeclaredLayer, flow: Flow) -> Iterator[Obstacle]:
    for path in sorted(flow.disconnected)[:10]:
        yield _corrupt(path, "No input reaches it: the graph of layers has a loop or a missing layer.")
    calls = max(calls_when_built(root), flow.calls)
    if calls > _CALLS or flow.exhausted:
        yield _unsafe("the model", f"Models inside models: building it takes {calls:.3g} calls of layers.")


def _range_obstacles(root: DeclaredLayer, stored: StoredModel) -> Iterator[Obstacle]:
    """Sizes that are none, or larger than all weights in the file together."""
    most = stored.weights_bytes * _WEIGHTS_PER_BYTE * (_EXPANSION if stored.format == "h5" else 1)
    for layer in root.walk():
        for key in _SIZES:
            size = layer.config.get(key)
            if size is None or not layer.kind:
                continue
            if type(size) is not int or size < 1:
                yield _corrupt(layer.path, f"{key} is {one_line(size, 40)}, not a positive whole number.")
            elif size > most > 0:
                yield _corrupt(
                    layer.path, f"{key} is {size:,}, for which {stored.weights_bytes:,} bytes are too few."
                )


def _size_obstacles(root: DeclaredLayer, flow: Flow) -> Iterator[Obstacle]:
    """What takes memory or time although the file holds nothing for it."""
    for layer in root.walk():
        shapes = flow.inputs.get(layer.path) or ()
        batch, steps = (*shapes[0][:2], None, None)[:2] if shapes else (None, None)
        units = layer.config.get("units")
        if layer.config.get("unroll") is True and steps is not None and steps > _UNROLLED_STEPS:
            yield _unsafe(layer.path, f"Unrolling {steps:,} steps into the graph takes minutes or more.")
        states = (batch or 0) * units if layer.config.get("stateful") is True and type(units) is int else 0
        if states > _STATE_VALUES:
            yield _unsafe(layer.path, f"Its states would hold {states:,} values each.")


def _budget_obstacles(stored: StoredModel, weights: dict[str, Weights | None]) -> Iterator[Obstacle]:
    """A few kilobytes can declare layers of terabytes: the file must be able to hold what it declares."""
    declared = sum(weight.size for own in weights.values() for weight in own or ())
    room = stored.weights_bytes * _WEIGHTS_PER_BYTE
    if stored.format == "keras" and stored.weights_bytes and declared > room:
        what = f"It declares {declared:,} parameters, for which {stored.weights_bytes:,} bytes are too few."
        yield _corrupt("the model", what)


def _compile_obstacles(stored: StoredModel) -> Iterator[Obstacle]:
    """The compile configuration is not loaded; what would keep Keras from loading it is worth knowing."""
    todo = "None: the model is opened without it. Compile it again before training."
    for name in _unknown_in_compile(stored.training, stored.format):
        what = f"The compile configuration names {one_line(name, 60)!r}, which Keras 3 cannot read back."
        yield Obstacle("load-compile", "the model", what, todo, blocking=False)


def _unknown_in_compile(training: Config, file_format: str) -> Iterator[str]:
    for found in walk(training):
        name = found.class_name
        if name == "function":
            function = str(found.entry.get("config"))
            if function not in LOSS_FUNCTIONS | METRIC_FUNCTIONS:
                yield function
        elif name and not name.startswith("__") and not is_allowed(found.module, name):
            yield name
    if file_format == "h5":
        yield from (name for name in _strings(training.get("loss")) if name not in LOSS_FUNCTIONS)


def _strings(value: object) -> Iterator[str]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict) and "class_name" not in item:
            stack.extend(item.values())


def _unsafe(where: str, what: str) -> Obstacle:
    return Obstacle("load-unsafe", one_line(where or "the model"), one_line(what), _TRUST)


def _corrupt(where: str, what: str) -> Obstacle:
    return Obstacle("load-corrupt", one_line(where or "the model"), one_line(what), _SAVE_AGAIN)


def not_lifted(obstacles: tuple[Obstacle, ...], trust: bool, custom_objects: bool) -> tuple[Obstacle, ...]:
    """The obstacles without those that the user's options lift: `trust` lifts `load-unsafe`,
    `custom_objects` lifts `load-custom`. The others no option lifts."""
    lifted = {"load-unsafe"} if trust else set()
    if custom_objects:
        lifted.add("load-custom")
    return tuple(item for item in obstacles if item.code not in lifted)


def refuse_unless_trusted(facts: ModelFacts, trust: bool, custom_objects: bool) -> None:
    """Raise `RefusedModelError` for what blocks loading and is not lifted by the user's options."""
    blocking = [item for item in not_lifted(facts.obstacles, trust, custom_objects) if item.blocking]
    if not blocking:
        return
    lines = [f"  {item.code} · {item.where}: {item.what}" for item in blocking]
    number = "an obstacle" if len(blocking) == 1 else f"{len(blocking)} obstacles"
    raise RefusedModelError(
        "\n".join([f"{facts.path} is not loaded: {number}.", *lines]),
        expected="a model made of Keras' own layers, with the weights that it declares",
        todo=" ".join(dict.fromkeys(item.todo for item in blocking)),
    )
