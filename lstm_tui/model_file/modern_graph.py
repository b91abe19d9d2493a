"""The graph of a functional model of Keras 2, its calls written as Keras 3 reads them.

Keras 2 listed the tensors of a call, `[["lstm", 0, 1, {}], ...]`, the states of a recurrent layer among them;
Keras 3 still reads such lists but hands a layer all of them as its one input. Calls with nothing but inputs
stay as they are. Only references to layers of the same model are followed; whatever is malformed is left for
`declared` to report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lstm_tui.model_file.allowed import MODELS
from lstm_tui.model_file.container import Config
from lstm_tui.model_file.walking import Found

#: Layers whose call may be given states beside the sequence.
TAKES_STATES = frozenset(
    {"RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"}
)


def mended_calls(found: Found) -> Iterator[tuple[str, str]]:
    """Rewrite the calls of a functional model in place; yield each layer changed, and what was changed."""
    config = found.config
    layers = config.get("layers")
    if not isinstance(layers, list) or "input_layers" not in config:
        return
    entries = [layer for layer in layers if isinstance(layer, dict) and isinstance(layer.get("config"), dict)]
    _renumber(config, entries)
    calls = {_name(entry): len(_nodes(entry)) for entry in entries}
    for entry in entries:
        nodes = _nodes(entry)
        rewritten = [_node(node, entry, calls) for node in nodes]
        if rewritten == nodes:
            continue
        entry["inbound_nodes"] = rewritten
        states = any(isinstance(node, dict) and "initial_state" in node["kwargs"] for node in rewritten)
        yield _name(entry), "initial_state of its call" if states else "arguments of its call"


def _name(entry: Config) -> str:
    return str(entry.get("name") or entry["config"].get("name"))


def _nodes(entry: Config) -> list[Any]:
    nodes = entry.get("inbound_nodes")
    return nodes if isinstance(nodes, list) else []


def _node(node: Any, entry: Config, calls: Mapping[str, int]) -> Any:
    """The call as Keras 3 writes it, where its own reading of the old form would go wrong."""
    refs = node if isinstance(node, list) else []
    if not refs or not all(_is_ref(ref, calls) for ref in refs):
        return node
    words = {key: value for ref in refs for key, value in (ref[3] if len(ref) == 4 else {}).items()}
    given = {key: value for key, value in words.items() if value is not None}
    takes_states = str(entry.get("class_name")) in TAKES_STATES and len(refs) > 1
    if not takes_states and not any(_is_ref(value, calls) for value in given.values()):
        return [[*ref[:3], given] for ref in refs] if given != words else node
    inputs = refs[:1] if takes_states else refs
    tensors = [_tensor(ref) for ref in inputs]
    named = {key: _tensor(value) if _is_ref(value, calls) else value for key, value in given.items()}
    if takes_states:
        constants = entry["config"].get("num_constants") or 0
        ends = len(refs) - constants if type(constants) is int else len(refs)
        named["initial_state"] = [_tensor(ref) for ref in refs[1:ends]]
        if ends < len(refs):
            named["constants"] = [_tensor(ref) for ref in refs[ends:]]
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": named}


def _is_ref(value: Any, calls: Mapping[str, int]) -> bool:
    match value:
        case [str(layer), int(), int()] | [str(layer), int(), int(), dict()]:
            return layer in calls
    return False


def _tensor(ref: list[Any]) -> dict[str, Any]:
    """A tensor by where it comes from; shape and dtype are those that Keras finds there."""
    history = {"shape": [None, None], "dtype": "float32", "keras_history": list(ref[:3])}
    return {"class_name": "__keras_tensor__", "config": history}


def _renumber(config: Config, entries: Sequence[Config]) -> None:
    """Keras 2 counted the calls of a model inside a model from 1, where Keras 3 counts from 0."""
    inner = {_name(entry): len(_nodes(entry)) for entry in entries if str(entry.get("class_name")) in MODELS}
    if not inner:
        return
    refs = [
        ref
        for place in (*map(_nodes, entries), config.get("input_layers"), config.get("output_layers"))
        for ref in _refs_in(place, inner)
    ]
    late = {ref[0] for ref in refs if ref[1] >= inner[ref[0]] > 0}
    for ref in refs:
        if ref[0] in late:
            ref[1] -= 1


def _refs_in(place: Any, calls: Mapping[str, int]) -> Iterator[list[Any]]:
    """Every reference of the old form in the calls of a layer, each once."""
    stack = [place]
    while stack:
        item = stack.pop()
        if _is_ref(item, calls):
            yield item
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict) and "class_name" not in item:
            stack.extend(item.values())
